# SPDX-License-Identifier: Apache-2.0
"""The chart rendered, and a way to look into what came out."""

import json
import subprocess

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
ABSENT = "(absent)"


class Refused(Exception):
    """helm said no; the text is why."""


class Rendered:
    """All objects by KIND/NAME."""

    def __init__(self, text):
        self.objects = {}
        for doc in yaml.load_all(text, LOADER):
            if doc:
                key = "%s/%s" % (doc["kind"], doc["metadata"]["name"])
                if key in self.objects:
                    raise AssertionError("rendered twice: " + key)
                self.objects[key] = doc

    def at(self, key, path=""):
        """What is at a path such as spec.ports[name=http].port; ABSENT where nothing is."""
        here = self.objects.get(key, ABSENT)
        for step in split(path):
            if here == ABSENT:
                return ABSENT
            here = step_into(here, step)
        return here

    def args(self, daemon):
        return self.at("Deployment/krypton-" + daemon, "spec.template.spec.containers[0].args")

    def of_kind(self, *kinds):
        return [o for o in self.objects.values() if o["kind"] in kinds]

    def pods(self):
        """Every pod template, as (KIND/NAME, template)."""
        return [(k, o["spec"]["template"]) for k, o in self.objects.items() if o["kind"] in ("Deployment", "Job")]


def split(path):
    """spec.a[name=x]."b.c/d" as its steps."""
    steps, word, quoted = [], "", False
    for letter in path:
        if letter == '"':
            quoted = not quoted
        elif quoted:
            word += letter
        elif letter == "." or letter == "[":
            steps.append(word)
            word = "[" if letter == "[" else ""
        elif letter == "]":
            word += letter
        else:
            word += letter
    steps.append(word)
    return [s for s in steps if s]


def step_into(here, step):
    if not step.startswith("["):
        return here.get(step, ABSENT) if isinstance(here, dict) else ABSENT
    inner = step[1:-1]
    if "=" in inner:
        field, value = inner.split("=", 1)
        found = [item for item in here if str(item.get(field)) == value]
        return found[0] if found else ABSENT
    return here[int(inner)] if len(here) > int(inner) else ABSENT


def how_to_set(value):
    return "--set-json" if value.startswith(("{", "[", '"')) else "--set"


def render(helm, chart, settings=(), release="krypton", namespace="krypton-system", extra=()):
    """settings: `key=value` as for --set; a value that begins with { or [ goes by --set-json."""
    command = [helm, "template", release, chart, "--namespace", namespace, *extra]
    for setting in settings:
        key, value = setting.split("=", 1)
        command += [how_to_set(value), setting]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise Refused(done.stderr)
    return Rendered(done.stdout)


def leaves(value, path=""):
    """Every leaf of values.yaml as (key, default); an empty map or a list is a leaf."""
    if isinstance(value, dict) and value:
        for name, below in value.items():
            yield from leaves(below, path + "." + name if path else name)
    else:
        yield path, value


def load(path):
    with open(path, encoding="utf-8") as file:
        return yaml.load(file, LOADER)


def show(value):
    return json.dumps(value, ensure_ascii=False)
