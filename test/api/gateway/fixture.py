# SPDX-License-Identifier: Apache-2.0
"""A gateway, its clients, and what belongs to them."""

import os

from harness import Api, Daemon, Link, Pod, kubeconfig_for, metric, request, stream, write_key
from ports import free_port

class Gateway(Daemon):
    def __init__(self, context, *flags, kubeconfig=None, ops_host="127.0.0.1", ops_port=None):
        self.port, self.metrics_port, self.ops_host = free_port(), free_port(), ops_host
        self.ops_port = ops_port or free_port()
        self.namespace = context.api.namespace
        super().__init__(
            "gateway", "--listen-address=127.0.0.1:%d" % self.port, "--metrics-bind-address=127.0.0.1:%d" % self.metrics_port,
            "--health-probe-bind-address=%s:%d" % (ops_host, self.ops_port), "--internal-key-file=" + context.key_file,
            *(["--kubeconfig=" + kubeconfig] if kubeconfig else []), *flags, env={"POD_NAMESPACE": self.namespace})

    async def synced(self):
        await self.log("watch.synced", resource="agents")
        await self.log("watch.synced", resource="endpointslices")
        return self

    def path(self, agent, rest=""):
        return "/v1/agents/%s/%s%s" % (self.namespace, agent, rest)

    async def invoke(self, agent, rest="", method="GET", headers=None, body=b""):
        return await request("127.0.0.1", self.port, method, self.path(agent, rest), headers, body)

    async def stream(self, agent, rest="", method="GET", headers=None, body=b""):
        return await stream("127.0.0.1", self.port, method, self.path(agent, rest), headers, body)

    async def ops(self, path, method="GET", headers=None):
        return await request(self.ops_host, self.ops_port, method, path, headers)

    async def series(self, name, **labels):
        """The value of one of our namespace's series; None: it is not there."""
        text = (await request("127.0.0.1", self.metrics_port, "GET", "/metrics")).body.decode()
        return metric(text, name, namespace=self.namespace, **labels)

    async def load(self, agent):
        """(waiting, inflight) as the scaler is told."""
        agents = (await self.ops("/_krypton/load")).json()["agents"]
        row = agents.get("%s/%s" % (self.namespace, agent), {"waiting": 0, "inflight": 0})
        return row["waiting"], row["inflight"]

    async def knows(self, agent):
        await self.log("route.added", agent=agent, namespace=self.namespace)


class Context:
    """One API namespace, one gateway for most tests, and pods by the dozen."""

    FLAGS = ("--max-buffer-per-agent=8", "--max-queue-wait-ms=1500", "--default-startup-timeout-ms=1500",
             "--shutdown-delay=300ms", "--log-level=debug")

    async def start(self):
        self.key_file = write_key()
        self.files, self.pods, self.daemons = [self.key_file], [], []
        self.link = Link()
        self.api = Api("gateway-test-%d" % os.getpid())
        self.gateway = await self.another_gateway()
        return self

    async def another_gateway(self, *flags, **options):
        gateway = await Gateway(self, *self.FLAGS, *flags, **options).start()
        self.daemons.append(gateway)
        return await gateway.synced()

    async def pod(self, *arguments, **options):
        pod = await Pod(self.link.address(), *arguments, **options).start()
        self.pods.append(pod)
        return pod

    def kubeconfig(self, **options):
        self.files.append(kubeconfig_for(**options))
        return self.files[-1]

    async def agent(self, name, *pods, status=None, **spec):
        """An Agent with these pods ready, known to the gateway."""
        made = await self.api.agent(name, status=status, **spec)
        if pods:
            await self.api.pods(name, *pods)
        await self.gateway.knows(name)
        return made

    async def close(self):
        for daemon in self.daemons:
            await daemon.stop()
        for pod in self.pods:
            pod.stop()
        self.link.close()
        self.api.close()
        for file in self.files:
            os.unlink(file)
