#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints a stream of server-sent events as it arrives, with the time of each.

    sse_print.py URL

A stream that breaks off, or an answer that is no stream, is exit code 1. The
last line tells first byte, last event and the longest gap between two events.
"""

import argparse
import sys
import time

import httpx


def events(lines):
    """Groups the lines of an event stream into (event, data)."""
    kind, data = "message", []
    for line in lines:
        if line == "":
            if data:
                yield kind, "\n".join(data)
            kind, data = "message", []
        elif line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif line.startswith("event:"):
            kind = line[6:].strip()


def run(options: argparse.Namespace) -> int:
    started = time.monotonic()
    count, last, gap, first = 0, None, 0.0, None
    with httpx.stream("GET", options.url, timeout=options.timeout, headers={"Accept": "text/event-stream"}) as answer:
        head = time.monotonic() - started
        print(f"{head:7.3f}s  HTTP {answer.status_code}, {answer.headers.get('content-type', 'no content type')}", flush=True)
        if answer.status_code != 200 or "text/event-stream" not in answer.headers.get("content-type", ""):
            answer.read()
            print(f"sse_print: {options.url}: not an event stream: {answer.text.strip()[:500]}", file=sys.stderr)
            return 1
        for kind, data in events(answer.iter_lines()):
            now = time.monotonic() - started
            first = now if first is None else first
            gap = max(gap, now - last) if last is not None else gap
            count, last = count + 1, now
            print(f"{now:7.3f}s  {kind}: {data}", flush=True)
            if options.max_events and count >= options.max_events:
                break
    if count == 0:
        print(f"sse_print: {options.url}: the stream ended without an event", file=sys.stderr)
        return 1
    print(f"{count} events, first after {first:.3f} s, last after {last:.3f} s, longest gap {gap:.3f} s")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description="prints server-sent events as they arrive")
    parser.add_argument("url")
    parser.add_argument("--timeout", type=float, default=60, help="seconds of silence")
    parser.add_argument("--max-events", type=int, default=0, help="stop after so many; 0: at the stream's end")
    options = parser.parse_args()
    try:
        return run(options)
    except KeyboardInterrupt:
        return 130
    except httpx.HTTPError as failure:
        print(f"sse_print: {options.url}: {type(failure).__name__}: {failure}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
