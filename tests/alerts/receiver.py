"""A webhook receiver: `python receiver.py PORT FILE`. The path says how it behaves; what came is a line in the file."""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

file = Path(sys.argv[2])
failed: dict[str, int] = {}


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        body = self.rfile.read(length)
        if len(body) < length:  # its sender was killed in the middle: nothing came
            self.close_connection = True
            return
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        line = {"path": self.path, "headers": headers, "body": body.decode(), "at": time.time()}
        with file.open("a") as log:
            log.write(json.dumps(line) + "\n")
        time.sleep(float(asked.get("seconds", 0)))
        status = int(asked.get("status", 204))
        if (times := int(asked.get("times", 0))) and failed.get(self.path, 0) >= times:
            status = 204
        failed[self.path] = failed.get(self.path, 0) + 1
        self.send_response(status)
        for name in ("location", "retry-after"):
            if name in asked:
                self.send_header(name, asked[name])
        self.send_header("content-length", asked.get("bytes", "0") if status != 204 else "0")
        self.end_headers()
        for _ in range(int(asked.get("bytes", 0)) // 1024):
            self.wfile.write(b"x" * 1024)
            time.sleep(float(asked.get("drip", 0)))

    def log_message(self, *_: object) -> None:
        """Quiet."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Whoever goes away, goes away."""


server = Server(("127.0.0.1", int(sys.argv[1])), Receiver)
print(server.server_address[1], flush=True)
server.serve_forever()
