"""What was taken down and appealed, over the database: who is told what, what is listed, and what is counted."""

from __future__ import annotations

import pytest

from core.case import Phase
from core.events import Appealed, Published, Recalled, Reversed, Withdrawn
from core.recalls import APPEAL_GRANTED
from core.verdicts import Decision, Gate
from pipeline.ledgers.postgres_decisions import PostgresDecisionLog
from pipeline.moderation.quality.decision_log import DecisionFilter
from tests.contract.cameo_installation import ANA
from tests.lawful import carry, judged, ruled, upheld_on_appeal

pytestmark = pytest.mark.postgres
GRANTED = Reversed(by="m2", code=APPEAL_GRANTED)


def appealed(house):
    case = carry(house.ledger, house.case(ANA), Phase.WITHDRAWN, recalled=Recalled(by="m", code="rights"))
    return house.ledger.append(case, [Appealed(by=ANA.id)])


def told(house, case):
    return [one.code for one in house.stores.notices.of(ANA.id) if one.about == case.id]


def outcomes(house, case):
    with house.database.statements() as connection:
        rows = connection.execute(
            "SELECT kind, code, outcome FROM appeal_outcomes WHERE case_id = %s ORDER BY revision", (case.id,)
        )
        return rows.fetchall()


@pytest.mark.parametrize(
    ("answer", "code", "outcome"),
    [(GRANTED, "appeal_won", "reversed"), (upheld_on_appeal("m2"), "appeal_lost", "upheld")],
)
def test_the_author_is_told_once_and_the_outcome_is_counted(house, answer, code, outcome):
    case = appealed(house)
    assert told(house, case) == [] and outcomes(house, case) == [("removed", "rights", "")]
    case = house.ledger.append(case, [answer])
    assert told(house, case) == [code] and outcomes(house, case) == [("removed", "rights", outcome)]


def test_a_granted_appeal_reverses_the_recall_in_the_log_and_lifts_the_restriction(house):
    case = house.ledger.append(appealed(house), [GRANTED, Published(url="u")])
    rows = PostgresDecisionLog(house.database).page(DecisionFilter(case_id=case.id)).rows
    by_kind = {row.kind: row for row in rows}
    assert by_kind["reversed"].reverses == by_kind["recalled"].revision and "undone" not in by_kind
    with house.database.statements() as connection:
        lifted = connection.execute("SELECT lifted FROM restrictions_lifted WHERE case_id = %s", (case.id,)).fetchall()
    assert len(lifted) == 1 and lifted[0][0] is not None


def test_after_it_was_upheld_a_reversal_is_one_of_the_recall_and_answers_nobody(house):
    case = carry(house.ledger, house.case(ANA), Phase.WITHDRAWN, recalled=Recalled(by="m", code="policy"))
    case = house.ledger.append(case, [Appealed(by=ANA.id), upheld_on_appeal("m2"), Reversed(by="m", code="mistake")])
    assert told(house, case) == ["appeal_lost"]
    held = house.ledger.append(case, [judged(Gate.VIDEO, Decision.HOLD, "consent"), ruled(Gate.VIDEO, Decision.ALLOW)])
    rows = PostgresDecisionLog(house.database).page(DecisionFilter(case_id=held.id)).rows
    found = {row.kind: row for row in rows}
    assert found["reversed"].reverses == found["recalled"].revision
    assert [row.answers_appeal for row in rows if row.kind == "ruled"] == [False, True]  # the newest first


def test_what_was_recalled_again_is_told_of_its_own_appeal(house):
    again = [Published(url="u"), Recalled(by="m", code="policy"), Withdrawn(), Appealed(by=ANA.id)]
    case = house.ledger.append(appealed(house), [GRANTED, *again])
    assert told(house, house.ledger.append(case, [upheld_on_appeal("m2")])) == [
        "appeal_lost",
        "appeal_won",
    ]  # newest first
    assert [outcome for _, _, outcome in outcomes(house, case)] == ["reversed", "upheld"]
