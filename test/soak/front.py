# SPDX-License-Identifier: Apache-2.0
"""The server under test: krypton-proxy or the engine's relay before an agent, as built in a folder, under valgrind where asked."""

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

from ports import free_port  # noqa: E402

COMPLAINTS = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error|ERROR SUMMARY: [1-9]|BUG|Sanitizer:")


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(what, within_s, is_so):
    deadline = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > deadline:
            raise RuntimeError("%s: not within %d s" % (what, within_s))
        time.sleep(0.02)


class Front:
    def __init__(self, build, name, agent_port, under_valgrind=False, concurrency=100000):
        self.name, self.port = name, free_port()
        self.said = tempfile.TemporaryFile()
        here, there = "127.0.0.1:%d" % self.port, "127.0.0.1:%d" % agent_port
        # Leaks are told at the end; whatever a sanitizer says ends it at once.
        env = {**os.environ, "ASAN_OPTIONS": "abort_on_error=1", "UBSAN_OPTIONS": "print_stacktrace=1",
               "KRYPTON_LISTEN_ADDR": here, "KRYPTON_UPSTREAM_URL": "http://" + there, "KRYPTON_AGENT_NAME": "soak",
               "KRYPTON_CONCURRENCY": str(concurrency), "KRYPTON_SHUTDOWN_TIMEOUT": "0s", "KRYPTON_LOG_LEVEL": "error"}
        command = [build + "/bin/krypton-proxy"] if name == "krypton-proxy" else [
            build + "/test/wire/engine/relay", "--quiet", "--listen=" + here, "--upstream=" + there]
        if under_valgrind:
            command = ["valgrind", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=definite",
                       "--errors-for-leak-kinds=definite", *command]
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=self.said, stderr=self.said)
        wait_for("%s listens" % name, 60, lambda: self.is_dead() or listens(self.port))

    def is_dead(self):
        return self.process.poll() is not None

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))

    def rss_kib(self):
        status = pathlib.Path("/proc/%d/status" % self.process.pid).read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1))

    def stop(self):
        """Its exit status, and what it said of itself that it should not have to."""
        if not self.is_dead():
            self.process.terminate()
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.said.seek(0)
        said = self.said.read().decode("utf-8", "replace")
        return status, said if status != 0 or COMPLAINTS.search(said) else ""


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
