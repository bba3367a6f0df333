# SPDX-License-Identifier: Apache-2.0
"""Last of all: uninstalled, installed again as the version before, upgraded. Agents stay, and nothing is stuck."""

import os
import re
import shutil

import pytest

import agents
import gateway as gateways
from gateway import Stream, plain
from kube import ROOT, SYSTEM, Failed, holds_for, is_ready, wait_for

VERSION = os.environ["KRYPTON_VERSION"]
BEFORE = "0.0.9"
CHART = ROOT / "charts/krypton"
VALUES = ["--values", ROOT / "test/cluster/values.yaml", "--set", "image.registry=docker.io/krypton", "--set-string", f"image.tag={VERSION}"]


@pytest.fixture(scope="module")
def chart_before(cluster, tmp_path_factory):
    """The chart packaged as the version before this one; its images are those of this one."""
    folder = tmp_path_factory.mktemp("chart")
    shutil.copytree(CHART, folder / "krypton")
    cluster.helm("package", folder / "krypton", "--version", BEFORE, "--app-version", BEFORE, "--destination", folder)
    return folder / f"krypton-{BEFORE}.tgz"


def uids(cluster, namespace):
    """Agents and the pods of theirs that take requests."""
    found = {("agent", a["metadata"]["name"]): a["metadata"]["uid"] for a in cluster.list("agents", namespace)}
    found |= {("pod", p["metadata"]["name"]): p["metadata"]["uid"]
              for p in cluster.list("pods", namespace, labels="krypton.ai/agent") if is_ready(p)}
    return found


def finalizers(cluster):
    return {f"{a['metadata']['namespace']}/{a['metadata']['name']}": a["metadata"].get("finalizers", []) for a in cluster.list("agents")}


def release(cluster):
    """Name, status and chart of the release, as helm lists it."""
    line = cluster.helm("list", "-n", SYSTEM, "--all", "--no-headers").split("\t")
    return [word.strip() for word in line] if len(line) > 5 else None


@pytest.fixture(scope="module")
def kept(cluster):
    """An always-on agent with two pods and a sleeping one, which live through all of this file."""
    space = agents.Space(cluster, "krypton-test-kept")
    space.make(agents.agent("stays", minReplicas=2, maxReplicas=2), ready=2)
    space.make(agents.sleeper("sleeps", scaleToZeroAfter="2s"))
    space.wait_asleep("sleeps")
    yield space
    space.drop("stays", "sleeps")


def test_uninstalling_keeps_agents_and_the_resource(cluster, kept):
    """helm uninstall keeps Agents, their pods and the CRD, leaves no finalizer and no job, and the pods go on serving."""
    before = uids(cluster, kept.name)
    assert all(found == ["krypton.ai/cleanup"] for found in finalizers(cluster).values()), finalizers(cluster)
    cluster.helm("uninstall", "krypton", "-n", SYSTEM, "--wait", "--timeout", "90s")
    assert release(cluster) is None
    assert not any(finalizers(cluster).values()), finalizers(cluster)
    assert uids(cluster, kept.name) == before
    assert cluster.get("customresourcedefinitions", None, "agents.krypton.ai")
    for plural in ("deployments", "services", "serviceaccounts", "jobs"):
        left = [o["metadata"]["name"] for o in cluster.list(plural, SYSTEM) if o["metadata"]["name"].startswith("krypton")]
        assert not left, (plural, left)
    address = cluster.get("services", kept.name, "stays")["spec"]["clusterIP"]
    assert plain.get(f"http://{address}:8080/").status_code == 200


def test_an_agent_that_is_deleted_without_krypton_goes_whole(cluster, kept, space):
    """Without Krypton an Agent is deleted at once, and its Deployment and Service go with it."""
    cluster.create("agents", space.name, agents.agent("orphan"))
    agent = cluster.agent(space.name, "orphan")
    owner = {"apiVersion": agent["apiVersion"], "kind": "Agent", "name": "orphan", "uid": agent["metadata"]["uid"]}
    stays = cluster.get("services", kept.name, "stays")
    cluster.create("services", space.name, {"metadata": {"name": "orphan", "ownerReferences": [owner]}, "spec": {"ports": stays["spec"]["ports"]}})
    cluster.kubectl("-n", space.name, "delete", "agent", "orphan", "--timeout=10s")
    wait_for(lambda: not cluster.get("services", space.name, "orphan"), 30, "its Service is gone")


def test_installing_again_adopts_the_agents(cluster, kept, chart_before):
    """A new installation, here of the version before, adopts the Agents: finalizers are back, no pod is replaced, they are served."""
    before = uids(cluster, kept.name)
    cluster.helm("install", "krypton", chart_before, "-n", SYSTEM, *VALUES, "--wait", "--timeout", "90s")
    assert f"krypton-{BEFORE}" in release(cluster), release(cluster)
    wait_for(lambda: all(found == ["krypton.ai/cleanup"] for found in finalizers(cluster).values()), 30, "finalizers are back")
    gateway = gateways.service(cluster)
    wait_for(lambda: serves(gateway, kept.address("stays")), 20, "the gateway serves it")
    assert gateway.get(kept.address("sleeps")).status_code == 200, "the sleeping one is woken"

    def same_pods():
        return {key: uid for key, uid in uids(cluster, kept.name).items() if "sleeps-" not in key[1]} == before
    holds_for(same_pods, 5, f"no pod is replaced: {before}")


def serves(gateway, address):
    try:
        return gateway.get(address).status_code == 200
    except Exception:  # the Service is that young
        return False


def test_an_upgrade_cuts_no_stream_and_replaces_no_pod(cluster, kept):
    """helm upgrade from the version before cuts no stream, loses no request and replaces no agent's pod."""
    before = uids(cluster, kept.name)
    gateway = gateways.service(cluster)
    streams = [Stream(own.agent(kept.address("stays"), "/stream?n=40&interval_ms=250")).wait_events(1) for own, _ in gateways.pods(cluster)]
    load = gateways.Load(gateway.agent(kept.address("stays")), clients=1)
    cluster.helm("upgrade", "krypton", CHART, "-n", SYSTEM, *VALUES, "--set", "podAnnotations.upgraded=yes", "--wait", "--timeout", "90s")
    for stream in streams:
        stream.wait_end()
        assert stream.ended_whole(), (stream.end, stream.text[-200:])
    load.stop()
    assert not load.lost() and len(load.answers) > 20, (len(load.answers), load.lost()[:3])
    assert f"krypton-{VERSION}" in release(cluster), release(cluster)
    stayed = {key: uid for key, uid in uids(cluster, kept.name).items() if "sleeps-" not in key[1]}
    assert stayed == {key: uid for key, uid in before.items() if "sleeps-" not in key[1]}, (before, stayed)


def trusted(cluster):
    """What the configurations say of our authority."""
    return [cluster.kubectl("get", f"{kind}webhookconfiguration", "krypton-agents", "-o", "jsonpath={.webhooks[0].clientConfig.caBundle}")
            for kind in ("mutating", "validating")]


def test_webhooks_work_as_the_documents_turn_them_on(cluster, kept, space):
    """With manager.enableWebhooks: true, and nothing else, what only a webhook can know is refused in its words, and the unwise is warned of."""
    cluster.helm("upgrade", "krypton", CHART, "-n", SYSTEM, "--reuse-values", "--set", "manager.enableWebhooks=true", "--wait", "--timeout", "90s")
    broken = agents.agent("broken", podTemplate={"spec": {"$patch": "replace"}})

    def refusal():
        try:
            cluster.create("agents", space.name, broken)
        except AssertionError as refused:
            return str(refused)
        cluster.delete("agents", space.name, "broken")
        return None
    said = wait_for(refusal, 20, "the webhook refuses a podTemplate with a merge directive", every=0.5)
    assert "admission webhook" in said and "$patch" in said, said
    space.make(agents.agent("good"), ready=1)
    path = f"/apis/krypton.ai/v1alpha1/namespaces/{space.name}/agents?dryRun=All"
    unwise = cluster.http.post(path, json={"apiVersion": "krypton.ai/v1alpha1", "kind": "Agent", "metadata": {"name": "unwise"}, "spec": {"image": "i"}})
    assert unwise.status_code == 201, unwise.text
    assert "spec.image: " in unwise.headers["warning"] and "spec.resources.limits.memory: " in unwise.headers["warning"], unwise.headers


def test_an_upgrade_leaves_the_webhooks_certificate_alone(cluster, kept):
    """helm upgrade with webhooks on leaves the certificate and the authority that the controller wrote as they are."""
    def state():
        return trusted(cluster), cluster.get("secrets", SYSTEM, "krypton-webhook-serving")["data"]["tls.crt"]
    before = state()
    assert all(before[0]), before
    cluster.helm("upgrade", "krypton", CHART, "-n", SYSTEM, "--reuse-values", "--set", "podAnnotations.upgraded=again", "--wait", "--timeout", "90s")
    assert state() == before


def test_unknown_values_are_refused_by_name(cluster):
    """helm upgrade with an unknown key or a wrong type is refused by its name, and changes nothing."""
    before = release(cluster)
    for setting, word in (("gateway.replicaCount=2", "replicaCount"), ("gateway.replicas=two", "replicas")):
        with pytest.raises(Failed) as refused:
            cluster.helm("upgrade", "krypton", CHART, "-n", SYSTEM, "--reuse-values", "--set", setting)
        assert word in str(refused.value), str(refused.value)
    assert release(cluster) == before


def test_notes_tell_the_first_commands(cluster):
    """helm's notes tell the first commands to try."""
    said = cluster.helm("get", "notes", "krypton", "-n", SYSTEM)
    for words in ("kubectl get agents", "kubectl describe agent", "/v1/agents/"):
        assert words in said, said


def test_nothing_is_left_after_all_agents_and_the_release_are_gone(cluster, kept, space):
    """Agents first and the release then: nothing is left but the CRD, the key and Leases; not either of an Agent whose deletion
    waits for a controller that is gone already."""
    stranded = space.make(agents.agent("stranded"), ready=1)
    for agent in cluster.list("agents"):
        if agent["metadata"]["name"] != stranded:
            cluster.delete("agents", agent["metadata"]["namespace"], agent["metadata"]["name"])
    wait_for(lambda: len(cluster.list("agents")) == 1, 60, "all Agents but one are gone")
    cluster.kubectl("-n", SYSTEM, "delete", "deployment", "krypton-controller", "--cascade=foreground", "--timeout=60s", timeout=70)
    cluster.delete("agents", space.name, stranded)
    assert cluster.agent(space.name, stranded)["metadata"]["deletionTimestamp"], "nobody releases it"
    cluster.helm("uninstall", "krypton", "-n", SYSTEM, "--wait", "--timeout", "90s")
    assert not cluster.list("agents")
    for plural in ("deployments", "services", "serviceaccounts", "endpointslices"):
        wait_for(lambda: not [o["metadata"]["name"] for o in cluster.list(plural) if "krypton" in str(o["metadata"].get("labels", {}))], 30,
                 f"no {plural} of ours are left")
    cluster.kubectl("delete", "crd", "agents.krypton.ai", "--timeout=30s")
