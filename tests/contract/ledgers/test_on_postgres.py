"""What only a database can do or suffer: triggers, other processes, events from the future."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from core.case import new_case
from core.errors import Conflict, Unavailable
from core.events import Published
from core.ports import Ledger
from ledgers.benches import EVERY_EVENT, MEASURED, RENDERED, Bench, insert, mark, submit
from pipeline.ledgers.database import Database, DatabaseConnection
from pipeline.ledgers.postgres_ledger import DUE, IS_REFERENCED, LEASE_DUE, PostgresLedger
from pipeline.ledgers.rebuild_cases import rebuild_cases


@pytest.mark.postgres
@pytest.mark.parametrize("deed", ["UPDATE events SET at = now()", "DELETE FROM events", "TRUNCATE events"])
@pytest.mark.parametrize("as_replica", [False, True])
def test_events_cannot_be_changed_in_the_database_either(postgres: Bench, deed: str, as_replica: bool) -> None:
    case = submit(postgres.ledger)
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        if as_replica:
            connection.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
            connection.execute(deed)
    assert len(postgres.ledger.history(case.id)) == 1


@pytest.mark.postgres
def test_fields_from_the_future_are_passed_over_and_stay_in_the_log(postgres: Bench) -> None:
    case = submit(postgres.ledger)
    newer: dict[str, object] = {"type": "Published", "url": "u", "mirrors": ["v"], "nested": {"a": 1}}
    insert(postgres, case.id, 2, newer)
    assert postgres.ledger.load(case.id).published == Published(url="u")
    insert(postgres, case.id, 3, {"type": "Measured", "signals": [{**_signal(), "calibration": 3}]})
    assert postgres.ledger.load(case.id).signals[0].label == "x"


@pytest.mark.postgres
def test_a_case_with_an_event_from_the_future_does_not_move(postgres: Bench) -> None:
    case = submit(postgres.ledger)
    insert(postgres, case.id, 2, {"type": "Transmogrified"})
    with pytest.raises(Unavailable, match="newer Assay"):
        postgres.ledger.load(case.id)
    with pytest.raises(Conflict):
        postgres.ledger.append(case, [MEASURED])


@pytest.mark.postgres
def test_a_case_that_cannot_be_read_does_not_hide_the_others(postgres: Bench) -> None:
    case, other = submit(postgres.ledger), submit(postgres.ledger)
    with psycopg.connect(postgres.dsn) as connection:
        connection.execute('UPDATE cases SET body = body || \'{"phase": "dreaming"}\' WHERE id = %s', [case.id])
    assert list(postgres.ledger.list()) == [other]


@pytest.mark.postgres
def test_the_table_of_cases_can_be_made_anew_from_the_events(postgres: Bench) -> None:
    right, wrong = (postgres.ledger.append(new_case(), RENDERED) for _ in range(2))
    unread = submit(postgres.ledger)
    insert(postgres, unread.id, 2, {"type": "Transmogrified"})
    with psycopg.connect(postgres.dsn) as connection:
        before = connection.execute("SELECT * FROM cases ORDER BY id").fetchall()
        spoilt = "UPDATE cases SET phase = 'held', author = '', digests = '{}', body = body || '{\"phase\": \"held\"}'"
        connection.execute(spoilt + " WHERE id = %s", [wrong.id])
        assert rebuild_cases(connection) == [wrong.id]
        assert connection.execute("SELECT * FROM cases ORDER BY id").fetchall() == before
        assert rebuild_cases(connection) == []
    assert right in postgres.ledger.list()


@pytest.mark.postgres
def test_a_case_that_is_right_is_not_said_to_be_mended_whatever_the_order_of_its_digests(postgres: Bench) -> None:
    case = postgres.ledger.append(new_case(), EVERY_EVENT)
    with psycopg.connect(postgres.dsn) as connection:
        turned = (
            "UPDATE cases SET digests = ARRAY(SELECT d FROM unnest(digests) AS d ORDER BY d DESC) RETURNING digests"
        )
        row = connection.execute(turned).fetchone()
        assert row is not None and len(row[0]) > 1
        assert rebuild_cases(connection) == []
        connection.execute("UPDATE cases SET digests = digests || ARRAY['nobody''s']")
        assert rebuild_cases(connection) == [case.id]


@pytest.mark.postgres
def test_a_claim_dies_with_its_process(postgres: Bench) -> None:
    script = (
        "import sys, time\n"
        "from pipeline.ledgers.database import open_database\n"
        "from pipeline.ledgers.postgres_ledger import DUE, IS_REFERENCED, LEASE_DUE, PostgresLedger\n"
        "with PostgresLedger(open_database(sys.argv[1])).try_lock('c') as mine:\n"
        "    print(mine, flush=True)\n"
        "    time.sleep(60)\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", script, postgres.dsn], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with postgres.ledger.try_lock("c") as mine:
            assert not mine
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.communicate()
    assert _gets_claim(postgres.ledger, "c")


@pytest.mark.postgres
def test_a_claim_is_over_when_it_is_let_go_and_not_when_the_server_notices(
    postgres: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(postgres.ledger, PostgresLedger)
    database = postgres.ledger._database
    original = database.dedicated_connection
    with ExitStack() as lingering:

        @contextmanager
        def alone() -> Iterator[DatabaseConnection]:
            yield lingering.enter_context(original())  # the server has not seen the end of it yet

        monkeypatch.setattr(database, "dedicated_connection", alone)
        for _ in range(2):
            with postgres.ledger.try_lock("case") as mine:
                assert mine


@pytest.mark.postgres
def test_of_sixteen_processes_one_wins(postgres: Bench) -> None:
    case = submit(postgres.ledger)
    script = (
        "import sys\n"
        "from core.errors import Conflict\n"
        "from core.events import StageFailed\n"
        "from pipeline.ledgers.database import Database\n"
        "from pipeline.ledgers.postgres_ledger import DUE, IS_REFERENCED, LEASE_DUE, PostgresLedger\n"
        "ledger = PostgresLedger(Database(sys.argv[1], size=1))\n"
        "case = ledger.load(sys.argv[2])\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "try:\n"
        "    ledger.append(case, [StageFailed(phase='submitted', kind='X', error=sys.argv[3])])\n"
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
    assert [e.event for e in postgres.ledger.history(case.id)[1:]] == [mark(str(said.index("won")))]


@pytest.mark.postgres
def test_a_database_that_is_away_is_unavailable_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.ledgers.database._SERVER_TIMEOUT", 0.5)
    database = Database(f"postgresql://postgres:secret@/postgres?host={tmp_path}")
    try:
        with pytest.raises(Unavailable) as caught, PostgresLedger(database).try_lock("c"):
            pass
        assert "\n" not in str(caught.value)
        assert "secret" not in str(caught.value)
    finally:
        database.close()


def _gets_claim(ledger: Ledger, case_id: str) -> bool:
    for _ in range(100):  # the server notices within moments that its client is gone
        with ledger.try_lock(case_id) as mine:
            if mine:
                return True
    return False


def _signal() -> dict[str, object]:
    return {"subject": "video", "label": "x", "score": 1, "source": "s/1"}


@pytest.mark.postgres
def test_what_is_due_and_whether_bytes_are_referred_to_is_asked_of_the_indexes(postgres: Bench) -> None:
    rows = """
        INSERT INTO cases (id, phase, revision, author, body, digests)
        SELECT 'old' || n, 'published', 1, 'a', '{}', ARRAY[md5(n::text)] FROM generate_series(1, 60000) AS n
    """
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute(rows)
        connection.execute("VACUUM ANALYZE cases")
        plan = connection.execute(f"EXPLAIN {IS_REFERENCED}".encode(), [["0" * 64]]).fetchall()
        asked = {"unmoved": timedelta(0), "limit": 1000, "lease": timedelta(0), "phases": ["submitted", "published"]}
        due = connection.execute(f"EXPLAIN {DUE}".encode(), asked | {"phases": ["published"]}).fetchall()
        leased = connection.execute(f"EXPLAIN {LEASE_DUE}".encode(), asked).fetchall()
        connection.execute("DELETE FROM cases WHERE id LIKE 'old%'")
    assert not any("Seq Scan" in line for (line,) in leased), leased
    ends = [line for (line,) in due if "Index Cond" in line]  # else all that waits in a phase is read at each sweep
    assert any("due_at <= statement_timestamp()" in line for line in ends), due
    said = "\n".join(line for (line,) in plan)
    assert "cases_refer" in said, said
    assert "Seq Scan" not in said, said
