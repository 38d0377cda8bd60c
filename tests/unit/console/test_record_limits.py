"""A bundle reads the whole log: an account gets few of them a minute, and another account its own."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from console.record import record_pages
from console.web.http_errors import TooMany
from console.web.rate_limits import RateLimiter
from core.roles import Principal


def test_an_account_gets_twelve_bundles_a_minute(monkeypatch):
    made = []
    desk = SimpleNamespace(bundle=lambda who, case_id: made.append(who.id) or {"case": case_id})
    monkeypatch.setattr(record_pages, "record_desk", lambda _context: desk)
    context = SimpleNamespace(rate_limiter=RateLimiter(clock=lambda: 0.0))
    ana, bob = (Principal(id=name, roles=frozenset()) for name in ("ana", "bob"))
    for _ in range(12):
        record_pages.appeal_bundle(ana, context, "c")
    with pytest.raises(TooMany):
        record_pages.appeal_bundle(ana, context, "c")
    record_pages.appeal_bundle(bob, context, "c")
    assert made == ["ana"] * 12 + ["bob"]
