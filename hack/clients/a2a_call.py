#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls an A2A agent with the official client: card, one answer, streamed answer.

    a2a_call.py URL [TEXT]

The agent's own URL is taken from its card, as every A2A client does. Each line
carries the time since the start, so a stream shows that it is one. Exit code 1
when anything fails, with one line that says what.
"""

import argparse
import asyncio
import sys
import time

import httpx
from a2a.client import A2ACardResolver, ClientConfig, create_client
from a2a.helpers import get_stream_response_text, new_text_message
from a2a.types import AgentCard, Role, SendMessageRequest, StreamResponse, TaskState

started = time.monotonic()


def say(text: str) -> None:
    print(f"{time.monotonic() - started:7.3f}s  {text}", flush=True)


def describe(event: StreamResponse) -> str:
    text = get_stream_response_text(event, "")
    if event.HasField("task"):
        return f"task {TaskState.Name(event.task.status.state)} {text}".rstrip()
    if event.HasField("status_update"):
        return f"status {TaskState.Name(event.status_update.status.state)} {text}".rstrip()
    if event.HasField("artifact_update"):
        return f"artifact {text!r}"
    return f"message {text!r}"


def ended_well(event: StreamResponse) -> bool:
    if event.HasField("message"):
        return True
    if event.HasField("task"):
        return event.task.status.state == TaskState.TASK_STATE_COMPLETED
    if event.HasField("status_update"):
        return event.status_update.status.state == TaskState.TASK_STATE_COMPLETED
    return False


async def ask(http: httpx.AsyncClient, card: AgentCard, text: str, streaming: bool) -> bool:
    say(f"{'stream' if streaming else 'send':6} {text!r}")
    config = ClientConfig(streaming=streaming, httpx_client=http)
    client = await create_client(card, client_config=config)
    request = SendMessageRequest(message=new_text_message(text, role=Role.ROLE_USER))
    good = False
    async for event in client.send_message(request):
        say(f"    -> {describe(event)}")
        good = ended_well(event)
    return good


async def run(options: argparse.Namespace) -> int:
    async with httpx.AsyncClient(timeout=options.timeout) as http:
        card = await A2ACardResolver(http, options.url).get_agent_card()
        interface = card.supported_interfaces[0]
        say(f"card   {card.name} {card.version}: {interface.protocol_binding} at {interface.url}")
        good = True
        for streaming in {"send": [False], "stream": [True], "both": [False, True]}[options.how]:
            good = await ask(http, card, options.text, streaming) and good
        return 0 if good else 1


def main() -> int:
    parser = argparse.ArgumentParser(description="official A2A client: card, send, stream")
    parser.add_argument("url", help="where the agent is; its card is at URL/.well-known/agent-card.json")
    parser.add_argument("text", nargs="?", default="Good morning!")
    parser.add_argument("--how", choices=["send", "stream", "both"], default="both")
    parser.add_argument("--timeout", type=float, default=60, help="seconds of silence")
    options = parser.parse_args()
    try:
        return asyncio.run(run(options))
    except KeyboardInterrupt:
        return 130
    except Exception as failure:
        print(f"a2a_call: {options.url}: {type(failure).__name__}: {failure}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
