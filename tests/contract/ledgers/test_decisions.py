"""What the log of decisions and the figures of moderation promise, in memory and on Postgres."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from core.case import new_case
from core.errors import BadInput
from core.events import (
    Appealed,
    EngineDeclined,
    Judged,
    Measured,
    Recalled,
    Reversed,
    Ruled,
    Submitted,
    ViewSealed,
    Waiting,
    Withdrawn,
)
from core.recalls import APPEAL_GRANTED
from core.verdicts import Decision, Gate, Ruling, Verdict
from ledgers.benches import EVERY_EVENT, insert
from pipeline.ledgers.migrations import MIGRATION_FOLDERS
from pipeline.ledgers.postgres_decisions import PostgresDecisionLog, PostgresModerationFigures
from pipeline.moderation.quality.decision_log import DecisionFilter
from pipeline.moderation.quality.moderation_figures import AppealCount
from pipeline.testing.memory_decisions import MemoryDecisionLog, MemoryModerationFigures

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ALLOW, HOLD, REFUSE = Decision.ALLOW, Decision.HOLD, Decision.REFUSE
BEGIN = (Submitted(author="ana", prompt="t"), Measured(signals=()))


@pytest.fixture
def log(bench):
    return PostgresDecisionLog(bench.database) if bench.database else MemoryDecisionLog(bench.ledger)


@pytest.fixture
def figures(bench):
    return PostgresModerationFigures(bench.database) if bench.database else MemoryModerationFigures(bench.ledger)


def judged(decision, *rules, awaiting=()):
    verdict = Verdict(gate=Gate.PROMPT, decision=decision, rules=rules, awaiting=awaiting, policy="p")
    return Judged(verdict=verdict)


def ruled(by, decision, *rules):
    code = "context" if decision is ALLOW else "breaks_policy"
    return Ruled(ruling=Ruling(gate=Gate.PROMPT, decision=decision, moderator=by, over=rules, code=code))


def told(bench, *events):
    """A case to which these happen one after the other."""
    case = new_case()
    for event in (*BEGIN, *events):
        case = bench.ledger.append(case, [event])
    return case


def all_rows(log, **wanted):
    return list(log.stream(DecisionFilter(**wanted)))


def test_every_event_of_every_kind_comes_to_the_same_rows_everywhere(bench, log):
    bench.ledger.append(new_case(), EVERY_EVENT)
    rows = reversed(all_rows(log))
    assert [(r.revision, r.kind, r.person, r.decision, r.gate, r.rules, r.code, r.answers_appeal) for r in rows] == [
        (5, "declined", "", "refuse", "prompt", (), "policy", False),
        (6, "appealed", "ana", "", "prompt", ("r",), "", False),
        (7, "ruled", "m", "allow", "prompt", (), "context", True),
        (13, "refused", "", "refuse", "video", ("r",), "", False),
        (14, "appealed", "ana", "", "video", ("r",), "", False),
        (15, "ruled", "m", "allow", "video", ("r",), "context", True),
        (23, "recalled", "m", "", "video", (), "mistake", False),
        (25, "sealed", "m", "", "video", (), "illegal_to_view", False),
        (27, "reversed", "m", "", "video", (), "mistake", False),
    ]


def test_what_a_ruling_came_to_is_no_refusal_of_its_own(bench, log):
    told(bench, judged(HOLD, "gore"), ruled("mo", REFUSE, "gore"), judged(REFUSE, "gore"))
    (row,) = all_rows(log)
    assert (row.kind, row.person, row.decision, row.rules) == ("ruled", "mo", "refuse", ("gore",))
    assert row.waited is not None and row.waited >= 0 and not row.answers_appeal


def test_a_gate_that_had_to_wait_after_a_ruling_makes_no_refusal_of_its_own(bench, log):
    away = Waiting(phase="screened", reason="the model is away", since=LONG_AGO)
    told(bench, judged(HOLD, "gore"), ruled("mo", REFUSE, "gore"), away, judged(REFUSE, "gore"))
    assert [row.kind for row in all_rows(log)] == ["ruled"]


def test_a_ruling_that_was_taken_back_is_in_the_log_and_counts_in_no_figure(bench, log, figures):
    told(
        bench,
        judged(REFUSE, "gore"),
        Appealed(by="ana"),
        ruled("mo", ALLOW, "gore"),
        Waiting(phase="screened", reason="the model is away", since=LONG_AGO),
        Reversed(by="mo", code="slip"),
        ruled("mo", REFUSE, "gore"),
        judged(REFUSE, "gore"),
    )
    rows = list(reversed(all_rows(log)))
    assert [(row.kind, row.person, row.decision, row.reverses) for row in rows] == [
        ("refused", "", "refuse", None),
        ("appealed", "ana", "", None),
        ("ruled", "mo", "allow", None),
        ("undone", "mo", "", rows[2].revision),
        ("ruled", "mo", "refuse", None),
    ]
    assert rows[4].answers_appeal and rows[3].rules == ("gore",)
    assert figures.appeals(LONG_AGO)[0] == AppealCount(rule="", answered=1, overturned=0)
    assert [(one.person, one.allowed, one.refused) for one in figures.people(LONG_AGO)] == [("mo", 0, 1)]
    assert sum(figures.waits(LONG_AGO)) == 1
    assert [(one.allowed, one.refused) for one in figures.rulings(LONG_AGO, hourly=False)] == [(0, 1)]
    assert figures.kinds(LONG_AGO) == {"appealed": 1, "refused": 1, "ruled": 1, "undone": 1}


def test_a_refusal_and_a_recall_that_were_reversed_name_what_they_reverse(bench, log, figures):
    refused = told(bench, judged(HOLD, "gore"), ruled("mo", REFUSE, "gore"), judged(REFUSE, "gore"))
    bench.ledger.append(refused, [Reversed(by="ed", code="mistake", note="n")])
    recalled = told(bench, judged(HOLD, "gore"), Recalled(by="mo", code="policy"), Withdrawn())
    bench.ledger.append(recalled, [Reversed(by="ed", code="new_evidence")])
    found = {row.case_id: row for row in all_rows(log, kind="reversed")}
    assert (found[refused.id].reverses, found[refused.id].code, found[refused.id].person) == (4, "mistake", "ed")
    assert (found[recalled.id].reverses, found[recalled.id].rules) == (4, ("gore",))
    assert figures.kinds(LONG_AGO) == {"recalled": 1, "reversed": 2, "ruled": 1}
    assert [(one.person, one.refused) for one in figures.people(LONG_AGO)] == [("mo", 1)]


def test_who_sealed_a_case_and_who_lifted_the_seal_is_in_the_log(bench, log):
    case = told(bench, judged(HOLD, "gore"), ViewSealed(by="mo", code="suspected_abuse"))
    bench.ledger.append(case, [ViewSealed(by="officer", code="mistake", sealed=False)])
    rows = [(row.kind, row.person, row.code, row.decision) for row in reversed(all_rows(log))]
    assert rows == [("sealed", "mo", "suspected_abuse", ""), ("unsealed", "officer", "mistake", "")]


def test_both_of_two_moderators_answer_an_appeal(bench, log, figures):
    told(
        bench,
        judged(REFUSE, "gore"),
        Appealed(by="ana"),
        ruled("mo", ALLOW, "gore"),
        judged(HOLD, "gore", awaiting=("gore",)),
        ruled("ed", ALLOW, "gore"),
        judged(ALLOW),
    )
    assert [(row.person, row.answers_appeal) for row in all_rows(log, kind="ruled")] == [("ed", True), ("mo", True)]
    assert figures.appeals(LONG_AGO) == (
        AppealCount(rule="", answered=2, overturned=2),
        AppealCount(rule="gore", answered=2, overturned=2),
    )


def test_a_removal_that_was_put_back_on_appeal_counts_as_one_that_stayed_down_does(bench, log, figures):
    stays = Ruling(gate=Gate.PROMPT, decision=REFUSE, moderator="ed", over=(), code="breaks_policy", on_appeal=True)
    for answer in (Reversed(by="ed", code=APPEAL_GRANTED), Ruled(ruling=stays)):
        down = told(bench, judged(HOLD, "gore"), Recalled(by="mo", code="policy"), Withdrawn(), Appealed(by="ana"))
        bench.ledger.append(down, [answer])
    unasked = told(bench, judged(HOLD, "gore"), Recalled(by="mo", code="policy"), Withdrawn())
    bench.ledger.append(unasked, [Reversed(by="ed", code="new_evidence")])
    assert figures.appeals(LONG_AGO)[0] == AppealCount(rule="", answered=2, overturned=1)


def test_the_log_is_filtered_by_everything_it_has(bench, log):
    first = told(bench, judged(HOLD, "gore"), ruled("mo", ALLOW, "gore"))
    last = told(bench, judged(HOLD, "words", "gore"), ruled("ed", REFUSE, "words", "gore"))
    told(bench, judged(REFUSE, "weapon"))
    assert [row.case_id for row in all_rows(log, rule="gore")] == [last.id, first.id]
    assert [row.case_id for row in all_rows(log, person="mo")] == [first.id]
    assert [row.kind for row in all_rows(log, decision="refuse")] == ["refused", "ruled"]
    assert [row.case_id for row in all_rows(log, case_id=last.id, kind="ruled", gate="prompt")] == [last.id]
    assert all_rows(log, gate="video") == all_rows(log, rule="gor") == all_rows(log, person="mo' OR true --") == []
    moment = all_rows(log, person="ed")[0].at
    assert len(all_rows(log, since=moment)) == 2 and len(all_rows(log, until=moment)) == 1


def test_the_log_is_read_page_by_page_each_row_once(bench, log):
    for _ in range(7):
        told(bench, judged(REFUSE, "weapon"))
    everything, seen, after = all_rows(log), [], ""
    while True:
        page = log.page(DecisionFilter(rule="weapon"), after=after, limit=3)
        seen += page.rows
        if not (after := page.following):
            break
    assert seen == everything and len(seen) == 7
    with pytest.raises(BadInput):
        log.page(DecisionFilter(), after="nowhere")


def test_figures_count_what_is_held_and_what_was_decided(bench, figures):
    told(bench, judged(HOLD, "gore", "words"))
    told(bench, judged(REFUSE, "gore"), Appealed(by="ana"))
    told(bench, judged(HOLD, "gore"), ruled("mo", ALLOW, "gore"), judged(ALLOW), EngineDeclined(engine="e", code="x"))
    told(bench, judged(HOLD, "gore"), ruled("mo", REFUSE, "gore"), judged(REFUSE, "gore"))
    told(bench, judged(HOLD, "gore"), Recalled(by="ana", code="author"))
    held = figures.held()
    assert (held.total, held.by_age, held.by_rule, held.appeals) == (2, (2, 0, 0, 0, 0), {"gore": 2, "words": 1}, 1)
    assert held.oldest is not None and held.oldest_appeal is not None and held.oldest < held.oldest_appeal
    assert figures.kinds(LONG_AGO) == {"appealed": 1, "declined": 1, "recalled": 1, "refused": 1, "ruled": 2}
    assert figures.waits(LONG_AGO) == (2, 0, 0, 0, 0)
    assert [(one.person, one.allowed, one.refused) for one in figures.people(LONG_AGO)] == [("mo", 1, 1)]
    assert sum(one.count for one in figures.rulings(LONG_AGO, hourly=True, person="mo")) == 2
    (day,) = {one.at for one in figures.rulings(LONG_AGO, hourly=False)}
    assert (day.hour, day.minute) == (0, 0)
    soon = datetime.now(UTC) + timedelta(minutes=1)
    assert figures.rulings(soon, hourly=True) == figures.people(soon) == ()
    assert figures.rulings(LONG_AGO, hourly=True, person="ed") == () and figures.kinds(soon) == {}
    assert figures.appeals(soon) == (AppealCount(rule="", answered=0, overturned=0),)


@pytest.mark.postgres
def test_the_log_cannot_be_changed_even_by_its_owner(postgres):
    told(postgres, judged(REFUSE, "weapon"))
    with psycopg.connect(postgres.dsn) as connection, pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute("UPDATE decisions SET person = 'somebody else'")


@pytest.mark.postgres
def test_an_event_that_a_newer_assay_wrote_otherwise_is_stored_all_the_same(postgres):
    case = told(postgres)
    for revision, more in enumerate(({}, {"ruling": None}, {"ruling": {"over": None, "decision": None}}), 3):
        insert(postgres, case.id, revision, {"type": "Ruled"} | more)
    rows = all_rows(PostgresDecisionLog(postgres.database), case_id=case.id)
    assert [(row.kind, row.rules, row.person) for row in rows] == [("ruled", (), "")] * 3


@pytest.mark.postgres
def test_decisions_of_before_are_in_the_log_once_the_table_is_made(postgres):
    case = told(postgres, judged(REFUSE, "weapon"), Appealed(by="ana"), ruled("mo", ALLOW, "weapon"))
    postgres.ledger.append(case, [Reversed(by="mo", code="slip")])
    log = PostgresDecisionLog(postgres.database)
    before = all_rows(log), all_rows(log, rule="weapon")
    migration = MIGRATION_FOLDERS["ledgers"] / "069_decisions.sql"
    with psycopg.connect(postgres.dsn) as connection:
        connection.execute("DROP TABLE decisions, decision_rules CASCADE; DROP INDEX cases_appealed")
        connection.execute("DROP TRIGGER note_decision ON events; DROP FUNCTION note_decision")
        connection.execute("DROP FUNCTION IF EXISTS decisions_of")
        connection.execute(migration.read_text())
        connection.execute((MIGRATION_FOLDERS["ledgers"] / "077_decisions_undone.sql").read_text())
    assert (all_rows(log), all_rows(log, rule="weapon")) == before and len(before[0]) == 4
