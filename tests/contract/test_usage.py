"""One suite for every keeper of counts. Runs against: memory, and the embedded Postgres (marker `postgres`)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from core.roles import Principal, UsageLimits
from pipeline.access.usage import Charge, InsufficientQuota, Measure, UsageMeter, UsageStore
from pipeline.ledgers.database import Database
from pipeline.ledgers.postgres_usage import PostgresUsage
from pipeline.testing.memory_usage import MemoryUsage


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> UsageStore:
    if request.param == "memory":
        return MemoryUsage()
    kept: Database = request.getfixturevalue("database")
    with kept.owner_connection() as connection:
        connection.execute("TRUNCATE account_usage")
    return PostgresUsage(kept)


def charge(subject="account:ana", amount=1, most=None):
    return Charge(subject=subject, measure=Measure.VIDEOS, period="2026-11-29", amount=amount, most=most)


def used(store, subject="account:ana"):
    return store.used(subject, Measure.VIDEOS, "2026-11-29")


def test_what_is_counted_is_counted_up_to_the_limit_and_not_beyond(store):
    assert [store.charge([charge(most=2)]) for _ in range(2)] == [None, None]
    assert store.charge([charge(most=2)]) == charge(most=2)
    assert used(store) == 2 and used(store, "account:ben") == 0
    assert store.charge([charge(amount=5, most=4, subject="account:ben")]) is not None
    assert used(store, "account:ben") == 0


def test_of_several_counts_all_are_made_or_none(store):
    both = [charge(most=5), charge("key:k", most=1)]
    assert store.charge(both) is None
    assert store.charge(both) == both[1]
    assert (used(store), used(store, "key:k")) == (1, 1)
    store.refund(both)
    store.refund(both)
    assert (used(store), used(store, "key:k")) == (0, 0)


def test_of_many_at_once_exactly_so_many_come_through(store):
    both = [charge("key:k"), charge(most=25)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _n: store.charge(both), range(60)))
    assert answers.count(None) == 25 and (used(store), used(store, "key:k")) == (25, 25)


def person(key="key_1", **limits):
    return Principal(id="ana", key=key, key_limits=UsageLimits(**limits))


def test_an_order_that_fails_is_not_counted(store):
    meter = UsageMeter(store=store)
    with pytest.raises(ZeroDivisionError), meter.charged(person(), 4.0):
        raise ZeroDivisionError
    assert [one.used for one in meter.account_usage("ana", UsageLimits())] == [0, 0]


def test_an_accounts_limit_holds_for_all_its_keys_together_and_a_keys_for_itself(store):
    meter = UsageMeter(store=store, defaults=UsageLimits(videos_per_day=3))
    with meter.charged(person(videos_per_day=1), 4.2):
        pass
    with pytest.raises(InsufficientQuota, match="this key may have 1 videos a day") as over:
        meter.charged(person(videos_per_day=1), 4.2).__enter__()
    assert 0 < over.value.retry_after <= 86400
    for key in ("key_2", "key_3"):
        with meter.charged(person(key), None):
            pass
    with pytest.raises(InsufficientQuota, match="your account may have 3 videos a day"):
        meter.charged(person("key_4"), None).__enter__()
    videos, seconds = meter.account_usage("ana", UsageLimits())
    assert (videos.used, videos.limit, seconds.used, seconds.limit) == (3, 3, 5 + 4 + 4, None)


def test_seconds_are_counted_by_the_month(store):
    meter = UsageMeter(store=store, defaults=UsageLimits(video_seconds_per_month=10))
    with meter.charged(person(), 8.0):
        pass
    with pytest.raises(InsufficientQuota, match="10 seconds of video a month"):
        meter.charged(person(), 3.0).__enter__()
    with meter.charged(person(), 2.0):
        pass
    assert meter.account_usage("ana", UsageLimits())[1].used == 10


def test_an_own_limit_of_0_is_no_limit_and_who_has_no_key_is_not_counted(store):
    meter = UsageMeter(store=store, defaults=UsageLimits(videos_per_day=1))
    free = Principal(id="ana", key="key_1", account_limits=UsageLimits(videos_per_day=0))
    for who in (free, free, Principal(id="local:me"), Principal(id="local:me")):
        with meter.charged(who, 4.0):
            pass
    assert meter.account_usage("ana", free.account_limits)[0].used == 2
    assert meter.account_usage("local:me", UsageLimits())[0].used == 0
