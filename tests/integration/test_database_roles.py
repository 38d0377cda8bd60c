"""Who the application is in the embedded database, what it may not do there, and how a home of before is upgraded."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from core.case import new_case
from core.errors import Unavailable
from core.events import Submitted
from pipeline.audit.installation_audit import audit_installation
from pipeline.audit.transparency_log import TransparencyLog
from pipeline.diagnostics.database_checks import check_database
from pipeline.ledgers.database import open_database
from pipeline.ledgers.database_roles import APPLICATION_ROLE, HBA, OWNER_ROLE, pass_file
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres
from pipeline.ledgers.postgres_ledger import PostgresLedger
from pipeline.settings import Settings
from tests.integration.postgres_client_process import REPOSITORY

pytestmark = pytest.mark.postgres

SUBMITTED = Submitted(author="ana", prompt="t1")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """One installation for all, running."""
    with tempfile.TemporaryDirectory() as folder, closing(open_database(Path(folder))) as database:
        PostgresLedger(database).append(new_case(), [SUBMITTED])
        yield Path(folder)


@pytest.mark.parametrize(
    "deed",
    [
        "UPDATE events SET at = now()",
        "DELETE FROM events",
        "TRUNCATE events",
        "ALTER TABLE events DISABLE TRIGGER ALL",
        "DROP TRIGGER events_stay ON events",
        "CREATE OR REPLACE FUNCTION events_stay() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "DROP TABLE audit_log",
        "UPDATE audit_checkpoints SET note = ''",
        "DELETE FROM audit_log",
        "UPDATE policies SET profile = ''",
        "INSERT INTO migrations (name, digest) VALUES ('x', 'y')",
        "CREATE TABLE mine (x int)",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine SUPERUSER",
        "SET ROLE assay_owner",
        "SET SESSION AUTHORIZATION postgres",
        "SET session_replication_role = replica",
        "COPY events TO PROGRAM 'cat'",
        "SELECT pg_read_file('/etc/hostname')",
    ],
)
def test_the_application_may_not(home: Path, deed: str) -> None:
    dsn = EmbeddedPostgres(home).application_dsn
    with psycopg.connect(dsn) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(deed.encode())


def test_nobody_is_let_in_without_a_password(home: Path) -> None:
    dsn = EmbeddedPostgres(home).dsn.replace("passfile=", "passfile=/dev/null&fallback_application_name=")
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(dsn)
    for role in ("postgres", OWNER_ROLE, APPLICATION_ROLE):
        assert pass_file(home / "postgres", role).stat().st_mode & 0o777 == 0o600
    assert EmbeddedPostgres(home).hba_file.read_text() == HBA


def test_the_owner_is_no_superuser_and_owns_the_tables(home: Path) -> None:
    with psycopg.connect(EmbeddedPostgres(home).owner_dsn) as connection:
        roles = dict(connection.execute("SELECT rolname, rolsuper FROM pg_roles WHERE rolname ~ '^assay'").fetchall())
        owners = connection.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert (roles, owners) == ({OWNER_ROLE: False, APPLICATION_ROLE: False}, [(OWNER_ROLE,)])


def test_a_home_of_before_is_upgraded_at_the_next_start_and_keeps_its_events(tmp_path: Path) -> None:
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    before = EmbeddedPostgres(folder)
    with closing(open_database(before.start(), folders={})) as database, database.connection() as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    with closing(open_database(before.start())) as database:  # as it was: everything is the superuser's
        case = PostgresLedger(database).append(new_case(), [SUBMITTED])
    with psycopg.connect(before.start()) as connection:
        connection.execute(f"DROP OWNED BY {OWNER_ROLE}, {APPLICATION_ROLE}")
        connection.execute(f"DROP ROLE {OWNER_ROLE}, {APPLICATION_ROLE}")
    before.hba_file.write_text("local all all trust\n")
    assert check_trust(before) == "broken"
    before.stop()
    for file in (folder / "postgres").glob("*.pass"):
        file.unlink()
    with closing(open_database(folder)) as database:
        assert PostgresLedger(database).load(case.id).request == SUBMITTED
        moved = PostgresLedger(database).append(new_case(), [SUBMITTED])
        assert moved.revision == 1
        assert [one for one in check_database(database, Settings(home=folder)) if one[0] != "ok"] == []
        (folder / "keys").mkdir(mode=0o700)
        assert TransparencyLog(database, folder / "keys").anchor().entered == 2
        assert audit_installation(database, folder / "keys", kept={}).intact
        with database.connection() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE events SET at = now()")


def check_trust(embedded: EmbeddedPostgres) -> str:
    from pipeline.diagnostics.database_checks import check_hba

    return check_hba(embedded.hba_file)[0]


def test_a_password_file_that_is_gone_is_called_by_its_name(tmp_path: Path) -> None:
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    open_database(folder).close()
    (pass_file(folder / "postgres", APPLICATION_ROLE)).unlink()
    with pytest.raises(Unavailable, match=r"assay_app.pass is missing"):
        open_database(folder)
    assert not (folder / "postgres" / "data" / "postmaster.pid").exists(), "its server is left running"


@pytest.mark.parametrize(
    ("deed", "undo", "says"),
    [
        (
            "ALTER TABLE events DISABLE TRIGGER events_stay",
            "ALTER TABLE events ENABLE ALWAYS TRIGGER events_stay",
            "events_stay",
        ),
        (
            "ALTER TABLE events ENABLE TRIGGER events_chain",
            "ALTER TABLE events ENABLE ALWAYS TRIGGER events_chain",
            "events_chain",
        ),
        ("GRANT DELETE ON events TO assay_app", "REVOKE DELETE ON events FROM assay_app", "DELETE on events"),
        ("GRANT CREATE ON SCHEMA public TO assay_app", "REVOKE CREATE ON SCHEMA public FROM assay_app", "make tables"),
        ("GRANT assay_owner TO assay_app", "REVOKE assay_owner FROM assay_app", "owner"),
        ("ALTER ROLE assay_app SUPERUSER", "ALTER ROLE assay_app NOSUPERUSER", "superuser"),
    ],
)
def test_doctor_notices(home: Path, deed: str, undo: str, says: str) -> None:
    settings = Settings(home=home)
    with closing(open_database(home)) as database, psycopg.connect(EmbeddedPostgres(home).dsn) as connection:
        assert [one for one in check_database(database, settings) if one[0] != "ok"] == []
        connection.execute(deed.encode())
        connection.commit()
        try:
            found = [one for one in check_database(database, settings) if one[0] == "broken"]
        finally:
            connection.execute(undo.encode())
    assert any(says in one[1] for one in found), found


def test_doctor_notices_a_trigger_that_does_nothing_any_more(home: Path) -> None:
    with closing(open_database(home)) as database, psycopg.connect(EmbeddedPostgres(home).owner_dsn) as connection:
        before = connection.execute("SELECT pg_get_functiondef('events_stay'::regproc)").fetchone()
        connection.execute(
            "CREATE OR REPLACE FUNCTION events_stay() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
        )
        connection.commit()
        found = [one for one in check_database(database, Settings(home=home)) if one[0] == "broken"]
        assert before is not None
        connection.execute(before[0].encode())
    assert any("events_stay" in says for _, says in found)


def test_another_postgres_gets_the_same_two_roles_by_the_file_that_is_deployed(home: Path) -> None:
    file = (REPOSITORY / "deploy" / "postgres-roles.sql").read_text()
    statements = [line for line in file.splitlines() if not line.startswith(("\\", "--"))]
    script = "\n".join(statements).replace(":'owner_password'", "'o'").replace(":'app_password'", "'a'")
    script, _, granted = script.partition("SELECT format(")
    for role in ("assay_owner", "assay_app"):  # those of the embedded server are there already
        script = script.replace(role, f"other_{role}")
    embedded = EmbeddedPostgres(home)
    with psycopg.connect(embedded.dsn, autocommit=True) as connection:
        connection.execute("CREATE DATABASE other")
    dsn = embedded.dsn.replace("/postgres?", "/other?")
    with psycopg.connect(dsn) as connection:
        connection.execute(script.encode())
        assert granted.startswith("'GRANT CREATE ON DATABASE %I TO assay_owner'")
        connection.execute("GRANT CREATE ON DATABASE other TO other_assay_owner")
    socket = dsn.split("host=")[1]
    app = f"postgresql://other_assay_app:a@/other?host={socket}"
    owner = f"postgresql://other_assay_owner:o@/other?host={socket}"
    for _ in range(2):  # and nothing is different the second time
        with closing(open_database(app, owner_url=owner)) as database:
            case = PostgresLedger(database).append(new_case(), [SUBMITTED])
            assert PostgresLedger(database).load(case.id).revision == 1
            settings = Settings(home=home, database_url=app, database_owner_url=owner)
            assert [one for one in check_database(database, settings) if one[0] != "ok"] == []
    with closing(open_database(owner)) as database:
        found = check_database(database, Settings(home=home, database_url=owner))
        assert [state for state, says in found if "database_owner_url" in says] == ["lacks"]
