"""A server that never ends what it says, for whatever must not wait for it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def dripping(start: bytes) -> Iterator[int]:
    """The port of a server that says `start` at once, and then a byte every twentieth of a second, for ever."""
    ended = threading.Event()

    def serve(listener: socket.socket) -> None:
        while not ended.is_set():
            with suppress(OSError):
                link, _ = listener.accept()
                threading.Thread(target=drip, args=(link,), daemon=True).start()

    def drip(link: socket.socket) -> None:
        with suppress(OSError), link:
            link.sendall(start)
            while not ended.wait(0.05):
                link.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        ended.set()
        thread.join()


DRIPS = {
    "nothing": b"",
    "its first line": b"HTTP/1.1 2",
    "its headers": b"HTTP/1.1 200 OK\r\nX-Long: ",
    "the headers of a redirect": b"HTTP/1.1 302 Found\r\nLocation: /",
    "its body": b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n",
}
