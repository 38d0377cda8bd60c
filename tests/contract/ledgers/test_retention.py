"""What was counted from events goes after its time; the events, their chain and the log over them stay whole."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from ledgers.benches import MEASURED, Bench, submit
from pipeline.audit.installation_audit import audit_installation
from pipeline.audit.transparency_log import TransparencyLog
from pipeline.ledgers.migrations import MIGRATION_FOLDERS, migrate
from pipeline.ledgers.postgres_ledger import PostgresLedger
from pipeline.ledgers.upkeep.retention import OLD_ROWS, delete_old_rows

pytestmark = pytest.mark.postgres

_COUNTS = """
INSERT INTO report_minutes (at, what, name, count)
SELECT now() - n * interval '1 day', 'step', 'screen', 1 FROM generate_series(1, 600) AS n;
INSERT INTO account_usage (subject, measure, period, used)
SELECT 'acct', 'videos', to_char(now() - n * interval '1 day', 'YYYY-MM-DD'), 1 FROM generate_series(0, 599) AS n;
INSERT INTO account_usage (subject, measure, period, used) VALUES ('acct', 'videos', '2001-01', 7);
INSERT INTO policy_replays (id, policy, by, started, total, state)
VALUES ('old', 'p', 'a', now() - interval '500 days', 1, 'done'), ('new', 'p', 'a', now(), 1, 'done'),
       ('running', 'p', 'a', now() - interval '500 days', 1, 'running');
"""


def test_old_counts_go_batch_by_batch_and_neither_months_nor_events_nor_their_log(
    postgres: Bench, tmp_path: Path
) -> None:
    assert isinstance(postgres.ledger, PostgresLedger)
    database, keys = postgres.ledger._database, tmp_path / "keys"
    keys.mkdir(mode=0o700)
    case = postgres.ledger.append(submit(postgres.ledger), [MEASURED])
    TransparencyLog(database, keys).anchor()
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute(_COUNTS)
        keep = timedelta(days=400)
        assert delete_old_rows(database, keep=keep, batch=30) == {
            "report_minutes": 201,
            "account_usage": 199,
            "policy_replays": 1,
        }
        assert delete_old_rows(database, keep=keep) == dict.fromkeys(OLD_ROWS, 0)
        left = connection.execute("SELECT count(*), count(*) FILTER (WHERE period = '2001-01') FROM account_usage")
        assert left.fetchone() == (402, 1)
    assert len(postgres.ledger.history(case.id)) == 2
    report = audit_installation(database, keys, kept={})
    assert (report.intact, report.events, report.log_size) == (True, 2, 2)


def test_an_installation_of_before_gets_the_care_of_its_tables_and_the_payloads_that_it_issued(
    postgres: Bench, tmp_path: Path
) -> None:
    before = tmp_path / "sql"
    before.mkdir()
    for file in sorted(MIGRATION_FOLDERS["ledgers"].glob("0[0-8]*.sql")):
        (before / file.name).write_bytes(file.read_bytes())
    payload = "01000007" + "ab" * 8
    sealed = f'{{"type": "Sealed", "payload": "{payload}"}}'
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        with connection.transaction():
            migrate(connection, MIGRATION_FOLDERS | {"ledgers": before})
        for case_id, revision, body in (("a", 1, sealed), ("a", 2, sealed), ("b", 1, '{"type": "Measured"}')):
            connection.execute("INSERT INTO events (case_id, revision, body) VALUES (%s, %s, %s)", [case_id, revision, body])  # fmt: skip
        with connection.transaction():
            migrate(connection)
        known = connection.execute("SELECT case_id, encode(payload, 'hex'), at FROM issued_payloads").fetchall()
        first = connection.execute("SELECT at FROM events WHERE case_id = 'a' AND revision = 1").fetchone()
        options = connection.execute("SELECT reloptions FROM pg_class WHERE relname = 'events'").fetchone()
    assert known == [("a", payload, first[0] if first else None)]
    assert options and "autovacuum_vacuum_insert_threshold=200000" in options[0]
