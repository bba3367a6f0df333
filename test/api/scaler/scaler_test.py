# SPDX-License-Identifier: Apache-2.0
"""The scaler's promises, one function each; its sentence is its name in the report."""

import asyncio
import contextlib
import datetime
import json
import os
import re
import time

from harness import (Api, Daemon, Link, Pod, WallClock, kubeconfig_for, main, metric, refused, request, same, token_of, until,
                     write_key)
from ports import free_port

GATEWAY_OPS_PORT = 8082
WINDOW_MS = 1500


def instant(seconds_ago=0):
    moment = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds_ago)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class ScriptedGateway(Pod):
    """Who waits is in `waiting`; tell() answers the scaler's long poll."""

    def __init__(self, ip):
        super().__init__(ip, port=GATEWAY_OPS_PORT)
        self.version, self.waiting, self.is_broken = 7, {}, False
        self.news = asyncio.Event()

    def tell(self, agent, waiting):
        self.waiting[agent] = waiting
        self.version += 1
        self.news.set()
        self.news = asyncio.Event()

    async def answer_question(self, got):
        after = re.search(r"after=(\d+)", got.target)
        wait = re.search(r"wait=(\d+)s", got.target)
        if after and wait and int(after.group(1)) == self.version:
            try:
                await asyncio.wait_for(self.news.wait(), int(wait.group(1)))
            except asyncio.TimeoutError:
                pass
        if self.is_broken:
            got.reply(500)
            return
        agents = {agent: {"waiting": count, "inflight": 0} for agent, count in self.waiting.items() if count}
        got.reply(200, json.dumps({"version": self.version, "agents": agents}).encode())


class Scaler(Daemon):
    def __init__(self, context, *flags, kubeconfig=None, name="scaler-a", env=None):
        self.metrics_port, self.ops_port = free_port(), free_port()
        self.namespace = context.api.namespace
        super().__init__(
            "scaler", "--metrics-bind-address=127.0.0.1:%d" % self.metrics_port,
            "--health-probe-bind-address=127.0.0.1:%d" % self.ops_port,
            "--internal-key-file=" + context.key_file, *(["--kubeconfig=" + kubeconfig] if kubeconfig else []), *flags,
            env={"POD_NAMESPACE": self.namespace, "POD_NAME": name, **(env or {})})

    async def synced(self):
        for resource in ("agents", "endpointslices", "gateways"):
            await self.log("watch.synced", resource=resource)
        return self

    async def ops(self, path):
        return await request("127.0.0.1", self.ops_port, "GET", path)

    async def series(self, name, **labels):
        text = (await request("127.0.0.1", self.metrics_port, "GET", "/metrics")).body.decode()
        return metric(text, name, **labels)


class Context:
    FLAGS = ("--scaler-interval-ms=100", "--scaler-stable-window-ms=%d" % WINDOW_MS)

    async def start(self):
        self.key_file = write_key()
        self.pods, self.daemons, self.files = [], [], [self.key_file]
        self.link = Link()
        self.api = Api("scaler-test-%d" % os.getpid())
        self.gateway = await ScriptedGateway(self.link.address()).start()
        self.pods.append(self.gateway)
        await self.api.pods("krypton-gateway", self.gateway.ip, labels={"kubernetes.io/service-name": "krypton-gateway"},
                            port=GATEWAY_OPS_PORT)
        self.scaler = await self.another_scaler()
        return self

    async def another_scaler(self, *flags, **options):
        scaler = await Scaler(self, *self.FLAGS, *flags, **options).start()
        self.daemons.append(scaler)
        return await scaler.synced()

    async def pod(self, inflight=0, **options):
        pod = await Pod(self.link.address(), **options).start()
        pod.inflight = inflight
        self.pods.append(pod)
        return pod

    async def wanted(self, name):
        return (await self.api.get(name)).get("status", {}).get("desiredReplicas")

    async def scaled(self, name, count, seconds=20):
        async def is_so():
            return await self.wanted(name) == count
        await until(is_so, "%s is scaled to %d" % (name, count), seconds)
        return await self.condition(name)

    async def condition(self, name, kind="Scaled"):
        conditions = (await self.api.get(name))["status"].get("conditions", [])
        return next((c for c in conditions if c["type"] == kind), None)

    async def decided(self, name, more=3):
        """Waits until the scaler has decided about it that many times from now on."""
        async def count():
            return sum([await self.scaler.series("krypton_scaler_decisions_total", agent=name, namespace=self.api.namespace,
                                                 direction=way) or 0 for way in ("up", "down", "noop")])
        before = await count()

        async def is_so():
            return await count() >= before + more
        await until(is_so, "%d more decisions about %s" % (more, name))

    async def close(self):
        for daemon in self.daemons:
            await daemon.stop()
        for pod in self.pods:
            pod.stop()
        self.link.close()
        self.api.close()
        for file in self.files:
            os.unlink(file)


# --- up ---


async def up_by_waiting(ctx):
    """who waits at a gateway is decided on at once, not at the next interval, and so is who joins a line"""
    await ctx.api.agent("hurried", maxReplicas=5, concurrency=8)
    await ctx.scaler.stop()
    slow = await ctx.another_scaler("--scaler-interval-ms=3600000", name="scaler-slow")
    await until(lambda: [q for q in ctx.gateway.questions if "after=%d" % ctx.gateway.version in q.target], "the long poll")
    ctx.gateway.tell("%s/hurried" % ctx.api.namespace, 20)
    condition = await ctx.scaled("hurried", 3, 5)
    same((condition["status"], condition["reason"]), ("True", "Load"), "Scaled")
    ctx.gateway.waiting["%s/hurried" % ctx.api.namespace] = 400  # no news for a gateway: it is the line that it told of
    same((await ctx.scaled("hurried", 5, 5))["reason"], "Maximum", "reason")
    same([q.target for q in ctx.gateway.questions if q.target.endswith("wait=1s")], [], "polls of a second beside a line")
    ctx.gateway.tell("%s/hurried" % ctx.api.namespace, 0)
    await slow.stop()
    ctx.scaler = await ctx.another_scaler()


@contextlib.asynccontextmanager
async def nobody_may_write(ctx, agent):
    """Its status: an admission policy refuses."""
    group, name = "/apis/admissionregistration.k8s.io/v1/", "%s.%s.example" % (agent, ctx.api.namespace)
    rule = {"apiGroups": ["krypton.ai"], "apiVersions": ["v1alpha1"], "operations": ["UPDATE"], "resources": ["agents/status"]}
    condition = {"name": "it", "expression": "object.metadata.name == '%s'" % agent}
    await ctx.api.call("POST", group + "validatingadmissionpolicies", {"metadata": {"name": name}, "spec": {
        "matchConstraints": {"resourceRules": [rule]}, "matchConditions": [condition], "validations": [{"expression": "false"}]}})
    await ctx.api.call("POST", group + "validatingadmissionpolicybindings", {"metadata": {"name": name}, "spec": {
        "policyName": name, "validationActions": ["Deny"]}})
    try:
        yield
    finally:
        for kind in ("validatingadmissionpolicybindings", "validatingadmissionpolicies"):
            await ctx.api.call("DELETE", group + kind + "/" + name)


async def waiting_pays_for_itself(ctx):
    """a change that somebody waits for does not pause for those that failed while nobody did"""
    async with nobody_may_write(ctx, "forbidden"):
        await asyncio.sleep(2)  # until the API server surely goes by it: it does not say
        await ctx.api.agent("forbidden", maxReplicas=5, concurrency=8)
        await until(lambda: len(ctx.scaler.logged("scale.failed", agent="forbidden")) >= 7,
                    "seven writes have failed, and the next pauses for ten seconds and more", seconds=60)
    ctx.gateway.tell("%s/forbidden" % ctx.api.namespace, 20)
    await ctx.scaled("forbidden", 3, 8)
    ctx.gateway.tell("%s/forbidden" % ctx.api.namespace, 0)


async def first_word(ctx):
    """the scaler's first word is written even where it changes nothing, and never over somebody's who was faster"""
    await ctx.api.agent("newborn", minReplicas=2)
    condition = await ctx.scaled("newborn", 2)
    same(condition["reason"], "Minimum", "reason")
    await ctx.decided("newborn", 5)
    same(ctx.scaler.logged("agent.scaled", agent="newborn"), [], "lines that say so")


async def up_by_inflight(ctx):
    """what runs in the ready pods counts, not what runs in those that terminate"""
    pods = [await ctx.pod(6) for _ in range(2)]
    going = await ctx.pod(100)
    await ctx.api.agent("working", concurrency=4)
    await ctx.api.pods("working", pods[0].ip, pods[1].ip, (going.ip, {"terminating": True}))
    same((await ctx.scaled("working", 3))["reason"], "Load", "reason")
    pods[0].inflight = 7
    await ctx.scaled("working", 4)
    same(len(going.questions), 0, "questions to the one that goes")


async def utilization(ctx):
    """targetUtilization plans for a share of the concurrency"""
    pod = await ctx.pod(8)
    await ctx.api.agent("roomy", concurrency=8, targetUtilization=50)
    await ctx.api.pods("roomy", pod.ip)
    await ctx.scaled("roomy", 2)


async def pod_in_two_slices(ctx):
    """a pod that two slices name for a moment is counted once"""
    pod = await ctx.pod(8)
    await ctx.api.agent("doubled", concurrency=8)
    labels = {"krypton.ai/agent": "doubled", "kubernetes.io/service-name": "doubled"}
    await ctx.api.pods("doubled", pod.ip)
    await ctx.api.pods("doubled-again", pod.ip, labels=labels)
    await until(lambda: len(pod.questions) > 3, "the pod is asked")
    await ctx.decided("doubled")
    assert await ctx.wanted("doubled") in (None, 1), await ctx.wanted("doubled")


# --- down ---


async def down_after_the_window(ctx):
    """a count goes down only when the whole stable window wanted fewer, and never below what it wanted"""
    pod = await ctx.pod(16)
    await ctx.api.agent("calming", concurrency=4)
    await ctx.api.pods("calming", pod.ip)
    await ctx.scaled("calming", 4)
    pod.inflight = 8
    began = time.monotonic()
    condition = await ctx.scaled("calming", 2)
    took = time.monotonic() - began
    assert took > WINDOW_MS / 1000 * 0.9, "down after %.1f s" % took
    assert condition["message"], condition


async def always_on_floor(ctx):
    """an always-on agent keeps its minReplicas, with nothing to do"""
    pod = await ctx.pod(0)
    await ctx.api.agent("steady", minReplicas=2, status={"desiredReplicas": 5})
    await ctx.api.pods("steady", pod.ip)
    same((await ctx.scaled("steady", 2))["reason"], "Minimum", "reason")
    await ctx.decided("steady", 5)
    same(await ctx.wanted("steady"), 2)


async def to_zero(ctx):
    """a serverless agent is warm for scaleToZeroAfter after its last invocation, then asleep"""
    pod = await ctx.pod(0)
    await ctx.api.agent("dozing", mode="serverless", minReplicas=0, scaleToZeroAfter="4s",
                        status={"desiredReplicas": 1, "lastInvocationAt": instant()})
    began = time.time()
    await ctx.api.pods("dozing", pod.ip)
    await ctx.decided("dozing", 5)
    same(await ctx.wanted("dozing"), 1, "desiredReplicas while it is warm")
    same((await ctx.scaled("dozing", 0))["reason"], "Asleep", "reason")
    assert time.time() - began > 2.9, "asleep after %.1f s" % (time.time() - began)


async def never_invoked(ctx):
    """a serverless agent that nobody has invoked sleeps"""
    await ctx.api.agent("unborn", mode="serverless", minReplicas=0, status={"desiredReplicas": 1})
    await ctx.scaled("unborn", 0)


async def activity_keeps_awake(ctx):
    """work that came by the Service, an open stream, or somebody who waits keeps an agent awake"""
    for name, change in (("visited", {"is_visited": True}), ("listened", {"streams": 1}),
                         ("worked", {"inflight": 1})):
        pod = await ctx.pod(0)
        for field, value in change.items():
            setattr(pod, field, int(value))
        # Its pod comes first: an agent that slept once is not woken by what was.
        await ctx.api.pods(name, pod.ip)
        await ctx.api.agent(name, mode="serverless", minReplicas=0, scaleToZeroAfter="1s",
                            status={"desiredReplicas": 1, "lastInvocationAt": instant(3600)})
    await ctx.api.agent("awaited", mode="serverless", minReplicas=0, scaleToZeroAfter="1s",
                        status={"desiredReplicas": 1, "lastInvocationAt": instant(3600)})
    # Without a pod that speaks for it, only the line does: it must be there before the Agent is looked at.
    ctx.gateway.tell("%s/awaited" % ctx.api.namespace, 1)
    await ctx.api.patch_status("awaited", {"desiredReplicas": 1})
    await ctx.scaled("awaited", 1)
    for name in ("visited", "listened", "worked", "awaited"):
        await ctx.decided(name, 10)
        same(await ctx.wanted(name), 1, name)
    ctx.gateway.tell("%s/awaited" % ctx.api.namespace, 0)
    await ctx.scaled("awaited", 0)


async def silence_is_not_zero(ctx):
    """nothing goes down while a pod does not answer"""
    pods = [await ctx.pod(8), await ctx.pod(8)]
    await ctx.api.agent("secretive", concurrency=4)
    await ctx.api.pods("secretive", pods[0].ip, pods[1].ip)
    await ctx.scaled("secretive", 4)
    pods[0].is_mute, pods[1].inflight = True, 0
    unknown = lambda: ctx.scaler.series("krypton_scaler_unknown_pods", agent="secretive", namespace=ctx.api.namespace)

    async def is_unknown():
        return await unknown() == 1.0
    await until(is_unknown, "the pod is known to be unknown")
    began = time.monotonic()

    async def window_is_over():
        return time.monotonic() - began > 1.5 * WINDOW_MS / 1000
    await until(window_is_over, "the window is over")
    await ctx.decided("secretive")
    same(await ctx.wanted("secretive"), 4, "desiredReplicas")
    pods[0].is_mute, pods[0].inflight = False, 0
    await ctx.scaled("secretive", 1)


async def lies_are_not_believed(ctx):
    """a sidecar that says what no sidecar can say is unknown, so that nothing goes down, and the log names it once"""
    lies = [b'{"inflight": -3}', b'{"inflight": 99999999999999999999}', b'{"inflight": 9223372036854775807}', b'{"inflight": "4"}',
            b'{"inflight": 1, "streams": -1}', b"not JSON", b"", b"[" * 100000, b'{"inflight": 0, "x": "%s"}' % (b"x" * 10000000)]
    pod = await ctx.pod(8)
    await ctx.api.agent("lying", concurrency=4)
    await ctx.api.pods("lying", pod.ip)
    await ctx.scaled("lying", 2)
    lines = lambda: ctx.scaler.logged("pod.unknown", agent="lying")
    told = len(lines())  # on a busy machine it may have been slow before
    pod.lie = lies[0]
    await until(lambda: len(lines()) > told, "it is named")
    for lie in lies:
        pod.lie = lie
        asked = len(pod.questions)
        await until(lambda: len(pod.questions) > asked + 3, "it is asked again")
    await ctx.decided("lying")
    same(await ctx.wanted("lying"), 2, "desiredReplicas")
    same(len(lines()) - told, 1, "lines about it")
    pod.lie, pod.inflight = None, 0
    await ctx.scaler.log("pod.known", agent="lying", pod_ip=pod.ip)
    await ctx.scaled("lying", 1)


async def silent_gateway(ctx):
    """nothing goes down while a gateway does not answer: somebody might wait there"""
    ctx.gateway.is_broken = True
    ctx.gateway.tell("nobody/nothing", 0)
    pod = await ctx.pod(0)
    await ctx.api.agent("careful", mode="serverless", minReplicas=0, scaleToZeroAfter="1s",
                        status={"desiredReplicas": 1, "lastInvocationAt": instant(3600)})
    await ctx.api.pods("careful", pod.ip)
    await until(lambda: pod.questions, "the pod is asked")
    await ctx.decided("careful", 10)
    same(await ctx.wanted("careful"), 1, "desiredReplicas")
    ctx.gateway.is_broken = False
    await ctx.scaled("careful", 0)


async def unread_gateways(ctx):
    """a scaler that has just started lowers nothing before every gateway has told it who waits"""
    ctx.gateway.is_mute = True
    await ctx.scaler.stop()
    await ctx.api.agent("fresh", mode="serverless", minReplicas=0, scaleToZeroAfter="1s",
                        status={"desiredReplicas": 1, "lastInvocationAt": instant(3600)})
    ctx.scaler = await ctx.another_scaler()
    await ctx.decided("fresh", 10)
    same(await ctx.wanted("fresh"), 1, "desiredReplicas")
    ctx.gateway.is_mute = False
    await ctx.scaled("fresh", 0)


# --- down without cutting anybody ---


async def two_pods(ctx, name, *work, token=None, **spec):
    """An agent with two pods that is to be scaled to one, once its window is over; each pod runs that much."""
    made = await ctx.api.agent(name, concurrency=8, **spec)
    pods = [await ctx.pod(count, token=token or token_of(made)) for count in work]
    await ctx.api.pods(name, *(pod.ip for pod in pods))
    await until(lambda: all(pod.questions for pod in pods), "the pods are known")
    await ctx.api.patch_status(name, {"desiredReplicas": 2})
    return pods


def orders(pod):
    return [got.method for got in pod.questions if got.target == "/_krypton/retire"]


async def emptiest_retires(ctx):
    """before the count goes down the emptiest pod retires, and it goes down when that one is empty and seen not ready"""
    busy, idle = await two_pods(ctx, "shrinking", 3, 1)
    await until(lambda: idle.is_retired, "the emptier pod is retired")
    await ctx.scaler.log("pod.retired", agent="shrinking", pod_ip=idle.ip)
    await ctx.api.pods("shrinking", busy.ip, (idle.ip, {"ready": False}))
    await ctx.decided("shrinking", 10)
    same(await ctx.wanted("shrinking"), 2, "desiredReplicas while it works")
    same(await ctx.scaler.series("krypton_scaler_retired_pods", agent="shrinking", namespace=ctx.api.namespace), 1.0)
    await ctx.api.pods("shrinking", busy.ip, idle.ip)
    idle.inflight = 0
    await until(lambda: len([q for q in idle.questions if q.target == "/_krypton/inflight"]) > 5, "its end is seen")
    await ctx.decided("shrinking", 5)
    same(await ctx.wanted("shrinking"), 2, "desiredReplicas while Kubernetes calls it ready")
    await ctx.api.pods("shrinking", busy.ip, (idle.ip, {"ready": False}))
    await ctx.scaled("shrinking", 1)
    await ctx.decided("shrinking", 5)
    same((orders(busy), orders(idle)), ([], ["POST"]), "what the pods were told")


async def recalled(ctx):
    """load that returns calls a retired pod back at once, and the count stays"""
    busy, idle = await two_pods(ctx, "returning", 3, 1)
    await until(lambda: idle.is_retired, "the emptier pod is retired")
    await ctx.api.pods("returning", busy.ip, (idle.ip, {"ready": False}))
    busy.inflight = 8
    ctx.gateway.tell("%s/returning" % ctx.api.namespace, 1)
    await until(lambda: not idle.is_retired, "it is called back", 5)
    await ctx.scaler.log("pod.recalled", agent="returning", pod_ip=idle.ip)
    same(await ctx.wanted("returning"), 2, "desiredReplicas")
    ctx.gateway.tell("%s/returning" % ctx.api.namespace, 0)


async def retired_again(ctx):
    """a sidecar that restarts has forgotten, and is retired again"""
    busy, idle = await two_pods(ctx, "forgetting", 3, 1)
    await until(lambda: idle.is_retired, "the emptier pod is retired")
    idle.is_retired = False
    await until(lambda: idle.is_retired, "it is retired again")


async def other_goes(ctx):
    """a pod that became empty goes instead of a retired one that still works"""
    first, second = await two_pods(ctx, "swapping", 3, 1)
    await until(lambda: second.is_retired, "the emptier pod is retired")
    first.inflight = 0
    await until(lambda: first.is_retired and not second.is_retired, "they change places")


async def stream_holds_for_drain_timeout(ctx):
    """a stream holds a retired pod for drainTimeout at the most"""
    busy, idle = await two_pods(ctx, "streaming", 3, 1, drainTimeout="3s")
    await until(lambda: idle.is_retired, "the emptier pod is retired")
    began = time.monotonic()
    await ctx.api.pods("streaming", busy.ip, (idle.ip, {"ready": False}))
    await ctx.scaled("streaming", 1)
    assert time.monotonic() - began > 2, "%.1f s" % (time.monotonic() - began)


async def refused_retirement(ctx):
    """a pod with another token is named in the log once, and holds nothing up"""
    await two_pods(ctx, "foreign", 3, 1, token="another")
    await ctx.scaler.log("retire.refused", agent="foreign", status=403)
    await ctx.scaled("foreign", 1)
    same(len(ctx.scaler.logged("retire.refused", agent="foreign")), 1, "lines")


async def new_leader_knows(ctx):
    """a scaler that has just started finds the retired pods, and calls them back when they are needed"""
    made = await ctx.api.agent("inherited", concurrency=8, status={"desiredReplicas": 2})
    busy, idle = await ctx.pod(12, token=token_of(made)), await ctx.pod(0, token=token_of(made))
    idle.is_retired = True
    await ctx.api.pods("inherited", busy.ip, (idle.ip, {"ready": False}))
    await until(lambda: not idle.is_retired, "it is called back")


# --- writes ---


async def conditions_side_by_side(ctx):
    """the condition Scaled comes and changes beside the controller's Available, which stays as it is"""
    await ctx.api.agent("shared", maxReplicas=5)
    path = "/apis/krypton.ai/v1alpha1/namespaces/%s/agents/shared/status?fieldManager=krypton-controller&force=true"
    available = {"type": "Available", "status": "True", "reason": "Running", "message": "1 of 1 pods are ready.",
                 "lastTransitionTime": instant()}
    await ctx.api.call("PATCH", path % ctx.api.namespace, {
        "apiVersion": "krypton.ai/v1alpha1", "kind": "Agent", "metadata": {"name": "shared"},
        "status": {"phase": "Ready", "replicas": 1, "conditions": [available]}}, "application/apply-patch+yaml")
    pod = await ctx.pod(24)
    await ctx.api.pods("shared", pod.ip)
    scaled = await ctx.scaled("shared", 3)
    same(await ctx.condition("shared", "Available"), available, "Available")
    assert scaled["message"].endswith("."), scaled
    pod.inflight = 40
    again = await ctx.scaled("shared", 5)
    same(await ctx.condition("shared", "Available"), available, "Available")
    assert again["message"] != scaled["message"], again
    status = (await ctx.api.get("shared"))["status"]
    same((status["phase"], status["replicas"], len(status["conditions"])), ("Ready", 1, 2), "the rest of the status")


async def rest(ctx):
    """at rest nothing is written, and idle pods are left in peace"""
    made, pods = [], []
    for number in range(5):
        name = "resting-%d" % number
        await ctx.api.agent(name)
        pods.append(await ctx.pod(0))
        await ctx.api.pods(name, pods[-1].ip)
        await ctx.scaled(name, 1)
        made.append(await ctx.api.get(name))
    since = max((one["metadata"]["resourceVersion"] for one in made), key=int)
    watches = [ctx.api.changes("resting-%d" % number, since) for number in range(5)]
    for watch in watches:
        await watch.__aenter__()
    await ctx.decided("resting-4", 20)
    mark = await ctx.api.patch("resting-0", {"metadata": {"annotations": {"example/mark": "1"}}})
    await until(lambda: watches[0].seen and
                watches[0].seen[-1]["metadata"]["resourceVersion"] == mark["metadata"]["resourceVersion"], "the mark")
    seen = [[row["metadata"]["resourceVersion"] for row in watch.seen
             if row["metadata"]["resourceVersion"] != one["metadata"]["resourceVersion"]]
            for watch, one in zip(watches, made)]
    same(seen, [[mark["metadata"]["resourceVersion"]], [], [], [], []], "writes, with the test's own")
    for watch in watches:
        await watch.__aexit__()
    assert all(len(pod.questions) <= 2 for pod in pods), [len(pod.questions) for pod in pods]


async def changes_are_told(ctx):
    """each change of the count is a sentence: in the condition Scaled, in an Event on the Agent, and by its reason in a metric"""
    made = await ctx.api.agent("told", maxReplicas=5, concurrency=8)
    pod = await ctx.pod(17)
    await ctx.api.pods("told", pod.ip)
    scaled = await ctx.scaled("told", 3)
    assert re.fullmatch(r"3 pods for 17 in flight and 0 waiting at 8 each, until \d\d:\d\d:\d\d UTC at least\.", scaled["message"]), scaled

    async def event():
        events = await ctx.api.call("GET", "/api/v1/namespaces/%s/events?fieldSelector=involvedObject.uid=%s"
                                    % (ctx.api.namespace, made["metadata"]["uid"]))
        return [e for e in events["items"] if e["message"] == scaled["message"]]
    found = (await until(event, "the Event"))[0]
    same((found["reason"], found["type"], found["source"]["component"]), ("Scaled", "Normal", "krypton-scaler"), "the Event")
    labels = {"agent": "told", "namespace": ctx.api.namespace, "reason": "Load"}
    same(await ctx.scaler.series("krypton_scaler_changes_total", **labels), 1.0, "the metric")


async def woken_is_told(ctx):
    """when a gateway has woken an agent, its condition Scaled says so soon, and no more that it sleeps"""
    await ctx.api.agent("roused", mode="serverless", minReplicas=0, scaleToZeroAfter="2s",
                        status={"desiredReplicas": 1, "lastInvocationAt": instant(3600)})
    same((await ctx.scaled("roused", 0))["reason"], "Asleep", "before")
    await ctx.api.patch_status("roused", {"desiredReplicas": 1, "lastInvocationAt": instant()})

    async def is_told():
        return (await ctx.condition("roused"))["reason"] == "Warm"
    await until(is_told, "it is told")
    await ctx.scaled("roused", 0)


async def clocks_may_be_wrong(ctx):
    """a lastInvocationAt an hour ahead keeps an agent awake for scaleToZeroAfter and no longer; one an hour behind no less, not even
    an agent's very first"""
    await ctx.api.agent("first", mode="serverless", minReplicas=0, scaleToZeroAfter="3s", status={"desiredReplicas": 0})
    await ctx.decided("first", 1)
    began = time.monotonic()
    await ctx.api.patch_status("first", {"desiredReplicas": 1, "lastInvocationAt": instant(3600)})
    await ctx.scaled("first", 0)
    assert time.monotonic() - began > 2.5, "asleep after %.1f s" % (time.monotonic() - began)
    for name, ago in (("ahead", -3600), ("behind", 3600)):
        await ctx.api.agent(name, mode="serverless", minReplicas=0, scaleToZeroAfter="3s",
                            status={"desiredReplicas": 1, "lastInvocationAt": instant(-1)})
        await ctx.decided(name, 1)
        began = time.monotonic()
        await ctx.api.patch_status(name, {"lastInvocationAt": instant(ago)})
        await ctx.scaled(name, 0)
        assert time.monotonic() - began > 2.5, "%s: asleep after %.1f s" % (name, time.monotonic() - began)


async def clock_jumps(ctx):
    """when the scaler's wall clock jumps two hours ahead, an agent sleeps no sooner than after scaleToZeroAfter; two hours back, no later"""
    clock = WallClock()
    await ctx.scaler.stop()
    jumping = await ctx.another_scaler(name="scaler-jumping", env=clock.env)
    ctx.scaler = jumping
    for name, hours, written in (("leapt", 2, 0), ("returned", 0, -2 * 3600)):
        await ctx.api.agent(name, mode="serverless", minReplicas=0, scaleToZeroAfter="3s",
                            status={"desiredReplicas": 1, "lastInvocationAt": instant(written)})
        began = time.monotonic()
        await ctx.decided(name, 3)
        clock.jump(hours)
        await ctx.scaled(name, 0)
        assert time.monotonic() - began > 2, "%s: asleep after %.1f s" % (name, time.monotonic() - began)
        said = (await jumping.log("agent.scaled", agent=name))["ts"]
        ahead = datetime.datetime.fromisoformat(said.replace("Z", "+00:00")) - datetime.datetime.now(datetime.timezone.utc)
        same(round(ahead.total_seconds() / 3600), hours, "hours that its clock is ahead")
    await jumping.stop()
    clock.close()
    ctx.scaler = await ctx.another_scaler()


async def gone_pod_may_have_worked(ctx):
    """a pod that goes may have worked since it was asked last: its agent stays awake for scaleToZeroAfter from then on"""
    pod = await ctx.pod(0)
    await ctx.api.pods("bereft", pod.ip)
    await ctx.api.agent("bereft", mode="serverless", minReplicas=0, scaleToZeroAfter="3s",
                        status={"desiredReplicas": 1, "lastInvocationAt": instant(1)})
    await ctx.decided("bereft", 15)
    await ctx.api.pods("bereft")
    gone = time.monotonic()
    await ctx.scaled("bereft", 0)
    assert time.monotonic() - gone > 2.5, "asleep %.1f s after its pod went" % (time.monotonic() - gone)


async def silent_pod_may_work(ctx):
    """a pod that is not ready and answers no more may be at work: its agent stays awake until it is heard of again, or is gone"""
    pod = await ctx.pod(0)
    await ctx.api.pods("silenced", (pod.ip, {"ready": False, "serving": False}))
    await ctx.api.agent("silenced", mode="serverless", minReplicas=0, scaleToZeroAfter="4s",
                        status={"desiredReplicas": 1, "lastInvocationAt": instant()})
    await until(lambda: pod.questions, "it has answered")
    pod.is_mute = True
    await until(lambda: pod.unanswered, "it is asked again", seconds=20)
    await until(lambda: pod.unanswered >= 3, "and again", seconds=20)
    same(await ctx.wanted("silenced"), 1, "desiredReplicas while it says nothing")
    pod.is_mute = False
    await ctx.scaled("silenced", 0)


async def unheard_pod_is_asked(ctx):
    """before an agent sleeps a pod is asked that is not ready and has never answered: what runs in it keeps the agent awake"""
    pod = await ctx.pod(1)
    pod.is_mute = True
    await ctx.api.pods("unheard", (pod.ip, {"ready": False, "serving": False}))
    await ctx.api.agent("unheard", mode="serverless", minReplicas=0, scaleToZeroAfter="5s",
                        status={"desiredReplicas": 1, "lastInvocationAt": instant()})
    await until(lambda: pod.unanswered, "it is asked for the first time")
    asked = time.monotonic()
    await until(lambda: time.monotonic() - asked > 2.5, "that question is given up")
    pod.is_mute = False
    await until(lambda: pod.questions, "it is asked again")
    await ctx.decided("unheard", 30)
    same(await ctx.wanted("unheard"), 1, "desiredReplicas while it works")
    pod.inflight = 0
    await ctx.scaled("unheard", 0)


async def waking_is_the_gateways(ctx):
    """an agent that sleeps is its gateway's to wake for a second; if that has not come, the scaler wakes it, and at once for more pods"""
    for name in ("awaking", "crowded"):
        await ctx.api.agent(name, mode="serverless", minReplicas=0, concurrency=8, maxReplicas=5, scaleToZeroAfter="1s",
                            status={"desiredReplicas": 0})
        await ctx.decided(name, 1)
    began = time.monotonic()
    ctx.gateway.tell("%s/awaking" % ctx.api.namespace, 1)
    ctx.gateway.tell("%s/crowded" % ctx.api.namespace, 20)
    await ctx.scaled("crowded", 3)
    await ctx.scaled("awaking", 1)
    assert time.monotonic() - began > 0.9, "it was woken after %.1f s" % (time.monotonic() - began)
    for name in ("awaking", "crowded"):
        ctx.gateway.tell("%s/%s" % (ctx.api.namespace, name), 0)
        await ctx.scaled(name, 0)


async def lowering_loses(ctx):
    """a count that goes down against a stream of other writes is decided anew on each conflict, until it gets through"""
    await ctx.api.agent("stormy", mode="serverless", minReplicas=0, scaleToZeroAfter="1s",
                        status={"desiredReplicas": 1, "lastInvocationAt": instant()})
    calm = asyncio.Event()

    async def storm(writer):
        number = 0
        while not calm.is_set():
            number += 1
            await ctx.api.patch("stormy", {"metadata": {"annotations": {"example/%d" % writer: str(number)}}})

    writers = [asyncio.create_task(storm(number)) for number in range(3)]
    try:
        await ctx.decided("stormy", 15)
    finally:
        calm.set()
        await asyncio.gather(*writers)
    await ctx.scaled("stormy", 0)
    await ctx.scaler.log("agent.scaled", agent="stormy", to=0)
    same(ctx.scaler.logged("scale.failed", agent="stormy"), [], "failures")
    same(len(ctx.scaler.logged("agent.scaled", agent="stormy", to=0)), 1, "lines that say so")


async def woken_meanwhile(ctx):
    """an invocation that comes while the count goes to zero wins: it carries a newer resourceVersion"""
    await ctx.api.agent("contested", mode="serverless", minReplicas=0, scaleToZeroAfter="1s",
                        status={"desiredReplicas": 0, "lastInvocationAt": instant(3600)})
    won = 0
    for turn in range(8):
        await ctx.api.patch_status("contested", {"desiredReplicas": 1, "lastInvocationAt": instant(-2 * turn)})
        began = time.monotonic()
        await until(lambda: time.monotonic() - began > 0.5 + 0.07 * turn, "it is about to sleep")  # pylint: disable=cell-var-from-loop
        written = await ctx.api.patch_status("contested", {"lastInvocationAt": instant(-2 * turn - 1)})
        again = time.monotonic()
        await ctx.scaled("contested", 0)
        if written["status"]["desiredReplicas"] == 1:
            won += 1
            assert time.monotonic() - again > 0.9, "asleep %.1f s after an invocation" % (time.monotonic() - again)
    assert won > 0, "no invocation came in time"


async def decisions_are_counted(ctx):
    """decisions are counted by direction, and the last count is a metric that goes with the agent"""
    pod = await ctx.pod(16)
    await ctx.api.agent("counted", concurrency=8)
    await ctx.api.pods("counted", pod.ip)
    await ctx.scaled("counted", 2)
    labels = {"agent": "counted", "namespace": ctx.api.namespace}
    same(await ctx.scaler.series("krypton_agent_replicas_desired", **labels), 2.0)
    assert await ctx.scaler.series("krypton_scaler_decisions_total", direction="up", **labels) >= 1
    await ctx.api.delete("counted")

    async def is_gone():
        return await ctx.scaler.series("krypton_agent_replicas_desired", **labels) is None
    await until(is_gone, "the series goes")


# --- the process ---


async def one_leader(ctx):
    """of two scalers with --leader-elect one decides, and the other at once when that one ends"""
    await ctx.scaler.stop()
    first = await ctx.another_scaler("--leader-elect", name="scaler-1")
    await first.log("leadership.taken")
    second = await ctx.another_scaler("--leader-elect", name="scaler-2")
    pod = await ctx.pod(16)
    await ctx.api.agent("led", concurrency=8)
    await ctx.api.pods("led", pod.ip)
    await ctx.scaled("led", 2)
    await first.log("agent.scaled", agent="led")
    same((len(first.logged("agent.scaled", agent="led")), second.logged("agent.scaled")), (1, []), "who has scaled")
    same(await first.series("krypton_scaler_leader"), 1.0)
    first.process.terminate()
    same(await first.end(), 0, "status")
    await second.log("leadership.taken")
    pod.inflight = 24
    await ctx.scaled("led", 3)
    await second.log("agent.scaled", agent="led")
    same(len(second.logged("agent.scaled", agent="led")), 1, "who has scaled")
    await second.stop()
    ctx.scaler = await ctx.another_scaler()


async def taken_over(ctx):
    """a scaler that has stood by for longer than the window and takes over lowers nothing before another window is over"""
    await ctx.scaler.stop()
    first = await ctx.another_scaler("--leader-elect", name="scaler-1")
    await first.log("leadership.taken")
    second = await ctx.another_scaler("--leader-elect", name="scaler-2")
    began = time.monotonic()
    pod = await ctx.pod(16)
    await ctx.api.agent("handed", concurrency=8)
    await ctx.api.pods("handed", pod.ip)
    await ctx.scaled("handed", 2)
    await until(lambda: time.monotonic() - began > 1.5 * WINDOW_MS / 1000, "a window is over")
    pod.inflight = 0
    first.process.terminate()
    same(await first.end(), 0, "status")
    await second.log("leadership.taken")
    taken = time.monotonic()
    await ctx.scaled("handed", 1)
    assert time.monotonic() - taken > 0.8 * WINDOW_MS / 1000, "lowered after %.1f s" % (time.monotonic() - taken)
    await second.stop()
    ctx.scaler = await ctx.another_scaler()


async def no_rights(ctx):
    """a right that is missing is named with verb and resource, in the log and by /readyz?verbose"""
    ctx.api.run("-n", ctx.api.namespace, "create", "serviceaccount", "poor")
    token = ctx.api.run("-n", ctx.api.namespace, "create", "token", "poor", "--duration=10m").strip()
    ctx.files.append(kubeconfig_for(token=token))
    scaler = Scaler(ctx, *ctx.FLAGS, kubeconfig=ctx.files[-1])
    ctx.daemons.append(await scaler.start())
    log = await scaler.log("watch.interrupted", resource="agents")
    assert re.match(r"cannot (list|watch) agents.krypton.ai: 403", log["error"]), log
    await scaler.log("watch.interrupted", resource="endpointslices")
    answer = await scaler.ops("/readyz?verbose")
    same(answer.status, 503)
    for resource in ("agents.krypton.ai", "endpointslices.discovery.k8s.io"):
        assert re.search(r"cannot (list|watch) " + resource, answer.body.decode()), answer.body
    assert token not in "".join(scaler.lines), "the token is in the log"
    await scaler.stop()


async def bad_flags(ctx):
    """a wrong flag or kubeconfig is one line that names it, and status 2"""
    for flag in ("--scaler-interval-ms=0", "--scaler-stable-window-ms=a", "--sidecar-port=99999", "--kubeconfig=/nowhere",
                 "--metrics-bind-address=x", "--log-level=loud"):
        lines, status = await refused("scaler", flag)
        same((len(lines), status), (1, 2), "lines and status of %s: %r" % (flag, lines))
        name, _, value = flag.partition("=")
        assert (name in lines[0] or name == "--kubeconfig") and value in lines[0], lines


async def sigterm(ctx):
    """SIGTERM ends it with status 0"""
    scaler = await ctx.another_scaler("--leader-elect=false")
    same((await scaler.ops("/readyz")).status, 200)
    scaler.process.terminate()
    same(await scaler.end(5), 0, "status")


TESTS = [
    waiting_pays_for_itself, first_word, up_by_inflight, utilization, pod_in_two_slices, down_after_the_window, always_on_floor,
    to_zero, never_invoked, activity_keeps_awake, silence_is_not_zero, lies_are_not_believed, emptiest_retires, recalled,
    retired_again, other_goes, stream_holds_for_drain_timeout, refused_retirement, new_leader_knows, conditions_side_by_side,
    changes_are_told, woken_is_told, clocks_may_be_wrong, gone_pod_may_have_worked, silent_pod_may_work,
    waking_is_the_gateways, unheard_pod_is_asked, rest, lowering_loses, woken_meanwhile, decisions_are_counted, no_rights,
    bad_flags, sigterm,
]
# These stop the scaler or the gateway that the others go by.
ALONE = [silent_gateway, unread_gateways, up_by_waiting, one_leader, taken_over, clock_jumps]


main(Context, TESTS, ALONE, 6)
