"""A file server on loopback that misbehaves on request."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Behaviour:
    """What the server does with one file; ``requests`` keeps the Range header of each request it saw."""

    content: bytes
    status: int = 200
    cut_after: list[int] = field(default_factory=list)  # bytes to send of each of the first answers, then hang up
    silent: bool = False  # send headers, then nothing
    ignore_range: bool = False
    drip: float = 0.0  # seconds between pieces
    requests: list[str | None] = field(default_factory=list)


@contextmanager
def serve(behaviour: Behaviour) -> Iterator[str]:
    """Run the server; yields its base address."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(behaviour.status)
            self.end_headers()

        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            behaviour.requests.append(wanted)
            if behaviour.status != 200:
                self.send_error(behaviour.status)
                return
            start = 0
            if wanted and not behaviour.ignore_range:
                start = int(wanted.removeprefix("bytes=").split("-")[0])
                if start >= len(behaviour.content):
                    self.send_error(416)
                    return
                self.send_response(206)
                self.send_header(
                    "Content-Range", f"bytes {start}-{len(behaviour.content) - 1}/{len(behaviour.content)}"
                )
            else:
                self.send_response(200)
            body = behaviour.content[start:]
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if behaviour.silent:
                time.sleep(3)
                return
            if behaviour.cut_after:
                self.wfile.write(body[: behaviour.cut_after.pop(0)])
                self.wfile.flush()
                return
            pieces = 5 if behaviour.drip else 1
            step = max(1, -(-len(body) // pieces))
            for at in range(0, len(body), step):
                self.wfile.write(body[at : at + step])
                self.wfile.flush()
                time.sleep(behaviour.drip)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
