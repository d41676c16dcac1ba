"""The shop as WSGI (app), which logs by itself where LOG names a file, and as ASGI (asgi)."""

import json
import os
import threading

PAGE = b"page " * 200
log, lock = os.environ.get("LOG"), threading.Lock()


def answer(method, path, body):
    if path == "/page":
        return "200 OK", "text/plain", PAGE
    if path == "/echo" and method == "POST":
        return "200 OK", "application/json", json.dumps(json.loads(body), separators=(",", ":")).encode()
    return "404 Not Found", "text/plain", b""


def app(environ, start):
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    status, kind, body = answer(method, path, environ["wsgi.input"].read())
    start(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    if log:
        with lock, open(log, "a") as file:
            file.write(f"{method} {path} {status[:3]}\n")
    return [body]


async def asgi(scope, receive, send):
    if scope["type"] != "http":
        return
    read, more = b"", True
    while more:
        event = await receive()
        read, more = read + event.get("body", b""), event.get("more_body", False)
    status, kind, body = answer(scope["method"], scope["path"], read)
    await send({"type": "http.response.start", "status": int(status[:3]), "headers": [(b"content-type", kind.encode())]})
    await send({"type": "http.response.body", "body": body})
