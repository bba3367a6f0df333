# SPDX-License-Identifier: Apache-2.0
"""The Agent resource against a real kube-apiserver; run by run.sh."""

import json
import os
import re
import sys
import time

import cases
from api import AGENTS, Api, causes

counts = {"ok": 0, "not ok": 0}
seen_messages = set()


def report(good, sentence, why=""):
    word = "ok" if good else "not ok"
    counts[word] += 1
    print("%s - %s" % (word, sentence), flush=True)
    if not good and why:
        for line in str(why).splitlines()[:12]:
            print("    # " + line, flush=True)


def spec_of(over):
    merged = {"image": "example/agent:1", **over}
    return {key: value for key, value in merged.items() if value is not cases.NOTHING}


def agent(name, spec):
    return {"apiVersion": "krypton.ai/v1alpha1", "kind": "Agent", "metadata": {"name": name}, "spec": spec}


def refused(api, method, path, body, field, words, sentence):
    code, answer, _ = api.call(method, path, body)
    found = causes(answer)
    seen_messages.update(message for _, message in found)
    good = code == 422 and any(f == field and words in m for f, m in found)
    report(good, "refused with path and reason: " + sentence, "HTTP %d; want %s: %s; got %s" % (code, field, words, found or answer))


def install_crd(api, crd):
    code, _, errors = api.run("apply", "--server-side", "--force-conflicts", "-f", crd)
    report(code == 0, "the CRD can be applied", errors)
    code, _, errors = api.run("wait", "--for=condition=Established", "--timeout=60s", "crd/agents.krypton.ai")
    report(code == 0, "the CRD is established", errors)
    # Established comes a moment before every path of the API serves it.
    until = time.monotonic() + 60
    while api.call("GET", AGENTS.format("default"))[0] != 200 and time.monotonic() < until:
        time.sleep(0.1)
    code, answer, _ = api.call("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/agents.krypton.ai")
    bad = [c for c in answer["status"]["conditions"] if c["type"] == "NonStructuralSchema" and c["status"] == "True"]
    report(code == 200 and not bad, "the CRD's schema is structural", bad)
    return answer


def version_schema(crd):
    return crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def walk(schema, path=""):
    """Every declared field below a schema, as (path, its schema)."""
    for name, below in (schema.get("properties") or {}).items():
        here = path + "." + name if path else name
        yield here, below
        yield from walk(below, here)
    if isinstance(schema.get("items"), dict):
        yield from walk(schema["items"], path + "[]")


def rules(schema):
    """Every CEL rule's message at and below a schema."""
    for rule in schema.get("x-kubernetes-validations") or []:
        yield rule["message"]
    for below in (schema.get("properties") or {}).values():
        yield from rules(below)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from rules(schema[key])


def paths_in(value, path=""):
    if isinstance(value, dict):
        for name, below in value.items():
            here = path + "." + name if path else name
            yield here
            yield from paths_in(below, here)
    elif isinstance(value, list):
        for below in value:
            yield from paths_in(below, path + "[]")


def full_agent(api, namespace, schema):
    code, out, errors = api.run("-n", namespace, "create", "-f", "full-agent.yaml")
    report(code == 0 and "Warning" not in errors, "an Agent with every field is accepted without a warning", errors + out)
    code, answer, _ = api.call("GET", AGENTS.format(namespace) + "/full")
    kept = set(paths_in(answer.get("spec", {})))
    declared = {path for path, _ in walk(schema["properties"]["spec"])} - {
        "podTemplate.spec.containers[].lifecycle.preStop"  # refused on `agent`; kept on `extra`
    }
    missing = sorted(declared - kept)
    report(code == 200 and not missing, "that Agent comes back with every field that the CRD declares", missing)
    code, out, errors = api.run("-n", namespace, "replace", "-f", "full-agent.yaml")
    report(code == 0, "the same Agent can be replaced by itself", errors)


def defaults(api, namespace):
    code, answer, warnings = api.call("POST", AGENTS.format(namespace), agent("defaults", spec_of({})))
    report(code == 201 and not warnings and answer["spec"] == cases.DEFAULTS, "an image alone gets exactly the documented defaults", answer)
    without = {key: value for key, value in agent("nospec", {}).items() if key != "spec"}
    code, answer, _ = api.call("POST", AGENTS.format(namespace), without)
    report(code == 422 and any(f == "spec" for f, _ in causes(answer)), "refused with path and reason: an Agent without a spec", answer)


def tables(api, namespace, schema):
    dry = AGENTS.format(namespace) + "?dryRun=All"
    for sentence, over in cases.ACCEPTED:
        code, answer, warnings = api.call("POST", dry, agent("case", spec_of(over)))
        report(code == 201 and not warnings, "accepted: " + sentence, [answer.get("message"), warnings])
    for sentence, over, field, words in cases.REFUSED:
        refused(api, "POST", dry, agent("case", spec_of(over)), field, words, sentence)
    for name in cases.NAMES_REFUSED:
        refused(api, "POST", dry, agent(name, spec_of({})), "metadata.name", cases.NAME, "the name %s" % name[:20])
    for name in ("A", "a_b", "-a", "a-"):
        code, answer, _ = api.call("POST", dry, agent(name, spec_of({})))
        report(code == 422, "refused: the name %s" % name, answer)
    code, answer, _ = api.call("POST", dry, agent("a" * 63, spec_of({})))
    report(code == 201, "accepted: a name of 63 letters", answer)
    for over, path in cases.UNKNOWN:
        code, answer, _ = api.call("POST", dry + "&fieldValidation=Strict", agent("case", spec_of(over)))
        report(code == 400 and 'unknown field "%s"' % path in str(answer), "refused by name: the unknown field " + path, answer)
    unseen = sorted(m for m in set(rules(schema)) if not any(m in seen for seen in seen_messages))
    report(not unseen, "every rule of the CRD was broken once and said its message", unseen)


def webhook_words(schema, source):
    """The webhook repeats the rules in C: string literals, cut over lines by the layout."""
    with open(source, encoding="utf-8") as file:
        text = re.sub(r'"\s*\\?\s*"', "", file.read())
    missing = sorted(m for m in set(rules(schema)) if m not in text)
    report(not missing, "the webhook has the same words for every rule of the CRD", missing)


def changes(api, namespace):
    """Rules hold on updates too, by any road."""
    path = AGENTS.format(namespace) + "/defaults"
    kind = "application/merge-patch+json"
    code, answer, _ = api.call("PATCH", path, {"spec": {"minReplicas": 0}}, kind)
    report(code == 422 and any(f == "spec.minReplicas" and cases.ALWAYS_ON in m for f, m in causes(answer)),
           "a patch that breaks a rule is refused with path and reason", answer)
    code, answer, _ = api.call("PATCH", path, {"spec": {"minReplicas": 0, "mode": "serverless"}}, kind)
    report(code == 200 and answer["metadata"]["generation"] == 2, "a change of spec raises metadata.generation", answer)
    code, answer, _ = api.call("PATCH", path, {"status": {"phase": "Ready"}}, kind)
    report(code == 200 and "status" not in answer, "status cannot be written with the spec", answer)


def status(api, namespace):
    path = AGENTS.format(namespace) + "/defaults/status"
    kind = "application/merge-patch+json"
    for sentence, body, field, words in cases.STATUS_REFUSED:
        code, answer, _ = api.call("PATCH", path, {"status": body}, kind)
        good = code == 422 and any(f == field and words in m for f, m in causes(answer))
        report(good, "refused in status: " + sentence, "HTTP %d %s" % (code, causes(answer) or answer))
    written = {"phase": "Ready", "replicas": 2, "readyReplicas": 1, "desiredReplicas": 2, "observedGeneration": 2,
               "lastInvocationAt": "2030-01-01T00:00:00.123456789Z", "url": "http://defaults.x.svc:8080/",
               "conditions": [cases.CONDITION]}
    code, answer, _ = api.call("PATCH", path, {"status": written, "spec": {"port": 9999}}, kind)
    report(code == 200 and answer["status"] == written, "status takes all its fields", answer)
    report(answer["spec"]["port"] == 8080 and answer["metadata"]["generation"] == 2, "spec cannot be written with the status", answer)

    scaled = {**cases.CONDITION, "type": "Scaled", "reason": "LoadRose"}
    body = {"apiVersion": "krypton.ai/v1alpha1", "kind": "Agent", "status": {"conditions": [scaled]}}
    apply = path + "?fieldManager=krypton-scaler&force=true"
    code, answer, _ = api.call("PATCH", apply, body, "application/apply-patch+yaml")
    types = [c["type"] for c in answer.get("status", {}).get("conditions", [])]
    report(code == 200 and sorted(types) == ["Available", "Scaled"], "applying one condition leaves the others", answer)
    before = answer["metadata"]["resourceVersion"]
    code, answer, _ = api.call("PATCH", apply, body, "application/apply-patch+yaml")
    report(code == 200 and answer["metadata"]["resourceVersion"] == before, "applying the same condition again writes nothing", answer)


def server_side_apply(api, namespace):
    path = AGENTS.format(namespace) + "/applied?fieldManager="
    kind = "application/apply-patch+yaml"

    def applied(manager, spec):
        return api.call("PATCH", path + manager, agent("applied", spec), kind)

    code, answer, _ = applied("one", {"image": "example/agent:1", "env": [{"name": "A", "value": "1"}], "resources": {"limits": {"cpu": "1000m"}}})
    report(code == 201, "an Agent can be made by server-side apply", answer)
    before = answer["metadata"]["resourceVersion"]
    code, answer, _ = applied("one", {"image": "example/agent:1", "env": [{"name": "A", "value": "1"}], "resources": {"limits": {"cpu": "1000m"}}})
    report(code == 200 and answer["metadata"]["resourceVersion"] == before, "applying the same again writes nothing", answer)
    code, answer, _ = applied("two", {"env": [{"name": "B", "value": "2"}]})
    names = [v["name"] for v in answer.get("spec", {}).get("env", [])]
    report(code == 200 and names == ["A", "B"], "two appliers each keep their variables", answer)
    code, answer, _ = applied("two", {"image": "example/agent:2"})
    report(code == 409 and ".spec.image" in str(answer), "another applier's field is a conflict that names it", answer)


def kubectl_shows(api, namespace, schema):
    def table(wide):
        accept = "application/json;as=Table;g=meta.k8s.io;v=v1"
        _, answer, _ = api.call("GET", AGENTS.format(namespace), accept=accept)
        return [c["name"] for c in answer["columnDefinitions"] if (c["priority"] > 0) == wide]

    report(table(False) == cases.COLUMNS, "kubectl get agents has the columns " + ", ".join(cases.COLUMNS), table(False))
    report(table(True) == cases.WIDE_COLUMNS, "kubectl get agents -o wide adds " + ", ".join(cases.WIDE_COLUMNS), table(True))
    code, out, errors = api.run("-n", namespace, "get", "ag", "defaults", "--no-headers")
    report(code == 0 and out.split()[:4] == ["defaults", "serverless", "Ready", "2"] and out.split()[5:] == ["1", "Ready"],
           "kubectl get ag shows mode, phase, replicas, ready and reason", out + errors)
    code, out, errors = api.run("-n", namespace, "get", "all", "-o", "name")
    report(code == 0 and "agent.krypton.ai/defaults" in out, "kubectl get all shows agents", out + errors)
    bare = sorted(p for p, below in walk(schema) if not p.startswith(("metadata", "spec.podTemplate.spec")) and not below.get("description"))
    report(not bare, "every field has a description", bare)
    for field, words in (("agent.spec.timeout", "504"), ("agent.spec.env.valueFrom.secretKeyRef", "Secret"),
                         ("agent.status.phase", "Pending"), ("agents", "AI agent"), ("ag.spec.mode", "always-on")):
        code, out, errors = api.run("explain", field)
        report(code == 0 and words in out, "kubectl explain %s explains it" % field, out + errors)
    code, _, errors = api.run("-n", namespace, "create", "--dry-run=server", "-f", "-", text=json.dumps(agent("x", {"image": "x", "minReplicas": 0})))
    want = "spec.minReplicas: Invalid value: "
    report(code != 0 and want in errors and cases.ALWAYS_ON in errors, "kubectl prints the path and the words of a broken rule", errors)


def main():
    kubectl, crd_path, rules_path = sys.argv[1:4]
    api = Api(kubectl)
    namespace = "crd-test-%d" % os.getpid()
    try:
        schema = version_schema(install_crd(api, crd_path))
        code, _, errors = api.run("create", "namespace", namespace)
        if code != 0:
            raise SystemExit("cannot create namespace %s: %s" % (namespace, errors))
        full_agent(api, namespace, schema)
        defaults(api, namespace)
        tables(api, namespace, schema)
        webhook_words(schema, rules_path)
        changes(api, namespace)
        status(api, namespace)
        server_side_apply(api, namespace)
        kubectl_shows(api, namespace, schema)
    finally:
        api.run("-n", namespace, "delete", "agents", "--all", "--wait=false")
        api.run("delete", "namespace", namespace, "--wait=false")
        api.close()
    print("# %d ok, %d not ok" % (counts["ok"], counts["not ok"]))
    return 1 if counts["not ok"] or not counts["ok"] else 0


if __name__ == "__main__":
    sys.exit(main())
