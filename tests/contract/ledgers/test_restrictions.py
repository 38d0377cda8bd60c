"""Restrictions: one row for each decision that restricts somebody's video, and what became of it. On Postgres."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from core.case import Phase, new_case
from core.events import Appealed, Commissioned, EngineDeclined, Recalled, Reversed, ViewSealed, Withdrawn
from core.verdicts import Decision, Gate
from pipeline.claims.claim import Claim, ClaimDecision, ClaimKind, ClaimStep
from pipeline.claims.postgres_claims import PostgresClaims
from pipeline.ledgers.migrations import MIGRATION_FOLDERS
from pipeline.legal_record.postgres_restrictions import PostgresRestrictions
from pipeline.legal_record.restriction import Period
from tests.lawful import judged, ruled, way_to

pytestmark = pytest.mark.postgres

NOW = datetime.now(UTC)
EVER = Period(start=NOW - timedelta(days=1), end=NOW + timedelta(days=1))
ALLOW, HOLD, REFUSE = Decision.ALLOW, Decision.HOLD, Decision.REFUSE


@pytest.fixture
def restrictions(postgres):
    return PostgresRestrictions(postgres.database)


def told(postgres, begin, *events):
    case = new_case()
    for event in (*way_to(begin), *events):
        case = postgres.ledger.append(case, [event])
    return case


def prompt(decision, *rules):
    return judged(Gate.PROMPT, decision, *rules)


def test_a_refusal_by_policy_and_one_by_a_moderator_are_one_restriction_each(postgres, restrictions):
    told(postgres, Phase.SCREENED, prompt(REFUSE, "gore"))
    told(postgres, Phase.SCREENED, prompt(HOLD, "words"), ruled(Gate.PROMPT, REFUSE, "words"), prompt(REFUSE, "words"))
    told(postgres, Phase.SCREENED, prompt(HOLD, "words"), ruled(Gate.PROMPT, ALLOW, "words"), prompt(ALLOW))
    told(
        postgres,
        Phase.ADMITTED,
        Commissioned(engine="e", engine_version="1", job="j"),
        EngineDeclined(engine="e", code="x"),
    )
    found = list(restrictions.within(EVER))
    assert [(one.kind, one.rules, one.by_person, one.gate) for one in found] == [
        ("refused", ("gore",), False, "prompt"),
        ("refused", ("words",), True, "prompt"),
        ("declined", (), False, "prompt"),
    ]
    assert len({one.puid for one in found}) == 3 and restrictions.named(found[0].puid) == found[0]
    assert all(one.case_id not in one.puid and one.lifted is None and one.asked <= one.at for one in found)


def test_a_ruling_taken_back_restricts_nobody(postgres, restrictions):
    told(
        postgres,
        Phase.SCREENED,
        prompt(HOLD, "words"),
        ruled(Gate.PROMPT, REFUSE, "words"),
        Reversed(by="m", code="slip"),
        ruled(Gate.PROMPT, ALLOW, "words"),
        prompt(ALLOW),
    )
    assert list(restrictions.within(EVER)) == []


def test_an_appeal_that_is_upheld_is_the_same_restriction_and_one_that_wins_lifts_it(postgres, restrictions):
    appeal = (prompt(REFUSE, "gore"), Appealed(by="ana"))
    told(postgres, Phase.SCREENED, *appeal, ruled(Gate.PROMPT, REFUSE, "gore"), prompt(REFUSE, "gore"))
    won = told(postgres, Phase.SCREENED, *appeal, ruled(Gate.PROMPT, ALLOW, "gore"), prompt(ALLOW))
    told(postgres, Phase.SCREENED, *appeal)
    told(postgres, Phase.SCREENED, *appeal, Recalled(by="ana", code="author"))
    lifted = [one for one in restrictions.within(EVER) if one.lifted]
    assert len(list(restrictions.within(EVER))) == 4 and [one.case_id for one in lifted] == [won.id]
    outcomes = {one.outcome: one.count for one in restrictions.appeals(EVER)}
    assert outcomes == {"upheld": 1, "reversed": 1, "": 1, "omitted": 1}
    hours = restrictions.median_appeal_hours(EVER)
    assert hours is not None and 0 <= hours < 1
    assert restrictions.median_appeal_hours(Period(start=EVER.end, end=EVER.end)) is None


def test_a_refusal_that_was_reversed_and_comes_again_is_another_one(postgres, restrictions):
    held = (prompt(HOLD, "words"), ruled(Gate.PROMPT, REFUSE, "words"), prompt(REFUSE, "words"))
    told(postgres, Phase.SCREENED, *held, Reversed(by="m", code="mistake"), *held)
    first, second = restrictions.within(EVER)
    assert first.lifted is not None and second.lifted is None and first.puid != second.puid


def test_a_removal_counts_unless_whoever_asked_for_the_video_wished_it(postgres, restrictions):
    told(postgres, Phase.PUBLISHED, Recalled(by="m", code="policy"), Withdrawn(), ViewSealed(by="m", code="mistake"))
    told(postgres, Phase.PUBLISHED, Recalled(by="ana", code="author"))
    told(postgres, Phase.PUBLISHED, Recalled(by="ana", code="mistake"))
    told(postgres, Phase.PUBLISHED, Recalled(by="assay:cascade", code="consent_withdrawn"))
    told(postgres, Phase.SCREENED, prompt(REFUSE, "gore"), Recalled(by="m", code="policy"))  # refused already
    found = list(restrictions.within(EVER))
    assert [(one.kind, one.code, one.public, one.by_person) for one in found] == [
        ("removed", "policy", True, True),
        ("removed", "consent_withdrawn", True, False),
        ("refused", "", False, False),
    ]


def test_a_removal_after_a_notice_names_the_kind_of_the_notice(postgres, restrictions):
    case = told(postgres, Phase.PUBLISHED)
    claim = Claim(
        id="AAAA-BBBB-CCCC-DDDD",
        secret_sha256="0" * 64,
        kind=ClaimKind.INTIMATE_IMAGE,
        law="us_take_it_down",
        received_at=datetime.now(UTC),
        case_ids=(case.id,),
        trusted_flagger=True,
    )
    claims = PostgresClaims(postgres.database, keys=None)
    claims.add(claim, ClaimStep(step="received", at=claim.received_at))
    postgres.ledger.append(case, [Recalled(by="assay:claims", code="claim")])
    (one,) = restrictions.of_case(case.id)
    assert (one.claim, one.trusted_flagger, one.by_person) == ("intimate_image", True, True)
    (group,) = restrictions.groups(EVER)
    assert (group.claim, group.count) == ("intimate_image", 1)
    with psycopg.connect(postgres.dsn) as connection:
        connection.execute("UPDATE claims SET decision = %s, decided_at = now()", [ClaimDecision.REJECTED])
    assert restrictions.of_case(case.id)[0].claim == ""


def test_hiding_a_video_until_it_is_decided_is_told_as_automatic_and_what_was_decided_is_not(postgres, restrictions):
    paused = Recalled(by="assay:claims", code="claim", automatic=True)
    for recalled, by_person in ((paused, False), (replace(paused, automatic=False), True)):
        (one,) = restrictions.of_case(told(postgres, Phase.PUBLISHED, recalled).id)
        assert (one.code, one.by_person) == ("claim", by_person)


def test_a_period_is_read_in_pages_each_row_once(postgres, restrictions, monkeypatch):
    monkeypatch.setattr("pipeline.legal_record.postgres_restrictions._PAGE", 2)
    for _ in range(5):
        told(postgres, Phase.SCREENED, prompt(REFUSE, "gore"))
    found = list(restrictions.within(EVER))
    assert len({one.puid for one in found}) == 5 and [one.at for one in found] == sorted(one.at for one in found)
    assert sum(group.count for group in restrictions.groups(EVER)) == 5
    assert list(restrictions.within(Period(start=EVER.start, end=found[0].at))) == []


def test_restrictions_cannot_be_changed_and_those_of_before_are_there_once_the_table_is_made(postgres, restrictions):
    held = (prompt(HOLD, "words"), ruled(Gate.PROMPT, REFUSE, "words"), prompt(REFUSE, "words"))
    told(postgres, Phase.SCREENED, *held, Reversed(by="m", code="mistake"), *held)
    told(postgres, Phase.PUBLISHED, Recalled(by="m", code="policy"))
    with psycopg.connect(postgres.dsn) as connection, pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute("DELETE FROM restrictions")
    before = [(one.case_id, one.revision, one.kind, one.at) for one in restrictions.within(EVER)]
    with psycopg.connect(postgres.dsn) as connection:
        connection.execute("DROP TABLE statement_outbox, restrictions CASCADE")
        connection.execute("DROP TRIGGER note_restriction ON events; DROP FUNCTION note_restriction")
        connection.execute("DROP FUNCTION IF EXISTS restriction_of; DROP VIEW IF EXISTS appeal_outcomes")
        connection.execute((MIGRATION_FOLDERS["ledgers"] / "078_statements.sql").read_text())
    assert [(one.case_id, one.revision, one.kind, one.at) for one in restrictions.within(EVER)] == before
    assert len(before) == 3
