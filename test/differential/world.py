# SPDX-License-Identifier: Apache-2.0
"""One client, one scripted backend for each front, all on one selector and one thread: what a request does is over when no
socket has anything more to say, and nothing is waited for by the clock but silence itself."""

import contextlib
import selectors
import socket
import time

SILENCE_S = 5  # after which nobody expects an answer any more
EXPECTED_SILENCE_S = 0.4  # where the table says that there is none
AFTER = b"GET /after HTTP/1.1\r\nHost: a\r\n\r\n"
SHOWN = ("te", "trailer", "keep-alive", "proxy-connection", "upgrade", "expect", "connection", "content-type", "max-forwards")


def headers_of(lines):
    pairs = [line.split(b":", 1) for line in lines if b":" in line]
    return [(name.decode("latin-1").strip().lower(), value.decode("latin-1").strip()) for name, value in pairs]


def first(headers, name, fallback=""):
    return next((value for key, value in headers if key == name), fallback)


def take_chunked(data):
    """(payload, trailer lines, bytes used); used is None while the body isn't over. No judge of framing: fronts are."""
    payload, at = b"", 0
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            return payload, [], None
        try:
            size = int(data[at:end].split(b";")[0].strip() or b"x", 16)
        except ValueError:
            return payload, [], None
        at = end + 2
        if size == 0:
            break
        payload += data[at:at + size]
        if len(data) < at + size + 2:
            return payload, [], None
        at += size + 2
    trailers = []
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            return payload, trailers, None
        line, at = data[at:end], end + 2
        if not line:
            return payload, trailers, at
        trailers.append(line)


def take_body(headers, rest, until_close=False):
    """(payload, trailers, bytes used or None)"""
    if "chunked" in first(headers, "transfer-encoding").lower():
        return take_chunked(rest)
    length = first(headers, "content-length")
    if length.isdigit():
        return rest[:int(length)], [], int(length) if len(rest) >= int(length) else None
    return (rest, [], None) if until_close else (b"", [], 0)


class Backend:
    """Takes what comes on any connection, keeps a line on each request, answers what the row says."""

    def __init__(self, world):
        self.world, self.seen, self.row, self.buffers, self.asked = world, [], None, {}, set()
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        world.watch(self.listener, self.accept)

    def accept(self):
        connection, _ = self.listener.accept()
        self.buffers[connection] = b""
        self.world.watch(connection, lambda: self.read(connection))

    def close(self, connection):
        self.world.unwatch(connection)
        del self.buffers[connection]
        self.asked.discard(connection)
        connection.close()

    def read(self, connection):
        try:
            data = connection.recv(1 << 20)
        except ConnectionError:
            data = b""
        if not data:
            if self.buffers[connection]:
                self.note(self.buffers[connection], is_whole=False)
            self.close(connection)
            return
        self.buffers[connection] += data
        with contextlib.suppress(ConnectionError):
            while connection in self.buffers and self.take_one(connection):
                pass

    def take_one(self, connection):
        data = self.buffers[connection]
        head, mark, rest = data.partition(b"\r\n\r\n")
        if not mark:
            return False
        headers = headers_of(head.split(b"\r\n")[1:])
        if first(headers, "expect") and connection not in self.asked:
            self.asked.add(connection)
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        _, _, used = take_body(headers, rest)
        if used is None:
            return False
        self.asked.discard(connection)
        whole = len(head) + 4 + used
        self.note(data[:whole], is_whole=True)
        self.buffers[connection] = data[whole:]
        self.answer(connection, head.split(b" ")[0], head.split(b" ")[1])
        return True

    def answer(self, connection, method, target):
        if target == b"/after" or self.row is None or self.row.answer is None:
            body = b"" if method == b"HEAD" else b"ok"
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Seen: %s\r\nContent-Length: 2\r\n\r\n%s" % (target, body))
            return
        connection.sendall(self.row.answer)
        if self.row.answer_ends:
            self.close(connection)

    def note(self, data, is_whole):
        head, _, rest = data.partition(b"\r\n\r\n")
        line, *lines = head.split(b"\r\n")
        headers = headers_of(lines)
        payload, trailers, _ = take_body(headers, rest)
        words = line.decode("latin-1").rsplit(" ", 1)[0]
        if words == "GET /after":
            return
        for name, value in headers:
            if (name.startswith("x") and not name.startswith("x-forwarded")) or name in SHOWN:
                words += " [%s: %s]" % (name, value)
        if payload:
            words += " " + (payload.decode("latin-1") if len(payload) < 64 else "%d bytes" % len(payload))
        for trailer in trailers:
            words += " +" + trailer.decode("latin-1")
        self.seen.append(words if is_whole else words + "…")

    def is_settled(self):
        return not any(self.buffers.values())


class Client:
    """Sends one row raw, and once it was answered and the connection should go on, one request more to see that it does."""

    def __init__(self, world, port, row):
        self.world, self.row, self.data = world, row, b""
        self.statuses, self.bodies, self.end = [], [], None
        self.sent_after = self.says_close = self.is_eof = self.is_reset = False
        self.socket = socket.create_connection(("127.0.0.1", port))
        world.watch(self.socket, self.read)
        self.send(row.request)

    def send(self, data):
        with contextlib.suppress(ConnectionError):
            self.socket.sendall(data)

    def read(self):
        try:
            data = self.socket.recv(1 << 20)
        except ConnectionError:
            data, self.is_reset = b"", True
        self.is_eof = not data
        self.data += data
        while self.end is None and self.take_one():
            pass
        if self.is_eof and self.end is None:
            self.finish("broken" if self.is_reset or self.data.startswith(b"HTTP/") else "closed")

    def take_one(self):
        if self.data and not b"HTTP/".startswith(self.data[:5]):
            return False
        head, mark, rest = self.data.partition(b"\r\n\r\n")
        if not mark:
            return False
        status = int(head.split(b" ")[1])
        headers = headers_of(head.split(b"\r\n")[1:])
        if status < 200:
            self.statuses.append(str(status))
            self.data = rest
            return True
        is_after = first(headers, "x-seen") == "/after"
        has_body = status not in (204, 304) and (is_after or not self.row.request.lstrip().startswith(b"HEAD "))
        body, trailers, used = take_body(headers, rest, until_close=True) if has_body else (b"", [], 0)
        if used is None:
            if not self.is_eof or self.is_reset or "transfer-encoding" in dict(headers) or "content-length" in dict(headers):
                return False
            used = len(rest)
        self.data = rest[used:]
        if is_after:
            self.finish("kept")
            return False
        self.statuses.append(str(status))
        self.bodies.append(body + b"".join(b" +" + trailer for trailer in trailers))
        self.says_close = "close" in first(headers, "connection").lower()
        if not self.says_close and not self.sent_after:
            self.sent_after = True
            self.send(AFTER)
        return True

    def finish(self, end):
        self.end = end
        if self.data.startswith(b"HTTP/"):
            self.statuses.append(self.data[9:12].decode("latin-1") + "…")
        elif self.data:
            self.statuses.append("0.9")  # no status line, no headers: what HTTP/0.9 had
        self.world.unwatch(self.socket)
        self.socket.close()

    def verdict(self):
        statuses = ",".join(self.statuses) or "none"
        if self.row.answer is not None and self.bodies and self.bodies[-1] and self.statuses[-1] < "400":
            statuses += " " + self.bodies[-1].decode("latin-1")
        return statuses, self.end


class World:
    def __init__(self):
        self.selector = selectors.DefaultSelector()

    def watch(self, what, on_ready):
        self.selector.register(what, selectors.EVENT_READ, on_ready)

    def unwatch(self, what):
        with contextlib.suppress(KeyError):
            self.selector.unregister(what)

    def turn(self, until, within_s):
        """Runs until it is so, or nothing was said for that long."""
        quiet_since = time.monotonic()
        while not until():
            ready = self.selector.select(max(0, quiet_since + within_s - time.monotonic()))
            for key, _ in ready:
                if key.fileobj.fileno() != -1:
                    key.data()
            if ready:
                quiet_since = time.monotonic()
            elif time.monotonic() >= quiet_since + within_s:
                return False
        return True

    def ask(self, front, row, expected):
        """(answers, end of the connection, what reached the backend)"""
        front.backend.row, front.backend.seen = row, []
        client = Client(self, front.port, row)
        says_nothing = expected[1] in ("open", "silent")
        if not self.turn(lambda: client.end is not None, EXPECTED_SILENCE_S if says_nothing else SILENCE_S):
            client.finish("open" if client.statuses or client.data else "silent")
        self.turn(lambda: False, 0)
        self.turn(front.backend.is_settled, SILENCE_S)
        return (*client.verdict(), tuple(front.backend.seen))
