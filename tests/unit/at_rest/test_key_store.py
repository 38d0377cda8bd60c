"""Keys are made once, wrapped, and gone when they are destroyed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.errors import NotFound, Unavailable
from pipeline.at_rest.key_store import CaseKeys, KeyStore, RememberedCaseKeys
from provenance.c2pa.signers.dev_keys import make_dev_keys


@pytest.fixture(params=[KeyStore, CaseKeys, RememberedCaseKeys])
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> KeyStore:
    return request.param(str(tmp_path / "vault"), tmp_path / "keys")


def test_a_key_is_made_once(keys: KeyStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: keys.make("case1"), range(16)))
    assert made == {keys.get("case1")}
    assert len(made.pop()) == 32
    assert keys.make("case2") != keys.get("case1")


def test_a_destroyed_key_is_gone_and_another_of_its_name_is_another(keys: KeyStore) -> None:
    before = keys.make("case1")
    keys.destroy("case1")
    keys.destroy("case1")
    with pytest.raises(NotFound):
        keys.get("case1")
    assert keys.make("case1") != before


def test_no_key_lies_in_the_clear(keys: KeyStore, tmp_path: Path) -> None:
    key = keys.make("case1")
    assert not any(key in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_another_installation_cannot_unwrap_it(keys: KeyStore, tmp_path: Path) -> None:
    keys.make("case1")
    with pytest.raises(Unavailable, match="this installation's keys"):
        type(keys)(str(tmp_path / "vault"), tmp_path / "other").get("case1")


def test_a_wrapping_key_that_others_can_read_is_refused(keys: KeyStore, tmp_path: Path) -> None:
    keys.make("case1")
    (tmp_path / "keys" / "wrapping.key").chmod(0o644)
    with pytest.raises(Unavailable, match="chmod 600"):
        keys.make("case2")


def test_the_wrapping_key_of_an_older_assay_goes_on(keys: KeyStore, tmp_path: Path) -> None:
    key = keys.make("case1")
    (tmp_path / "keys" / "wrapping.key").rename(tmp_path / "keys" / "templates.key")
    assert type(keys)(str(tmp_path / "vault"), tmp_path / "keys").make("case1") == key
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["templates.key"]


def test_what_is_destroyed_elsewhere_is_forgotten_soon_and_nothing_new_is_encrypted_under_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (RememberedCaseKeys(str(tmp_path / "vault"), tmp_path / "keys") for _ in range(2))
    before = one.make("case1")
    assert one.get("case1") == before
    other.destroy("case1")
    assert one.make("case1") != before
    other.destroy("case1")
    monkeypatch.setattr("time.monotonic", lambda: 1e9)
    with pytest.raises(NotFound):
        one.get("case1")


def test_development_keys_can_be_made_where_the_wrapping_key_is_already(tmp_path: Path) -> None:
    key = CaseKeys(str(tmp_path / "vault"), tmp_path / "keys").make("case1")
    assert make_dev_keys(tmp_path / "keys").result == "made"
    assert make_dev_keys(tmp_path / "keys").result == "kept"
    assert CaseKeys(str(tmp_path / "vault"), tmp_path / "keys").get("case1") == key
    assert not list(tmp_path.glob(".keys-*"))
