"""What our PHP scripts do, as a WSGI application: ?do=echo, big, flush, headers, sleep, stderr, crash."""

import base64
import hashlib
import json
import os
import signal
import time
from urllib.parse import parse_qs

LETTERS = b"abcdefghijklmnopqrstuvwxyz"


def text_of(value):
    """A WSGI string holds bytes as ISO-8859-1."""
    return value.encode("latin-1").decode("utf-8", "replace")


def echo(environ, start_response, query):
    """Says as JSON what arrived."""
    source, left = environ["wsgi.input"], int(environ.get("CONTENT_LENGTH") or 0)
    body = bytearray()
    while left > 0:
        piece = source.read(min(left, 65536))
        if not piece:
            break
        body += piece
        left -= len(piece)
    start_response("200 OK", [("Content-Type", "application/json")])
    answer = {
        "method": environ["REQUEST_METHOD"],
        "query": environ.get("QUERY_STRING"),
        "bodyLength": len(body),
        "bodySha256": hashlib.sha256(body).hexdigest(),
        "body": base64.b64encode(body).decode() if len(body) <= 65536 else None,
        "server": {k: text_of(v) for k, v in environ.items() if isinstance(v, str)},
    }
    return [json.dumps(answer).encode()]


def big(environ, start_response, query):
    """Writes ?bytes= bytes: byte i of the body is 'a' + i % 26."""
    left = int(query.get("bytes", "1048576"))
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    block = LETTERS * 2520
    while left > 0:
        yield block[:left]
        left -= min(left, len(block))


def flush(environ, start_response, query):
    """Writes ?steps= lines, ?ms= milliseconds apart."""
    steps = int(query.get("steps", "3"))
    start_response("200 OK", [("Content-Type", "text/plain")])
    for step in range(1, steps + 1):
        yield b"step %d\n" % step
        if step < steps:
            time.sleep(int(query.get("ms", "50")) / 1000)


def headers(environ, start_response, query):
    """Answers with ?status=, two cookies, and ?count= headers more."""
    status = query.get("status", "302" if "location" in query else "200")
    fields = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Set-Cookie", "a=1; Path=/"),
        ("Set-Cookie", "b=2; HttpOnly"),
        ("X-Twice", "one"),
        ("X-Twice", "two"),
        ("X-Latin", "caf\xe9"),
    ]
    fields += [("X-Many-%d" % i, str(i)) for i in range(int(query.get("count", "0")))]
    if "location" in query:
        fields.append(("Location", query["location"]))
    start_response(status + " As Asked", fields)
    return [b"headers\n"]


def sleep(environ, start_response, query):
    """Sleeps ?ms= milliseconds, then says so."""
    milliseconds = int(query.get("ms", "1000"))
    time.sleep(milliseconds / 1000)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"slept %d ms\n" % milliseconds]


def stderr(environ, start_response, query):
    """Writes a line to the error stream, and a body."""
    environ["wsgi.errors"].write("error 1\n")
    environ["wsgi.errors"].flush()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"out 1\n"]


def crash(environ, start_response, query):
    """Kills its own process; ?after=1 begins an answer of 1000 bytes first."""
    if query.get("after"):
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "1000")])
        yield b"last words\n"
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(5)
    yield b""


def fail(environ, start_response, query):
    """Raises an exception before it answers."""
    raise RuntimeError("as asked")


CASES = {f.__name__: f for f in (echo, big, flush, headers, sleep, stderr, crash, fail)}


def application(environ, start_response):
    query = {k: v[0] for k, v in parse_qs(environ.get("QUERY_STRING", "")).items()}
    return CASES[query.get("do", "echo")](environ, start_response, query)
