# SPDX-License-Identifier: Apache-2.0
"""Runs one wire test: one_test.py BUILD FILE [FRONT]. Needs test/ on PYTHONPATH. Ends with varnishtest's status.

In the file ${bin} is where the daemons lie and ${test} where the test programs do; ${port1} to ${port5} are TCP ports that
nobody else has until the test ends.

With a FRONT the file is a rule that several proxies keep. ${front} is the command that starts one on ${port1}, before the
server at ${back}, an address of this test alone; it takes flags behind it and prints "listening" when it serves. ${at} stands
before each path of a client, ${host} is the Host that the server sees, ${look} what it sees first, and again after a failure:
a sidecar looks whether its agent accepts. A line that begins with fronts' names and a bar is for those alone."""

import os
import re
import subprocess
import sys
import tempfile

from ports import FIRST, take_block

HERE = os.path.dirname(os.path.abspath(__file__))
FRONTS = {
    "engine": {
        "front": "exec {test}/wire/engine/relay --listen 127.0.0.1:{port} --upstream {back}",
        "at": "", "host": "upstream", "look": ""},
    "sidecar": {
        "front": "KRYPTON_LISTEN_ADDR=127.0.0.1:{port} KRYPTON_UPSTREAM_URL=http://{back} KRYPTON_SHUTDOWN_TIMEOUT=0s "
                 "exec {bin}/krypton-proxy",
        "at": "", "host": "{back}", "look": "expect_close\naccept"},
    "gateway": {
        "front": "exec python3 -ISB {here}/kube_front.py {bin}/gateway 127.0.0.1:{port} {ip}",
        "at": "/v1/agents/team/hello", "host": "127.0.0.1:8080", "look": ""},
}


def rule(text, front):
    """The file's text for that front."""
    kept = []
    for line in text.splitlines():
        alone = re.match(r"([a-z ]+)\|(.*)", line)
        if alone is None:
            kept.append(line)
        elif front in alone[1].split():
            kept.append(alone[2])
    return "\n".join(kept).replace("${testdir}", HERE) + "\n"


def front_macros(front, macros, ports):
    """A gateway dials its pods at port 8888 and no other: so each test has an address."""
    ip = "127.77.%d.%d" % divmod(ports[0] - FIRST, 100)
    facts = {**macros, "here": HERE, "ip": ip, "back": ip + ":8888", "port": ports[0]}
    return {"back": facts["back"], **{name: value.format(**facts) for name, value in FRONTS[front].items()}}


def run(file, macros):
    flags = ["-D%s=%s" % pair for pair in macros.items()]
    return subprocess.run(["varnishtest", "-t", "60", *flags, file], check=False).returncode


def main(build, file, front=None):
    guard, ports = take_block()
    macros = {"bin": build + "/bin", "test": build + "/test"}
    with guard, tempfile.TemporaryDirectory() as place:
        if front:
            macros.update(front_macros(front, macros, ports))
            with open(file) as whole:
                text = rule(whole.read(), front)
            file = os.path.join(place, os.path.basename(file))
            with open(file, "w") as expanded:
                expanded.write(text)
        macros.update({"port%d" % number: port for number, port in enumerate(ports[:5], 1)})
        return run(file, macros)


if __name__ == "__main__":
    status = main(*sys.argv[1:])
    sys.exit(status if status >= 0 else 128 - status)
