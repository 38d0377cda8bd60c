"""Stories are told through the real command line and the real server, over the embedded Postgres."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from media.transcode import Encoding, reencode
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres
from tests.conftest import ROOT
from tests.stories import forked_commands


@dataclass(frozen=True)
class CommandResult:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@dataclass(frozen=True)
class CliInstallation:
    """A home folder, and the command line that works in it."""

    home: Path

    @property
    def env(self):
        base = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_")}
        return {
            **base,
            "ASSAY_HOME": str(self.home),
            "ASSAY_ENGINE_FOLDER": str(self.home / "engine"),
            "ASSAY_FRAMES": "4",
            "ASSAY_MAX_FRAMES": "4",
            "ASSAY_ONE_PERSON": "true",  # whoever types orders the videos and rules on them
            "COLUMNS": "160",
        }

    def assay(self, *arguments, env=None, stdin="", timeout=240):
        return self._run(["-m", "pipeline.cli", *map(str, arguments)], env, stdin, timeout)

    def python(self, code, timeout=240):
        """Run a piece of Python in this installation."""
        return self._run(["-c", code], None, "", timeout)

    def _run(self, arguments, env, stdin, timeout):
        done = forked_commands.run(arguments, env={**self.env, **(env or {})}, stdin=stdin, timeout=timeout)
        return CommandResult(done.returncode, done.stdout, done.stderr)


def make_installation(home: Path, footage: Path | None = None) -> CliInstallation:
    """One with keys, whose engine delivers the demo's video, or this one in its place."""
    shutil.copytree(ROOT / "deploy" / "demo", home / "engine", dirs_exist_ok=True)
    if footage:
        shutil.copy(footage, home / "engine" / "bunny.mp4")
    installation = CliInstallation(home)
    made = installation.assay("keys", "dev")
    assert made.code == 0, made.err
    return installation


@contextmanager
def database_kept_running(installation: CliInstallation) -> Iterator[CliInstallation]:
    """As while a server runs beside the commands: else each of them starts the database, and stops it."""
    embedded = EmbeddedPostgres(installation.home)
    embedded.start()
    try:
        yield installation
    finally:
        embedded.stop()


@pytest.fixture(scope="session")
def small(tmp_path_factory, two_seconds):
    """The two seconds in 360 rows: a video is marked and looked through in half the time that 720 rows take."""
    path = tmp_path_factory.mktemp("small") / "small.mp4"
    reencode(two_seconds, path, encoding=Encoding(height=360))
    return path


@pytest.fixture(scope="session")
def installation(tmp_path_factory, small):
    """One installation, shared by the stories that do not break it."""
    with database_kept_running(make_installation(tmp_path_factory.mktemp("house"), small)) as made:
        yield made


@pytest.fixture(scope="session")
def unused(tmp_path_factory, small):
    """An installation nobody has used; what is copied from it starts with keys and a video."""
    return make_installation(tmp_path_factory.mktemp("unused") / "house", small)


@pytest.fixture
def fresh(tmp_path, unused):
    """An installation of its own."""
    used = unused.home / "postgres"  # it belongs to another user, and a copy of it to root
    assert not used.exists(), "a story has used the installation that others are copied from"
    return CliInstallation(shutil.copytree(unused.home, tmp_path / "house"))


@pytest.fixture(scope="session")
def published(installation):
    """A case that went the whole way: its JSON as `assay submit --json` gave it."""
    said = installation.assay("submit", "a sleepy rabbit in a meadow", "--json")
    assert said.code == 0, said.err + said.out
    return said.json


def published_file(case_json) -> Path:
    return Path(case_json["file"].removeprefix("file://"))
