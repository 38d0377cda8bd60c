"""Work that goes on in a thread of its own beside something else, and ends with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Protocol


class BackgroundWorker(Protocol):
    """Works until it is stopped."""

    def run_forever(self, stop: Event) -> None:
        """Run until `stop` is set; what is in hand then is finished."""


@contextmanager
def running_beside(worker: BackgroundWorker | None, name: str) -> Iterator[None]:
    """The worker at work, in a thread of this name, for as long as the block runs; nothing where there is none."""
    if worker is None:
        yield
        return
    stop = Event()
    thread = Thread(target=worker.run_forever, args=(stop,), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
