"""Who may reach the Postgres that comes with Assay, as whom it runs, and where it then lies."""

from __future__ import annotations

import contextlib
import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from core.errors import Unavailable
from pipeline.ledgers import data_location
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres
from pipeline.ledgers.server_user import SERVER_USER_NAME, ServerUser, allow_traversal
from tests.integration.postgres_client_process import POSTGRES_CLIENT_SCRIPT, REPOSITORY

pytestmark = pytest.mark.postgres


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process as another user")
def test_an_ordinary_user_needs_no_other_user(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    folder.chmod(0o755)
    theirs = folder / "theirs"
    theirs.mkdir()
    os.chown(theirs, nobody.pw_uid, nobody.pw_gid)
    process = subprocess.run(
        [_python_for_anyone(), "-c", POSTGRES_CLIENT_SCRIPT, str(theirs), "1"],
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        input="\n",
        capture_output=True,
        text=True,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *sys.path]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": "/",
        },
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert (theirs / "postgres" / "data").stat().st_uid == nobody.pw_uid


@pytest.mark.skipif(os.geteuid() != 0, reason="only where Assay is root does the server run as a user of its own")
def test_as_root_only_the_way_in_opens_and_the_log_says_so(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    embedded = EmbeddedPostgres(folder / "assay")
    embedded.start()
    embedded.stop()
    assert folder.stat().st_mode & 0o777 == 0o701
    assert f"{folder}: others may now pass through" in caplog.text
    assert (folder / "assay" / "postgres" / "data").stat().st_uid == pwd.getpwnam(SERVER_USER_NAME).pw_uid


@pytest.mark.skipif(os.geteuid() != 0, reason="only where Assay is root does the server run as a user of its own")
def test_as_root_a_private_home_is_never_opened(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    home = pwd.struct_passwd(("eve", "x", 0, 0, "", str(folder), "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwall", lambda: [home])
    stranger = ServerUser(name="pgserver", uid=4242, gid=4242)
    with pytest.raises(Unavailable, match="may not pass through") as caught:
        allow_traversal(folder / "deep" / "postgres", stranger)
    assert str(folder) in str(caught.value)
    assert folder.stat().st_mode & 0o777 == 0o700


def _python_for_anyone() -> str:
    """An interpreter that an ordinary user may run: ours may lie in root's home."""
    version = "{}.{}".format(*sys.version_info)
    for python in (sys.executable, f"/usr/bin/python{version}"):
        with contextlib.suppress(OSError):
            if subprocess.run([python, "-c", ""], user="nobody", extra_groups=[], check=False).returncode == 0:
                return python
    pytest.skip(f"no Python {version} that an ordinary user may run")


@pytest.mark.skipif(os.geteuid() != 0, reason="only where Assay is root does the server run as a user of its own")
def test_as_root_in_a_private_home_the_database_lies_outside_it(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    home, state = folder / "home", folder / "state"
    home.mkdir(mode=0o700)
    folder.chmod(0o755)
    eve = pwd.struct_passwd(("eve", "x", 0, 0, "", str(home), "/bin/sh"))
    known = pwd.getpwall()
    monkeypatch.setattr(pwd, "getpwall", lambda: [*known, eve])
    monkeypatch.setattr(data_location, "SYSTEM_STATE_FOLDER", state)
    embedded = EmbeddedPostgres(home / "assay")
    with psycopg.connect(embedded.start()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    embedded.stop()
    assert not (home / "assay" / "postgres").exists()
    assert len(list(state.glob("*/data/PG_VERSION"))) == 1
    assert home.stat().st_mode & 0o777 == 0o700
