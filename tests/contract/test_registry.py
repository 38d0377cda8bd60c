"""One suite for gallery, bank and leases. Runs against: memory, and the embedded Postgres (marker `postgres`)."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from classifiers.base import BiometricGallery, HashBank
from core.embedding_spaces import FACE_SPACE, VOICE_SPACE, ComparableSpace, EmbeddingSpace
from core.errors import BadInput, Unavailable
from pipeline.ledgers.database import Database, open_database
from registry.banks.hamming_index import HammingIndex, KnownHash
from registry.banks.protected_gallery import PostgresGallery
from registry.consent.leases import PostgresLeases, UseRequest
from tests.contract.registry_backend import RegistryBackend

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def gallery(registry: RegistryBackend) -> BiometricGallery:
    return registry.gallery


def _faces(count: int, seed: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0.0, 0.12, (count, FACE_SPACE.dimensions)).astype(np.float32)


def _phash(number: int, kind: str = "known_bad", name: str = "") -> KnownHash:
    return KnownHash(id=name or f"h{number}", kind=kind, algorithm="phash", bits=number.to_bytes(8, "big"))


# Faces


def test_an_empty_gallery_knows_no_one(registry: RegistryBackend) -> None:
    assert registry.gallery.size == 0
    assert registry.gallery.nearest(_faces(1)[0]) is None


def test_a_face_is_found_as_soon_as_it_is_added(registry: RegistryBackend) -> None:
    faces = _faces(3)
    for number, embedding in enumerate(faces):
        registry.gallery.add(f"p{number}", "cameo", embedding)
        assert registry.gallery.size == number + 1
        assert registry.gallery.nearest(embedding) == (f"p{number}", "cameo", 0.0)


def test_a_removed_face_is_not_found_any_more(registry: RegistryBackend) -> None:
    one, two = _faces(2)
    registry.gallery.add("mira", "cameo", one)
    registry.gallery.add("mira", "cameo", one + 0.01)
    registry.gallery.add("omar", "estate", two)
    assert registry.gallery.remove("mira") == 2
    assert registry.gallery.remove("mira") == 0
    found = registry.gallery.nearest(one)
    assert found is not None
    assert found[:2] == ("omar", "estate")


def test_the_nearest_is_the_one_that_a_plain_search_finds(registry: RegistryBackend) -> None:
    faces, probes = _faces(60), _faces(20, seed=2)
    for number, embedding in enumerate(faces):
        registry.gallery.add(f"p{number}", "other", embedding)
    for probe in probes:
        distances = np.linalg.norm(faces.astype(np.float64) - probe, axis=1)
        found = registry.gallery.nearest(probe)
        assert found is not None
        assert found[0] == f"p{distances.argmin()}"
        assert found[2] == pytest.approx(distances.min(), abs=1e-6)


def test_those_who_gave_a_lease_are_passed_over(registry: RegistryBackend) -> None:
    face = _faces(1)[0]
    registry.gallery.add("near", "cameo", face)
    registry.gallery.add("near", "cameo", face + 0.001)
    registry.gallery.add("far", "cameo", face + 0.01)
    found = registry.gallery.nearest(face, exclude=["near", "no one"])
    assert found is not None
    assert found[0] == "far"
    assert registry.gallery.nearest(face, exclude={"near", "far"}) is None


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros(127),
        np.zeros((1, FACE_SPACE.dimensions)),
        np.full(FACE_SPACE.dimensions, np.nan),
        np.full(FACE_SPACE.dimensions, np.inf),
    ],
)
def test_what_is_no_face_is_refused(registry: RegistryBackend, bad: NDArray[np.float32]) -> None:
    registry.gallery.add("p", "cameo", _faces(1)[0])
    with pytest.raises(BadInput):
        registry.gallery.add("q", "cameo", bad)
    with pytest.raises(BadInput):
        registry.gallery.nearest(bad)
    assert registry.gallery.size == 1


def test_a_kind_that_no_one_knows_is_refused(registry: RegistryBackend) -> None:
    with pytest.raises(BadInput, match="no kind"):
        registry.gallery.add("p", "celebrity", _faces(1)[0])
    with pytest.raises(BadInput, match="no kind"):
        _phash(1, kind="known_good")


def test_one_persons_own_templates_can_be_asked_for(registry: RegistryBackend) -> None:
    near, far = _faces(2)
    registry.gallery.add("near", "cameo", near)
    registry.gallery.add("far", "cameo", far)
    found = registry.gallery.nearest(near, only=["far"])
    assert found is not None and found[0] == "far"
    assert registry.gallery.nearest(near, only=[]) is None
    assert registry.gallery.has_person("near") and not registry.gallery.has_person("nobody")


@pytest.mark.postgres
def test_a_gallery_knows_its_own_space_only(database: Database) -> None:
    faces, voices = PostgresGallery(database), PostgresGallery(database, VOICE_SPACE)
    faces.add("mira", "cameo", _faces(1)[0])
    before = voices.size
    with pytest.raises(BadInput):
        voices.add("mira", "cameo", _faces(1)[0])
    voices.add("mira", "cameo", np.ones(VOICE_SPACE.dimensions, np.float32))
    assert voices.size == before + 1
    assert voices.remove("mira") == 1 and faces.remove("mira") == 1


LONG = EmbeddingSpace("test/long/1", 5, extends=EmbeddingSpace("test/short/1", 3))
SHORT = LONG.extends or LONG


def _grown(*numbers: float) -> NDArray[np.float32]:
    return np.array(numbers, np.float32)


@pytest.mark.postgres
def test_templates_from_before_a_net_was_added_are_found_by_what_both_spaces_share(database: Database) -> None:
    before = PostgresGallery(database, SHORT, [ComparableSpace(LONG, SHORT.dimensions, float)])
    now = PostgresGallery(database, LONG, [ComparableSpace(SHORT, SHORT.dimensions, lambda distance: 2 * distance)])
    before.add("early", "cameo", _grown(1, 0, 0))
    now.add("late", "cameo", _grown(0, 1, 0, 4, 0))
    assert now.size == before.size == 2
    assert now.nearest(_grown(1, 0, 0.5, 7, 7)) == ("early", "cameo", 1.0)
    assert now.nearest(_grown(0, 1, 0, 4, 0.5)) == ("late", "cameo", 0.5)
    assert before.nearest(_grown(0, 1, 0)) == ("late", "cameo", 0.0)
    assert now.nearest(_grown(1, 0, 0, 0, 0), exclude=["early"]) == ("late", "cameo", pytest.approx(18**0.5))
    assert now.has_person("early") and before.has_person("late")
    assert now.remove("early") == 1 and before.remove("late") == 1
    assert now.size == before.size == 0 and now.nearest(_grown(0, 1, 0, 4, 0)) is None


@pytest.mark.postgres
def test_templates_are_never_overwritten(database: Database) -> None:
    PostgresGallery(database).add("mira", "cameo", _faces(1)[0])
    with pytest.raises(psycopg.errors.RestrictViolation), database.owner_connection() as connection:
        connection.execute("UPDATE templates SET kind = 'other'")


@pytest.mark.postgres
def test_what_another_process_adds_is_seen_at_once(database: Database) -> None:
    mine, theirs = PostgresGallery(database), PostgresGallery(database)
    face = _faces(1, seed=9)[0]
    theirs.remove("mira")
    before = mine.size
    theirs.add("mira", "cameo", face)
    assert mine.size == before + 1
    assert mine.nearest(face) == ("mira", "cameo", 0.0)
    assert theirs.remove("mira") == 1
    assert mine.size == before


@pytest.mark.postgres
def test_a_gallery_whose_database_is_away_does_not_say_no_one(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(Path(folder))
        gallery, leases = PostgresGallery(database), PostgresLeases(database)
        gallery.add("mira", "cameo", _faces(1)[0])
        assert gallery.size == 1
        database.close()
        with pytest.raises(Unavailable):
            gallery.nearest(_faces(1)[0])
        with pytest.raises(Unavailable):
            leases.of("mira")
        with pytest.raises(Unavailable):
            leases.covering_lease("mira", UseRequest(account="ana", at=NOW))


# Hashes


def test_an_empty_bank_knows_nothing(registry: RegistryBackend) -> None:
    bank: HashBank = registry.bank
    assert bank.size == 0
    assert bank.nearest("phash", b"\0" * 8, kind="known_bad") is None


def test_the_nearest_hash_is_told_by_its_distance(registry: RegistryBackend) -> None:
    registry.bank.add([_phash(0b0), _phash(0b1111), _phash(0b111, kind="known_work")])
    assert registry.bank.nearest("phash", (0b0111).to_bytes(8, "big"), kind="known_bad") == ("h15", "known_bad", 1)
    assert registry.bank.nearest("phash", (0b1).to_bytes(8, "big"), kind="known_bad") == ("h0", "known_bad", 1)
    assert registry.bank.nearest("phash", b"\0" * 8, kind="known_work") == ("h7", "known_work", 3)
    assert registry.bank.nearest("phash", b"\xff" * 8, kind="known_bad") == ("h15", "known_bad", 60)


def test_algorithms_do_not_mix(registry: RegistryBackend) -> None:
    registry.bank.add([KnownHash(id="p", kind="known_bad", algorithm="pdq", bits=b"\x0f" * 32)])
    assert registry.bank.nearest("phash", b"\x0f" * 8, kind="known_bad") is None
    assert registry.bank.nearest("pdq", b"\x0f" * 31 + b"\xff", kind="known_bad") == ("p", "known_bad", 4)


def test_a_hash_is_banked_once_and_can_be_removed(registry: RegistryBackend) -> None:
    registry.bank.add([_phash(1), _phash(1), _phash(2)])
    registry.bank.add([_phash(1)])
    assert registry.bank.size == 2
    assert registry.bank.remove("h1") == 1
    assert registry.bank.remove("h1") == 0
    assert registry.bank.nearest("phash", (1).to_bytes(8, "big"), kind="known_bad") == ("h2", "known_bad", 2)


@pytest.mark.parametrize(("algorithm", "bits"), [("phash", b"\0" * 7), ("pdq", b"\0" * 8), ("md5", b"\0" * 16)])
def test_what_is_no_hash_is_refused(registry: RegistryBackend, algorithm: str, bits: bytes) -> None:
    with pytest.raises(BadInput):
        registry.bank.nearest(algorithm, bits, kind="known_bad")
    with pytest.raises(BadInput):
        KnownHash(id="x", kind="known_bad", algorithm=algorithm, bits=bits)


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=20), st.binary(min_size=32, max_size=32))
def test_the_distance_is_the_number_of_differing_bits(known: list[bytes], probe: bytes) -> None:
    bank = HammingIndex(KnownHash(id=bits.hex(), kind="known_bad", algorithm="pdq", bits=bits) for bits in known)
    found = bank.nearest("pdq", probe, kind="known_bad")
    by_hand = [(int.from_bytes(bits) ^ int.from_bytes(probe)).bit_count() for bits in known]
    assert found == (known[by_hand.index(min(by_hand))].hex(), "known_bad", min(by_hand))
