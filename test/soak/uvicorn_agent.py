# SPDX-License-Identifier: Apache-2.0
"""The same on uvicorn as it comes: uvicorn_agent.py PORT."""

import asyncio
import itertools
import sys
import time
import weakref

import uvicorn

numbers, count = weakref.WeakKeyDictionary(), itertools.count(1)


async def app(scope, receive, send):
    # Ports come again, so the connection itself is asked for: uvicorn's receive() belongs to a cycle on it.
    number = numbers.setdefault(receive.__self__.transport, next(count))
    while (await receive()).get("more_body"):
        pass
    await asyncio.sleep(max(0.0, int(scope["path"].split("/")[2]) / 1000 - time.time()))
    body = b"%d" % number
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False, lifespan="off", ws="none",
            backlog=4096)
