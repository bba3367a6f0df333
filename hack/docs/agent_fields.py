# SPDX-License-Identifier: Apache-2.0
"""Prints the reference page of the Agent resource from its definition: agent_fields.py crds/agents.krypton.ai.yaml"""

import sys

import yaml

# Their fields are Kubernetes' own.
CORE = {
    "resources": "ResourceRequirements", "env": "list of EnvVar", "envFrom": "list of EnvFromSource",
    "imagePullSecrets": "list of LocalObjectReference", "podTemplate": "partial PodTemplateSpec",
    "conditions": "list of Condition",
}


def cell(text):
    return " ".join(str(text).split()).replace("|", "\\|")


def kind(name, field):
    if name in CORE:
        return CORE[name]
    if "enum" in field:
        return ", ".join("`%s`" % value for value in field["enum"])
    if field["type"] == "array":
        return "list of " + field["items"]["type"] + "s"
    if "minimum" in field:
        return "%s, %s" % (field["type"], "%d to %d" % (field["minimum"], field["maximum"]) if "maximum" in field
                           else "at least %d" % field["minimum"])
    if "duration(self)" in str(field.get("x-kubernetes-validations", "")):
        return "duration"
    return field["type"]


def default(field):
    if "default" not in field:
        return ""
    return "`%s`" % field["default"] if field["default"] != "" else '`""`'


def spec(schema):
    print("| field | type | default | meaning |\n|---|---|---|---|")
    for name, field in schema["properties"].items():
        needed = " **Required.**" if name in schema.get("required", ()) else ""
        print("| `%s` | %s | %s | %s%s |" % (name, cell(kind(name, field)), default(field), cell(field.get("description", "")), needed))


def status(schema):
    print("| field | type | meaning |\n|---|---|---|")
    for name, field in schema["properties"].items():
        print("| `%s` | %s | %s |" % (name, cell(kind(name, field)), cell(field.get("description", ""))))


def rules(path, schema):
    for rule in schema.get("x-kubernetes-validations", ()):
        yield path + rule.get("fieldPath", ""), rule["message"]
    for name, field in schema.get("properties", {}).items():
        yield from rules(path + "." + name, field)


def main(path):
    with open(path, encoding="utf-8") as file:
        definition = yaml.safe_load(file)["spec"]
    version = definition["versions"][0]
    schema = version["schema"]["openAPIV3Schema"]
    names = definition["names"]
    print("# Agent\n")
    print("`apiVersion: %s/%s`, `kind: %s`, in a namespace; `kubectl get %s` or `%s`.\n" % (
        definition["group"], version["name"], names["kind"], names["plural"], names["shortNames"][0]))
    print(cell(schema["description"]))
    print("`kubectl explain agent.spec` says the same on a cluster.\n\n## spec\n")
    spec(schema["properties"]["spec"])
    print("\nDurations are written as Go writes them: `90s`, `1m30s`, `500ms`.\n")
    print("### Rules\n\nThe API server refuses what breaks one of these, with the field and these words.\n")
    print("| field | rule |\n|---|---|")
    for where, message in rules("", schema):
        print("| `%s` | %s |" % (where.lstrip("."), cell(message)))
    print("\n## status\n")
    status(schema["properties"]["status"])
    print("\nThe reasons of the condition `Available` are in [reasons.md](reasons.md).")


main(sys.argv[1])
