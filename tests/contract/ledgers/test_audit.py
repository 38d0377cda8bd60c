"""The chain and the log in a real database: what somebody with every right there does is found."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from core.errors import BadInput, NotFound, Unavailable
from ledgers.benches import EVERY_EVENT, MEASURED, Bench, submit
from pipeline.at_rest.key_store import CaseKeys
from pipeline.audit.audit_walk import AuditReport
from pipeline.audit.installation_audit import audit_installation
from pipeline.audit.log_bundle import export_log, verify_export
from pipeline.audit.log_key import AUDIT_KEY_FILE, load_log_key, make_log_key
from pipeline.audit.transparency_log import PeriodicAnchor, TransparencyLog
from pipeline.ledgers.database import Database, open_database
from pipeline.ledgers.migrations import MIGRATION_FOLDERS, migrate
from pipeline.ledgers.postgres_ledger import PostgresLedger
from pipeline.ledgers.texts import PostgresTexts

pytestmark = pytest.mark.postgres


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def database(postgres: Bench) -> Database:
    assert isinstance(postgres.ledger, PostgresLedger)
    return postgres.ledger._database


def written(bench: Bench, cases: int = 3) -> list[str]:
    """Cases of two events."""
    ids = []
    for _ in range(cases):
        case = bench.ledger.append(submit(bench.ledger), [MEASURED])
        ids.append(case.id)
    return sorted(ids)


@contextmanager
def superuser(bench: Bench) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Somebody who turned the triggers off."""
    tables = ("events", "audit_log", "audit_checkpoints")
    with psycopg.connect(bench.dsn) as connection:
        for table in tables:
            connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))
        yield connection
        for table in tables:
            connection.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(sql.Identifier(table)))


def audited(database: Database, keys: Path, **kept: str) -> AuditReport:
    return audit_installation(database, keys, kept=kept)


def test_every_event_is_chained_as_the_application_computes_it(postgres: Bench, database: Database, keys: Path) -> None:
    case = submit(postgres.ledger)
    for event in EVERY_EVENT[1:]:
        case = postgres.ledger.append(case, [event])
    report = audited(database, keys)
    assert (report.intact, report.events, report.cases, report.waiting) == (True, len(EVERY_EVENT), 1, len(EVERY_EVENT))
    log = TransparencyLog(database, keys)
    assert (log.anchor().entered, log.anchor().entered) == (len(EVERY_EVENT), 0)
    report = audited(database, keys)
    assert (report.intact, report.log_size, report.waiting, report.checkpoints) == (True, len(EVERY_EVENT), 0, 1)


@pytest.mark.parametrize("anchored", [False, True])
@pytest.mark.parametrize(
    ("deed", "revision"),
    [
        ("UPDATE events SET body = body || '{\"account_minor\": true}' WHERE case_id = %s AND revision = 1", 1),
        ("UPDATE events SET at = at + interval '1 microsecond' WHERE case_id = %s AND revision = 2", 2),
        ("UPDATE events SET hash = sha256('x') WHERE case_id = %s AND revision = 1", 1),
        ("DELETE FROM events WHERE case_id = %s AND revision = 1", 2),
        ("DELETE FROM events WHERE case_id = %s AND revision = 2", 2),
        ("UPDATE events SET revision = revision + 5 WHERE case_id = %s AND revision = 2", 7),
        ("INSERT INTO events SELECT case_id, 3, body, at, hash FROM events WHERE case_id = %s AND revision = 2", 3),
    ],
)
def test_what_a_superuser_does_to_an_event_is_found_by_case_and_revision(
    postgres: Bench, database: Database, keys: Path, deed: str, revision: int, anchored: bool
) -> None:
    case_id = written(postgres)[1]
    if anchored:
        TransparencyLog(database, keys).anchor()
    with superuser(postgres) as connection:
        assert connection.execute(deed.encode(), [case_id]).rowcount == 1
    report = audited(database, keys)
    assert not report.intact
    assert report.breaks[0].case_id == case_id
    assert revision in [one.revision for one in report.breaks if one.case_id == case_id]


def test_a_chain_that_was_computed_anew_and_a_case_that_was_removed_contradict_the_log(
    postgres: Bench, database: Database, keys: Path
) -> None:
    first, second, _ = written(postgres)
    TransparencyLog(database, keys).anchor()
    with superuser(postgres) as connection:
        row = connection.execute("SELECT body FROM events WHERE case_id = %s AND revision = 2", [first]).fetchone()
        connection.execute("DELETE FROM events WHERE case_id = %s AND revision = 2", [first])
        connection.execute("DELETE FROM events WHERE case_id = %s", [second])
        connection.execute("DELETE FROM cases WHERE id = %s", [second])
    with psycopg.connect(postgres.dsn) as connection:  # the trigger chains it
        assert row is not None
        forged = Jsonb({**dict(row[0]), "seconds": {"forged/1": 1.0}})  # type: ignore[call-overload]
        connection.execute("INSERT INTO events VALUES (%s, 2, %s)", [first, forged])
    found = [(one.case_id, one.revision, one.says) for one in audited(database, keys).breaks]
    assert (first, 2, "the log has another record of it") in found
    assert (second, 1, "the log has it, and the event is not there") in found


def test_who_rewrites_everything_is_contradicted_by_the_head_that_a_witness_kept(
    postgres: Bench, database: Database, keys: Path
) -> None:
    victim = written(postgres)[0]
    kept = TransparencyLog(database, keys).anchor().checkpoint
    written(postgres, 1)
    TransparencyLog(database, keys).anchor()
    assert audited(database, keys, witness=kept).compared == (6,)
    with superuser(postgres) as connection:
        connection.execute("TRUNCATE audit_log, audit_checkpoints")
        connection.execute("DELETE FROM events WHERE case_id = %s", [victim])
        connection.execute("DELETE FROM cases WHERE id = %s", [victim])
    TransparencyLog(database, keys).anchor(everything=True)
    assert audited(database, keys).intact
    report = audited(database, keys, witness=kept)
    assert [one.says for one in report.breaks] == [
        "the log: the first 6 entries are not those of which witness was kept"
    ]


def test_erasing_what_people_wrote_leaves_every_proof_valid(
    postgres: Bench, database: Database, keys: Path, tmp_path: Path
) -> None:
    texts, case_id = PostgresTexts(database, CaseKeys(str(tmp_path / "vault"), tmp_path / "keys")), written(postgres)[0]
    texts.put("a prompt with a name in it", case_id=case_id)
    kept = TransparencyLog(database, keys).anchor().checkpoint
    assert texts.erase(case_id=case_id) == 1
    assert audited(database, keys, witness=kept).intact
    key = make_log_key(keys).public
    export_log(database, keys, key, tmp_path / "export", with_bodies=True)
    assert verify_export(tmp_path / "export", key, kept={"witness": kept}).intact
    assert not any(b"a name" in file.read_bytes() for file in (tmp_path / "export").rglob("*") if file.is_file())


def test_an_export_is_checked_without_the_database_and_any_changed_file_is_found(
    postgres: Bench, database: Database, keys: Path, tmp_path: Path
) -> None:
    written(postgres, 130)
    TransparencyLog(database, keys).anchor()
    key, export = make_log_key(keys).public, tmp_path / "export"
    assert export_log(database, keys, key, export, with_bodies=True) == 260
    names = sorted(str(file.relative_to(export)) for file in export.rglob("*") if file.is_file())
    assert names == [
        "bodies.jsonl",
        "checkpoint",
        "checkpoints/260",
        "log.pub",
        "tile/0/000",
        "tile/0/001.p/4",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/4",
    ]
    report = verify_export(export, key, kept={})
    assert (report.intact, report.events, report.cases) == (True, 260, 130)
    for name in names:
        if name == "log.pub":
            continue
        changed = tmp_path / "changed"
        shutil.copytree(export, changed)
        raw = bytearray((changed / name).read_bytes())
        raw[len(raw) // 2] ^= 1
        (changed / name).write_bytes(raw)
        try:
            assert verify_export(changed, key, kept={}).breaks, name
        except BadInput:
            assert name.startswith("checkpoint")
        shutil.rmtree(changed)
    with pytest.raises(BadInput, match="is not empty"):
        export_log(database, keys, key, export, with_bodies=False)


def test_events_of_before_the_chain_are_chained_where_they_are_and_read_as_before(
    postgres: Bench, keys: Path, tmp_path: Path
) -> None:
    older, all_files = tmp_path / "older", sorted(MIGRATION_FOLDERS["ledgers"].glob("[0-9]*.sql"))
    older.mkdir()
    for file in all_files:
        if file.name < "055":
            shutil.copy(file, older)
    with psycopg.connect(postgres.dsn) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        migrate(connection, {"ledgers": older})
        for revision in (1, 2):
            body = {"type": "Withdrawn", "of": 1e16, "n": -0.0, "r": revision}
            connection.execute("INSERT INTO events VALUES ('old', %s, %s)", [revision, Jsonb(body)])
        connection.execute("INSERT INTO cases VALUES ('old', 'withdrawn', 2, 'ana', '{}', '{}')")
        before = connection.execute("SELECT case_id, revision, body, at FROM events").fetchall()
    database = open_database(postgres.dsn)
    try:
        report = audited(database, keys)
        assert (report.intact, report.events, report.chained_later) == (True, 2, 2)
        assert report.chained_since
        with database.connection() as connection:
            assert connection.execute("SELECT case_id, revision, body, at FROM events").fetchall() == before
            with pytest.raises(psycopg.errors.RestrictViolation), connection.transaction():
                connection.execute("UPDATE events SET hash = NULL")
    finally:
        database.close()


def test_an_event_without_the_one_before_it_is_not_stored(postgres: Bench) -> None:
    case = submit(postgres.ledger)
    with (
        psycopg.connect(postgres.dsn) as connection,
        pytest.raises(psycopg.errors.RestrictViolation, match="no event 2"),
    ):
        connection.execute('INSERT INTO events VALUES (%s, 3, \'{"type": "Withdrawn"}\')', [case.id])


def test_a_log_whose_key_is_gone_is_not_carried_on_under_another(
    postgres: Bench, database: Database, keys: Path
) -> None:
    written(postgres)
    log = TransparencyLog(database, keys)
    log.anchor()
    (keys / AUDIT_KEY_FILE).chmod(0o644)
    with pytest.raises(Unavailable, match="read by others"):
        load_log_key(keys)
    (keys / AUDIT_KEY_FILE).unlink()
    written(postgres, 1)
    with pytest.raises(NotFound):
        log.anchor()
    PeriodicAnchor(log=log, interval=1e-9).run_maintenance()  # is logged, and holds nothing up
    assert any("key is not there" in one.says for one in audited(database, keys).breaks)
    with pytest.raises(NotFound, match="keys dev"):
        make_log_key(keys / "none")


def test_an_event_that_was_kept_out_of_the_log_is_found(postgres: Bench, database: Database, keys: Path) -> None:
    case_id = written(postgres)[0]
    TransparencyLog(database, keys).anchor()
    with superuser(postgres) as connection:
        connection.execute("UPDATE audit_checkpoints SET through = through + interval '2 hours'")
        connection.execute("DELETE FROM audit_log WHERE case_id = %s AND revision = 2", [case_id])
    says = [(one.case_id, one.revision, one.says) for one in audited(database, keys).breaks]
    assert says[0] == (case_id, 2, "it is not in the log, and is older than the log's newest head")
    assert any("a signed head has 6 entries, and the log only 5" in one for _, _, one in says)


def test_whoever_anchors_at_the_same_time_enters_each_event_once(
    postgres: Bench, database: Database, keys: Path
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    written(postgres, 20)
    with ThreadPoolExecutor(4) as pool:
        entered = list(pool.map(lambda _: TransparencyLog(database, keys).anchor().entered, range(4)))
    assert sum(entered) == 40
    assert audited(database, keys).intact
