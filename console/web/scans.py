"""Looks at a file that somebody sent, within a budget: one seat, one clock, and an end when the client leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import anyio
from anyio import to_thread
from fastapi import Request

from console.web.context import RequestContext, client_address
from console.web.http_errors import TooMany
from console.web.rate_limits import client_of, client_range
from core.errors import Abandoned
from media.reference_file import REFERENCE_BUDGET
from media.sandbox.scan import Scan, ScanBudget, scan_within
from pipeline.safe_fetch import SafeFetcher

_T = TypeVar("_T")

ACCOUNT_BUDGET = ScanBudget(wall=180.0)
"""For takes and comparisons, which need an account: models measure beside the decoding and take part of the time."""

_LONGEST_WAIT = 60.0
"""Seconds that a complete upload waits for its turn."""


async def scan_file(
    request: Request, context: RequestContext, look: Callable[[], _T], budget: ScanBudget | None = None
) -> _T:
    """What `look` returns, run in a thread within a budget (by default the one for strangers).

    To be called once the whole body has arrived. A client that leaves ends it within a second: what is decoding then is
    killed. Raises TooMany where no seat is free, or none becomes free in a minute, and whatever `look` raises.
    """
    with context.concurrency.slot(client_address(request)):
        waiting, scan = anyio.CancelScope(), Scan(budget=budget or context.scan_budget)
        with _ended_by_client(request, scan, waiting):
            sender = client_range(client_address(request))
            await _turn(context, sender, scan, waiting)
            began = anyio.current_time()
            try:
                return await to_thread.run_sync(_looked, look, scan)
            finally:
                context.analysis_queue.release(sender, anyio.current_time() - began)


async def fetch_for_client(request: Request, context: RequestContext, fetcher: SafeFetcher, url: str, to: Path) -> str:
    """What `fetcher` says. It takes a seat among uploads, which it is one of, and none in which files are decoded.

    A client that leaves ends it. Raises Abandoned then, TooMany where no seat is free, and BadInput.
    """
    with context.uploads.slot(client_of(request)):
        name, scope = "", anyio.CancelScope()
        with _ended_by_client(request, Scan(budget=context.scan_budget), scope), scope:
            name = await fetcher.fetch_async(url, to)
        if scope.cancelled_caught:
            raise Abandoned
        return name


async def scan_reference(request: Request, context: RequestContext, look: Callable[[], _T]) -> _T:
    """As scan_file, for an account's own reference: without a seat, and in a queue of its own."""
    scan = Scan(budget=REFERENCE_BUDGET)
    with _ended_by_client(request, scan, anyio.CancelScope()):
        return await to_thread.run_sync(_looked, look, scan, limiter=context.reference_limiter)


@contextmanager
def _ended_by_client(request: Request, scan: Scan, waiting: anyio.CancelScope) -> Iterator[None]:
    watcher = asyncio.create_task(_end_when_client_leaves(request, scan, waiting))
    try:
        yield
    finally:
        watcher.cancel()


async def _turn(context: RequestContext, sender: str, scan: Scan, waiting: anyio.CancelScope) -> None:
    waiting.deadline = anyio.current_time() + _LONGEST_WAIT
    with waiting:
        await context.analysis_queue.acquire(sender)
    if waiting.cancelled_caught:
        if scan.cancelled:
            raise Abandoned
        raise TooMany("Many files are being looked at just now: try again in a minute.")


def _looked(look: Callable[[], _T], scan: Scan) -> _T:
    scan.begin()  # waiting for its turn was not its doing
    with scan_within(scan):
        return look()


async def _end_when_client_leaves(request: Request, scan: Scan, waiting: anyio.CancelScope) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    scan.cancel()
    waiting.cancel()
