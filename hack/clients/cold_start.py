#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Invokes a sleeping agent and tells where the time went, part by part.

    cold_start.py GATEWAY-URL NAMESPACE/AGENT [PATH]

Three watches (the Agent, its pods, their events) are open before the request
goes out; each step counts from the moment at which its watch told of it, on
this machine's clock, so that no clocks are compared. Only the moment at which
the agent listened is the gateway's word: cold_start_ms of the invocation.ended
line in its log. Exit code 1 when the answer was no success, 2 when the agent
was not asleep.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time

import httpx

STEPS = [
    # key, what it is, who says so
    ("patched", "gateway held the request and set desiredReplicas: 1", "watch on the Agent"),
    ("created", "controller scaled the Deployment, its pod was created", "watch on pods"),
    ("scheduled", "scheduler chose a node", "watch on pods"),
    ("started", "kubelet started the agent's container", "its event Started"),
    ("listening", "agent listened, gateway sent the request on", "gateway's log"),
    ("first_byte", "agent answered, first byte arrived here", "client"),
]


class Failure(Exception):
    """Something that one line explains."""


class Proxy:
    """kubectl proxy, so that any kubeconfig will do."""

    def __init__(self, kubectl: str):
        self.process = subprocess.Popen(
            [kubectl, "proxy", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        line = self.process.stdout.readline()
        if "127.0.0.1:" not in line:
            self.process.kill()
            raise Failure(f"kubectl proxy: {line.strip()}")
        self.url = "http://127.0.0.1:" + line.rsplit(":", 1)[1].strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def get(self, path: str, **query) -> dict:
        answer = httpx.get(self.url + path, params=query, timeout=10)
        if answer.status_code != 200:
            raise Failure(f"GET {path}: {answer.status_code} {answer.text.strip()[:300]}")
        return answer.json()


class Moments:
    """The first time that each step was seen."""

    def __init__(self):
        self.at = {}
        self.lock = threading.Lock()

    def note(self, key: str) -> None:
        now = time.time()
        with self.lock:
            self.at.setdefault(key, now)


def watch(proxy: Proxy, path: str, query: dict, on_object, opened: threading.Event) -> None:
    """Hands every change to on_object; ends with the proxy."""
    version = proxy.get(path, **query)["metadata"]["resourceVersion"]
    query = {**query, "watch": "true", "resourceVersion": version}
    try:
        with httpx.stream("GET", proxy.url + path, params=query, timeout=None) as stream:
            opened.set()
            for line in stream.iter_lines():
                change = json.loads(line)
                if change["type"] in ("ADDED", "MODIFIED"):
                    on_object(change["object"])
    except httpx.HTTPError:
        pass


def open_watches(proxy: Proxy, namespace: str, agent: str, moments: Moments) -> None:
    def on_agent(found):
        if found.get("status", {}).get("desiredReplicas", 0) > 0:
            moments.note("patched")

    def on_pod(found):
        moments.note("created")
        if found["spec"].get("nodeName"):
            moments.note("scheduled")
        for condition in found.get("status", {}).get("conditions", []):
            if condition["type"] == "Ready" and condition["status"] == "True":
                moments.note("ready")

    def on_event(found):
        subject = found["involvedObject"]
        if subject["name"].startswith(agent + "-") and subject.get("fieldPath") == "spec.containers{agent}":
            if found.get("reason") == "Started":
                moments.note("started")

    core, ours = f"/api/v1/namespaces/{namespace}", f"/apis/krypton.ai/v1alpha1/namespaces/{namespace}"
    for path, query, on_object in [
        (f"{ours}/agents", {"fieldSelector": f"metadata.name={agent}"}, on_agent),
        (f"{core}/pods", {"labelSelector": f"krypton.ai/agent={agent}"}, on_pod),
        (f"{core}/events", {"fieldSelector": "involvedObject.kind=Pod"}, on_event),
    ]:
        opened = threading.Event()
        threading.Thread(target=watch, args=(proxy, path, query, on_object, opened), daemon=True).start()
        if not opened.wait(10):
            raise Failure(f"no watch on {path} within 10 s")


def wait_for(what, deadline_s: float, sentence: str):
    """Asks again until there is something, or says what there is not."""
    end = time.monotonic() + deadline_s
    while True:
        found = what()
        if found is not None:
            return found
        if time.monotonic() > end:
            raise Failure(f"{sentence} within {deadline_s:g} s")
        time.sleep(0.1)


def ended_lines(options, namespace: str, agent: str, since: float) -> set[str]:
    """What the gateways' logs say about the ends of this agent's invocations."""
    seconds = int(time.time() - since) + 5
    logs = subprocess.run(
        [options.kubectl, "-n", options.system, "logs", f"--since={seconds}s", "--tail=-1",
         "-l", "app.kubernetes.io/component=gateway"],
        capture_output=True, text=True, check=False)
    if logs.returncode != 0:
        raise Failure(f"kubectl logs: {logs.stderr.strip()}")
    lines = set()
    for text in logs.stdout.splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if (line.get("event"), line.get("agent"), line.get("namespace")) == ("invocation.ended", agent, namespace):
            lines.add(text)
    return lines


def asleep(proxy: Proxy, namespace: str, agent: str):
    pods = proxy.get(f"/api/v1/namespaces/{namespace}/pods", labelSelector=f"krypton.ai/agent={agent}")
    status = proxy.get(f"/apis/krypton.ai/v1alpha1/namespaces/{namespace}/agents/{agent}").get("status", {})
    return None if pods["items"] or status.get("desiredReplicas", 0) else True


def invoke(client: httpx.Client, url: str) -> tuple[int, float, float, str]:
    sent = time.time()
    with client.stream("GET", url) as answer:
        first = time.time()
        body = answer.read().decode(errors="replace").strip()
    return answer.status_code, sent, first, body


def is_refusal(status: int) -> bool:
    """Any other answer is the agent's, also the 405 of an MCP server that wants a POST."""
    return status == 404 or status >= 500


def measure(options, proxy: Proxy, client: httpx.Client) -> dict:
    namespace, agent = options.agent.split("/")
    url = f"{options.gateway.rstrip('/')}/v1/agents/{namespace}/{agent}{options.path}"
    try:
        wait_for(lambda: asleep(proxy, namespace, agent), options.asleep_within, "not asleep")
    except Failure as failure:
        if str(failure).startswith("GET"):
            raise
        raise Failure(f"{options.agent} did not go to sleep within {options.asleep_within:g} s") from None
    known = ended_lines(options, namespace, agent, time.time())
    moments = Moments()
    open_watches(proxy, namespace, agent, moments)
    client = httpx.Client(timeout=options.timeout)  # made before the clock starts: its TLS defaults take a while to load

    status, sent, first, body = invoke(client, url)
    if is_refusal(status):
        raise Failure(f"GET {url}: {status} after {first - sent:.3f} s: {body[:500]}")
    moments.at["first_byte"] = first
    line = json.loads(wait_for(lambda: next(iter(ended_lines(options, namespace, agent, sent) - known), None), 15,
                               "no invocation.ended of this request in the gateway's log"))
    moments.at["listening"] = sent + line["cold_start_ms"] / 1000
    wait_for(lambda: moments.at.get("ready"), 30, "Kubernetes did not call the pod ready")
    wait_for(lambda: moments.at.get("started"), 10, "no event Started of the agent's container")
    again, warm_sent, warm_first, _ = invoke(client, url)
    if is_refusal(again):
        raise Failure(f"GET {url}: {again} when awake")
    return {
        "url": url, "status": status, "answer": body, "log": line,
        "at_ms": {key: round((at - sent) * 1000, 1) for key, at in moments.at.items()},
        "warm_first_byte_ms": round((warm_first - warm_sent) * 1000, 1),
    }


def show(result: dict) -> None:
    at, before = result["at_ms"], 0.0
    print(f"GET {result['url']}\n{result['status']} {result['answer'][:200]}\n")
    print(f"{'took':>9} {'at':>9}   what happened (who says so)")
    for key, what, witness in STEPS:
        # What a watch tells may come a moment after what followed from it.
        moment = max(at.get(key, before), before)
        late = "" if at.get(key, before) >= before else f"; told only at {at[key]:.0f} ms"
        print(f"{moment - before:6.0f} ms {moment:6.0f} ms   {what} ({witness}{late})")
        before = moment
    print(f"\nfrom the request to the first byte: {at['first_byte']:.0f} ms; awake, the same takes "
          f"{result['warm_first_byte_ms']:.0f} ms")
    print(f"(Kubernetes called the pod ready at {at['ready']:.0f} ms: the gateway does not wait for that)")


def main() -> int:
    parser = argparse.ArgumentParser(description="a cold start, part by part")
    parser.add_argument("gateway", help="http://HOST:PORT of the gateway")
    parser.add_argument("agent", help="NAMESPACE/NAME")
    parser.add_argument("path", nargs="?", default="/")
    parser.add_argument("--kubectl", default=os.environ.get("KUBECTL", "kubectl"))
    parser.add_argument("--system", default="krypton-system", help="the gateway's namespace")
    parser.add_argument("--timeout", type=float, default=120, help="seconds for the answer")
    parser.add_argument("--asleep-within", type=float, default=0, help="seconds to wait for the agent to sleep")
    parser.add_argument("--json", action="store_true", help="print the moments as JSON")
    options = parser.parse_args()
    if options.agent.count("/") != 1 or not options.path.startswith("/"):
        parser.error("the agent is NAMESPACE/NAME, the path begins with /")
    try:
        # The client is ready before the clock starts.
        with Proxy(options.kubectl) as proxy, httpx.Client(timeout=options.timeout) as client:
            result = measure(options, proxy, client)
    except (Failure, httpx.HTTPError, OSError) as failure:
        print(f"cold_start: {options.agent}: {failure or type(failure).__name__}", file=sys.stderr)
        return 2 if "did not go to sleep" in str(failure) else 1
    print(json.dumps(result)) if options.json else show(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
