"""The shop by http.server: python3 server.py PORT PROTOCOL CLASS, such as HTTP/1.0 ThreadingHTTPServer. Logs to stderr."""

import http.server
import sys

port, protocol, kind = sys.argv[1:]


class Shop(http.server.BaseHTTPRequestHandler):
    protocol_version = protocol

    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(200 if self.path == "/page" else 404, "text/plain", b"page " * 200)

    def do_POST(self):
        self.answer(200, "application/json", self.rfile.read(int(self.headers["Content-Length"])))


getattr(http.server, kind).request_queue_size = 1024
getattr(http.server, kind)(("127.0.0.1", int(port)), Shop).serve_forever()
