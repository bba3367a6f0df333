# SPDX-License-Identifier: Apache-2.0
"""The chart without a cluster; run by run.sh."""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

import cases
import values_table
from render import Refused, how_to_set, leaves, load, render, show

counts = {"ok": 0, "not ok": 0}
pool = concurrent.futures.ThreadPoolExecutor(max_workers=4)


def report(good, sentence, why=""):
    word = "ok" if good else "not ok"
    counts[word] += 1
    print("%s - %s" % (word, sentence), flush=True)
    if not good and why:
        for line in str(why).splitlines()[:12]:
            print("    # " + line, flush=True)


class Chart:
    def __init__(self, helm, path):
        self.helm, self.path = helm, path

    def render(self, settings=(), **more):
        return render(self.helm, self.path, settings, **more)

    def try_render(self, settings, **more):
        try:
            return self.render(settings, **more)
        except Refused as why:
            return why

    def lint(self, settings):
        flags = []
        for setting in settings:
            flags += [how_to_set(setting.split("=", 1)[1]), setting]
        done = subprocess.run([self.helm, "lint", "--strict", self.path, *flags], capture_output=True, text=True, timeout=60)
        return done.returncode == 0, done.stdout + done.stderr


def unmet(rendered, expectations):
    """What of a row's expectations does not hold."""
    if isinstance(rendered, Refused):
        return ["refused: %s" % rendered]
    missing = []
    for place, path, want in expectations:
        if place == "args":
            if want not in rendered.args(path):
                missing.append("%s: no %s in %s" % (path, want, rendered.args(path)))
        elif rendered.at(place, path) != want:
            missing.append("%s %s: want %s, got %s" % (place, path, show(want), show(rendered.at(place, path))))
    return missing


def lint(chart):
    for words, settings in (("the values as they are", []), ("every option on", cases.ALL_ON)):
        good, said = chart.lint(settings)
        report(good, "helm lint --strict finds nothing with " + words, said)


def every_value(chart):
    renders = list(pool.map(lambda row: chart.try_render(row[1]), cases.ROWS))
    for (key, settings, expectations), rendered in zip(cases.ROWS, renders):
        missing = unmet(rendered, expectations)
        said = " ".join(s for s in settings if s.startswith(key)) or "the default"
        report(not missing, "%s: %s is used" % (key, said), "\n".join(missing))
    covered = {row[0] for row in cases.ROWS}
    untested = [key for key, _ in leaves(load(chart.path + "/values.yaml"))
                if not any(key == c or key.startswith(c + ".") for c in covered)]
    report(not untested, "every key of values.yaml has a row in this test", untested)


def refusals(chart):
    tries = [(["%skryptonite=1" % (s + "." if s else "")], "kryptonite", "an unknown key in " + (s or "the values")) for s in cases.SECTIONS]
    tries += [(settings, words, settings[-1]) for settings, words in cases.REFUSED]
    for key, default in leaves(load(chart.path + "/values.yaml")):
        wrong = '["wrong"]' if not isinstance(default, list) else '"wrong"'
        tries.append((["%s=%s" % (key, wrong)], "/" + key.replace(".", "/"), "a wrong type for " + key))
    for (settings, words, sentence), outcome in zip(tries, pool.map(lambda t: chart.try_render(t[0]), tries)):
        report(isinstance(outcome, Refused) and words in str(outcome), "refused by name: " + sentence, outcome)
    outcome = chart.try_render([], extra=("--kube-version", "1.26.0"))
    report(isinstance(outcome, Refused) and "1.27" in str(outcome), "refused by name: Kubernetes 1.26", outcome)
    for version in ("1.27.0", "1.34.4-gke.100"):
        outcome = chart.try_render([], extra=("--kube-version", version))
        report(not isinstance(outcome, Refused), "Kubernetes %s is welcome" % version, outcome)


def every_object(rendered):
    bare = [k for k, o in rendered.objects.items()
            if not {"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"} <= set(o["metadata"].get("labels", {}))]
    report(not bare, "every object has the labels name, instance and component", bare)
    cluster = ("ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
    lost = [k for k, o in rendered.objects.items() if o["kind"] not in cluster and o["metadata"].get("namespace") != "krypton-system"]
    report(not lost, "every namespaced object names the release's namespace", lost)
    stray = [k for k in rendered.objects if not k.split("/")[1].startswith("krypton-") and k != "CustomResourceDefinition/agents.krypton.ai"]
    report(not stray, "every name begins with the release's", stray)


def every_pod(rendered):
    for key, pod in rendered.pods():
        spec, box = pod["spec"], pod["spec"]["containers"][0]
        security, may = spec["securityContext"], box["securityContext"]
        report(security["runAsNonRoot"] and security["runAsUser"] == 65532 and security["seccompProfile"] == {"type": "RuntimeDefault"} and
               may == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
               key + " runs as a numeric user without rights on a read-only root", show([security, may]))
        report({"cpu", "memory"} <= set(box["resources"]["requests"]) and set(box["resources"]["limits"]) == {"memory"},
               key + " requests cpu and memory and limits memory alone", show(box["resources"]))
        names = {e["name"] for e in box["env"]}
        report(names == {"POD_NAME", "POD_NAMESPACE", "POD_IP"}, key + " knows its pod's name, namespace and address", names)
        report({"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"} <= set(pod["metadata"]["labels"]),
               key + "'s pods have the labels name, instance and component")
        report("ServiceAccount/" + spec["serviceAccountName"] in rendered.objects, key + " has a ServiceAccount of its own")
        if key.startswith("Job/"):
            continue
        ports = {p["name"]: p["containerPort"] for p in box["ports"]}
        said = {a.split("=")[0]: a.split("=:")[-1] for a in box["args"] if "=:" in a}
        report(ports["ops"] == int(said["--health-probe-bind-address"]) and ports["metrics"] == int(said["--metrics-bind-address"]),
               key + "'s ports are those its flags open", show([ports, said]))
        report(box["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "ops"} and box["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "ops"},
               key + " is probed on its ops port")
        notes = pod["metadata"]["annotations"]
        report(notes["prometheus.io/scrape"] == "true" and notes["prometheus.io/port"] == str(ports["metrics"]), key + " can be scraped by its annotations", show(notes))
        selector = rendered.objects[key]["spec"]["selector"]["matchLabels"]
        budget = rendered.at("PodDisruptionBudget/" + key.split("/")[1], "spec")
        report(budget == {"maxUnavailable": 1, "selector": {"matchLabels": selector}}, key + " has a disruption budget of one pod", show(budget))
        report(rendered.at(key, "spec.strategy.rollingUpdate.maxUnavailable") == 0, key + " is never below its replicas in a rollout")
        spread = spec["topologySpreadConstraints"][0]
        report(spread["whenUnsatisfiable"] == "ScheduleAnyway" and spread["labelSelector"]["matchLabels"] == selector, key + " spreads over nodes where it can")
    for key in (cases.GATEWAY, cases.SCALER):
        volume = rendered.at(key, "spec.template.spec.volumes[name=internal-key].secret")
        report(volume.get("secretName") == "krypton-internal" and "optional" not in volume, key + " waits for the key of the agents' tokens", show(volume))
    holders = [k for k, pod in rendered.pods() if "internal-key" in show(pod)]
    report(sorted(holders) == sorted([cases.GATEWAY, cases.SCALER]), "no other pod mounts that key: the controller reads it by name, and nobody else uses it", holders)


def rights(rendered, besides=None, words=""):
    besides = besides or {}
    found = {}
    for role in rendered.of_kind("ClusterRole", "Role"):
        allowed = found.setdefault((role["kind"], role["metadata"]["name"][len("krypton-"):]), {})
        for rule in role["rules"]:
            for group in rule["apiGroups"]:
                for resource in rule["resources"]:
                    allowed[(group, resource, tuple(rule.get("resourceNames", ())))] = tuple(rule["verbs"])
    for who, allowed in cases.RIGHTS.items():
        allowed = {**allowed, **besides.get(who, {})}
        have = {k: set(v) for k, v in found.get(who, {}).items()}
        report(have == {k: set(v) for k, v in allowed.items()}, "%s %s has exactly its rights" % who + words, have)
    report(set(found) == set(cases.RIGHTS), "no other role is made", sorted(set(found) - set(cases.RIGHTS)))
    wild = [k for k, o in rendered.objects.items() if o["kind"] in ("ClusterRole", "Role") and "'*'" in str(o["rules"])]
    report(not wild, "no role has a wildcard", wild)
    for binding in rendered.of_kind("ClusterRoleBinding", "RoleBinding"):
        name = binding["metadata"]["name"]
        report(binding["roleRef"]["name"] == name and binding["subjects"] == [{"kind": "ServiceAccount", "name": name, "namespace": "krypton-system"}],
               "%s %s binds one account to its own role" % (binding["kind"], name))


def resource_definition(chart, rendered, root):
    crd = rendered.objects["CustomResourceDefinition/agents.krypton.ai"]
    report(crd["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}, "the CRD is kept on uninstall")
    report(crd["spec"] == load(root + "/crds/agents.krypton.ai.yaml")["spec"], "the CRD is the one in crds/, to the last field")
    report(os.path.realpath(chart.path + "/files/agents.krypton.ai.yaml") == os.path.realpath(root + "/crds/agents.krypton.ai.yaml"), "the CRD has one source file")
    package = subprocess.run([chart.helm, "package", chart.path, "-d", os.environ.get("TMPDIR", "/tmp"), "--version", "0.0.0-test%d" % os.getpid()],
                             capture_output=True, text=True, timeout=60)
    archive = package.stdout.strip().rsplit(" ", 1)[-1]
    try:
        packed = render(chart.helm, archive)
        report(packed.objects["CustomResourceDefinition/agents.krypton.ai"]["spec"] == crd["spec"], "a packaged chart carries the CRD")
    except (Refused, KeyError) as why:
        report(False, "a packaged chart carries the CRD", why)
    finally:
        if archive.endswith(".tgz") and os.path.exists(archive):
            os.unlink(archive)


def cleanup(rendered):
    hooks = {k for k, o in rendered.objects.items() if "helm.sh/hook" in o["metadata"].get("annotations", {})}
    wanted = {"%s/krypton-cleanup" % kind for kind in ("Job", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")}
    report(hooks == wanted, "the finalizers' release is the one hook, with an account and roles of its own", hooks ^ wanted)
    left = [k for k in hooks if rendered.at(k, 'metadata.annotations."helm.sh/hook"') != "post-delete" or
            "hook-failed" not in rendered.at(k, 'metadata.annotations."helm.sh/hook-delete-policy"')]
    report(not left, "it runs when the controller is gone and leaves nothing behind", left)
    job = rendered.at(cases.JOB, "spec")
    report(job["activeDeadlineSeconds"] == 120 and "--release-finalizers" in job["template"]["spec"]["containers"][0]["args"], "it is bounded to two minutes")


def names(chart):
    other = chart.render([cases.HOOKS_ON], release="other", namespace="elsewhere")
    stray = [k for k in other.objects if "other-" not in k and "CustomResourceDefinition" not in k]
    report(not stray, "another release name makes other names", stray)
    text = show(list(other.objects.values()))
    report("krypton-system" not in text, "another namespace is used throughout")
    args = other.at("Deployment/other-controller", "spec.template.spec.containers[0].args")
    report("--gateway-service=other-gateway" in args and "--internal-secret=other-internal" in args, "another release's daemons find one another", args)
    long = chart.render([cases.HOOKS_ON], release="r" * 53)
    over = [k for k in long.objects if len(k.split("/")[1]) > 63]
    report(not over, "a long release name gives names of at most 63 letters", over)


def certificate(chart):
    """Three modes; in each the certificate is one party's alone."""
    own, given, manager = (chart.render(settings) for settings in ([cases.HOOKS_ON], cases.GIVEN, cases.CERT_MANAGER))
    for words, rendered in (("the controller's own", own), ("a given Secret", given), ("cert-manager", manager)):
        secrets = [k for k in rendered.objects if k.startswith("Secret/")]
        report(not secrets, "with %s the chart renders no certificate" % words, secrets)
        flags = [a for a in rendered.args("controller") if a.startswith("--webhook-")]
        report(("--webhook-cert-dir=/etc/krypton/webhook" in flags) == (rendered is not own) and any("--webhook-secret" in a for a in flags) == (rendered is own),
               "with %s the controller is told where it is" % words, flags)
    same = show(list(own.objects.values())) == show(list(chart.render([cases.HOOKS_ON]).objects.values()))
    report(same, "with the controller's own two renders are the same: nothing is made while rendering")
    report("caBundle" not in show(list(own.objects.values())), "and none of them names a caBundle, which the controller writes")
    rights(own, cases.OWN_CERTIFICATE_RIGHTS, " with its own certificate")
    for rendered in (given, manager):
        rights(rendered, {}, " with a certificate from elsewhere")


NOTES_AS_OBJECT = """apiVersion: v1
kind: ConfigMap
metadata: {name: notes}
data: {text: {{ include (print .Template.BasePath "/NOTES.txt") . | quote }}}
"""


def notes(chart):
    """helm template prints no notes: a copy of the chart shows them as an object."""
    with tempfile.TemporaryDirectory() as home:
        copy = shutil.copytree(chart.path, home + "/krypton")
        with open(copy + "/templates/notes.yaml", "w", encoding="utf-8") as file:
            file.write(NOTES_AS_OBJECT)
        for settings, wanted in cases.NOTES:
            rendered = render(chart.helm, copy, settings)
            text = rendered.at("ConfigMap/notes", "data.text")
            report(all(w in text for w in wanted), "the notes print the first commands to try (%s)" % (" ".join(settings) or "as installed"), text)


def flags(rendered, bin_path):
    for key, pod in rendered.pods():
        box = pod["spec"]["containers"][0]
        program = "controller" if box["name"] == "cleanup" else box["name"]
        try:
            said = subprocess.run([os.path.join(bin_path, program), "--help"], capture_output=True, text=True, timeout=60)
            known = set(re.findall(r"--[a-z][a-z-]+", said.stdout))
            unknown = [a for a in box["args"] if a.split("=")[0] not in known]
            report(not unknown, "%s knows every flag that %s passes" % (program, key), unknown)
        except OSError as why:
            report(False, "%s knows every flag that %s passes" % (program, key), why)


def documentation(chart, root):
    report(values_table.main([chart.path, root + "/docs/INSTALL.md"]) == 0, "the table of values in docs/INSTALL.md is what values.yaml says",
           "run: cd test/chart && python3 values_table.py --write ../../charts/krypton ../../docs/INSTALL.md")
    bare = [key for key, _, sentence in values_table.rows(chart.path + "/values.yaml") if not sentence]
    report(not bare, "every value has its sentence", bare)


def main():
    helm, root, bin_path = sys.argv[1:4]
    chart = Chart(helm, root + "/charts/krypton")
    lint(chart)
    every_value(chart)
    refusals(chart)
    default, everything = chart.render(), chart.render(cases.ALL_ON)
    every_object(everything)
    every_pod(everything)
    rights(default)
    resource_definition(chart, default, root)
    cleanup(default)
    names(chart)
    certificate(chart)
    notes(chart)
    flags(everything, bin_path)
    documentation(chart, root)
    print("# %d ok, %d not ok" % (counts["ok"], counts["not ok"]))
    return 1 if counts["not ok"] or not counts["ok"] else 0


if __name__ == "__main__":
    sys.exit(main())
