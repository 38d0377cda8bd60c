"""What a stranger's address leads to is fetched without a place where files are decoded, for as long as they wait."""

from __future__ import annotations

import time
from types import SimpleNamespace

import anyio
import pytest

from console.web.rate_limits import ConcurrencyLimiter
from console.web.scans import fetch_for_client
from core.errors import Abandoned
from media.sandbox.scan import ScanBudget
from pipeline.safe_fetch import SafeFetcher
from tests.dripping_server import DRIPS, dripping

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


class Visitor:
    """A request whose sender leaves after so many seconds."""

    client = SimpleNamespace(host="198.51.100.7")

    def __init__(self, leaves_after):
        self._leaves_after = leaves_after

    async def receive(self):
        await anyio.sleep(self._leaves_after)
        return {"type": "http.disconnect"}


class FullSeats(ConcurrencyLimiter):
    """Of those who are looked at: none is free."""

    def slot(self, address):
        raise AssertionError(f"{address} took a place where files are decoded")


async def test_a_client_that_leaves_ends_a_visit_that_holds_no_place_where_files_are_decoded(tmp_path):
    context = SimpleNamespace(
        uploads=ConcurrencyLimiter(), concurrency=FullSeats(), analysis_queue=None, scan_budget=ScanBudget()
    )
    with dripping(DRIPS["its headers"]) as port:
        fetcher = SafeFetcher(
            max_bytes=1 << 20,
            resolve=lambda _host, _port: ("127.0.0.1",),
            allowed=lambda _address: True,
            ports=frozenset({port}),
        )
        began = time.monotonic()
        with pytest.raises(Abandoned):
            await fetch_for_client(Visitor(0.5), context, fetcher, f"http://public.test:{port}/a", tmp_path / "f")
        assert time.monotonic() - began < 2
    with context.uploads.slot("198.51.100.7"):
        pass
