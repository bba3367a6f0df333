# SPDX-License-Identifier: Apache-2.0
"""What the controller makes of the word of a pod's sidecar: scripted sidecars, a real API server, one promise a function.
Nobody runs pods here, so what a kubelet and a Deployment would report is said by the tests."""

import asyncio
import json
import os
import time

from harness import Api, Daemon, Link, Pod, SECONDS, main, metric, request, same, until
from ports import free_port

PODS = "/api/v1/namespaces/{}/pods"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/{}/leases"
LONG_AGO = "2026-01-01T00:00:00Z"


class Sidecar(Pod):
    """Answers GET /_krypton/inflight with `says`; bytes there are sent as they are. Answers wait until it is `free`."""

    def __init__(self, ip, agent="not-listening", ports=(), **more):
        super().__init__(ip)
        self.says = {"inflight": 0, "lastActivity": 0, "concurrency": 8, "streams": 0, "draining": False, "retired": False,
                     "agent": agent, "ports": list(ports), **more}
        self.asked, self.status = [], 200
        self.free = asyncio.Event()
        self.free.set()

    async def answer_question(self, got):
        same((got.method, got.target), ("GET", "/_krypton/inflight"), "the question")
        self.asked.append(time.monotonic())
        await self.free.wait()
        got.reply(self.status, self.says if isinstance(self.says, bytes) else json.dumps(self.says).encode())

    def say(self, **what):
        self.says = {**self.says, **what}


class Controller(Daemon):
    def __init__(self, home, *flags, name="one"):
        self.metrics_port, self.ops_port = free_port(), free_port()
        super().__init__("controller", "--proxy-image=proxy:1", "--metrics-bind-address=127.0.0.1:%d" % self.metrics_port,
                         "--health-probe-bind-address=127.0.0.1:%d" % self.ops_port, *flags,
                         env={"POD_NAMESPACE": home, "POD_NAME": name})

    async def ready(self):
        async def is_ready():
            try:
                return (await request("127.0.0.1", self.ops_port, "GET", "/readyz")).status == 200
            except OSError:
                return False
        await until(is_ready, "the controller is ready")
        return self

    async def reads(self):
        text = (await request("127.0.0.1", self.metrics_port, "GET", "/metrics")).body.decode()
        return metric(text, "krypton_controller_api_requests_total", kind="read")


class Context:
    async def start(self):
        self.sidecars, self.daemons = [], []
        self.link = Link()
        self.api = Api("word-test-%d" % os.getpid())
        self.controller = await self.another_controller()
        return self

    async def another_controller(self, *flags, **options):
        daemon = await Controller(self.api.namespace, *flags, **options).start()
        self.daemons.append(daemon)
        return await daemon.ready()

    async def sidecar(self, **options):
        self.sidecars.append(await Sidecar(self.link.address(), **options).start())
        return self.sidecars[-1]

    async def agent(self, name, desired=1, **spec):
        """An Agent whose children are there."""
        await self.api.agent(name, {"desiredReplicas": desired}, **spec)

        async def has_children():
            return (await self.api.get(name)).get("status", {}).get("observedGeneration")
        await until(has_children, "%s has its children" % name)

    def path(self, pod):
        return PODS.format(self.api.namespace) + "/" + pod

    async def pod(self, agent, name, sidecar, **status):
        """A pod that has run for long, with krypton-proxy not ready."""
        await self.api.call("POST", PODS.format(self.api.namespace), {
            "metadata": {"name": name, "labels": {"krypton.ai/agent": agent}},
            "spec": {"serviceAccountName": agent, "automountServiceAccountToken": False, "nodeName": "nowhere", "containers": [
                {"name": "agent", "image": "i"}, {"name": "krypton-proxy", "image": "p"}]}})
        await self.report(name, ip=sidecar.ip, **status)

    async def report(self, pod, ip=None, ready=False, restarts=0, started=LONG_AGO):
        """What its kubelet says."""
        container = {"image": "i", "imageID": "", "restartCount": 0, "ready": True, "state": {"running": {"startedAt": LONG_AGO}}}
        status = {"phase": "Running", "conditions": [{"type": "Ready", "status": str(ready)}], "containerStatuses": [
            {**container, "name": "agent", "restartCount": restarts, "state": {"running": {"startedAt": started}}},
            {**container, "name": "krypton-proxy", "ready": ready}]}
        if ip:
            status.update(podIP=ip, podIPs=[{"ip": ip}])
        await self.api.call("PATCH", self.path(pod) + "/status", {"status": status}, "application/merge-patch+json")

    async def rolled_out(self, agent, replicas, ready):
        """What its Deployment says, once it has that many."""
        path = "/apis/apps/v1/namespaces/%s/deployments/%s" % (self.api.namespace, agent)

        async def is_wanted():
            deployment = await self.api.call("GET", path)
            return deployment["spec"]["replicas"] == replicas and deployment["metadata"]["generation"]
        generation = await until(is_wanted, "the Deployment of %s wants %d" % (agent, replicas))
        await self.api.call("PATCH", path + "/status", {"status": {
            "observedGeneration": generation, "replicas": replicas, "updatedReplicas": replicas, "readyReplicas": ready,
            "availableReplicas": ready}}, "application/merge-patch+json")

    async def condition(self, agent):
        """(phase, status, reason, message)"""
        status = (await self.api.get(agent)).get("status", {})
        found = next((c for c in status.get("conditions", []) if c["type"] == "Available"), {})
        return status.get("phase"), found.get("status"), found.get("reason"), found.get("message", "")

    async def says(self, agent, reason, words, seconds=SECONDS):
        async def is_said():
            seen = await self.condition(agent)
            return seen[2] == reason and words in seen[3] and seen
        try:
            return await until(is_said, "%s is %s: %s" % (agent, reason, words), seconds)
        except AssertionError as error:
            raise AssertionError("%s; seen: %r" % (error, await self.condition(agent))) from None

    async def gone(self, agent, *pods):
        for pod in pods:
            await self.api.call("DELETE", self.path(pod), {"gracePeriodSeconds": 0})
        await self.api.delete(agent)

        async def is_gone():
            return (await self.api.call("GET", "/apis/krypton.ai/v1alpha1/namespaces/%s/agents/%s" % (
                self.api.namespace, agent), fine=(200, 404)))["kind"] == "Status"
        await until(is_gone, "%s is released" % agent)

    async def close(self):
        for daemon in self.daemons:
            await daemon.stop()
        for sidecar in self.sidecars:
            sidecar.stop()
        self.api.close()
        self.link.close()


async def wrong_port(ctx):
    """an agent that listens on another port is PortMismatch with the ports that its sidecar sees, soon after that says so"""
    sidecar = await ctx.sidecar()
    await ctx.agent("elsewhere", port=8080)
    await ctx.pod("elsewhere", "elsewhere-1-a", sidecar)
    await ctx.says("elsewhere", "AgentNotListening", "listens on no port")
    sidecar.say(agent="port-mismatch", ports=[3000, 9090])
    await until(lambda: len(sidecar.asked) >= 3, "it is asked again and again")
    phase, status, _, message = await ctx.says("elsewhere", "PortMismatch", "the pod listens on 3000, 9090.", 2)
    same((phase, status), ("Failed", "False"))
    assert message.startswith("Pod elsewhere-1-a: the agent does not listen on port 8080 (spec.port)"), message
    assert "Set spec.port to the agent's port" in message, message

    async def warned():
        events = await ctx.api.call("GET", "/api/v1/namespaces/%s/events?fieldSelector=reason=PortMismatch" % ctx.api.namespace)
        return [e["message"] for e in events["items"] if e["involvedObject"]["name"] == "elsewhere" and e["type"] == "Warning"]
    await until(warned, "an Event warns of it")
    await ctx.gone("elsewhere", "elsewhere-1-a")


async def own_probe(ctx):
    """an agent that accepts while its own probe fails is AgentProbeFailing; once the sidecar says that it listens it is starting"""
    sidecar = await ctx.sidecar(agent="probe-failing")
    await ctx.agent("unwell")
    await ctx.pod("unwell", "unwell-1-a", sidecar)
    await ctx.says("unwell", "AgentProbeFailing", "accepts connections on port 8080")
    sidecar.say(agent="listening")
    await ctx.says("unwell", "Starting", "0 of 1")
    await ctx.gone("unwell", "unwell-1-a")


async def retired(ctx):
    """a pod that is emptied before the count goes down is no fault: the agent stays Ready, and says what goes on"""
    sidecars = [await ctx.sidecar(agent="listening", ports=[8080]) for _ in range(2)]
    await ctx.agent("shrinking", desired=2)
    for i, sidecar in enumerate(sidecars):
        await ctx.pod("shrinking", "shrinking-1-%d" % i, sidecar, ready=True)
    await ctx.rolled_out("shrinking", 2, ready=2)
    await ctx.says("shrinking", "Ready", "2 of 2 pods take requests.")
    begun = (await ctx.api.get("shrinking"))["metadata"]["resourceVersion"]
    async with ctx.api.changes("shrinking", begun) as changes:
        sidecars[0].say(retired=True)
        sidecars[0].free.clear()
        await ctx.report("shrinking-1-0")
        await until(lambda: sidecars[0].asked, "its sidecar is asked")
        await ctx.rolled_out("shrinking", 2, ready=1)
        await until(lambda: any(seen["status"]["readyReplicas"] == 1 for seen in changes.seen), "the count is reported")
        sidecars[0].free.set()
        await ctx.says("shrinking", "Ready", "1 of 2 pods takes requests; 1 is being emptied before the count goes down.")
    same({(seen["status"]["phase"], c["reason"]) for seen in changes.seen for c in seen["status"]["conditions"]
          if c["type"] == "Available"}, {("Ready", "Ready")}, "all that was said meanwhile")
    sidecars[0].say(retired=False)
    await ctx.report("shrinking-1-0", ready=True)
    await ctx.rolled_out("shrinking", 2, ready=2)
    await ctx.says("shrinking", "Ready", "2 of 2 pods take requests.")
    same(len(sidecars[1].asked), 0, "questions to the pod that was ready all the time")
    await ctx.gone("shrinking", "shrinking-1-0", "shrinking-1-1")


async def draining(ctx):
    """a pod that drains is no fault"""
    sidecar = await ctx.sidecar(agent="listening", draining=True)
    await ctx.agent("leaving")
    await ctx.pod("leaving", "leaving-1-a", sidecar)
    await until(lambda: len(sidecar.asked) >= 2, "it is asked")
    same((await ctx.condition("leaving"))[2], "Starting")
    await ctx.gone("leaving", "leaving-1-a")


async def silence(ctx):
    """a sidecar that does not answer, or not in words that are understood, leaves what is said without it"""
    silent, huge, odd, refusing = [await ctx.sidecar() for _ in range(4)]
    silent.free.clear()
    huge.say(words="x" * 5000)
    odd.says = b"{'agent': 'listening'}"
    refusing.status = 500
    for name, sidecar in (("silent", silent), ("huge", huge), ("odd", odd), ("refusing", refusing)):
        await ctx.agent(name)
        await ctx.pod(name, name + "-1-a", sidecar)
    for name in ("silent", "huge", "odd", "refusing"):
        await ctx.says(name, "AgentNotListening", "krypton-proxy gets no connection on port 8080")
        await ctx.gone(name, name + "-1-a")
    silent.free.set()


async def not_asked(ctx):
    """a pod that is ready, starts its containers, or goes is not asked any more"""
    asked, ready, gone = [await ctx.sidecar() for _ in range(3)]
    await ctx.agent("several", desired=3)
    for name, sidecar in (("asked", asked), ("ready", ready), ("gone", gone)):
        await ctx.pod("several", "several-1-" + name, sidecar)
    await until(lambda: all(s.asked for s in (asked, ready, gone)), "all are asked")
    await ctx.report("several-1-ready", ready=True)
    await ctx.api.call("DELETE", ctx.path("several-1-gone"), {"gracePeriodSeconds": 0})

    async def is_seen():
        return "several-1-asked" in (await ctx.condition("several"))[3]
    await until(is_seen, "what is left is seen")
    before, questions = len(asked.asked), (len(ready.asked), len(gone.asked))
    await until(lambda: len(asked.asked) >= before + 2, "the third one is asked on")
    same((len(ready.asked), len(gone.asked)), questions, "questions to the others")
    await ctx.gone("several", "several-1-asked", "several-1-ready")


async def restarted(ctx):
    """questions about a pod that stays as it is become fewer; a container that starts anew is asked about at once"""
    sidecar = await ctx.sidecar()
    await ctx.agent("again")
    await ctx.pod("again", "again-1-a", sidecar)
    await until(lambda: len(sidecar.asked) >= 4, "four questions")
    pauses = [b - a for a, b in zip(sidecar.asked, sidecar.asked[1:])]
    for pause, least in zip(pauses, (0.5, 1, 2)):
        assert pause >= least, pauses
    await ctx.report("again-1-a", restarts=1, started="2026-01-02T00:00:00Z")
    began = time.monotonic()
    await until(lambda: len(sidecar.asked) >= 5, "the next one")
    assert sidecar.asked[4] - began < 4, "it came after %.1f s" % (sidecar.asked[4] - began)
    await ctx.gone("again", "again-1-a")


async def at_one_time(ctx):
    """no more than 32 questions are under way, and in the end all pods are asked"""
    sidecars = [await ctx.sidecar() for _ in range(40)]
    await ctx.agent("crowd")
    for sidecar in sidecars:
        sidecar.free.clear()
    names = ["crowd-1-%d" % i for i in range(len(sidecars))]
    # They come into view all at once.
    await ctx.controller.stop()
    for name, sidecar in zip(names, sidecars):
        await ctx.pod("crowd", name, sidecar)
    ctx.controller = await ctx.another_controller()
    await until(lambda: all(s.asked for s in sidecars), "all are asked")
    # None is answered, so a place is free only when the first ones have waited for their 2 s.
    times = sorted(s.asked[0] for s in sidecars)
    assert times[31] - times[0] < 1.5 < times[32] - times[0], [t - times[0] for t in times]
    for sidecar in sidecars:
        sidecar.free.set()
    await ctx.gone("crowd", *names)


async def leader_alone(ctx):
    """one that stands by asks nobody; it asks when it leads"""
    await ctx.agent("led")
    await ctx.controller.stop()
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())
    path = LEASES.format(ctx.api.namespace)
    await ctx.api.call("POST", path, {"metadata": {"name": "krypton-controller"}, "spec": {
        "holderIdentity": "somebody", "leaseDurationSeconds": 600, "acquireTime": now, "renewTime": now}})
    sidecar = await ctx.sidecar()
    await ctx.pod("led", "led-1-a", sidecar)
    ctx.controller = await ctx.another_controller("--leader-elect", name="two")
    reads = await ctx.controller.reads()

    async def looked_again():
        return await ctx.controller.reads() >= reads + 2
    await until(looked_again, "it has looked at the Lease twice more")
    same(len(sidecar.asked), 0, "questions while somebody else leads")
    await ctx.api.call("DELETE", path + "/krypton-controller")
    await ctx.controller.log("lease.acquired")
    await ctx.says("led", "AgentNotListening", "listens on no port")
    await ctx.gone("led", "led-1-a")


TESTS = [wrong_port, own_probe, retired, draining, silence, not_asked, restarted]
# These stop the controller that the others go by.
ALONE = [at_one_time, leader_alone]


main(Context, TESTS, ALONE, 6)
