"""Example sounds of registered works in the embedded Postgres, and who may do what with them."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from core.errors import BadInput, BadMedia, Forbidden, NotFound, Unavailable
from media.audio_decode import decode_mono_audio
from media.lookup.sound_hashes import spread_sound_hashes
from media.video import MonoAudio
from pipeline.at_rest.key_store import KeyStore
from pipeline.ledgers.database import Database
from pipeline.rights.work_sound_service import WorkSoundService
from registry.rights import work_sounds
from registry.rights.registered_works import PostgresWorks, RegisteredWork
from registry.rights.work_images import PostgresWorkImages
from registry.rights.work_sounds import PostgresWorkSounds
from tests.contract.test_work_images import HOLDER, MODERATOR, OPERATOR, OTHER, keys, works
from tests.unit.classifiers.test_banked_sounds import melody

pytestmark = pytest.mark.postgres
__all__ = ["keys", "works"]

HASHES = tuple((second, bytes([second]) * 32) for second in range(4))


def write_wav(file: Path, samples: np.ndarray) -> Path:
    """Mono sound at 16 kHz as a file."""
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes((samples * 32_000).astype("<i2").tobytes())
    return file


@pytest.fixture
def sounds(database: Database, works: PostgresWorks, keys: KeyStore) -> PostgresWorkSounds:
    return PostgresWorkSounds(database, keys, works.all)


@pytest.fixture
def service(sounds: PostgresWorkSounds, works: PostgresWorks) -> WorkSoundService:
    return WorkSoundService(sounds=sounds, works=works)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "song.wav", melody(1))


def heard(sounds: PostgresWorkSounds, samples: np.ndarray):
    found = spread_sound_hashes(MonoAudio(samples=samples), 120)
    return [(hit.bank, hit.kind, hit.id) for hit in sounds.index().sound_hits(found.hashes, found.seconds)]


def test_a_recording_that_is_added_in_one_process_is_heard_in_another_at_once_until_its_holder_allows_it(
    database: Database, service: WorkSoundService, works: PostgresWorks, keys: KeyStore, song: Path
) -> None:
    elsewhere = PostgresWorkSounds(database, keys, PostgresWorks(database).all)
    assert not elsewhere.index().has_sounds
    sound = service.add(HOLDER, "w2", song, name="The  theme")
    assert (sound.name, sound.seconds) == ("The theme", 8)
    assert heard(elsewhere, melody(1)[32_000:]) == [("w2", "forbid", sound.id)] and heard(elsewhere, melody(2)) == []
    assert elsewhere.index() is elsewhere.index()
    works.put([RegisteredWork(id="w2", kind="character", names=("Bramblefox",), terms="allow")])
    assert not elsewhere.index().has_sounds
    works.put([RegisteredWork(id="w2", kind="character", names=("Bramblefox",), terms="ask", active=False)])
    assert not elsewhere.index().has_sounds


def test_neither_a_name_nor_a_fingerprint_lies_in_the_database_in_the_clear(
    database: Database, sounds: PostgresWorkSounds
) -> None:
    sound = sounds.add("w2", "The theme", HASHES, added_by="acme")
    with database.connection() as connection:
        stored = connection.execute("SELECT sealed FROM work_sounds").fetchone()
    assert stored and b"theme" not in stored[0] and HASHES[1][1] not in stored[0]
    assert sounds.list("w2") == [sound] and sounds.list("w3") == []


def test_a_copy_to_listen_to_is_kept_encrypted_for_holder_and_moderators_and_goes_with_the_sound_or_the_key(
    database: Database,
    service: WorkSoundService,
    sounds: PostgresWorkSounds,
    keys: KeyStore,
    song: Path,
    tmp_path: Path,
) -> None:
    one, two = service.add(HOLDER, "w2", song), service.add(HOLDER, "w2", song)
    copy = service.recording(HOLDER, "w2", one.id)
    (tmp_path / "copy.mp3").write_bytes(copy)
    listened = decode_mono_audio(tmp_path / "copy.mp3")
    assert listened is not None and len(listened.samples) / 16_000 == pytest.approx(9, abs=0.2)
    assert heard(sounds, listened.samples[:128_000])[0][0] == "w2"  # it is the recording that is looked for
    assert service.recording(MODERATOR, "w2", one.id) == service.recording(OPERATOR, "w2", one.id) == copy
    with pytest.raises(NotFound):
        service.recording(OTHER, "w2", one.id)
    with pytest.raises(NotFound):
        service.recording(MODERATOR, "w3", one.id)
    with database.connection() as connection:
        [(stored,), _] = connection.execute("SELECT sealed FROM work_recordings ORDER BY sound = %s DESC", [one.id])
    assert len(stored) > len(copy) and copy[1000:1016] not in stored
    assert service.can_be_heard([one.id, two.id, "nothing"]) == {one.id, two.id}
    assert service.remove(HOLDER, "w2", one.id) and service.can_be_heard([one.id, two.id]) == {two.id}
    keys.destroy(work_sounds.work_key_name("w2"))
    with pytest.raises(NotFound):
        service.recording(MODERATOR, "w2", two.id)


def test_a_sound_of_before_has_nothing_to_listen_to(sounds: PostgresWorkSounds) -> None:
    kept = sounds.add("w2", "a", HASHES, added_by="acme")
    assert sounds.heard([kept.id]) == frozenset()
    with pytest.raises(NotFound, match="nothing to listen to"):
        sounds.recording("w2", kept.id)


def test_what_is_removed_is_not_heard_and_a_destroyed_key_erases_all(
    database: Database, sounds: PostgresWorkSounds, works: PostgresWorks, keys: KeyStore
) -> None:
    one, two = (sounds.add("w2", name, HASHES, added_by="acme") for name in ("a", "b"))
    assert sounds.remove("w2", one.id) and not sounds.remove("w2", one.id) and not sounds.remove("w3", two.id)
    assert [left.id for left in sounds.list("w2")] == [two.id]
    PostgresWorkImages(database, keys, works.all).destroy("w2")
    assert sounds.list("w2") == [] and not sounds.index().has_sounds
    with database.connection() as connection:
        assert connection.execute("SELECT count(*) FROM work_sounds").fetchone() == (0,)


def test_a_copy_of_the_database_without_the_key_says_nothing(sounds: PostgresWorkSounds, keys: KeyStore) -> None:
    sounds.add("w2", "a", HASHES, added_by="acme")
    keys.destroy(work_sounds.work_key_name("w2"))
    assert sounds.list("w2") == []


def test_a_sound_that_was_altered_holds_everything(database: Database, sounds: PostgresWorkSounds) -> None:
    sounds.add("w2", "a", HASHES, added_by="acme")
    with database.owner_connection() as connection:
        connection.execute("UPDATE work_sounds SET sealed = sealed || '\\x00'::bytea")
    with pytest.raises(Unavailable, match="altered"):
        sounds.index()


def test_a_work_has_a_bounded_number_of_sounds(sounds: PostgresWorkSounds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_sounds, "MAX_WORK_SOUNDS", 1)
    sounds.add("w2", "a", HASHES, added_by="acme")
    with pytest.raises(BadInput, match="at most 1"):
        sounds.add("w2", "b", HASHES, added_by="acme")
    with pytest.raises(NotFound):
        sounds.add("nobody's", "c", HASHES, added_by="acme")


def test_the_holder_and_operators_change_a_works_sounds_and_nobody_else_does(
    service: WorkSoundService, song: Path
) -> None:
    mine, theirs = service.add(HOLDER, "w2", song), service.add(OPERATOR, "w2", song)
    for act in (
        lambda who: service.add(who, "w2", song),
        lambda who: service.of_work(who, "w2"),
        lambda who: service.remove(who, "w2", mine.id),
    ):
        with pytest.raises(NotFound):
            act(OTHER)
        with pytest.raises(Forbidden):
            act(MODERATOR)
    assert [one.id for one in service.of_work(HOLDER, "w2")] == [mine.id, theirs.id]
    assert service.remove(HOLDER, "w2", theirs.id) and not service.remove(HOLDER, "w2", theirs.id)


def test_what_could_not_be_known_again_is_refused_and_so_is_what_is_too_long(
    service: WorkSoundService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(BadMedia):
        service.add(HOLDER, "w2", tmp_path / "text.wav")
    for samples in (np.zeros(16_000 * 9, np.float32), melody(1, 2)):
        with pytest.raises(BadInput, match="at least 3 s"):
            service.add(HOLDER, "w2", write_wav(tmp_path / "a.wav", samples))
    with pytest.raises(BadInput, match="one line"):
        service.add(HOLDER, "w2", write_wav(tmp_path / "b.wav", melody(1)), name="x" * 101)
    monkeypatch.setattr("pipeline.rights.work_sound_service.MAX_SOUND_SECONDS", 5)
    with pytest.raises(BadInput, match="at most"):
        service.add(HOLDER, "w2", write_wav(tmp_path / "c.wav", melody(1)))
    assert service.of_work(HOLDER, "w2") == []
