# SPDX-License-Identifier: Apache-2.0
"""The controllers that are measured, as processes: ours as it ships, and the same job by Go's controller-runtime."""

import ctypes
import os
import signal
import socket
import subprocess
import time

from cluster import HOME, Failed, cpu_seconds

BUILD = os.environ.get("BUILD", "build")
OURS, GO = "krypton", "Go controller-runtime"
SECONDS = 20
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Contestant:
    """Runs from here on; end it with stop()."""

    PROGRAMS = {OURS: ("/bin/controller", "controller"), GO: ("/bench/gocontroller", "gocontroller")}

    def __init__(self, name, cluster, *flags):
        program, self.user_agent = self.PROGRAMS[name]
        self.log = open("%s/%s.log" % (cluster.work, os.path.basename(program)), "wb")  # pylint: disable=consider-using-with
        self.started = time.time()
        self.popen = subprocess.Popen(
            [BUILD + program, "--metrics-bind-address=127.0.0.1:%d" % _free_port(),
             "--health-probe-bind-address=127.0.0.1:%d" % _free_port(), "--proxy-image=proxy:1", *flags],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            preexec_fn=lambda: _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM),
            env={**os.environ, "KUBECONFIG": cluster.kubeconfig, "POD_NAME": "bench", "POD_NAMESPACE": HOME})

    def sent(self, request):
        return self.user_agent in request.agent

    def check(self):
        if self.popen.poll() is not None:
            with open(self.log.name, encoding="utf-8", errors="replace") as file:
                raise Failed("it ended with status %d: %s" % (self.popen.returncode, file.read()[-500:]))

    def cpu_seconds(self):
        return cpu_seconds(self.popen.pid)

    def _status(self, field):
        with open("/proc/%d/status" % self.popen.pid, encoding="ascii") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith(field + ":"))

    def resident_bytes(self):
        return self._status("VmRSS")

    def peak_bytes(self):
        return self._status("VmHWM")

    def stop(self):
        self.popen.terminate()
        try:
            self.popen.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        self.log.close()
