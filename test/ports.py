# SPDX-License-Identifier: Apache-2.0
"""TCP ports for servers that must be told theirs, each with one owner at a time.

They lie below the range from which the kernel serves outgoing connections and binds to port 0 (32768 and up), so none of
those takes a port between our choice and the server's bind; and below Kubernetes' NodePorts (30000 and up). They come in
blocks. A block is its taker's for as long as that one is bound to its first port, the guard: it needs no file, ends
with the process, and holds between all that see the same network. The guard does not pass to programs that are started
(Python opens sockets so), or a server that outlives its test would keep the block."""

import random
import socket

FIRST, END, BLOCK = 20000, 30000, 10

_spare, _guards = [], []


def _bind(port, is_shared):
    """A socket at that port of all addresses; None: it is somebody's. Shared, it minds no connections that are closing, as
    our servers do not."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, is_shared)
    try:
        bound.bind(("", port))
    except OSError:
        bound.close()
        return None
    return bound


def _is_free(port):
    probe = _bind(port, True)
    if probe is None:
        return False
    probe.close()
    return True


def take_block():
    """The guard, and nine ports that are the caller's until it closes the guard."""
    for first in random.sample(range(FIRST, END, BLOCK), (END - FIRST) // BLOCK):
        guard, ports = _bind(first, False), range(first + 1, first + BLOCK)
        if guard is None:
            continue
        if all(_is_free(port) for port in ports):
            return guard, ports
        guard.close()
    raise RuntimeError("no block of %d free TCP ports between %d and %d" % (BLOCK, FIRST, END))


def free_port():
    """A port that is this process's until it ends."""
    if not _spare:
        guard, ports = take_block()
        _guards.append(guard)
        _spare.extend(ports)
    return _spare.pop()
