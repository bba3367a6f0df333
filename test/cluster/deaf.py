# SPDX-License-Identifier: Apache-2.0
"""A cluster in which no sidecar's hello reaches a gateway: the nodes drop what is sent to the gateways' Service on its port for them."""

import pathlib

from kube import run

HELLO_PORT = "8082"


class Deaf:
    """While it lasts; `name` is the local cluster's, `address` that of the gateways' Service."""

    def __init__(self, name, address):
        self._nodes = [path for path in pathlib.Path("/run/netns").glob(f"krypton.{name}.*") if not path.name.endswith(".0")]
        self._rule = ["-p", "tcp", "-d", address, "--dport", HELLO_PORT, "-j", "DROP"]
        assert self._nodes, f"no node of the local cluster {name}"

    def _all(self, verb):
        for node in self._nodes:
            run("nsenter", f"--net={node}", "iptables", "-w", "5", "-t", "raw", verb, "PREROUTING", *self._rule)

    def __enter__(self):
        self._all("-I")
        return self

    def __exit__(self, *_):
        self._all("-D")
