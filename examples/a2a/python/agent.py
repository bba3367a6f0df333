# SPDX-License-Identifier: Apache-2.0
"""hello-a2a: an A2A agent with the official Python SDK.

It greets whoever writes to it, a few words at a time, 200 ms apart: a client
that streams sees them come, a client that does not gets the whole answer.
"""

import signal
import sys

# Before the imports that take their time: as process 1 of a container a signal
# without a handler is ignored, and a pod that is deleted while it starts would
# be killed instead of ending by itself. uvicorn takes the signal over while it
# serves, finishes what runs, and hands it back to this handler: exit code 0.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

import asyncio
import os
import socket
from contextvars import ContextVar

import uvicorn
from a2a.helpers import new_task_from_user_message, new_text_part
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import AgentCapabilities, AgentCard, AgentInterface, AgentSkill
from starlette.applications import Starlette
from starlette.datastructures import Headers

VERSION = "0.1.0"
STEP_SECONDS = 0.2

# Where the caller of the running request reached us.
public_url: ContextVar[str] = ContextVar("public_url")


class Greeter(AgentExecutor):
    """One task a message; its answer is an artifact that grows piece by piece."""

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        task = context.current_task
        if task is None:
            task = new_task_from_user_message(context.message)
            await event_queue.enqueue_event(task)
        updater = TaskUpdater(event_queue, task.id, task.context_id)
        await updater.start_work()

        said = context.get_user_input() or "nothing"
        pieces = ["Hello ", "from ", socket.gethostname(), ": you said ", f"“{said}”."]
        for number, piece in enumerate(pieces, start=1):
            await asyncio.sleep(STEP_SECONDS)
            await updater.add_artifact(
                [new_text_part(piece)],
                artifact_id="greeting",
                name="greeting",
                append=number > 1,
                last_chunk=number == len(pieces),
            )
        await updater.complete()

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()


class PublicUrl:
    """Notes the address that the caller used.

    An agent card carries the agent's own address. Behind a gateway only the
    forwarded headers know it: host, scheme, and the prefix that was cut off.
    """

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            scheme = headers.get("x-forwarded-proto", scope["scheme"])
            host = headers.get("x-forwarded-host", headers.get("host", "localhost"))
            prefix = headers.get("x-forwarded-prefix", "").rstrip("/")
            public_url.set(f"{scheme}://{host}{prefix}/")
        await self.app(scope, receive, send)


def make_card(url: str) -> AgentCard:
    return AgentCard(
        name="hello-a2a",
        description="Greets, a few words at a time.",
        version=VERSION,
        supported_interfaces=[AgentInterface(url=url, protocol_binding="JSONRPC", protocol_version="1.0")],
        capabilities=AgentCapabilities(streaming=True),
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        skills=[
            AgentSkill(
                id="greet",
                name="Greet",
                description="Says hello and repeats what was said.",
                tags=["hello"],
                examples=["Good morning!"],
            )
        ],
    )


async def card_for_caller(_: AgentCard) -> AgentCard:
    return make_card(public_url.get())


def main() -> None:
    port = int(os.environ.get("PORT", "8080"))
    card = make_card(f"http://localhost:{port}/")
    handler = DefaultRequestHandler(agent_executor=Greeter(), task_store=InMemoryTaskStore(), agent_card=card)
    app = Starlette(
        routes=[
            *create_agent_card_routes(card, card_modifier=card_for_caller),
            *create_jsonrpc_routes(handler, "/", shutdown_grace_period=8),
        ]
    )
    uvicorn.run(PublicUrl(app), host="0.0.0.0", port=port, log_level="info", timeout_graceful_shutdown=10)


if __name__ == "__main__":
    main()
