# SPDX-License-Identifier: Apache-2.0
"""Processes of the bench: each on its core, in a memory cgroup of its own where one can be made, ended by its id."""

import ctypes
import os
import resource
import signal
import subprocess
import time

PROXY_CORE, OTHER_CORE = 0, 1
SECONDS = 20  # nothing here takes longer to start or to end
_DESCRIPTORS = 120000
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)

_started = []


def raise_descriptors():
    """As many as the peers' settings name, or as we may have: a stream takes two of a proxy."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    for wanted in (max(hard, _DESCRIPTORS), hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
            return
        except (ValueError, OSError):
            continue  # a container may lack CAP_SYS_RESOURCE


def descriptors():
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def wait_until(is_true, what):
    end = time.monotonic() + SECONDS
    while not is_true():
        if time.monotonic() > end:
            raise RuntimeError("%s: not within %d s" % (what, SECONDS))
        time.sleep(0.01)


class MemoryGroup:
    """A memory cgroup. `why` says why there is none."""

    _V1, _V2 = "/sys/fs/cgroup/memory", "/sys/fs/cgroup"

    def __init__(self, name):
        self.path, self.why, is_v1 = None, None, os.path.exists(self._V1 + "/cgroup.procs")
        path = "%s/krypton-bench-%d-%s" % (self._V1 if is_v1 else self._V2, os.getpid(), name)
        self.file = path + ("/memory.usage_in_bytes" if is_v1 else "/memory.current")
        try:
            os.mkdir(path)
            self.path = path
            if not os.path.exists(self.file):
                raise OSError("the memory controller is not on here")
        except OSError as error:
            self.why = "no memory cgroup: %s" % error
            self.remove()

    def enter(self):
        """From the child, before it becomes the program."""
        if self.path:
            with open(self.path + "/cgroup.procs", "w", encoding="ascii") as file:
                file.write("0")

    def usage(self):
        """Bytes with kernel memory; None: there is no group."""
        if not self.path:
            return None
        with open(self.file, encoding="ascii") as file:
            return int(file.read())

    def remove(self):
        if self.path:
            try:
                os.rmdir(self.path)
            except OSError:
                pass
            self.path = None


class Process:
    """A program that ends with this one. `worker_count`: of its children, those that do the work."""

    def __init__(self, name, *command, core=PROXY_CORE, env=None, output=None, has_group=False, worker_count=0,
                 inherits=()):
        self.name, self.group = name, MemoryGroup(name.replace(" ", "-")) if has_group else None

        def prepare():
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            os.sched_setaffinity(0, {core})
            if self.group:
                self.group.enter()

        self.popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output or subprocess.DEVNULL,
                                      preexec_fn=prepare,
                                      pass_fds=inherits, env={**os.environ, **(env or {})})
        _started.append(self)
        if worker_count:
            wait_until(lambda: len(self._children()) == worker_count, "workers of " + name)
        self.working_pids = self._children() if worker_count else [self.popen.pid]
        self.pids = sorted({self.popen.pid, *self.working_pids})

    def _children(self):
        try:
            with open("/proc/%d/task/%d/children" % (self.popen.pid, self.popen.pid), encoding="ascii") as file:
                return [int(pid) for pid in file.read().split()]
        except FileNotFoundError:
            return []

    def resident_bytes(self):
        return sum(_resident_bytes(pid) for pid in self.pids)

    def stop(self):
        if self not in _started:
            return
        _started.remove(self)
        # Ours drain at SIGTERM and nginx's workers end with their master; nobody waits for either here.
        if len(self.pids) > 1:
            self.popen.terminate()
        else:
            self.popen.kill()
        try:
            self.popen.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        if self.group:
            self.group.remove()


def _resident_bytes(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS:"))


def stop_all():
    for process in reversed(list(_started)):
        process.stop()
