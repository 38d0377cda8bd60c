"""What guards the claims desk: floods are turned away by name, repeated false claims wait, intimate images never do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.access.usage import InsufficientQuota
from pipeline.claims.claim_limits import (
    GUARD_TEXTS,
    LIMIT_RULE_TEXTS,
    ClaimGuard,
    ClaimLimitRule,
    ClaimLimits,
    ClaimLimitSizes,
)
from pipeline.claims.postgres_claim_activity import PostgresClaimActivity
from pipeline.testing.memory_claim_activity import MemoryClaimActivity

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SIZES = ClaimLimitSizes(per_day=3, per_address_day=5, false_claims=2, false_window=timedelta(days=100))


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def limits(request):
    if request.param == "memory":
        return ClaimLimits(store=MemoryClaimActivity(), sizes=SIZES)
    database = request.getfixturevalue("database")
    with database.owner_connection() as connection:
        connection.execute("TRUNCATE claim_activity")
    return ClaimLimits(store=PostgresClaimActivity(database), sizes=SIZES)


def weighed(limits, claim, now=NOW, sender="mira", address="home", intimate=False):
    return limits.weigh(claim, now, sender_key=sender, address_key=address, intimate=intimate)


def test_one_more_claim_than_a_day_allows_is_turned_away_by_the_name_of_the_rule_and_told_when(limits):
    for hour in range(3):
        limits.admit("mira", NOW + timedelta(hours=hour))
    with pytest.raises(InsufficientQuota, match=r"claims_per_day: 3") as told:
        limits.admit("mira", NOW + timedelta(hours=4))
    assert told.value.retry_after == timedelta(hours=20).total_seconds()
    limits.admit("ben", NOW + timedelta(hours=4))
    limits.admit("mira", NOW + timedelta(hours=24))  # the first one is a day old
    assert limits.counts(NOW - timedelta(days=1))["turned_away"] == 1


def test_an_address_has_a_limit_of_its_own(limits):
    for _ in range(5):
        limits.admit("office", NOW, is_address=True)
    with pytest.raises(InsufficientQuota, match="claims_per_address_day: 5"):
        limits.admit("office", NOW, is_address=True)


def test_a_claim_of_an_intimate_image_is_never_turned_away_and_only_waits_behind_others(limits):
    for number in range(12):
        limits.admit("mira", NOW, spare=True)
        limits.admit("home", NOW, is_address=True, spare=True)
        found = weighed(limits, f"c{number}", intimate=True)
        assert (found is None) is (number < 3)
        if found:
            assert (found.guard, found.rule) == (ClaimGuard.BEHIND, ClaimLimitRule.CLAIMS_PER_DAY)
    assert len(limits.guarded([f"c{number}" for number in range(12)])) == 9


def test_after_repeated_false_claims_the_next_ones_need_proof_first_and_are_told_so(limits):
    for claim in ("c1", "c2"):
        assert weighed(limits, claim) is None
        limits.reject(claim, NOW)
        limits.reject(claim, NOW)  # twice is once
    found = weighed(limits, "c3")
    assert (found.guard, found.rule) == (ClaimGuard.PROOF_FIRST, ClaimLimitRule.FALSE_CLAIMS)
    assert LIMIT_RULE_TEXTS[found.rule] in found.message and GUARD_TEXTS[found.guard] in found.message
    assert limits.guarded(["c2", "c3"]) == {"c3": found}
    assert weighed(limits, "c4", intimate=True).guard is ClaimGuard.BEHIND
    assert weighed(limits, "c5", sender="ben", address="elsewhere") is None
    assert weighed(limits, "c6", sender="", address="home").guard is ClaimGuard.PROOF_FIRST  # another name, same place
    limits.proved("c3")
    assert "c3" not in limits.guarded(["c3", "c6"])
    assert limits.counts(NOW - timedelta(days=1)) == {"turned_away": 0, "behind": 1, "proof_first": 1, "rejected": 2}


def test_one_false_claim_is_forgotten_in_time_and_forgiven_where_an_appeal_shows_that_it_was_none(limits):
    for claim in ("c1", "c2"):
        weighed(limits, claim)
        limits.reject(claim, NOW)
    assert weighed(limits, "c3") is not None
    limits.forgive("c2")
    assert weighed(limits, "c4") is None
    limits.reject("c2", NOW)
    assert weighed(limits, "c5", now=NOW + timedelta(days=101)) is None
    assert limits.delete_old(NOW + timedelta(days=101)) > 0
    assert limits.guarded(["c3"]) == {}


def test_the_caller_may_name_the_key_of_a_false_claim_itself(limits):
    for claim in ("c1", "c2"):
        limits.rejected("mira", claim, NOW)
    assert weighed(limits, "c3").guard is ClaimGuard.PROOF_FIRST


def test_of_many_at_the_same_moment_no_more_are_admitted_than_there_is_room_for(limits):
    def admitted(_number):
        try:
            limits.admit("mira", NOW)
        except InsufficientQuota:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(admitted, range(16))) == 3


def test_a_limit_of_none_admits_everybody(limits):
    free = ClaimLimits(store=limits.store, sizes=ClaimLimitSizes(per_day=0, per_address_day=0, false_claims=0))
    for number in range(40):
        free.admit("mira", NOW)
        free.admit("home", NOW, is_address=True)
        assert weighed(free, f"c{number}") is None
        free.reject(f"c{number}", NOW)


def test_proof_of_an_address_is_kept_as_long_as_there_is_room_that_day(limits):
    limits = replace(limits, sizes=replace(SIZES, proof_bytes=100))
    assert limits.admit_proof("home", 60, NOW) and limits.admit_proof("home", 40, NOW)
    assert not limits.admit_proof("home", 1, NOW + timedelta(hours=23))
    assert limits.admit_proof("work", 100, NOW) and limits.admit_proof("home", 100, NOW + timedelta(hours=25))
