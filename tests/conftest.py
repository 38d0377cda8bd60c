"""What every test may use. Each folder below has its own beside it."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import av
import pytest

ROOT = Path(__file__).parents[1]
_OWN_FOLDER = pytest.StashKey[Path]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """A folder of its own for each run.

    By default pytest puts all runs of a user into one folder and closes it to others whenever one starts: the
    embedded Postgres of a run under way, which is another user where root runs the tests, then loses its data.
    """
    if config.option.basetemp is None and "PYTEST_XDIST_WORKER" not in os.environ:
        config.option.basetemp = str(Path(tempfile.mkdtemp(prefix="assay-tests-")) / "run")
        config.stash[_OWN_FOLDER] = Path(config.option.basetemp).parent


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """What a failed run wrote is kept, to be looked at."""
    if exitstatus != pytest.ExitCode.OK and _OWN_FOLDER in session.config.stash:
        del session.config.stash[_OWN_FOLDER]


def pytest_unconfigure(config: pytest.Config) -> None:
    if own := config.stash.get(_OWN_FOLDER, None):
        shutil.rmtree(own, ignore_errors=True)


@pytest.fixture(scope="session")
def bunny() -> Path:
    """Five seconds of 720p with sound."""
    return ROOT / "deploy" / "demo" / "bunny.mp4"


@pytest.fixture(scope="session")
def two_seconds(bunny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first two seconds of it, copied without encoding. Nobody writes to it."""
    return first_seconds(bunny, tmp_path_factory.mktemp("footage") / "footage.mp4")


def first_seconds(bunny: Path, path: Path, seconds: float = 2.0) -> Path:
    """So many of it, written to `path`."""
    with av.open(str(bunny)) as source, av.open(str(path), "w") as target:
        streams = {s.index: target.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is not None and packet.dts * packet.time_base < seconds:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    return path


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see no setting of whoever runs them; the data folder alone may be named from outside."""
    for name in list(os.environ):
        if name.startswith("ASSAY_") and name != "ASSAY_DATA":
            monkeypatch.delenv(name)
