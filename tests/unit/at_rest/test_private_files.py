"""What Assay makes is for its owner alone, and what an older Assay left open is closed or reported."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.at_rest import private_files
from pipeline.at_rest.private_files import close_to_others, make_private_folder, open_paths, prepare_home
from pipeline.blobstores.blob_store import FsspecBlobStore
from pipeline.blobstores.public_store import FsspecPublicStore
from pipeline.diagnostics.at_rest_checks import check_privacy
from pipeline.settings import Settings
from pipeline.wiring.stores import open_public_store
from provenance.c2pa.signers.dev_keys import make_dev_keys


@pytest.fixture(autouse=True)
def careless_umask() -> Iterator[None]:
    before = os.umask(0o000)
    yield
    os.umask(before)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home as an older Assay left it."""
    home = tmp_path / "assay"
    (home / "vault" / "blobs" / "ab").mkdir(parents=True)
    (home / "vault" / "blobs" / "ab" / "bytes").write_bytes(b"draft")
    (home / "keys").mkdir()
    return home


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_the_blob_store_makes_files_for_their_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"draft")
    FsspecBlobStore(str(tmp_path / "home" / "vault")).put(tmp_path / "in", media_type="video/mp4", owner="case1")
    assert list(open_paths(tmp_path / "home")) == []
    assert {mode(path) for path in (tmp_path / "home").rglob("*")} == {0o700, 0o600}


def test_keys_are_for_their_owner_alone_certificates_too(tmp_path: Path) -> None:
    folder = make_dev_keys(tmp_path / "keys").folder
    assert {mode(path) for path in folder.iterdir()} == {0o600}
    assert mode(folder) == 0o700


def test_a_public_store_that_somebody_chose_can_be_read_by_a_web_server_whatever_the_umask(tmp_path: Path) -> None:
    os.umask(0o077)
    (tmp_path / "in.mp4").write_bytes(b"video")
    store = open_public_store(Settings(home=tmp_path / "home", public_store_url=str(tmp_path / "www" / "videos")))
    store.publish("c1", tmp_path / "in.mp4")
    assert mode(tmp_path / "www" / "videos" / "c1.mp4") == 0o644
    assert mode(tmp_path / "www" / "videos") == 0o755


def test_the_public_store_in_the_home_is_closed_as_all_of_it_is(tmp_path: Path) -> None:
    (tmp_path / "in.mp4").write_bytes(b"video")
    store: FsspecPublicStore = open_public_store(Settings(home=tmp_path / "home"))
    store.publish("c1", tmp_path / "in.mp4")
    assert list(open_paths(tmp_path / "home")) == []


def test_a_home_that_was_open_is_closed_at_the_next_start(home: Path) -> None:
    assert mode(home) == 0o777
    prepare_home(home)
    assert (mode(home) & 0o766, mode(home / "vault"), mode(home / "keys")) == (0o700, 0o700, 0o700)


def test_a_home_lets_the_database_user_pass_and_no_more(home: Path) -> None:
    home.chmod(0o701)
    prepare_home(home)
    assert mode(home) == 0o701


def test_closing_reaches_every_file_and_finds_nothing_the_second_time(home: Path) -> None:
    assert close_to_others(home) == 6
    assert list(open_paths(home)) == []
    assert close_to_others(home) == 0


def test_a_home_where_others_live_too_is_reported_and_not_changed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.chmod(0o1777)
    prepare_home(home)
    assert mode(home) == 0o777
    assert not next(open_paths(home)).ours
    assert mode(home / "vault") == 0o700
    ((state, says),) = check_privacy(Settings(home=home))
    assert state == "lacks" and f"chmod 711 {home}" in says


def test_the_doctor_names_what_is_open_and_what_closes_it(home: Path) -> None:
    ((state, says),) = check_privacy(Settings(home=home))
    assert state == "lacks" and "6 files or folders" in says and "`assay protect` closes them" in says
    close_to_others(home)
    ((state, says),) = check_privacy(Settings(home=home))
    assert state == "ok" and str(home) in says


def test_keys_outside_the_home_are_looked_at_too(home: Path, tmp_path: Path) -> None:
    close_to_others(home)
    (tmp_path / "elsewhere").mkdir()
    states = [state for state, _ in check_privacy(Settings(home=home, keys=tmp_path / "elsewhere"))]
    assert states == ["ok", "lacks"]


def test_the_database_folder_is_not_entered_and_has_to_be_closed(home: Path) -> None:
    close_to_others(home)
    (home / "postgres" / "data").mkdir(parents=True)
    assert [one.path for one in open_paths(home)] == [home / "postgres"]


def test_each_folder_that_is_made_on_the_way_is_closed(tmp_path: Path) -> None:
    make_private_folder(tmp_path / "a" / "b" / "c")
    assert {mode(tmp_path / name) for name in ("a", "a/b", "a/b/c")} == {0o700}


def test_commands_begin_with_a_private_umask() -> None:
    private_files.set_private_umask()
    assert os.umask(0o077) == 0o077
