# SPDX-License-Identifier: Apache-2.0
"""hello-mcp: an MCP server over streamable HTTP, with the official Python SDK.

Three tools: `add` answers at once, `count` takes its time and reports progress
while it does, `server_info` says which pod answered.
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
import platform
import socket

import uvicorn
from mcp.server.mcpserver import Context, MCPServer

VERSION = "0.1.0"

server = MCPServer(
    "hello-mcp",
    version=VERSION,
    instructions="Small tools that show an MCP server behind Krypton.",
)


@server.tool()
def add(a: float, b: float) -> float:
    """Adds two numbers."""
    return a + b


@server.tool()
async def count(ctx: Context, to: int = 5, delay_ms: int = 200) -> str:
    """Counts up to `to`, one step every `delay_ms` milliseconds, and reports each step as progress."""
    if not 1 <= to <= 10_000:
        raise ValueError("to must be between 1 and 10000")
    if not 0 <= delay_ms <= 60_000:
        raise ValueError("delay_ms must be between 0 and 60000")
    for step in range(1, to + 1):
        await asyncio.sleep(delay_ms / 1000)
        await ctx.report_progress(step, to, f"step {step} of {to}")
    return f"counted to {to}"


@server.tool()
def server_info() -> dict[str, str]:
    """Tells which pod answers and what it runs."""
    return {
        "pod": socket.gethostname(),
        "version": VERSION,
        "python": platform.python_version(),
    }


def main() -> None:
    # Stateless: any replica can answer any request, and a client survives the
    # agent's sleep. MCP_SESSIONS=1 keeps sessions in this process's memory
    # instead; give the Agent maxReplicas: 1 then.
    stateless = os.environ.get("MCP_SESSIONS", "0") != "1"
    app = server.streamable_http_app(streamable_http_path="/mcp", stateless_http=stateless)
    port = int(os.environ.get("PORT", "8080"))
    # Behind Krypton 127.0.0.1 is enough: the sidecar is the only one that calls.
    host = os.environ.get("HOST", "0.0.0.0")
    uvicorn.run(app, host=host, port=port, log_level="info", timeout_graceful_shutdown=10)


if __name__ == "__main__":
    main()
