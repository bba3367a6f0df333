# SPDX-License-Identifier: Apache-2.0
"""What the README and docs/EXAMPLES.md tell a newcomer to do, run as it is written there."""

import os
import re
import subprocess
import textwrap

import pytest

from kube import BIN, ROOT, run, wait_for

FIRST_AGENT = "## Your own agent in five minutes"


def blocks(text):
    """(language, text) of each fenced block, without the indentation of the list that it stands in."""
    return [(language, textwrap.dedent(body)) for language, body in re.findall(r"^ *```(\w+)\n(.*?)^ *```$", text, re.M | re.S)]


def section(document, heading):
    after = (ROOT / document).read_text().split(heading + "\n", 1)[1]
    return after.split("\n## ", 1)[0]


def typed(cluster, folder, commands, seconds):
    """What each block says. One shell, as a reader has it: what one block exports, the next ones use."""
    environment = {name: value for name, value in cluster.env.items() if name not in ("KUBECONFIG", "MAKEFLAGS", "MAKELEVEL")}
    script = "set -e\n" + "\necho ==block==\n".join(commands)
    return run("bash", "-o", "pipefail", "-c", script, timeout=seconds, env=environment, cwd=folder).split("==block==\n")


@pytest.fixture
def checkout(cluster, tmp_path):
    """A directory that looks to the README's commands like the project's own after `make demo`."""
    places = tmp_path / "build/cluster"
    places.mkdir(parents=True)
    (places / "kubeconfig").symlink_to(cluster.kubeconfig)
    (places / "bin").symlink_to(BIN)
    (tmp_path / "hack").mkdir()
    loader = tmp_path / "hack/load-image.sh"
    loader.write_text(f'#!/bin/sh\nexec {ROOT}/hack/load-image.sh "$@"\n')
    loader.chmod(0o755)
    (tmp_path / "greeter").mkdir()
    return tmp_path


@pytest.fixture
def no_greeter(cluster):
    """Neither before nor after is there an agent of the README's name, nor a pod of it."""
    def remove():
        cluster.kubectl("-n", "default", "delete", "agent", "greeter", "--ignore-not-found", "--timeout=60s")
        wait_for(lambda: not cluster.pods("default", "greeter"), 60, "no pod of greeter is left")
    remove()
    yield
    remove()
    environment = {**os.environ, "BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": "vfs"}
    subprocess.run(["buildah", "rmi", "--force", "greeter:1"], env=environment, capture_output=True, timeout=60, check=False)


@pytest.mark.seconds(240)
def test_the_first_agent_of_the_readme_answers_from_zero(cluster, checkout, no_greeter):
    """The README's first agent, written, built, loaded, applied and invoked as it says there, answers from zero and goes as it says."""
    text = section("README.md", FIRST_AGENT)
    program = [body for language, body in blocks(text) if language == "go"]
    commands = [body for language, body in blocks(text) if language == "sh"]
    assert len(program) == 1 and len(commands) == 5, [language for language, _ in blocks(text)]
    (checkout / "greeter/main.go").write_text(program[0])
    said = typed(cluster, checkout, commands, 220)
    assert "loaded docker.io/library/greeter:1" in said[1], said[1]
    row = next(line.split() for line in said[2].splitlines() if line.startswith("greeter "))
    assert row[1] == "serverless", said[2]
    assert said[3].startswith("hello, you asked for /some/path\n"), said[3]
    assert re.search(r"^Name: +greeter$", said[3], re.M) and "Last Invocation At:" in said[3], said[3]
    assert 'agent.krypton.ai "greeter" deleted' in said[4], said[4]
    for plural in ("deployments", "services", "serviceaccounts"):
        wait_for(lambda plural=plural: cluster.get(plural, "default", "greeter") is None, 30, f"greeter is gone from {plural}")


@pytest.mark.seconds(150)
def test_the_examples_are_called_as_the_docs_say(checkout, cluster, examples):
    """The calls of docs/EXAMPLES.md, run as they stand there, reach the examples with the official clients."""
    for agent in ("hello-mcp", "hello-a2a", "hello-sse"):
        examples.wait_ready(agent, 1)
    examples.wait_asleep("hello-serverless", 90)
    (checkout / "hack/clients").symlink_to(ROOT / "hack/clients")
    (checkout / "hack/venv.sh").write_text(f"#!/bin/sh\nexec {ROOT}/hack/venv.sh\n")
    (checkout / "hack/venv.sh").chmod(0o755)
    (checkout / "build/venv").symlink_to(ROOT / "build/venv")
    commands = [body for language, body in blocks(section("docs/EXAMPLES.md", "## Calling them")) if language == "sh"]
    assert len(commands) == 1, commands
    said = typed(cluster, checkout, commands, 80)[0]
    for word in ("initialize   hello-mcp", "{\"a\": 1, \"b\": 2}", "-> 3", "you said “Good evening!”", '"n":10,', "first byte"):
        assert word in said, (word, said)
