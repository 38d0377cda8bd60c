"""Requests a minute, by key and by account."""

from console.web import key_rates
from console.web.key_rates import KeyRateLimiter
from core.roles import Principal, UsageLimits


def who(account="ana", key="key_1", own=None):
    return Principal(id=account, key=key, key_limits=UsageLimits(requests_per_minute=own))


def test_the_nearer_limit_is_told_and_the_minute_begins_with_the_first_request():
    now = [0.0]
    rates, defaults = KeyRateLimiter(clock=lambda: now[0]), UsageLimits(requests_per_minute=5)
    assert rates.count(who(own=2), defaults).headers() == {
        "x-ratelimit-limit-requests": "2",
        "x-ratelimit-remaining-requests": "1",
        "x-ratelimit-reset-requests": "60s",
    }
    now[0] = 59.5
    assert rates.count(who(own=2), defaults).remaining == 0
    over = rates.count(who(own=2), defaults)
    assert (over.remaining, over.headers()["x-ratelimit-remaining-requests"], over.reset) == (-1, "0", 0.5)
    now[0] = 60.0
    assert rates.count(who(own=2), defaults).remaining == 1


def test_more_keys_are_not_more_requests_and_another_account_has_its_own():
    rates, defaults = KeyRateLimiter(clock=lambda: 0.0), UsageLimits(requests_per_minute=2)
    assert [rates.count(who(key=f"key_{n}"), defaults).remaining for n in range(3)] == [1, 0, -1]
    assert rates.count(who("ben"), defaults).remaining == 1


def test_without_a_limit_nothing_is_said():
    assert KeyRateLimiter().count(who(), UsageLimits()) is None
    assert KeyRateLimiter().count(who(), UsageLimits(requests_per_minute=0)) is None


def test_how_many_are_remembered_is_bounded_and_the_longest_unseen_is_forgotten(monkeypatch):
    monkeypatch.setattr(key_rates, "_MAX_SUBJECTS", 10)
    rates, defaults = KeyRateLimiter(clock=lambda: 0.0), UsageLimits(requests_per_minute=5)
    for number in range(10):
        assert rates.count(who(f"account {number}"), defaults).remaining == 4
    assert rates.count(who("account 0"), defaults).remaining == 3
    rates.count(who("another"), defaults)
    assert rates.count(who("account 0"), defaults).remaining == 2
    assert rates.count(who("account 1"), defaults).remaining == 4
