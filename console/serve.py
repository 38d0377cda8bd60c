"""Runs the web side and, where this process moves cases too, the local runner beside it; ends both cleanly."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from types import FrameType

import uvicorn

from console.app import create_app
from console.house import RunningHouse
from console.tls import context


def serve(house: RunningHouse) -> None:
    """Serve until SIGTERM or Ctrl-C. What runs then is finished; the house is closed. For the main thread.

    A second signal leaves at once: whatever was running is done again by whoever sweeps next.
    """
    try:
        server = _server(house)
        with _outliving_signals(server), _moving(house):
            server.run()
    finally:
        house.close()


def _server(house: RunningHouse) -> uvicorn.Server:
    settings = house.settings
    tls = context(settings.tls_cert, settings.tls_key)
    return uvicorn.Server(
        uvicorn.Config(
            create_app(house),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
            ssl_context_factory=None if tls is None else lambda _config, _default: tls,
        )
    )


@contextmanager
def _moving(house: RunningHouse) -> Iterator[None]:
    stop = Event()
    if house.runner is None:
        yield
        return
    thread = Thread(target=house.runner.run_forever, args=(stop,), name="assay-runner", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def _outliving_signals(server: uvicorn.Server) -> Iterator[None]:
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
