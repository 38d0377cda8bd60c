"""The Postgres that comes with Assay, started, shared, killed and found again. Needs nothing but the package."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from core.errors import Unavailable
from pipeline.ledgers.database import Database, open_database
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres
from pipeline.ledgers.migrations import migrate
from pipeline.ledgers.server_user import SERVER_USER_NAME
from tests.integration.postgres_client_process import POSTGRES_CLIENT_SCRIPT, REPOSITORY

pytestmark = pytest.mark.postgres


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def _process(folder: Path, number: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", POSTGRES_CLIENT_SCRIPT, str(folder), str(number)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )


def _said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _postmaster(folder: Path) -> int:
    return int((folder / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])


def _is_running(folder: Path) -> bool:
    return (folder / "postgres" / "data" / "postmaster.pid").exists()


def _seen(dsn: str) -> list[int]:
    with psycopg.connect(dsn) as connection:
        return [row[0] for row in connection.execute("SELECT who FROM seen ORDER BY who").fetchall()]


def _server_user() -> int | None:
    return pwd.getpwnam(SERVER_USER_NAME).pw_uid if os.geteuid() == 0 else None


def test_two_processes_share_it_and_the_last_to_leave_stops_it(folder: Path) -> None:
    first, second = _process(folder, 1), _process(folder, 2)
    dsn = _said(first)
    assert dsn == _said(second)
    assert _seen(dsn) == [1, 2]
    first.communicate("\n")
    assert _seen(dsn) == [1, 2]
    second.communicate("\n")
    assert not _is_running(folder)
    assert (first.returncode, second.returncode) == (0, 0)


def test_a_fork_that_ends_does_not_stop_its_parents_server(folder: Path) -> None:
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from pipeline.ledgers.embedded_postgres import EmbeddedPostgres\n"
        "import psycopg\n"
        "dsn = EmbeddedPostgres(Path(sys.argv[1])).start()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    sys.exit()\n"
        "os.waitpid(child, 0)\n"
        "psycopg.connect(dsn).close()\n"
        "print('still there')\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", script, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.stdout == "still there\n", done.stderr
    assert not _is_running(folder)


def test_a_killed_client_leaves_the_server_to_the_next(folder: Path) -> None:
    killed = _process(folder, 1)
    _said(killed)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    embedded = EmbeddedPostgres(folder)
    assert _seen(embedded.start()) == [1]
    embedded.stop()
    assert not _is_running(folder)


def test_a_killed_server_comes_back_with_everything_committed(folder: Path) -> None:
    embedded = EmbeddedPostgres(folder)
    with psycopg.connect(embedded.start(), autocommit=True) as connection:
        connection.execute("CREATE TABLE seen (who int)")
        for number in range(50):
            connection.execute("INSERT INTO seen VALUES (%s)", [number])
        os.kill(_postmaster(folder), signal.SIGKILL)
    assert _seen(embedded.start()) == list(range(50))
    embedded.stop()


def test_a_pool_starts_a_killed_server_again_by_itself(folder: Path) -> None:
    database = open_database(folder)
    try:
        with database.owner_connection() as connection:
            connection.execute("CREATE TABLE seen (who int); GRANT SELECT ON seen TO assay_app")
        os.kill(_postmaster(folder), signal.SIGKILL)
        with database.dedicated_connection() as connection:
            assert connection.execute("SELECT count(*) FROM seen").fetchone() == (0,)
        os.kill(_postmaster(folder), signal.SIGKILL)
        with database.connection() as connection:
            assert connection.execute("SELECT count(*) FROM seen").fetchone() == (0,)
    finally:
        database.close()


def test_a_pid_that_now_belongs_to_another_program_is_no_obstacle(folder: Path) -> None:
    embedded = EmbeddedPostgres(folder)
    embedded.start()
    embedded.stop()
    bystander = subprocess.Popen(["sleep", "60"], user=_server_user())
    try:
        stale = folder / "postgres" / "data" / "postmaster.pid"
        stale.write_text(f"{bystander.pid}\n{stale.parent}\n1\n5432\n{folder}\n\n0 0\nready\n")
        embedded.start()
        assert bystander.poll() is None
        embedded.stop()
    finally:
        bystander.kill()
        bystander.wait()


def test_an_initdb_that_was_killed_is_done_anew(folder: Path) -> None:
    half = folder / "postgres" / "data.new" / "base"
    half.mkdir(parents=True)
    (half / "1").write_text("half")
    embedded = EmbeddedPostgres(folder)
    embedded.start()
    embedded.stop()


def test_data_of_another_postgres_is_refused_and_left_alone(folder: Path) -> None:
    version = folder / "postgres" / "data" / "PG_VERSION"
    version.parent.mkdir(parents=True)
    version.write_text("15\n")
    with pytest.raises(Unavailable, match="is of Postgres 15 and this Assay brings 18"):
        EmbeddedPostgres(folder).start()
    assert list(version.parent.iterdir()) == [version]


def test_a_path_too_long_for_a_socket_still_works(folder: Path) -> None:
    deep = folder / ("long-name-" * 8) / ("long-name-" * 8)
    embedded = EmbeddedPostgres(deep)
    dsn = embedded.start()
    psycopg.connect(dsn).close()
    embedded.stop()
    shutil.rmtree(dsn.split("host=")[1])


def test_it_listens_to_its_owner_only(folder: Path) -> None:
    embedded = EmbeddedPostgres(folder)
    with psycopg.connect(embedded.start()) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
    assert (folder / "postgres").stat().st_mode & 0o777 == 0o700
    embedded.stop()


def test_eight_starters_make_the_tables_once(folder: Path) -> None:
    def open_and_close(_: int) -> None:
        open_database(folder, size=1).close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(open_and_close, range(8)))
    database = open_database(folder)
    with database.owner_connection() as connection:
        assert migrate(connection) == []
        counted = connection.execute("SELECT count(*), count(DISTINCT name) FROM migrations").fetchone()
    assert counted is not None
    assert counted[0] == counted[1] > 1
    database.close()


def test_a_changed_or_broken_migration_changes_nothing(folder: Path) -> None:
    sql = folder / "sql"
    sql.mkdir()
    (sql / "001_a.sql").write_text("CREATE TABLE a (x int);")
    embedded = EmbeddedPostgres(folder)
    database = Database(embedded.start())
    with database.connection() as connection:
        assert migrate(connection, {"mine": sql}) == ["mine/001_a.sql"]
    (sql / "002_b.sql").write_text("CREATE TABLE b (x int); SELECT * FROM nothing;")
    with pytest.raises(psycopg.errors.UndefinedTable), database.connection() as connection:
        migrate(connection, {"mine": sql})
    (sql / "002_b.sql").unlink()
    (sql / "001_a.sql").write_text("CREATE TABLE a (x bigint);")
    with pytest.raises(Unavailable, match="was changed after"), database.connection() as connection:
        migrate(connection, {"mine": sql})
    with database.connection() as connection:
        assert connection.execute("SELECT to_regclass('b')").fetchone() == (None,)
    database.close()
    embedded.stop()


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    embedded = EmbeddedPostgres(folder)
    embedded.start()
    embedded.stop()
    with (folder / "postgres" / "data" / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(Unavailable, match=r"does not start: .*contains errors"):
        EmbeddedPostgres(folder, patience=0.1).start()
