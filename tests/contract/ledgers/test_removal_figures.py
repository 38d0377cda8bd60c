"""Leads see how many appeals of removals wait, how many of them too long, and how many put a video back."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from core.case import Phase, new_case
from core.events import Appealed, Recalled, Reversed, Ruled, Submitted, Withdrawn
from core.recalls import APPEAL_GRANTED
from core.verdicts import Decision, Gate, Ruling
from pipeline.appeals.removal_figures import PostgresRemovalAppeals, appeal_time
from pipeline.claims.claim import Claim, ClaimDecision, ClaimKind, ClaimStep, new_tracking_number
from pipeline.claims.postgres_claims import PostgresClaims
from tests.lawful import carry

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
UPHOLD = Ruling(gate=Gate.PROMPT, decision=Decision.REFUSE, moderator="ny", over=(), code="unclear", on_appeal=True)


@pytest.fixture
def figures(bench):
    return PostgresRemovalAppeals(bench.database)


def removed(bench, *after):
    case = carry(bench.ledger, new_case(), Phase.PUBLISHED, submitted=Submitted(author="ana", prompt="t"))
    for event in (Recalled(by="mo", code="policy"), Withdrawn(), *after):
        case = bench.ledger.append(case, [event])


def appeal(now, **more):
    values = {"received_at": now, "due_at": now + timedelta(hours=168), "by_author": True, "law": "eu_dsa_20", **more}
    number = new_tracking_number()
    return Claim(id=number, secret_sha256=number, kind=ClaimKind.COPYRIGHT, **values)


@pytest.mark.postgres
@pytest.mark.parametrize("bench", ["postgres"], indirect=True)  # the database counts them
def test_appeals_are_counted_by_what_took_the_video_down_and_by_their_clock(bench, figures):
    now = datetime.now(UTC)
    appealed = Appealed(by="ana")
    removed(bench)
    removed(bench, appealed)
    removed(bench, appealed, Ruled(ruling=UPHOLD))
    removed(bench, appealed, Reversed(by="ny", code=APPEAL_GRANTED))
    store = PostgresClaims(bench.database, keys=None)
    first = appeal(now, by_author=False)
    store.add(first, ClaimStep(step="received", at=now))
    of_first = partial(appeal, now, appeal_of=first.id)
    for one in (
        of_first(),
        of_first(decision=ClaimDecision.UPHELD, decided_at=now),
        of_first(decision=ClaimDecision.REJECTED, decided_at=now),
        of_first(by_author=False),  # the claimant's own
    ):
        store.add(one, ClaimStep(step="received", at=now))
    service, claims = figures.counts(LONG_AGO, now)
    for one in (service, claims):
        assert (one.waiting, one.late, one.answered, one.overturned) == (1, 0, 2, 1), one
    later = now + appeal_time() + timedelta(minutes=5)
    assert [(one.waiting, one.late) for one in figures.counts(LONG_AGO, later)] == [(1, 1), (1, 1)]
    assert [one.answered for one in figures.counts(later, later)] == [0, 0]
