"""One suite for every ledger. Runs against: memory, and the embedded Postgres (marker `postgres`)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import psycopg
import pytest
from psycopg.types.json import Jsonb

from core.assets import Asset
from core.case import Case, Phase, new_case
from core.errors import BadInput, Conflict, NotFound, Unavailable
from core.events import (
    Appealed,
    Commissioned,
    EngineDeclined,
    Event,
    Faltered,
    Judged,
    Measured,
    Published,
    Recalled,
    Rendered,
    Resumed,
    Ruled,
    Sealed,
    Submitted,
    Withdrawn,
)
from core.ports import Ledger
from core.signals import Signal, Span, Subject
from core.verdicts import Decision, Gate, Ruling, Verdict
from pipeline.ledgers.database import Database, open_database
from pipeline.ledgers.embedded import EmbeddedPostgres
from pipeline.ledgers.facts import MemoryFacts, PostgresFacts
from pipeline.ledgers.memory import MemoryLedger
from pipeline.ledgers.postgres import PostgresLedger
from pipeline.ledgers.refold import refold

VIDEO = Asset(digest="a1" * 32, media_type="video/mp4", size=7)
PHOTO = Asset(digest="b2" * 32, media_type="image/png", size=5)
LATER = timedelta(minutes=1)

SUBMITTED = Submitted(author="ana", prompt="t1", references=(PHOTO,), cameos=("mira",), seconds=4.0)
MEASURED = Measured(
    signals=(
        Signal(subject=Subject.PROMPT, label="violence", score=0.25, source="terms/1", at=Span(start=0, end=4)),
        Signal(subject=Subject.PROMPT, label="person", score=None, source="people/2", note="no model"),
    ),
    seconds={"terms/1": 0.001},
)
EVERY_EVENT: tuple[Event, ...] = (
    SUBMITTED,
    MEASURED,
    Judged(
        verdict=Verdict(gate=Gate.PROMPT, decision=Decision.ALLOW, rules=("r",), policy="p1", reason="fine"),
        facts={"has_reference": False, "author_day": 3, "seconds": 5.0, "region": "DE"},
    ),
    Commissioned(engine="e", engine_version="1", job="j"),
    Rendered(asset=VIDEO, engine="e", engine_version="1", duration=5.3, width=1280, height=720),
    Judged(verdict=Verdict(gate=Gate.VIDEO, decision=Decision.HOLD, policy="p1")),
    Ruled(ruling=Ruling(gate=Gate.VIDEO, decision=Decision.ALLOW, moderator="m", over=("r",), code="context")),
    Sealed(asset=VIDEO, payload="00ff", manifest_id="urn:x", manifest=PHOTO, soft_binding="b", fingerprint=("f",)),
    Published(url="https://example.org/v"),
    Faltered(phase="sealed", kind="Unavailable", error="a line"),
    Resumed(by="op"),
    Appealed(by="ana", note="t2"),
    Recalled(by="m", code="likeness", note="t3"),
    Withdrawn(),
    EngineDeclined(engine="e", code="policy"),
)


@dataclass(frozen=True)
class Bench:
    """A ledger under test; `dsn` where it has one."""

    ledger: MemoryLedger | PostgresLedger
    facts: MemoryFacts | PostgresFacts
    dsn: str = ""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        embedded = EmbeddedPostgres(Path(folder))
        yield embedded.start()
        embedded.stop()


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    if request.param == "memory":
        ledger = MemoryLedger()
        yield Bench(ledger, MemoryFacts(ledger))
    else:
        yield from _on_postgres(request.getfixturevalue("server"))


@pytest.fixture
def postgres(server: str) -> Iterator[Bench]:
    yield from _on_postgres(server)


@pytest.fixture
def ledger(bench: Bench) -> Ledger:
    return bench.ledger


def _on_postgres(server: str) -> Iterator[Bench]:
    with psycopg.connect(server) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    database = open_database(server)
    yield Bench(PostgresLedger(database), PostgresFacts(database), server)
    database.close()


def _now() -> datetime:
    return datetime.now(UTC)


def _submit(ledger: Ledger, author: str = "ana") -> Case:
    return ledger.append(new_case(), [replace(SUBMITTED, author=author)])


def test_a_case_is_the_fold_of_its_history(ledger: Ledger) -> None:
    case = new_case()
    for event in EVERY_EVENT:
        case = ledger.append(case, [event])
    history = ledger.history(case.id)
    assert tuple(entry.event for entry in history) == EVERY_EVENT
    assert [entry.revision for entry in history] == list(range(1, len(EVERY_EVENT) + 1))
    assert Case(id=case.id).after(EVERY_EVENT) == case == ledger.load(case.id) == ledger.list()[0]


def test_the_story_above_has_every_event_there_is() -> None:
    assert {type(event) for event in EVERY_EVENT} == set(get_args(Event))


def test_history_has_the_time_of_each_event(ledger: Ledger) -> None:
    before = _now()
    case = ledger.append(new_case(), [SUBMITTED, MEASURED])
    times = [entry.at for entry in ledger.history(case.id)]
    assert before - LATER < times[0] <= times[1] < _now() + LATER
    assert all(at.utcoffset() == timedelta(0) for at in times)


def test_events_are_stored_all_or_none(ledger: Ledger) -> None:
    case = _submit(ledger)
    ledger.append(case, [MEASURED])
    with pytest.raises(Conflict):
        ledger.append(case, [Resumed(by="a"), Resumed(by="b"), Resumed(by="c")])
    assert len(ledger.history(case.id)) == 2
    assert ledger.load(case.id).revision == 2


def test_a_case_that_moved_is_a_conflict(ledger: Ledger) -> None:
    case = _submit(ledger)
    ledger.append(case, [MEASURED])
    with pytest.raises(Conflict):
        ledger.append(case, [Resumed(by="late")])


def test_a_case_from_the_future_is_a_conflict_and_leaves_no_gap(ledger: Ledger) -> None:
    case = _submit(ledger)
    with pytest.raises(Conflict):
        ledger.append(replace(case, revision=case.revision + 3), [MEASURED])
    assert [entry.revision for entry in ledger.history(case.id)] == [1]


def test_a_case_cannot_be_begun_twice(ledger: Ledger) -> None:
    case = new_case()
    ledger.append(case, [SUBMITTED])
    with pytest.raises(Conflict):
        ledger.append(case, [SUBMITTED])


def test_a_case_begins_with_its_submission(ledger: Ledger) -> None:
    case = new_case()
    with pytest.raises(BadInput):
        ledger.append(case, [MEASURED])
    with pytest.raises(NotFound):
        ledger.load(case.id)


def test_no_events_change_nothing(ledger: Ledger) -> None:
    case = _submit(ledger)
    assert ledger.append(case, []) == case
    assert len(ledger.history(case.id)) == 1


@pytest.mark.parametrize("case_id", ["0" * 16, "", "'; DROP TABLE events; --"])
def test_what_is_not_there_is_not_found(ledger: Ledger, case_id: str) -> None:
    with pytest.raises(NotFound):
        ledger.load(case_id)
    with pytest.raises(NotFound):
        ledger.history(case_id)


def test_an_event_is_stored_even_where_its_words_cannot_be(ledger: Ledger) -> None:
    case = ledger.append(_submit(ledger), [Faltered(phase="submitted", kind="X", error="a\x00b\ud800c")])
    assert case == ledger.load(case.id)
    assert case.faltered is not None
    assert case.faltered.error == "a\ufffdb\ufffdc"


def test_of_sixteen_writers_one_wins(ledger: Ledger) -> None:
    case = _submit(ledger)

    def write(writer: int) -> bool:
        try:
            ledger.append(case, [Resumed(by=str(writer)), Resumed(by=str(writer))])
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(write, range(16)))
    assert sum(won) == 1
    winner = str(won.index(True))
    assert [e.event for e in ledger.history(case.id)[1:]] == [Resumed(by=winner), Resumed(by=winner)]


def test_due_gives_the_longest_waiting_first(ledger: Ledger) -> None:
    first, second, third = (_submit(ledger) for _ in range(3))
    first = ledger.append(first, [Faltered(phase="submitted", kind="X", error="")])  # it moved
    due = ledger.due([Phase.SUBMITTED], unmoved_since=_now() + LATER)
    assert [ticket.case_id for ticket in due] == [second.id, third.id, first.id]
    assert [ticket.revision for ticket in due] == [1, 1, 2]
    assert {ticket.phase for ticket in due} == {Phase.SUBMITTED}
    assert [t.case_id for t in ledger.due([Phase.SUBMITTED], unmoved_since=_now() + LATER, limit=1)] == [second.id]


def test_due_leaves_out_what_has_moved_and_other_phases(ledger: Ledger) -> None:
    case = ledger.append(_submit(ledger), [MEASURED])
    assert ledger.due([Phase.SCREENED], unmoved_since=_now() - LATER) == ()
    assert ledger.due([Phase.SUBMITTED, Phase.HELD], unmoved_since=_now() + LATER) == ()
    assert ledger.due([], unmoved_since=_now() + LATER) == ()
    assert [t.case_id for t in ledger.due([Phase.HELD, Phase.SCREENED], unmoved_since=_now() + LATER)] == [case.id]


def test_list_has_the_latest_first_and_can_be_narrowed(ledger: Ledger) -> None:
    hers, his = _submit(ledger, "ana"), _submit(ledger, "ben")
    hers = ledger.append(hers, [MEASURED])
    assert list(ledger.list()) == [hers, his]
    assert list(ledger.list(limit=1)) == [hers]
    assert list(ledger.list(author="ben")) == [his]
    assert list(ledger.list(phase=Phase.SCREENED)) == [hers]
    assert list(ledger.list(phase=Phase.SCREENED, author="ben")) == []


def test_a_case_refers_to_all_its_bytes_for_ever(ledger: Ledger) -> None:
    assert not ledger.refers(VIDEO.digest)
    case = ledger.append(new_case(), EVERY_EVENT[:5])
    again = Asset(digest="c3" * 32, media_type="video/mp4", size=9)
    ledger.append(case, [Rendered(asset=again, engine="e", engine_version="1")])
    assert ledger.refers(PHOTO.digest)
    assert ledger.refers(VIDEO.digest)  # replaced, yet its event still speaks of it
    assert ledger.refers(again.digest)
    assert not ledger.refers("d4" * 32)


def test_a_claim_is_for_one_and_ends_with_its_context(ledger: Ledger) -> None:
    case = _submit(ledger)
    with ledger.claim(case.id) as mine, ledger.claim(case.id) as theirs, ledger.claim("another") as other:
        assert (mine, theirs, other) == (True, False, True)
    with ledger.claim(case.id) as mine:
        assert mine


def test_a_claim_that_was_not_given_does_not_end_the_one_that_was(ledger: Ledger) -> None:
    with ledger.claim("c") as mine:
        with ledger.claim("c") as theirs:
            assert not theirs
        with ledger.claim("c") as again:
            assert not again
        assert mine


def test_a_claim_ends_when_its_holder_breaks(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError), ledger.claim("c"):
        raise ZeroDivisionError
    with ledger.claim("c") as mine:
        assert mine


def _judged(decision: Decision, gate: Gate = Gate.PROMPT) -> Judged:
    return Judged(verdict=Verdict(gate=gate, decision=decision, policy="p"))


NOTHING = dict.fromkeys(
    (
        "author_strikes",
        "author_refused_day",
        "author_refused_hour",
        "author_recent",
        "author_day",
        "author_waiting",
    ),
    0,
)


def test_facts_count_refusals_that_stand_and_submissions(bench: Bench) -> None:
    ledger, now = bench.ledger, _now() + LATER
    ledger.append(_submit(ledger), [MEASURED, _judged(Decision.REFUSE)])
    appealed = ledger.append(_submit(ledger), [MEASURED, _judged(Decision.REFUSE), Appealed(by="ana")])
    two = {"author_strikes": 2, "author_refused_day": 2, "author_refused_hour": 2, "author_recent": 2, "author_day": 2}
    assert bench.facts.author_facts("ana", at=now) == NOTHING | two | {"author_waiting": 1}
    ledger.append(appealed, [_judged(Decision.ALLOW)])
    _submit(ledger, "ben")
    one = {"author_strikes": 1, "author_refused_day": 1, "author_refused_hour": 1}
    assert bench.facts.author_facts("ana", at=now) == NOTHING | two | one
    assert bench.facts.author_facts("ben", at=now) == NOTHING | {"author_recent": 1, "author_day": 1}
    assert bench.facts.author_facts("nobody") == NOTHING


def test_facts_of_an_author_are_not_those_of_another(bench: Bench) -> None:
    bench.ledger.append(_submit(bench.ledger, "ben"), [MEASURED, _judged(Decision.REFUSE)])
    bench.ledger.append(_submit(bench.ledger, "ben"), [MEASURED, _judged(Decision.HOLD)])
    assert bench.facts.author_facts("ana", at=_now() + LATER) == NOTHING
    assert bench.facts.author_facts("ben", at=_now() + LATER)["author_waiting"] == 1


def test_refusals_count_for_the_end_user_of_an_account_and_submissions_for_the_account(bench: Bench) -> None:
    for user in ("u1", "u2"):
        case = bench.ledger.append(new_case(), [replace(SUBMITTED, author="ana", end_user=user)])
        bench.ledger.append(case, [MEASURED, _judged(Decision.REFUSE if user == "u1" else Decision.ALLOW)])
    one, other, all_ = (bench.facts.author_facts("ana", user, at=_now() + LATER) for user in ("u1", "u2", ""))
    assert [facts["author_strikes"] for facts in (one, other, all_)] == [1, 0, 1]
    assert [facts["author_refused_hour"] for facts in (one, other, all_)] == [1, 0, 1]
    assert [facts["author_day"] for facts in (one, other, all_)] == [2, 2, 2]


def test_a_refusal_counts_until_the_same_gate_says_otherwise(bench: Bench) -> None:
    refused = bench.ledger.append(_submit(bench.ledger), [MEASURED, _judged(Decision.REFUSE)])
    bench.ledger.append(refused, [_judged(Decision.HOLD, Gate.VIDEO)])
    assert bench.facts.author_facts("ana", at=_now() + LATER)["author_strikes"] == 1


def test_facts_grow_old(bench: Bench) -> None:
    bench.ledger.append(_submit(bench.ledger), [MEASURED, _judged(Decision.REFUSE)])
    in_two_hours, in_two_days, in_a_month = (_now() + timedelta(hours=h) for h in (2, 48, 31 * 24))
    day = {"author_strikes": 1, "author_refused_day": 1, "author_day": 1}
    assert bench.facts.author_facts("ana", at=in_two_hours) == NOTHING | day
    assert bench.facts.author_facts("ana", at=in_two_days) == NOTHING | {"author_strikes": 1}
    assert bench.facts.author_facts("ana", at=in_a_month) == NOTHING
    assert bench.facts.author_facts("ana", at=_now() - LATER) == NOTHING


# Postgres alone


@pytest.mark.postgres
@pytest.mark.parametrize("deed", ["UPDATE events SET at = now()", "DELETE FROM events", "TRUNCATE events"])
@pytest.mark.parametrize("as_replica", [False, True])
def test_events_cannot_be_changed_in_the_database_either(postgres: Bench, deed: str, as_replica: bool) -> None:
    case = _submit(postgres.ledger)
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        if as_replica:
            connection.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
            connection.execute(deed)
    assert len(postgres.ledger.history(case.id)) == 1


@pytest.mark.postgres
def test_fields_from_the_future_are_passed_over_and_stay_in_the_log(postgres: Bench) -> None:
    case = _submit(postgres.ledger)
    newer: dict[str, object] = {"type": "Published", "url": "u", "mirrors": ["v"], "nested": {"a": 1}}
    _insert(postgres, case.id, 2, newer)
    assert postgres.ledger.load(case.id).published == Published(url="u")
    _insert(postgres, case.id, 3, {"type": "Measured", "signals": [{**_signal(), "calibration": 3}]})
    assert postgres.ledger.load(case.id).signals[0].label == "x"


@pytest.mark.postgres
def test_a_case_with_an_event_from_the_future_does_not_move(postgres: Bench) -> None:
    case = _submit(postgres.ledger)
    _insert(postgres, case.id, 2, {"type": "Transmogrified"})
    with pytest.raises(Unavailable, match="newer Assay"):
        postgres.ledger.load(case.id)
    with pytest.raises(Conflict):
        postgres.ledger.append(case, [MEASURED])


@pytest.mark.postgres
def test_a_case_that_cannot_be_read_does_not_hide_the_others(postgres: Bench) -> None:
    case, other = _submit(postgres.ledger), _submit(postgres.ledger)
    with psycopg.connect(postgres.dsn) as connection:
        connection.execute('UPDATE cases SET body = body || \'{"phase": "dreaming"}\' WHERE id = %s', [case.id])
    assert list(postgres.ledger.list()) == [other]


@pytest.mark.postgres
def test_the_table_of_cases_can_be_made_anew_from_the_events(postgres: Bench) -> None:
    right, wrong = (postgres.ledger.append(new_case(), EVERY_EVENT[:5]) for _ in range(2))
    unread = _submit(postgres.ledger)
    _insert(postgres, unread.id, 2, {"type": "Transmogrified"})
    with psycopg.connect(postgres.dsn) as connection:
        before = connection.execute("SELECT * FROM cases ORDER BY id").fetchall()
        spoilt = "UPDATE cases SET phase = 'held', author = '', digests = '{}', body = body || '{\"phase\": \"held\"}'"
        connection.execute(spoilt + " WHERE id = %s", [wrong.id])
        assert refold(connection) == [wrong.id]
        assert connection.execute("SELECT * FROM cases ORDER BY id").fetchall() == before
        assert refold(connection) == []
    assert right in postgres.ledger.list()


@pytest.mark.postgres
def test_a_claim_dies_with_its_process(postgres: Bench) -> None:
    script = (
        "import sys, time\n"
        "from pipeline.ledgers.database import open_database\n"
        "from pipeline.ledgers.postgres import PostgresLedger\n"
        "with PostgresLedger(open_database(sys.argv[1])).claim('c') as mine:\n"
        "    print(mine, flush=True)\n"
        "    time.sleep(60)\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", script, postgres.dsn], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with postgres.ledger.claim("c") as mine:
            assert not mine
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.communicate()
    assert _gets_claim(postgres.ledger, "c")


@pytest.mark.postgres
def test_of_sixteen_processes_one_wins(postgres: Bench) -> None:
    case = _submit(postgres.ledger)
    script = (
        "import sys\n"
        "from core.errors import Conflict\n"
        "from core.events import Resumed\n"
        "from pipeline.ledgers.database import Database\n"
        "from pipeline.ledgers.postgres import PostgresLedger\n"
        "ledger = PostgresLedger(Database(sys.argv[1], size=1))\n"
        "case = ledger.load(sys.argv[2])\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "try:\n"
        "    ledger.append(case, [Resumed(by=sys.argv[3])])\n"
        "    print('won')\n"
        "except Conflict:\n"
        "    print('lost')\n"
    )
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", script, postgres.dsn, case.id, str(n)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(16)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    said = [writer.communicate()[0].strip() for writer in writers]
    assert sorted(said) == ["lost"] * 15 + ["won"]
    assert [e.event for e in postgres.ledger.history(case.id)[1:]] == [Resumed(by=str(said.index("won")))]


@pytest.mark.postgres
def test_a_database_that_is_away_is_unavailable_in_one_line(tmp_path: Path) -> None:
    database = Database(f"postgresql://postgres:secret@/postgres?host={tmp_path}")
    try:
        with pytest.raises(Unavailable) as caught, PostgresLedger(database).claim("c"):
            pass
        assert "\n" not in str(caught.value)
        assert "secret" not in str(caught.value)
    finally:
        database.close()


def _gets_claim(ledger: Ledger, case_id: str) -> bool:
    for _ in range(100):  # the server notices within moments that its client is gone
        with ledger.claim(case_id) as mine:
            if mine:
                return True
    return False


def _insert(bench: Bench, case_id: str, revision: int, body: dict[str, object]) -> None:
    with psycopg.connect(bench.dsn) as connection:
        connection.execute("INSERT INTO events VALUES (%s, %s, %s)", [case_id, revision, Jsonb(body)])


def _signal() -> dict[str, object]:
    return {"subject": "video", "label": "x", "score": 1, "source": "s/1"}


def test_the_longest_waiting_can_be_listed_first_however_many_there_are(ledger: Ledger) -> None:
    opened = [ledger.append(new_case(), [Submitted(author="a", prompt="t")]) for _ in range(3)]
    assert [case.id for case in ledger.list(limit=2, oldest=True)] == [case.id for case in opened[:2]]
