# SPDX-License-Identifier: Apache-2.0
"""The webhooks with a certificate that the controller makes, and with one from files: a real API server calls them, as the
chart's own objects say and with the chart's rights and nothing more. Only the Service is another: no kube-proxy is here, so
it leads to the test's own address."""

import asyncio
import base64
import json
import os
import socket
import ssl
import subprocess
import tempfile

import yaml

from harness import SECONDS, Api, Daemon, api_address, kubeconfig_for, main, request, same, until
from ports import free_port

HOOKS = ("mutatingwebhookconfigurations", "validatingwebhookconfigurations")
HOOK = "/apis/admissionregistration.k8s.io/v1/%s/%s"
SECRET = "/api/v1/namespaces/%s/secrets/%s"
OWN = "krypton-webhook-serving"
LIMITED = {"limits": {"memory": "64Mi"}}


def our_address():
    """Ours as the API server sees it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(api_address())
        return probe.getsockname()[0]


def decoded(secret, key):
    return base64.b64decode(secret["data"][key]).decode()


class Controller(Daemon):
    def __init__(self, home, address, *flags, name, kubeconfig=None):
        self.ops_port, self.hook_port = free_port(), free_port()
        more = ["--kubeconfig=" + kubeconfig] if kubeconfig else []
        super().__init__("controller", "--proxy-image=proxy:1", "--leader-elect", "--enable-webhooks", "--metrics-bind-address=127.0.0.1:%d" % free_port(),
                         "--health-probe-bind-address=127.0.0.1:%d" % self.ops_port, "--webhook-bind-address=%s:%d" % (address, self.hook_port),
                         *more, *flags, env={"POD_NAMESPACE": home, "POD_NAME": name})
        self.address = address

    async def says(self):
        """The lines of /readyz?verbose; none while it does not answer."""
        try:
            return (await request("127.0.0.1", self.ops_port, "GET", "/readyz?verbose")).body.decode()
        except OSError:
            return ""

    async def ready(self):
        async def is_ready():
            said = await self.says()
            return said and "[-]" not in said
        await until(is_ready, "the controller is ready")
        return self

    def shown(self, bundle=None, name=None):
        """The certificate of a handshake, verified where there is a bundle."""
        context = ssl.create_default_context(cadata=bundle) if bundle else ssl._create_unverified_context()
        with socket.create_connection((self.address, self.hook_port), timeout=SECONDS) as plain:
            with context.wrap_socket(plain, server_hostname=name or self.address) as secure:
                return ssl.DER_cert_to_PEM_cert(secure.getpeercert(binary_form=True))


class Context:
    async def start(self):
        self.api = Api("webhook-test-%d" % os.getpid())
        self.home, self.address, self.daemons, self.hooks = self.api.namespace, our_address(), [], ["krypton-agents"]
        self.objects = self.chart()
        for one in self.objects:
            self.apply(one)
        token = self.api.run("-n", self.home, "create", "token", "krypton-controller").strip()
        self.poor = kubeconfig_for(token=token)
        # Both at once, so that both want to make it.
        self.pair = [Controller(self.home, self.address, name=name, kubeconfig=self.poor) for name in ("one", "two")]
        self.point(self.pair[0], "krypton-agents")
        self.daemons += await asyncio.gather(*(daemon.start() for daemon in self.pair))
        await asyncio.gather(*(daemon.ready() for daemon in self.pair))
        return self

    async def close(self):
        for name in self.hooks:
            self.api.run("delete", "--ignore-not-found", *("%s/%s" % (kind, name) for kind in HOOKS))
        for daemon in self.daemons:
            await daemon.stop()
        for kind in ("clusterrole", "clusterrolebinding"):
            self.api.run("delete", "--ignore-not-found", kind, "krypton-controller")
        self.api.close()

    def chart(self):
        """What the chart renders for webhooks and the controller's rights."""
        helm = os.path.join(os.path.dirname(self.api.kubectl), "helm")
        parts = [word for part in ("webhooks", "rbac", "serviceaccounts") for word in ("-s", "templates/%s.yaml" % part)]
        done = subprocess.run([helm, "template", "krypton", "charts/krypton", "-n", self.home, "--set", "manager.enableWebhooks=true",
                               "--set", "manager.webhook.failurePolicy=Fail", *parts], capture_output=True, text=True, timeout=60, check=True)
        return [one for one in yaml.safe_load_all(done.stdout)
                if one and one["metadata"]["name"] in ("krypton-controller", "krypton-agents", "krypton-webhook")]

    def apply(self, one):
        """By kubectl apply, as GitOps tools do."""
        if one["kind"] == "Service":
            one = {**one, "spec": {"type": "ExternalName", "externalName": self.address}}
        done = subprocess.run([self.api.kubectl, "apply", "-f", "-"], input=json.dumps(one), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr

    def point(self, daemon, name, selector=None):
        """The API server asks that daemon by the configurations of that name."""
        for one in self.objects:
            if one["metadata"]["name"] == "krypton-agents":
                copy = json.loads(json.dumps(one))
                copy["metadata"]["name"] = name
                for hook in copy["webhooks"]:
                    hook["clientConfig"]["service"]["port"] = daemon.hook_port
                    if selector:
                        hook["objectSelector"] = {"matchLabels": selector}
                self.apply(copy)

    async def secret(self, name=OWN):
        return await self.api.call("GET", SECRET % (self.home, name), fine=(200, 404))

    async def bundles(self, name="krypton-agents"):
        """What both configurations trust."""
        found = []
        for kind in HOOKS:
            for hook in (await self.api.call("GET", HOOK % (kind, name)))["webhooks"]:
                found.append(base64.b64decode(hook["clientConfig"].get("caBundle", "")).decode())
        return found

    async def try_agent(self, labels=None, **spec):
        """What the API server says to an Agent, without keeping it."""
        body = {"apiVersion": "krypton.ai/v1alpha1", "kind": "Agent", "metadata": {"name": "tried", "labels": labels or {}},
                "spec": {"image": "i:1", "resources": LIMITED, **spec}}
        path = "/apis/krypton.ai/v1alpha1/namespaces/%s/agents?dryRun=All" % self.home
        return await request("127.0.0.1", self.api.port, "POST", path, {"Content-Type": "application/json", "Connection": "close"},
                             json.dumps(body).encode())


async def is_made(context):
    """with no certificate given the controller makes one, in one Secret, and both configurations trust its authority"""
    secret = await context.secret()
    same((secret["type"], sorted(secret["data"])), ("kubernetes.io/tls", ["ca.crt", "tls.crt", "tls.key"]))
    same(await context.bundles(), [decoded(secret, "ca.crt")] * 2, "caBundle")
    for kind in HOOKS:
        found = await context.api.call("GET", HOOK % (kind, "krypton-agents"))
        ours = [entry["fieldsV1"] for entry in found["metadata"]["managedFields"] if entry["manager"] == "krypton-controller"]
        same(len(ours), 1, "entries of ours")
        hook, = ours[0]["f:webhooks"].values()
        same((list(ours[0]), hook), (["f:webhooks"], {".": {}, "f:clientConfig": {"f:caBundle": {}}, "f:name": {}}), "what is ours")


async def two_agree(context):
    """two controllers that start at once serve one certificate, which one of them made"""
    secret = await context.secret()
    wanted = decoded(secret, "tls.crt").strip()
    for daemon in context.pair:
        same(daemon.shown(decoded(secret, "ca.crt"), "krypton-webhook.%s.svc" % context.home).strip(), wanted, "served")
    same(sum(len(daemon.logged("certificate.made")) for daemon in context.pair), 1, "certificates made")


async def is_asked(context):
    """the API server asks it: a good Agent passes, a bad one is refused with the webhook's words, by the Service's name"""
    good = await context.try_agent()
    same((good.status, good.headers.get("warning")), (201, None))
    bad = await context.try_agent(podTemplate={"spec": {"$patch": "replace"}})
    same(bad.status, 422)
    assert 'admission webhook "validate.agents.krypton.ai" denied' in bad.json()["message"], bad.body


async def warnings_are_shown(context):
    """kubectl shows what is legal and unwise as warnings, and takes the Agent all the same"""
    text = "apiVersion: krypton.ai/v1alpha1\nkind: Agent\nmetadata: {name: unwise, namespace: %s}\n" % context.home
    text += "spec: {image: example/agent, mode: serverless, timeout: 1h}\n"
    done = subprocess.run([context.api.kubectl, "apply", "--dry-run=server", "-f", "-"], input=text, capture_output=True, text=True, timeout=60)
    same(done.returncode, 0, done.stderr)
    said = [line.split(": ")[1] for line in done.stderr.splitlines() if line.startswith("Warning: ")]
    same(said, ["spec.image", "spec.resources.limits.memory", "spec.minReplicas", "spec.timeout"], done.stderr)


async def applying_again_changes_nothing(context):
    """the chart applied again leaves the authority in the configurations, and the webhook asked"""
    before = await context.bundles()
    context.point(context.pair[0], "krypton-agents")
    same(await context.bundles(), before)
    same((await context.try_agent()).status, 201)


class Load:
    """Agents tried all the time, and handshakes that believe what the configurations say at that moment."""

    def __init__(self, context, daemons, name, labels):
        self.context, self.daemons, self.name, self.labels = context, daemons, name, labels
        self.answers, self.handshakes, self.wrong, self.is_over = 0, 0, [], False
        self.tasks = [asyncio.create_task(self.ask()), asyncio.create_task(self.shake())]

    async def ask(self):
        while not self.is_over:
            answer = await self.context.try_agent(self.labels)
            self.answers += 1
            if answer.status != 201:
                self.wrong.append(answer.body[:300])

    async def shake(self):
        while not self.is_over:
            bundle = (await self.context.bundles(self.name))[0]
            for daemon in self.daemons:
                try:
                    await asyncio.to_thread(daemon.shown, bundle, "krypton-webhook.%s.svc" % self.context.home)
                    self.handshakes += 1
                except OSError as failure:
                    self.wrong.append(str(failure))
            await asyncio.sleep(0.02)

    async def stop(self):
        self.is_over = True
        await asyncio.gather(*self.tasks)
        same(self.wrong[:3], [], "what failed of %d answers and %d handshakes" % (self.answers, self.handshakes))
        assert self.answers > 20 and self.handshakes > 20, (self.answers, self.handshakes)


async def renewals_interrupt_nothing(context):
    """renewals by two controllers, a deleted and a damaged Secret interrupt nothing: every Agent is judged, every handshake trusted"""
    flags = ("--webhook-certificate-life=12s", "--webhook-secret=short", "--webhook-configurations=short-agents")
    daemons = [Controller(context.home, context.address, *flags, name=name) for name in ("short-one", "short-two")]
    context.hooks.append("short-agents")
    context.point(daemons[0], "short-agents", {"short": "yes"})
    context.daemons += await asyncio.gather(*(daemon.start() for daemon in daemons))
    await asyncio.gather(*(daemon.ready() for daemon in daemons))
    first = await context.secret("short")
    load = Load(context, daemons, "short-agents", {"short": "yes"})
    made = [decoded(first, "tls.crt")]

    async def is_another():
        secret = await context.secret("short")
        return secret.get("data") and decoded(secret, "tls.crt") not in ["", *made] and secret

    meddling = {1: ("DELETE", None), 2: ("PATCH", {"data": {"tls.crt": ""}})}
    for times in (1, 2, 3):
        second = await until(is_another, "renewal %d" % times)
        made.append(decoded(second, "tls.crt"))
        same(decoded(second, "ca.crt").count("BEGIN CERTIFICATE"), 2, "authorities, old and new")
        for daemon in daemons:
            await until(lambda: daemon.shown().strip() == made[-1].strip(), "the new one is served")
        if times in meddling:
            method, body = meddling[times]
            await context.api.call(method, SECRET % (context.home, "short"), body, "application/merge-patch+json")
    await load.stop()


async def is_ours_alone(context):
    """a Secret of that name that is not ours is left as it is, and named in /readyz?verbose"""
    context.api.run("-n", context.home, "create", "secret", "generic", "theirs", "--from-literal=a=b")
    daemon = await Controller(context.home, context.address, "--webhook-secret=theirs", name="three").start()
    context.daemons.append(daemon)

    async def is_named():
        return "[-]webhook: Secret %s/theirs: it is not ours" % context.home in await daemon.says()
    await until(is_named, "it is named")
    same((await context.secret("theirs"))["data"], {"a": "Yg=="})
    await daemon.stop()


async def files_are_read_again(context):
    """a certificate from files is read again when they change, and connections stay"""
    with tempfile.TemporaryDirectory() as folder:
        def make():
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=hook",
                            "-keyout", folder + "/tls.key", "-out", folder + "/tls.crt"], check=True, capture_output=True, timeout=60)
            with open(folder + "/tls.crt", encoding="utf-8") as file:
                return file.read().strip()
        first = make()
        daemon = await Controller(context.home, context.address, "--webhook-cert-dir=" + folder, name="four").start()
        context.daemons.append(daemon)
        await daemon.ready()
        same(daemon.shown().strip(), first)
        kept = ssl._create_unverified_context().wrap_socket(socket.create_connection((daemon.address, daemon.hook_port), timeout=SECONDS))
        second = make()
        await until(lambda: daemon.shown().strip() == second, "the new one is shown")
        kept.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        same(kept.recv(12), b"HTTP/1.1 404", "on the connection from before")
        kept.close()
        await daemon.stop()


if __name__ == "__main__":
    main(Context, [is_made, two_agree, is_asked, warnings_are_shown, is_ours_alone, files_are_read_again, renewals_interrupt_nothing],
         [applying_again_changes_nothing], at_once=8)
