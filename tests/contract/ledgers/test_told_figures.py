"""What the public was told of past months stays as it was told, through restarts, until the next month is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from core.case import Phase, new_case
from core.events import Recalled
from pipeline.claims.postgres_claims import PostgresClaims
from pipeline.legal_record.postgres_figures import PostgresFigures
from pipeline.legal_record.postgres_restrictions import PostgresRestrictions
from pipeline.legal_record.record_desk import RecordDesk, RecordOptions
from tests.lawful import way_to

pytestmark = pytest.mark.postgres

NEXT_MONTH = (datetime.now(UTC).replace(day=1) + timedelta(days=40)).replace(day=2)
OPTIONS = RecordOptions(service_name="s", provider="p", public=True, smallest=1, published_only=False)


def desk(postgres, now=NEXT_MONTH):
    """A desk of a process that has just started."""
    return RecordDesk(
        restrictions=PostgresRestrictions(postgres.database),
        claims=PostgresClaims(postgres.database, keys=None),
        statements=SimpleNamespace(category_of=lambda _rule: None),
        submission=None,
        bundles=None,
        figures=PostgresFigures(postgres.database),
        options=OPTIONS,
        clock=lambda: now,
    )


def take_down(postgres):
    case = new_case()
    for event in (*way_to(Phase.PUBLISHED), Recalled(by="m", code="policy")):
        case = postgres.ledger.append(case, [event])


def test_what_was_told_of_a_month_does_not_move_before_the_next_is_over(postgres):
    take_down(postgres)
    first = desk(postgres).transparency()
    assert first.by_measure.total == 1
    take_down(postgres)
    assert desk(postgres).transparency() == desk(postgres, NEXT_MONTH + timedelta(days=20)).transparency() == first
    assert desk(postgres, NEXT_MONTH + timedelta(days=40)).transparency().by_measure.total == 2
