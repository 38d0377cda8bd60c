"""How long measuring one case may go on. What looks at many pictures or much sound asks here whether to stop.

The limit is that of the current thread (and of those that copy its context). Whoever stops says so in its signals.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_deadline: ContextVar[float | None] = ContextVar("assay_measuring_deadline", default=None)


def is_time_up() -> bool:
    """Whether measuring has to end now. False where no limit was set."""
    deadline = _deadline.get()
    return deadline is not None and time.monotonic() >= deadline


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Let what this thread measures go on for so many seconds on the clock; within another limit, for no longer."""
    outer = _deadline.get()
    own = time.monotonic() + seconds
    token = _deadline.set(own if outer is None else min(own, outer))
    try:
        yield
    finally:
        _deadline.reset(token)
