# SPDX-License-Identifier: Apache-2.0
"""The server under test before an agent, as built in a folder, under valgrind where asked: krypton-proxy, the engine's relay, or a
gateway with a krypton-proxy behind it."""

import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from ports import FIRST, free_port  # noqa: E402

PROGRAMS = {"krypton-proxy": "/bin/krypton-proxy", "relay": "/test/wire/engine/relay", "gateway": "/bin/gateway"}
COMPLAINTS = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error|ERROR SUMMARY: [1-9]|BUG|Sanitizer:")


def listens(port, ip="127.0.0.1"):
    with socket.socket() as probe:
        return probe.connect_ex((ip, port)) == 0


def wait_for(what, within_s, is_so):
    deadline = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > deadline:
            raise RuntimeError("%s: not within %d s" % (what, within_s))
        time.sleep(0.02)


class Front:
    """Its targets begin with `at`."""

    def __init__(self, build, name, agent_port, under_valgrind=False, ip="127.0.0.1", port=None):
        self.name, self.port, self.at, self.behind = name, port or free_port(), "", None
        self.said, self.place = tempfile.TemporaryFile(), tempfile.TemporaryDirectory()
        here, there = "%s:%d" % (ip, self.port), "127.0.0.1:%d" % agent_port
        # Leaks are told at the end; whatever a sanitizer says ends it at once.
        env = {**os.environ, "ASAN_OPTIONS": "abort_on_error=1", "UBSAN_OPTIONS": "print_stacktrace=1",
               "KRYPTON_LISTEN_ADDR": here, "KRYPTON_UPSTREAM_URL": "http://" + there, "KRYPTON_AGENT_NAME": "soak",
               "KRYPTON_CONCURRENCY": "100000", "KRYPTON_SHUTDOWN_TIMEOUT": "0s", "KRYPTON_LOG_LEVEL": "error"}
        program = build + PROGRAMS[name]
        if under_valgrind:
            program = self.wrapped(program)
        if name == "krypton-proxy":
            command = [program]
        elif name == "relay":
            command = [program, "--quiet", "--listen=" + here, "--upstream=" + there]
        else:
            # A gateway dials pods at port 8888 and no other: so each has an address.
            pod, self.at = "127.78.%d.%d" % divmod(self.port - FIRST, 100), "/v1/agents/team/hello"
            self.start_behind = lambda: Front(build, "krypton-proxy", agent_port, under_valgrind, pod, 8888)
            self.behind = self.start_behind()
            command = [sys.executable, "-ISB", str(HERE.parent / "wire" / "kube_front.py"), program, here, pod,
                       "concurrency=100000", "--log-level=error", "--shutdown-timeout=0s"]
        self.process = subprocess.Popen(command, env=env, cwd=self.place.name, stdin=subprocess.DEVNULL, stdout=self.said,
                                        stderr=self.said)
        wait_for("%s listens" % name, 60, lambda: self.is_dead() or self.is_up(ip))

    def wrapped(self, program):
        """The program under valgrind, as a program: a gateway is started by another."""
        wrapper = pathlib.Path(self.place.name, "under-valgrind")
        wrapper.write_text('#!/bin/sh\nexec valgrind --error-exitcode=99 --leak-check=full --show-leak-kinds=definite '
                           '--errors-for-leak-kinds=definite "%s" "$@"\n' % program)
        wrapper.chmod(0o755)
        return str(wrapper)

    def is_up(self, ip):
        return b"listening\n" in self.what_it_said() if self.behind else listens(self.port, ip)

    def what_it_said(self):
        return os.pread(self.said.fileno(), 1 << 20, 0)

    def is_dead(self):
        return self.process.poll() is not None

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))

    def rss_kib(self):
        status = pathlib.Path("/proc/%d/status" % self.process.pid).read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1))

    def drop_idle(self):
        """Idle connections of a gateway to its pod are rightly kept: the pod is killed and comes again, so that what is left is
        what was lost."""
        if self.behind:
            self.behind.process.kill()
            self.behind.process.wait()
            self.behind = self.start_behind()

    def stop(self):
        """Its exit status, and what it said of itself that it should not have to; of what is behind it the same."""
        if not self.is_dead():
            self.process.terminate()
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        said = self.what_it_said().decode("utf-8", "replace")
        said = said if status != 0 or COMPLAINTS.search(said) else ""
        if self.behind:
            behind = self.behind.stop()
            return status or behind[0], said + behind[1]
        return status, said


class Tap:
    def __init__(self):
        self.failed = 0

    def prove(self, sentence, is_so, details=""):
        print("%s - %s" % ("ok" if is_so else "not ok", sentence), flush=True)
        if not is_so:
            self.failed += 1
            for line in str(details).splitlines()[-60:]:
                print("# " + line, flush=True)

    def note(self, text):
        print("# " + text, flush=True)
