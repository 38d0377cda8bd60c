"""A real HTTP receiver of webhooks that fails, hangs and redirects as it is told, and keeps what it got."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class WebhookReceiver:
    """`manners` says how the next requests are answered, one after another: a status, `hang`, `redirect`, `drop`, `drip`."""

    url: str
    manners: deque = field(default_factory=deque)
    got: list = field(default_factory=list)
    answered: list = field(default_factory=list)

    def wait_for(self, count, seconds=20.0, of=None):
        """The requests that were answered with 200, once there are so many."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            taken = [one for one, manner in zip(list(self.got), list(self.answered), strict=False) if manner == 200]
            if len(taken) >= count:
                return taken
            time.sleep(0.05)
        raise AssertionError(f"only {len(taken)} of {count} arrived; manners so far: {self.answered}")


@contextmanager
def webhook_receiver() -> Iterator[WebhookReceiver]:
    stopped = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.got.append((dict(self.headers.items()), body))
            manner = receiver.manners.popleft() if receiver.manners else 200
            receiver.answered.append(manner)
            if manner == "hang":
                stopped.wait(30)
                return
            if manner == "drip":  # a head that never ends
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                for _ in range(300):
                    if stopped.wait(0.1):
                        return
                    try:
                        self.wfile.write(b"x-more: 1\r\n")
                        self.wfile.flush()
                    except OSError:
                        return
                return
            if manner == "drop":
                self.connection.close()
                return
            self.send_response(302 if manner == "redirect" else manner)
            if manner == "redirect":
                self.send_header("Location", f"{receiver.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver = WebhookReceiver(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()
