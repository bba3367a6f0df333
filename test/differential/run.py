#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends each row of table.py through nginx, through the bare engine and through krypton-proxy, each before a backend that keeps
what reached it: run.py BUILD [PART OF A NAME…]. A row holds where engine and krypton-proxy do what it says of us and nginx what
it says of nginx; what differs must be explained, and what is explained must differ. TAP."""

import os
import pathlib
import socket
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from ports import free_port  # noqa: E402
from table import ROWS  # noqa: E402
from world import Backend, World  # noqa: E402


class Front:
    """A server under test before a backend of its own."""

    def __init__(self, world, name):
        self.name, self.backend, self.port, self.process = name, Backend(world), free_port(), None

    def start(self, command, env=None):
        self.process = subprocess.Popen(command, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def start_fronts(world, build, folder):
    nginx, relay, proxy = (Front(world, name) for name in ("nginx", "engine", "krypton-proxy"))
    text = (HERE / "nginx.conf").read_text()
    for mark, value in (("FOLDER", folder), ("PORT", nginx.port), ("BACKEND", nginx.backend.port)):
        text = text.replace("@%s@" % mark, str(value))
    (folder / "nginx.conf").write_text(text)
    nginx.start(["nginx", "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")])
    relay.start([build + "/test/wire/engine/relay", "--quiet", "--listen=127.0.0.1:%d" % relay.port,
                 "--upstream=127.0.0.1:%d" % relay.backend.port])
    proxy.start([build + "/bin/krypton-proxy"],
                {"KRYPTON_LISTEN_ADDR": "127.0.0.1:%d" % proxy.port, "KRYPTON_CONCURRENCY": "1000",
                 "KRYPTON_UPSTREAM_URL": "http://127.0.0.1:%d" % proxy.backend.port, "KRYPTON_SHUTDOWN_TIMEOUT": "0s"})
    return nginx, relay, proxy


def is_up(world, front):
    for _ in range(400):
        if front.process.poll() is not None:
            return False
        probe = socket.socket()
        reached = probe.connect_ex(("127.0.0.1", front.port)) == 0
        probe.close()
        if reached:
            return True
        world.turn(lambda: False, 0.025)
    return False


def say(verdict):
    answers, end, seen = verdict
    reached = " | ".join(seen) or "nothing"
    return "%s, %s; backend: %s" % (answers, end, reached if len(reached) < 200 else reached[:200] + "…")


def judge(row, nginx, ours):
    """What is wrong, one line each."""
    wrong = ["%s: %s (the table says: %s)" % (name, say(got), say(row.ours)) for name, got in ours if got != row.ours]
    wanted = row.nginx or row.ours
    if nginx != wanted:
        wrong.append("nginx: %s (the table says: %s)" % (say(nginx), say(wanted)))
    if row.nginx is not None and row.nginx == row.ours:
        wrong.append("explained, but the table has no difference")
    if row.nginx is not None and not row.why:
        wrong.append("a difference without an explanation")
    if row.nginx is None and row.why:
        wrong.append("an explanation without a difference")
    return wrong


def run_rows(world, fronts, parts):
    nginx, *ours = fronts
    failed = differences = 0
    rows = [row for row in ROWS if not parts or any(part in row.name for part in parts)]
    for row in rows:
        wrong = judge(row, world.ask(nginx, row, row.nginx or row.ours),
                      [(front.name, world.ask(front, row, row.ours)) for front in ours])
        print("%s - %s: %s" % ("not ok" if wrong else "ok", row.name, "as nginx" if row.nginx is None else row.why))
        for line in wrong:
            print("# " + line)
        failed += bool(wrong)
        differences += row.nginx is not None
    print("# %d rows, %d of them differ from nginx" % (len(rows), differences))
    return failed


def main():
    build, parts = os.path.realpath(sys.argv[1]), sys.argv[2:]
    world, failed = World(), 0
    with tempfile.TemporaryDirectory() as folder:
        fronts = start_fronts(world, build, pathlib.Path(folder))
        try:
            for front in fronts:
                if not is_up(world, front):
                    print("not ok - %s listens" % front.name)
                    return 1
            failed = run_rows(world, fronts, parts)
        finally:
            codes = [front.stop() for front in fronts]
        alive = all(code in (0, -15) for code in codes)
        print("%s - all three were there to the end and stopped when told" % ("ok" if alive else "not ok"))
        return 1 if failed or not alive else 0


sys.exit(main())
