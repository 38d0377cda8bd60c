from __future__ import annotations

import numpy as np
import pytest

from media.lookup.bank_hashes import FrameViews
from media.search_hashes import hash_similarity
from registry.banks import frame_hash_index
from registry.banks.bank_entries import BankEntry, EntryState, StoredEntry
from registry.banks.bank_matching import BankIndex


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def hashes(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.integers(0, 256, (count, 32), dtype=np.uint8)


def flipped(rows: np.ndarray, bits: int, rng: np.random.Generator) -> np.ndarray:
    spread = np.unpackbits(rows, axis=1)
    for row in spread:
        row[rng.permutation(256)[:bits]] ^= 1
    return np.packbits(spread, axis=1)


def video(rows: np.ndarray, kind: str = "known_bad", key: int = 1) -> StoredEntry:
    entry = BankEntry(id=f"v{key}", algorithm="vpdq", bits=rows.tobytes(), times=tuple(n / 2 for n in range(len(rows))))
    return StoredEntry(key=key, bank=kind, kind=kind, state=EntryState.ACTIVE, entry=entry)


def frames(rows: np.ndarray) -> list[FrameViews]:
    return [FrameViews(pdq=row[None]) for row in rows]


@pytest.mark.parametrize("copy,chance", [(31, 96), (6, 20)])
def test_the_nearer_the_higher(copy: int, chance: int) -> None:
    falling = [hash_similarity(distance, copy, chance) for distance in range(257)]
    assert falling == sorted(falling, reverse=True) and falling[0] == 1.0 and falling[-1] == 0.0
    assert falling[copy] == 0.5


def test_an_excerpt_is_found_by_the_share_of_what_is_looked_up(rng) -> None:
    known = hashes(rng, 120)
    (hit,) = BankIndex([video(known)]).frame_hits(frames(flipped(known[50:56], 50, rng)))
    assert hit.score >= 0.5 and hit.query_share == 1.0 and hit.entry_share == 0.05
    assert hit.places == (0, 1, 2, 3, 4, 5)


def test_a_known_clip_within_a_long_video_is_found_by_its_own_share(rng) -> None:
    known, other = hashes(rng, 6), hashes(rng, 114)
    looked_up = np.concatenate([other[:40], flipped(known, 50, rng), other[40:]])
    (hit,) = BankIndex([video(known)]).frame_hits(frames(looked_up))
    assert hit.score >= 0.5 and hit.entry_share == 1.0 and hit.places == tuple(range(40, 46))


def test_two_frames_that_are_copies_are_enough_whatever_their_share(rng) -> None:
    known, other = hashes(rng, 100), hashes(rng, 100)
    looked_up = np.concatenate([other[:98], flipped(known[7:9], 20, rng)])
    (hit,) = BankIndex([video(known)]).frame_hits(frames(looked_up))
    assert hit.score >= 0.5


def test_one_frame_of_a_video_is_not_the_video_unless_a_single_picture_is_looked_up(rng) -> None:
    known, other = hashes(rng, 100), hashes(rng, 99)
    index = BankIndex([video(known)])
    assert index.frame_hits(frames(np.concatenate([other, known[:1]]))) == []
    assert [hit.id for hit in index.frame_hits(frames(known[:1]))] == ["v1"]


def test_what_is_harmless_and_as_near_takes_the_places_away(rng) -> None:
    known = hashes(rng, 10)
    both = BankIndex([video(known), video(known[:9], "known_harmless", 2)])
    (hit,) = both.frame_hits(frames(known[:9]))
    assert hit.cleared_by == "2"
    (hit,) = BankIndex([video(known), video(flipped(known, 31, rng), "known_harmless", 2)]).frame_hits(frames(known))
    assert hit.cleared_by == ""  # the harmless one is further away


def test_a_large_bank_gives_the_hits_of_a_small_one(rng, monkeypatch) -> None:
    entries = [video(hashes(rng, 20), key=key) for key in range(1, 60)]
    looked_up = frames(flipped(np.frombuffer(entries[7].entry.bits, np.uint8).reshape(-1, 32), 31, rng))
    small = BankIndex(entries).frame_hits(looked_up)
    monkeypatch.setattr(frame_hash_index, "MAX_COMPARED_ROWS", 100)
    assert BankIndex(entries).frame_hits(looked_up) == small
    assert [hit.id for hit in small] == ["v8"]


def test_frames_without_detail_are_looked_up_nowhere(rng) -> None:
    index = BankIndex([video(hashes(rng, 3))])
    assert index.frame_hits([FrameViews(pdq=np.empty((0, 32), np.uint8))]) == []
