"""Runs the web side, webhooks and, where this process moves cases too, the local runner beside it; ends all cleanly."""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from console.app import create_app
from console.web.header_timeout import HeaderTimeoutProtocol
from console.web.protocols import RunningInstallation
from console.web.tls import server_ssl_context
from media.sandbox.protections import sandbox_protections
from pipeline.background import running_beside

KEEP_ALIVE_SECONDS = 75
"""How long a connection is kept between two requests: longer than clients keep theirs (httpx, and so `openai`, 5 s;
load balancers 60 s). Whoever closes first must be the client: else its next request meets a connection that is just
being closed, and fails."""

_SWITCH_SECONDS = 0.0005
"""How long a thread that computes keeps the interpreter while another waits for it: by default ten times as long, which
a request would wait at each of its steps beside classifiers at work."""

_MALLOC_OPTIONS = {-3: 512 * 1024, -1: 1024**2, -8: 2}
"""For glibc's mallopt: M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_ARENA_MAX."""


def run_server(installation: RunningInstallation) -> None:
    """Serve until SIGTERM or Ctrl-C. What runs then is finished; the installation is closed. For the main thread.

    A second signal leaves at once: whatever was running is done again by whoever sweeps next.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    _return_freed_memory()
    try:
        sandbox_protections()  # tried now, so that the log says at the start what is not in force
        server = _server(installation)
        cases = running_beside(installation.runner, "assay-runner")
        webhooks = running_beside(installation.webhook_sender, "assay-webhooks")
        reviews = running_beside(installation.review_worker, "assay-reviews")
        watched = installation.observation.serving(installation.settings)
        with _finish_before_exit(server), watched, cases, webhooks, reviews:
            server.run()
    finally:
        installation.close()


def _server(installation: RunningInstallation) -> uvicorn.Server:
    settings = installation.settings
    tls = server_ssl_context(settings.tls_cert, settings.tls_key)
    return uvicorn.Server(
        uvicorn.Config(
            create_app(installation),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            http=HeaderTimeoutProtocol,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=10,
            ssl_context_factory=None if tls is None else lambda _config, _default: tls,
        )
    )


def _return_freed_memory() -> None:
    """Pictures and sound go back to the system once they are freed: else each thread keeps what its largest took."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none, and nothing is lost
    if mallopt is not None:
        for option, value in _MALLOC_OPTIONS.items():
            mallopt(option, value)


@contextmanager
def _finish_before_exit(server: uvicorn.Server) -> Iterator[None]:
    """uvicorn shuts down on a signal and then raises it again, which would kill us before the runner has finished."""
    heard = 0

    def hear(_number: int, _frame: FrameType | None) -> None:
        nonlocal heard
        heard, server.should_exit = heard + 1, True
        if heard > 1:
            raise SystemExit(1)

    before = {kind: signal.signal(kind, hear) for kind in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
