"""/metrics for Prometheus and /healthz for whoever restarts processes, on a port of their own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

from core.errors import Unavailable

log = logging.getLogger("assay.metrics")

Respond = Callable[..., Any]
Application = Callable[[dict[str, Any], Respond], Iterable[bytes]]


class _QuietHandler(WSGIRequestHandler):
    timeout = 10  # seconds for which a client may say nothing

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """Nothing: a scrape every few seconds is no news."""


@contextmanager
def serving_metrics(registry: CollectorRegistry, *, host: str, port: int, healthy: Callable[[], bool]) -> Iterator[int]:
    """Serve them until the block ends; gives the port, which is another where 0 was asked for. Raises Unavailable."""
    try:
        server = make_server(host, port, _application(registry, healthy), WSGIServer, _QuietHandler)
    except OSError as error:
        raise Unavailable(f"metrics cannot be served at {host}:{port}: {error.strerror or error}") from error
    thread = Thread(target=server.serve_forever, name="assay-metrics", daemon=True)
    thread.start()
    log.info("metrics are served at %s:%d", host, server.server_port)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _application(registry: CollectorRegistry, healthy: Callable[[], bool]) -> Application:
    metrics = make_wsgi_app(registry)

    def answer(environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
        match environ.get("PATH_INFO"):
            case "/metrics":
                told: Iterable[bytes] = metrics(environ, respond)
                return told
            case "/healthz":
                alive = healthy()
                respond(
                    "200 OK" if alive else "503 Service Unavailable", [("Content-Type", "text/plain; charset=utf-8")]
                )
                return [b"ok\n" if alive else b"nothing has been swept for too long\n"]
        respond("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"/metrics or /healthz\n"]

    return answer
