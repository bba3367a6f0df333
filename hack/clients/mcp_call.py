#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls an MCP server with the official client: initialize, tools/list, tools/call.

    mcp_call.py URL [TOOL [JSON-ARGUMENTS]]

Without a tool it calls the ones of examples/mcp that the server has. Exit code
1 when anything fails, with one line that says what.
"""

import argparse
import asyncio
import json
import sys
import time

from mcp import Client

DEMO_CALLS = [
    ("add", {"a": 19, "b": 23}),
    ("count", {"to": 4, "delay_ms": 200}),
    ("server_info", {}),
    ("greet", {"name": "Krypton"}),
]

started = time.monotonic()


def say(text: str) -> None:
    print(f"{time.monotonic() - started:7.3f}s  {text}", flush=True)


async def on_progress(progress: float, total: float | None, message: str | None) -> None:
    say(f"             progress {progress:g}/{total:g} {message or ''}")


async def call(client: Client, tool: str, arguments: dict) -> bool:
    say(f"tools/call   {tool} {json.dumps(arguments)}")
    result = await client.call_tool(tool, arguments, progress_callback=on_progress)
    for block in result.content:
        text = getattr(block, "text", None)
        say("          -> " + (" ".join(text.split()) if text is not None else block.type))
    return not result.is_error


async def run(options: argparse.Namespace) -> int:
    async with Client(options.url, mode=options.mode, read_timeout_seconds=options.timeout) as client:
        server = client.server_info
        name = f"{server.name} {server.version}" if server else "a server without a name"
        say(f"initialize   {name}, protocol {client.protocol_version}")
        tools = [tool.name for tool in (await client.list_tools()).tools]
        say(f"tools/list   {', '.join(tools)}")
        if options.tool:
            calls = [(options.tool, json.loads(options.arguments))]
        else:
            calls = [pair for pair in DEMO_CALLS if pair[0] in tools]
        good = True
        for tool, arguments in calls:
            good = await call(client, tool, arguments) and good
        return 0 if good else 1


def main() -> int:
    parser = argparse.ArgumentParser(description="official MCP client: initialize, tools/list, tools/call")
    parser.add_argument("url")
    parser.add_argument("tool", nargs="?")
    parser.add_argument("arguments", nargs="?", default="{}", help="JSON object")
    parser.add_argument("--mode", default="legacy", help="legacy: the initialize handshake; auto: the newest the server has")
    parser.add_argument("--timeout", type=float, default=60, help="seconds for each answer")
    options = parser.parse_args()
    try:
        return asyncio.run(run(options))
    except BaseException as failure:  # the client raises groups; the innermost says it
        while isinstance(failure, BaseExceptionGroup):
            failure = failure.exceptions[0]
        if isinstance(failure, KeyboardInterrupt):
            return 130
        print(f"mcp_call: {options.url}: {type(failure).__name__}: {failure}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
