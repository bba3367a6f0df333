# SPDX-License-Identifier: Apache-2.0
"""Hostile and odd requests (and answers), one a row, and what we make of it; below them, where nginx 1.22 makes something else of
it, what, and why we differ. A verdict is the statuses that the client saw (with the body, where the row scripts the answer), what became
of the connection, and what reached the backend: kept: one request more was answered on it; closed: by the server, after whole
answers; broken: by the server, in the middle of one (200…); open: nothing follows the answer; silent: there is none."""

from dataclasses import dataclass


@dataclass
class Row:
    name: str
    request: bytes
    ours: tuple
    answer: bytes = None  # of the backend; None: 200 "ok"
    answer_ends: bool = False  # the backend closes behind it
    nginx: tuple = None  # None: the same as ours; filled from DIFFERENCES
    why: str = ""


def V(answers, end, *seen):
    return answers, end, seen


def get(*lines, target="/a", version="1.1"):
    """A GET with Host and these header lines."""
    return request("GET", *lines, target=target, version=version)


def post(*lines, body="", target="/a", version="1.1"):
    return request("POST", *lines, body=body, target=target, version=version)


def request(method, *lines, body="", target="/a", version="1.1"):
    head = "%s %s HTTP/%s\r\n" % (method, target, version)
    return ("\r\n".join([head + "Host: a", *lines]) + "\r\n\r\n" + body).encode("latin-1")


CHUNKED = "Transfer-Encoding: chunked"
HIDDEN = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
BAD = V("400", "closed")
FINE = V("200", "kept", "GET /a")
POSTED = V("200", "kept", "POST /a abc")

FRAMING = [
    Row("a length and its body", post("Content-Length: 3", body="abc"), POSTED),
    Row("a length of zero", post("Content-Length: 0"), V("200", "kept", "POST /a")),
    Row("no length and no coding: no body", post(), V("200", "kept", "POST /a")),
    Row("a chunked body", post(CHUNKED, body="3\r\nabc\r\n0\r\n\r\n"), POSTED),
    Row("length and chunked", post("Content-Length: 3", CHUNKED, body="0\r\n\r\n" + HIDDEN), BAD),
    Row("chunked and length", post(CHUNKED, "Content-Length: 3", body="0\r\n\r\n" + HIDDEN), BAD),
    Row("two equal lengths", post("Content-Length: 3", "Content-Length: 3", body="abc"), BAD),
    Row("two different lengths", post("Content-Length: 0", "Content-Length: 3", body="abc"), BAD),
    Row("a list of equal lengths", post("Content-Length: 3, 3", body="abc"), BAD),
    Row("an empty length", post("Content-Length:", body="abc"), BAD),
    Row("a length with a plus", post("Content-Length: +3", body="abc"), BAD),
    Row("a negative length", post("Content-Length: -1", body="abc"), BAD),
    Row("a hexadecimal length", post("Content-Length: 0x3", body="abc"), BAD),
    Row("a length with a space in it", post("Content-Length: 1 0", body="abc"), BAD),
    Row("a length with leading zeros", post("Content-Length: 003", body="abc"), POSTED),
    Row("a length past 63 bits", post("Content-Length: 18446744073709551619", body="abc"), BAD),
    Row("a length past 18 digits", post("Content-Length: 1000000000000000000", body="abc"), BAD),
    Row("a GET with a body", request("GET", "Content-Length: 3", body="abc"), V("200", "kept", "GET /a abc")),
    Row("a body that never comes whole", post("Content-Length: 9", body="abc"), V("none", "silent", "POST /a abc…")),
    Row("a coding other than chunked", post("Transfer-Encoding: gzip, chunked", body="0\r\n\r\n"), V("501", "closed")),
    Row("chunked not last", post("Transfer-Encoding: chunked, gzip", body="0\r\n\r\n"), BAD),
    Row("chunked twice", post("Transfer-Encoding: chunked, chunked", body="0\r\n\r\n"), BAD),
    Row("chunked twice in two lines", post(CHUNKED, CHUNKED, body="0\r\n\r\n"), BAD),
    Row("the coding identity", post("Transfer-Encoding: identity", body=""), BAD),
    Row("an empty Transfer-Encoding", post("Transfer-Encoding:", body="0\r\n\r\n"), BAD),
    Row("chunked in quotes", post('Transfer-Encoding: "chunked"', body="0\r\n\r\n"), BAD),
    Row("xchunked", post("Transfer-Encoding: xchunked", body="0\r\n\r\n"), BAD),
    Row("chunked behind a vertical tab", post("Transfer-Encoding: \x0bchunked", body="0\r\n\r\n"), BAD),
    Row("CHUNKED in capitals", post("Transfer-Encoding: CHUNKED", body="3\r\nabc\r\n0\r\n\r\n"), POSTED),
    Row("Transfer-Encoding in HTTP/1.0", post(CHUNKED, body="0\r\n\r\n", version="1.0"), BAD),
    Row("Transfer-Encoding with a space before the colon", post("Transfer-Encoding : chunked", body="0\r\n\r\n"), BAD),
    Row("a folded Transfer-Encoding", post("Transfer-Encoding:\r\n chunked", body="0\r\n\r\n"), BAD),
]

CHUNKS = [
    Row("chunk extensions", post(CHUNKED, body='3;a;b=c;d="e f"\r\nabc\r\n0;x\r\n\r\n'), POSTED),
    Row("a chunk extension of controls", post(CHUNKED, body="3;a=\x01\r\nabc\r\n0\r\n\r\n"), BAD),
    Row("LF inside a chunk extension", post(CHUNKED, body="3;a\nabc\r\n0\r\n\r\n"), BAD),
    Row("CR inside a chunk extension", post(CHUNKED, body="3;a\rb\r\nabc\r\n0\r\n\r\n"), BAD),
    Row("a chunk line of 2000 bytes", post(CHUNKED, body="3;%s\r\nabc\r\n0\r\n\r\n" % ("a" * 2000)), BAD),
    Row("spaces behind a chunk size", post(CHUNKED, body="3  \r\nabc\r\n0\r\n\r\n"), BAD),
    Row("a space before a chunk size", post(CHUNKED, body=" 3\r\nabc\r\n0\r\n\r\n"), BAD),
    Row("an empty chunk size", post(CHUNKED, body="\r\nabc\r\n0\r\n\r\n"), BAD),
    Row("a negative chunk size", post(CHUNKED, body="-3\r\nabc\r\n0\r\n\r\n"), BAD),
    Row("a chunk size with 0x", post(CHUNKED, body="0x3\r\nabc\r\n0\r\n\r\n"), BAD),
    Row("a chunk size past 64 bits", post(CHUNKED, body="10000000000000003\r\nabc\r\n0\r\n\r\n"), BAD),
    Row("a chunk size with many zeros", post(CHUNKED, body="0000000000000000000003\r\nabc\r\n0\r\n\r\n"), BAD),
    Row("a chunk line ended by LF alone", post(CHUNKED, body="3\nabc\r\n0\r\n\r\n"), BAD),
    Row("a chunk line ended by CR alone", post(CHUNKED, body="3\rabc\r\n0\r\n\r\n"), BAD),
    Row("a chunk longer than its size", post(CHUNKED, body="3\r\nabcd\r\n0\r\n\r\n"), BAD),
    Row("a chunk ended by LF alone", post(CHUNKED, body="3\r\nabc\n0\r\n\r\n"), BAD),
    Row("the last chunk ended by LF alone", post(CHUNKED, body="3\r\nabc\r\n0\n\n"), BAD),
    Row("trailers", post(CHUNKED, "Trailer: T", body="3\r\nabc\r\n0\r\nT: 1\r\n\r\n"),
        V("200", "kept", "POST /a [trailer: T] abc +T: 1")),
    Row("a trailer that says a length", post(CHUNKED, body="0\r\nContent-Length: 9\r\n\r\n"), BAD),
    Row("a trailer that says a coding", post(CHUNKED, body="0\r\nTransfer-Encoding: chunked\r\n\r\n"), BAD),
    Row("a trailer without a colon", post(CHUNKED, body="3\r\nabc\r\n0\r\nT\r\n\r\n"), BAD),
    Row("a folded trailer", post(CHUNKED, body="3\r\nabc\r\n0\r\nT: 1\r\n 2\r\n\r\n"), BAD),
    Row("a request hidden behind the last chunk's LF", post(CHUNKED, body="0\r\n\n" + HIDDEN), BAD),
]

LINES = [
    Row("a plain GET", get(), FINE),
    Row("line ends of LF alone", b"GET /a HTTP/1.1\nHost: a\n\n", BAD),
    Row("one line end of LF alone", b"GET /a HTTP/1.1\r\nHost: a\nX-A: 1\r\n\r\n", BAD),
    Row("CR in a value", get("X-A: 1\r2"), BAD),
    Row("CR CR LF", b"GET /a HTTP/1.1\r\r\nHost: a\r\n\r\n", BAD),
    Row("NUL in a value", get("X-A: 1\x002"), BAD),
    Row("NUL in a name", get("X\x00A: 1"), BAD),
    Row("another control in a value", get("X-A: 1\x012"), BAD),
    Row("DEL in a value", get("X-A: 1\x7f2"), BAD),
    Row("a tab in a value", get("X-A: 1\t2"), V("200", "kept", "GET /a [x-a: 1\t2]")),
    Row("bytes above ASCII in a value", get("X-A: \xc3\xa9"), V("200", "kept", "GET /a [x-a: \xc3\xa9]")),
    Row("a folded value", get("X-A: 1\r\n 2"), BAD),
    Row("a line of white space first", b"GET /a HTTP/1.1\r\n X-A: 1\r\nHost: a\r\n\r\n", BAD),
    Row("a space before the colon", get("X-A : 1"), BAD),
    Row("a tab before the colon", get("X-A\t: 1"), BAD),
    Row("no colon", get("X-A"), BAD),
    Row("no name", get(": 1"), BAD),
    Row("a name with a space", get("X A: 1"), BAD),
    Row("a name with parentheses", get("X(A): 1"), BAD),
    Row("a name with an underscore", get("x_a: 1"), V("200", "kept", "GET /a [x_a: 1]")),
    Row("a name with an apostrophe", get("x'a: 1"), V("200", "kept", "GET /a [x'a: 1]")),
    Row("an empty value", get("X-A:"), V("200", "kept", "GET /a [x-a: ]")),
    Row("an empty line first", b"\r\n" + get(), FINE),
    Row("two empty lines first", b"\r\n\r\n" + get(), FINE),
    Row("three empty lines first", b"\r\n\r\n\r\n" + get(), BAD),
    Row("a head of 200 KB", get("X-A: " + "a" * 200000), V("431", "closed")),
    Row("a header line of 10 KB", get("X-A: " + "a" * 10000), V("200", "kept", "GET /a [x-a: %s]" % ("a" * 10000))),
    Row("400 headers", get(*["X-A%d: 1" % i for i in range(400)]), V("431", "closed")),
    Row("a target of 20 KB", get(target="/" + "a" * 20000), V("414", "closed")),
]

START = [
    Row("no Host", b"GET /a HTTP/1.1\r\n\r\n", BAD),
    Row("an empty Host", b"GET /a HTTP/1.1\r\nHost:\r\n\r\n", BAD),
    Row("two Hosts", get("Host: b"), BAD),
    Row("two equal Hosts", get("Host: a"), BAD),
    Row("a Host with a user", b"GET /a HTTP/1.1\r\nHost: user@a\r\n\r\n", BAD),
    Row("a Host with a path", b"GET /a HTTP/1.1\r\nHost: a/b\r\n\r\n", BAD),
    Row("a Host with a space", b"GET /a HTTP/1.1\r\nHost: a b\r\n\r\n", BAD),
    Row("a Host with a list", b"GET /a HTTP/1.1\r\nHost: a, b\r\n\r\n", BAD),
    Row("a Host with a port that is none", b"GET /a HTTP/1.1\r\nHost: a:b\r\n\r\n", BAD),
    Row("no Host in HTTP/1.0", b"GET /a HTTP/1.0\r\n\r\n", V("200", "closed", "GET /a")),
    Row("HTTP/1.0 that stays", get("Connection: keep-alive", version="1.0"), FINE),
    Row("HTTP/0.9", b"GET /a\r\n", BAD),
    Row("HTTP/1.2", get(version="1.2"), FINE),
    Row("HTTP/2.0", get(version="2.0"), V("505", "closed")),
    Row("HTTP/0.9 by name", get(version="0.9"), V("505", "closed")),
    Row("HTTP/1.10", get(version="1.10"), BAD),
    Row("HTTP/1", get(version="1"), BAD),
    Row("http/1.1 in small letters", b"GET /a http/1.1\r\nHost: a\r\n\r\n", BAD),
    Row("another protocol's name", b"GET /a HTTQ/1.1\r\nHost: a\r\n\r\n", BAD),
    Row("an HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", BAD),
    Row("a TLS hello", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + b"\r\n\r\n", BAD),
    Row("two spaces before the target", b"GET  /a HTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    Row("two spaces before the version", b"GET /a  HTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    Row("a space behind the version", b"GET /a HTTP/1.1 \r\nHost: a\r\n\r\n", BAD),
    Row("a tab in the request line", b"GET\t/a\tHTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    Row("a space in the target", get(target="/a b"), BAD),
    Row("a space first", b" GET /a HTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    Row("no method", b"/a HTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    Row("a method in small letters", request("get"), V("200", "kept", "get /a")),
    Row("a method that is no token", request("G@T"), BAD),
    Row("a method of our own", request("SUBSCRIBE"), V("200", "kept", "SUBSCRIBE /a")),
    Row("a method of 40 letters", request("A" * 40), V("501", "closed")),
    Row("TRACE", request("TRACE"), V("200", "kept", "TRACE /a")),
    Row("TRACE that may go no further", request("TRACE", "Max-Forwards: 0"), V("501", "kept")),
    Row("OPTIONS that may go one further", request("OPTIONS", "Max-Forwards: 1"), V("200", "kept", "OPTIONS /a [max-forwards: 0]")),
    Row("CONNECT", b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", V("501", "closed")),
]

TARGETS = [
    Row("absolute form", get(target="http://b/a"), FINE),
    Row("absolute form without a path", get(target="http://b"), V("200", "kept", "GET /")),
    Row("absolute form of another scheme", get(target="ftp://b/a"), BAD),
    Row("absolute form with a user", get(target="http://user@b/a"), BAD),
    Row("a target without a slash", get(target="a"), BAD),
    Row("OPTIONS *", request("OPTIONS", target="*"), V("200", "kept", "OPTIONS *")),
    Row("GET *", get(target="*"), BAD),
    Row("a fragment", get(target="/a#b"), BAD),
    Row("a .. segment", get(target="/a/../b"), BAD),
    Row("a .. segment past the root", get(target="/../b"), BAD),
    Row("an encoded .. segment", get(target="/a/%2e%2E/b"), BAD),
    Row("a .. segment behind %2F", get(target="/a%2f..%2fb"), BAD),
    Row("a .. segment behind a backslash", get(target="/a\\..\\b"), BAD),
    Row("a .. segment behind %5C", get(target="/a%5c..%5cb"), BAD),
    Row("a .. segment in the query", get(target="/a?/../b"), V("200", "kept", "GET /a?/../b")),
    Row("%2F and //", get(target="/a%2Fb//c"), V("200", "kept", "GET /a%2Fb//c")),
    Row("a percent sign alone", get(target="/a%b"), BAD),
    Row("%00", get(target="/a%00b"), BAD),
    Row("bytes above ASCII in the target", get(target="/\xc3\xa9"), BAD),
    Row("a control in the target", get(target="/a\x01b"), BAD),
    Row("braces, bars and carets", get(target="/{a}|b^c?{d}"), V("200", "kept", "GET /{a}|b^c?{d}")),
]

HEADERS = [
    Row("hop-by-hop headers", get("TE: trailers", "Keep-Alive: 5", "Proxy-Connection: close"), FINE),
    Row("a header that Connection lists", get("Connection: x-a", "X-A: 1", "X-B: 2"), V("200", "kept", "GET /a [x-b: 2]")),
    Row("Connection lists the length", post("Connection: content-length", "Content-Length: 3", body="abc"), POSTED),
    Row("Connection: close", get("Connection: close"), V("200", "closed", "GET /a")),
    Row("an Upgrade that the backend does not take", get("Connection: Upgrade", "Upgrade: websocket"),
        V("200", "kept", "GET /a [connection: upgrade] [upgrade: websocket]")),
    Row("an Upgrade that Connection does not list", get("Upgrade: websocket"), FINE),
    Row("an expectation with its body at once", post("Expect: 100-continue", "Content-Length: 3", body="abc"), POSTED),
    Row("an expectation nobody knows", get("Expect: tea"), V("100,200", "kept", "GET /a [expect: tea]")),
]

PIPELINES = [
    Row("two requests in one write", get() + get(target="/b"), V("200,200", "kept", "GET /a", "GET /b")),
    Row("a bad request behind a good one", get() + b"GET /b\r\n\r\n", V("200,400", "closed", "GET /a")),
    Row("a body longer than its length is the next request", post("Content-Length: 3", body="abc" + HIDDEN),
        V("200,200", "kept", "POST /a abc", "GET /hidden")),
    Row("a body longer than its length and no request", post("Content-Length: 3", body="abcdef\r\n\r\n"),
        V("200,400", "closed", "POST /a abc")),
    Row("a GET with a hidden request as its body", get("Content-Length: %d" % len(HIDDEN)) + HIDDEN.encode(),
        V("200", "kept", "GET /a " + HIDDEN)),
]

ANSWERS = [
    Row("an answer of a length", get(), V("200 ok", "kept", "GET /a"),
        answer=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    Row("a chunked answer with trailers", get(), V("200 abc +T: 1", "kept", "GET /a"),
        answer=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: 1\r\n\r\n"),
    Row("a chunked answer to HTTP/1.0", get(version="1.0"), V("200 abc", "closed", "GET /a"),
        answer=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    Row("an answer until close", get(), V("200 abc", "closed", "GET /a"),
        answer=b"HTTP/1.1 200 OK\r\n\r\nabc", answer_ends=True),
    Row("an answer of HTTP/1.0", get(), V("200 abc", "closed", "GET /a"),
        answer=b"HTTP/1.0 200 OK\r\n\r\nabc", answer_ends=True),
    Row("HEAD with a length", request("HEAD"), V("200", "kept", "HEAD /a"),
        answer=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
    Row("HEAD answered with a body", request("HEAD"), V("200", "kept", "HEAD /a"),
        answer=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
    Row("204 with a length", get(), V("204", "kept", "GET /a"), answer=b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"),
    Row("304 with a length", get(), V("304", "kept", "GET /a"), answer=b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
    Row("205", get(), V("205", "kept", "GET /a"), answer=b"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n"),
    Row("103 before the answer", get(), V("103,200 ok", "kept", "GET /a"),
        answer=b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    Row("101 that nobody asked for", get(), V("502", "kept", "GET /a"),
        answer=b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
    Row("an answer with length and chunked", get(), V("502", "kept", "GET /a"),
        answer=b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    Row("an answer with two lengths", get(), V("502", "kept", "GET /a"),
        answer=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
    Row("an answer with a negative length", get(), V("502", "kept", "GET /a"),
        answer=b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok"),
    Row("an answer with a bad chunk", get(), V("502", "kept", "GET /a"),
        answer=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nabc"),
    Row("an answer with a folded header", get(), V("502", "kept", "GET /a"),
        answer=b"HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 2\r\n\r\nok"),
    Row("an answer with line ends of LF alone", get(), V("502", "kept", "GET /a"),
        answer=b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
    Row("an answer with NUL in a header", get(), V("502", "kept", "GET /a"),
        answer=b"HTTP/1.1 200 OK\r\nX-A: \x00\r\nContent-Length: 2\r\n\r\nok"),
    Row("an answer with a space before the colon", get(), V("502", "kept", "GET /a"),
        answer=b"HTTP/1.1 200 OK\r\nX-A : 1\r\nContent-Length: 2\r\n\r\nok"),
    Row("an answer that is not HTTP", get(), V("502", "kept", "GET /a"), answer=b"SSH-2.0-OpenSSH\r\n", answer_ends=True),
    Row("an answer of a status past three digits", get(), V("502", "kept", "GET /a"),
        answer=b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok"),
    Row("no answer at all", post("Content-Length: 3", body="abc"), V("502", "kept", "POST /a abc"), answer=b"", answer_ends=True),
    Row("an answer longer than its length", get(), V("200 ok", "kept", "GET /a"),
        answer=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"),
    Row("an answer shorter than its length", get(), V("200…", "broken", "GET /a"),
        answer=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", answer_ends=True),
    Row("a chunked answer without its end", get(), V("200…", "broken", "GET /a"),
        answer=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", answer_ends=True),
    Row("hop-by-hop headers of an answer", get(), V("200 ok", "kept", "GET /a"),
        answer=b"HTTP/1.1 200 OK\r\nConnection: close, X-A\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nok", answer_ends=True),
]

ALL = FRAMING + CHUNKS + LINES + START + TARGETS + HEADERS + PIPELINES + ANSWERS

# Why we differ, and what nginx 1.22 makes of each row that shows it.
DIFFERENCES = [
    ("We take CR LF alone for a line end: RFC 9112 section 2.2 allows LF, and two readers that differ on it see two messages", {
        "line ends of LF alone": FINE,
        "one line end of LF alone": V("200", "kept", "GET /a [x-a: 1]"),
        "an answer with line ends of LF alone": V("200 ok", "kept", "GET /a"),
    }),
    ("Chunked bytes go on verbatim, so what a later reader could take differently is refused; nginx reads and writes them anew", {
        "a chunk extension of controls": POSTED,
        "LF inside a chunk extension": POSTED,
        "a chunk line of 2000 bytes": POSTED,
        "spaces behind a chunk size": POSTED,
        "a chunk size with many zeros": POSTED,
        "a chunk line ended by LF alone": POSTED,
        "a chunk ended by LF alone": POSTED,
        "the last chunk ended by LF alone": POSTED,
        "a trailer that says a length": V("200", "kept", "POST /a"),
        "a trailer that says a coding": V("200", "kept", "POST /a"),
        "a trailer without a colon": POSTED,
        "a folded trailer": POSTED,
        "a request hidden behind the last chunk's LF": V("200,200", "kept", "POST /a", "GET /hidden"),
    }),
    ("Trailers pass; nginx drops them", {
        "trailers": V("200", "kept", "POST /a [trailer: T] abc"),
        "a chunked answer with trailers": V("200 abc", "kept", "GET /a"),
    }),
    ("RFC 9112 section 6.3: where chunked is not the last coding the length is unknown: 400; nginx answers 501 to any coding but one", {
        "chunked not last": V("501", "closed"),
        "chunked twice": V("501", "closed"),
        "the coding identity": V("501", "closed"),
        "an empty Transfer-Encoding": V("501", "closed"),
        "chunked in quotes": V("501", "closed"),
        "xchunked": V("501", "closed"),
        "chunked behind a vertical tab": V("501", "closed"),
    }),
    ("No body is a million terabytes: 18 digits are enough, and stay within every reader's integer", {
        "a length past 18 digits": V("none", "silent", "POST /a abc…"),
    }),
    ("RFC 9110 section 5.5: controls in a value are refused; nginx sends them on", {
        "another control in a value": V("200", "kept", "GET /a [x-a: 1\x012]"),
        "DEL in a value": V("200", "kept", "GET /a [x-a: 1\x7f2]"),
    }),
    ("RFC 9112 section 5: a line that is no header is refused; nginx makes one of it, or drops it", {
        "no colon": V("200", "kept", "GET /a [x-a: ]"),
        "a name with parentheses": FINE,
    }),
    ("RFC 9110 section 5.1: a name is a token, and an end-to-end header goes on; nginx drops names that CGI could not tell apart", {
        "a name with an underscore": FINE,
        "a name with an apostrophe": FINE,
    }),
    ("Empty lines before a request are for clients that are one off: two are skipped; nginx skips any number", {
        "three empty lines first": FINE,
    }),
    ("RFC 6585 section 5 names 431; nginx says 400. Heads may have 64 KiB; nginx's lines 8 KiB", {
        "a head of 200 KB": BAD,
        "a header line of 10 KB": BAD,
    }),
    ("Headers are counted: past 320 it is 431; nginx 1.22 bounds their bytes alone", {
        "400 headers": V("200", "kept", " ".join(["GET /a", *["[x-a%d: 1]" % i for i in range(400)]])),
    }),
    ("RFC 9112 section 3.2: a malformed Host is 400; nginx reads as much of it as it likes", {
        "a Host with a user": FINE,
        "a Host with a port that is none": FINE,
    }),
    ("HTTP/0.9 is no HTTP/1: a line without a version would be answered without a head", {
        "HTTP/0.9": V("0.9", "closed", "GET /a"),
        "a bad request behind a good one": V("200,0.9", "closed", "GET /a", "GET /b"),
    }),
    ("RFC 9110 section 15.6.6: another major version is 505", {
        "HTTP/0.9 by name": BAD,
    }),
    ("RFC 9112 section 3: one space between the parts, a version of two digits; who splits at white space sees another target", {
        "HTTP/1.10": FINE,
        "two spaces before the target": FINE,
        "two spaces before the version": FINE,
        "a space behind the version": FINE,
    }),
    ("RFC 9110 section 9.1: a method is a token, case matters, and which there are is the agent's matter", {
        "a method in small letters": BAD,
        "TRACE": V("405", "closed"),
    }),
    ("RFC 9110 section 7.6.2: Max-Forwards is counted down, and at 0 the request ends here; nginx knows neither it nor TRACE", {
        "TRACE that may go no further": V("405", "closed"),
        "OPTIONS that may go one further": V("200", "kept", "OPTIONS /a [max-forwards: 1]"),
    }),
    ("RFC 9110 section 9.1: a method longer than any known is 501; nginx sends it on", {
        "a method of 40 letters": V("200", "kept", "A" * 40 + " /a"),
    }),
    ("RFC 9110 section 15.6.2: a method that is not served is 501", {
        "CONNECT": BAD,
    }),
    ("RFC 9112 section 3.2.2: absolute form names http or https here; nginx takes any scheme's", {
        "absolute form of another scheme": FINE,
    }),
    ("RFC 9112 section 3.2.4: OPTIONS * asks the server as a whole, and passes", {
        "OPTIONS *": BAD,
    }),
    ("RFC 9112 section 3.2: a target has no fragment; nginx sends it on", {
        "a fragment": V("200", "kept", "GET /a#b"),
    }),
    ("A .. segment could climb out of the agent's prefix at the next reader; nginx sends it on as it came", {
        "a .. segment": V("200", "kept", "GET /a/../b"),
        "an encoded .. segment": V("200", "kept", "GET /a/%2e%2E/b"),
        "a .. segment behind %2F": V("200", "kept", "GET /a%2f..%2fb"),
        "a .. segment behind a backslash": V("200", "kept", "GET /a\\..\\b"),
        "a .. segment behind %5C": V("200", "kept", "GET /a%5c..%5cb"),
    }),
    ("RFC 3986: bytes above ASCII are percent-encoded; nginx sends them raw", {
        "bytes above ASCII in the target": V("200", "kept", "GET /\xc3\xa9"),
    }),
    ("RFC 9110 section 7.6.1: what Connection lists stays here, and the obsolete Proxy-Connection; nginx sends both on", {
        "hop-by-hop headers": V("200", "kept", "GET /a [proxy-connection: close]"),
        "a header that Connection lists": V("200", "kept", "GET /a [x-a: 1] [x-b: 2]"),
    }),
    ("An Upgrade is the agent's to take or to leave; nginx wants it written into its configuration", {
        "an Upgrade that the backend does not take": FINE,
    }),
    ("Expectations are the agent's to meet, end to end; nginx says 100 itself and drops the header", {
        "an expectation with its body at once": V("100,200", "kept", "POST /a abc"),
        "an expectation nobody knows": FINE,
    }),
    ("What ends with the connection goes on so; nginx makes chunks of it, and a cut could then look like an end", {
        "an answer until close": V("200 abc", "kept", "GET /a"),
        "an answer of HTTP/1.0": V("200 abc", "kept", "GET /a"),
    }),
    ("RFC 9110 section 15.2: interim answers pass and are not the answer; nginx 1.22 takes one for it", {
        "103 before the answer": V("103,200 ok", "open", "GET /a"),
        "101 that nobody asked for": V("101", "open", "GET /a"),
    }),
    ("An agent's answer is read as strictly as a request: 502; nginx passes on what it can", {
        "an answer with length and chunked": V("200", "kept", "GET /a"),
        "an answer with two lengths": V("200…", "open", "GET /a"),
        "an answer with a negative length": V("200…", "open", "GET /a"),
        "an answer that is not HTTP": V("0.9", "open", "GET /a"),
        "an answer of a status past three digits": V("2000 ok", "open", "GET /a"),
    }),
    ("A bad first chunk is seen before the head has gone: 502; nginx closes without a word", {
        "an answer with a bad chunk": V("none", "closed", "GET /a"),
    }),
]


def explained(rows):
    by_name = {row.name: row for row in rows}
    assert len(by_name) == len(rows), "two rows of one name"
    for why, verdicts in DIFFERENCES:
        for name, verdict in verdicts.items():
            row = by_name[name]
            assert row.nginx is None, "%s is explained twice" % name
            row.nginx, row.why = verdict, why
    return rows


ROWS = explained(ALL)
