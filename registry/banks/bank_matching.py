"""Which entries of the banks a video, a picture or a sound is in: shares of frames within a distance, both ways.

An entry of one picture matches by its nearest frame. An entry with several places (frames of a video, seconds of
sound) matches in one of three ways: MIN_SHARE of what is looked up is in it, or MIN_SHARE of it is found, both up to
MAX_HAMMING_DISTANCE bits; or two places are found that differ in COPY_DISTANCE bits at the most. In each case two
places of either side must be found, unless one of them has only one. After vPDQ (Facebook, 2022), which asks for 80 %
of what is looked up, and counts no distance but 31.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from media.arrays import BitArray
from media.lookup.bank_hashes import BankHit, FrameViews
from media.search_hashes import hash_similarity
from registry.banks.bank_entries import StoredEntry
from registry.banks.frame_hash_index import FrameHashIndex
from registry.near_duplicates import MAX_HAMMING_DISTANCE

COPY_DISTANCE = 31
"""Bits in which two hashes of one picture differ at the most, by the makers of PDQ."""

MIN_SHARE = 0.3
"""Which share of what is looked up, or of an entry, has to be found at up to MAX_HAMMING_DISTANCE bits."""

CHANCE_DISTANCE = 96
"""From so many bits on a distance says nothing."""

MIN_HIT_SCORE = 0.3
"""Hits below are not told: nothing is decided by them."""

_COPY_PHASH, _CHANCE_PHASH = 6, 20
_FAR = 256


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Places of what is looked up beside rows of the index, and the bits in which they differ."""

    places: NDArray[np.intp]
    rows: NDArray[np.intp]
    distances: NDArray[np.uint16]

    def only(self, which: NDArray[np.bool_]) -> _Pairs:
        return _Pairs(self.places[which], self.rows[which], self.distances[which])


@dataclass(frozen=True, slots=True)
class _Name:
    """What is told of an entry; its hashes lie in the index."""

    key: str
    bank: str
    kind: str
    id: str


class PlaceIndex:
    """Entries whose hashes are 256 bits, by the places at which they have them. Never changed once made."""

    def __init__(self, entries: Sequence[StoredEntry]) -> None:
        self._names = [_Name(str(one.key), one.bank, one.kind, one.entry.id) for one in entries]
        counts = [len(one.entry.times) for one in entries]
        bits = b"".join(one.entry.bits for one in entries)
        self._index = FrameHashIndex(np.frombuffer(bits, np.uint8).reshape(-1, 32))
        self._owners = np.repeat(np.arange(len(entries), dtype=np.uint32), counts)
        self._places, self._place_counts = _places(entries)
        self._harmless = np.array([one.kind == "known_harmless" for one in entries], bool)

    def __len__(self) -> int:
        return len(self._index)

    def hits(self, probes: BitArray, places: NDArray[np.intp], count: int) -> list[BankHit]:
        """Every entry in which something of this is: probes (m, 32), the place of each, and how many places there are.

        The best come first. What is harmless and at least as near takes a place away from the others.
        """
        asked, rows, distances = self._index.near(probes)
        pairs = _Pairs(places[asked], rows, distances)
        owners = self._owners[rows]
        harmless = self._harmless[owners]
        cleared = _nearest_harmless(pairs.only(harmless), owners[harmless], count)
        found = [self._hit(int(owner), pairs, owners, cleared, count) for owner in np.unique(owners[~harmless])]
        return sorted((hit for hit in found if hit is not None), key=lambda hit: (-hit.score, hit.entry))

    def _hit(
        self, owner: int, pairs: _Pairs, owners: NDArray[np.uint32], cleared: NDArray[np.intp], count: int
    ) -> BankHit | None:
        mine = pairs.only(owners == owner)
        whole = self._scored(owner, mine, count)
        if whole is None:
            return None
        taken = (cleared[mine.places, 0] <= COPY_DISTANCE) & (cleared[mine.places, 0] <= mine.distances)
        if not taken.any():
            return whole
        if (left := self._scored(owner, mine.only(~taken), count)) is not None:
            return left
        by = int(np.bincount(cleared[mine.places[taken], 1]).argmax())
        return replace(whole, cleared_by=self._names[by].key)

    def _scored(self, owner: int, mine: _Pairs, count: int) -> BankHit | None:
        if not len(mine.rows):
            return None
        name = self._names[owner]
        size = int(self._place_counts[owner])
        here = _nearest_of_each(mine.places, mine.distances)
        there = _nearest_of_each(self._places[mine.rows], mine.distances)
        score = _picture_score(here) if size == 1 else _places_score(here, there, count, size)
        if score < MIN_HIT_SCORE:
            return None
        limit = COPY_DISTANCE if size == 1 else MAX_HAMMING_DISTANCE
        near = {place: bits for place, bits in here.items() if bits <= limit} or here
        found = sum(bits <= limit for bits in there.values()) or len(there)
        return BankHit(
            bank=name.bank,
            kind=name.kind,
            entry=name.key,
            id=name.id,
            score=round(score, 4),
            places=tuple(sorted(near)),
            query_share=round(len(near) / count, 4),
            entry_share=round(min(1.0, found / size), 4),
        )


class BankIndex:
    """All entries that decide, searched together. Never changed once made."""

    def __init__(self, entries: Sequence[StoredEntry]) -> None:
        self.size = len(entries)
        self._frames = PlaceIndex([one for one in entries if one.entry.algorithm in ("pdq", "vpdq")])
        self._sounds = PlaceIndex([one for one in entries if one.entry.algorithm == "sound"])
        self._phashes = [one for one in entries if one.entry.algorithm == "phash"]
        self._phash_words = np.frombuffer(b"".join(one.entry.bits for one in self._phashes), np.uint64)

    @property
    def has_sounds(self) -> bool:
        """Whether there is any sound."""
        return len(self._sounds) > 0

    def frame_hits(self, frames: Sequence[FrameViews]) -> list[BankHit]:
        """Every entry in which one of these frames is, or several are; the best first."""
        usable = [number for number, one in enumerate(frames) if len(one.pdq)]
        probes = np.concatenate([np.empty((0, 32), np.uint8), *(frames[number].pdq for number in usable)])
        places = np.repeat(np.array(usable, np.intp), [len(frames[number].pdq) for number in usable])
        found = self._frames.hits(probes, places, len(usable)) if usable else []
        best: dict[tuple[str, str], BankHit] = {}  # a picture has entries of both kinds: it is told once
        for hit in [*found, *self._phash_hits(frames)]:
            known = best.get((hit.bank, hit.id))
            if known is None or (hit.score > known.score and not known.cleared_by):
                best[hit.bank, hit.id] = hit
        return sorted(best.values(), key=lambda hit: (-hit.score, hit.entry))

    def sound_hits(self, hashes: BitArray, seconds: Sequence[int]) -> list[BankHit]:
        """Every entry in which this sound is: hashes (n, 32), several for a second, and the second of each."""
        numbers = sorted(set(seconds))
        order = {second: number for number, second in enumerate(numbers)}
        places = np.array([order[second] for second in seconds], np.intp)
        found = self._sounds.hits(hashes, places, len(numbers)) if numbers else []
        return [replace(hit, places=tuple(numbers[place] for place in hit.places)) for hit in found]

    def _phash_hits(self, frames: Sequence[FrameViews]) -> list[BankHit]:
        best: dict[int, tuple[int, int]] = {}
        for number, frame in enumerate(frames):
            if not frame.phash or not len(self._phash_words):
                continue
            distances = np.bitwise_count(self._phash_words ^ np.frombuffer(frame.phash, np.uint64))
            for row in np.flatnonzero(distances < _CHANCE_PHASH).tolist():
                best[row] = min(best.get(row, (_FAR, 0)), (int(distances[row]), number))
        harmless = min((best[row][0] for row in best if self._phashes[row].kind == "known_harmless"), default=_FAR)
        hits = []
        for row, (distance, number) in best.items():
            stored, score = self._phashes[row], hash_similarity(distance, _COPY_PHASH, _CHANCE_PHASH)
            if stored.kind != "known_harmless" and score >= MIN_HIT_SCORE and distance < harmless:
                hits.append(
                    BankHit(
                        bank=stored.bank,
                        kind=stored.kind,
                        entry=str(stored.key),
                        id=stored.entry.id,
                        score=round(score, 4),
                        places=(number,),
                        query_share=round(1 / len(frames), 4),
                        entry_share=1.0,
                    )
                )
        return sorted(hits, key=lambda hit: (-hit.score, hit.entry))


def _picture_score(here: dict[int, int]) -> float:
    return hash_similarity(min(here.values()), COPY_DISTANCE, CHANCE_DISTANCE)


def _places_score(here: dict[int, int], there: dict[int, int], count: int, size: int) -> float:
    """The best of the three ways, each by the distance of the worst place that it needs."""
    mine, its = sorted(here.values()), sorted(there.values())
    least_mine, least_its = (2, 2) if min(count, size) > 1 else (1, 1)
    two = max(_at(mine, least_mine), _at(its, least_its))
    share = max(_at(mine, max(least_mine, ceil(MIN_SHARE * count))), _at(its, least_its))
    found = max(_at(its, max(least_its, ceil(MIN_SHARE * size))), _at(mine, least_mine))
    return max(
        hash_similarity(two, COPY_DISTANCE, CHANCE_DISTANCE) if two <= COPY_DISTANCE else 0.0,
        *(hash_similarity(bits, MAX_HAMMING_DISTANCE, CHANCE_DISTANCE) for bits in (share, found)),
    )


def _at(distances: Sequence[int], rank: int) -> int:
    return distances[rank - 1] if len(distances) >= rank else _FAR


def _nearest_of_each(places: NDArray[np.intp] | NDArray[np.uint32], distances: NDArray[np.uint16]) -> dict[int, int]:
    nearest: dict[int, int] = {}
    for place, bits in zip(places.tolist(), distances.tolist(), strict=True):
        if bits < nearest.get(place, _FAR):
            nearest[place] = bits
    return nearest


def _nearest_harmless(pairs: _Pairs, owners: NDArray[np.uint32], count: int) -> NDArray[np.intp]:
    """(places, 2): the distance to what is harmless and nearest to each place, and which entry that is."""
    nearest = np.full((int(max(pairs.places.max(initial=0) + 1, count)), 2), _FAR, np.intp)
    for place, bits, owner in zip(pairs.places.tolist(), pairs.distances.tolist(), owners.tolist(), strict=True):
        if bits < nearest[place, 0]:
            nearest[place] = bits, owner
    return nearest


def _places(entries: Sequence[StoredEntry]) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    """The place of each hash, by its time, and how many places each entry has."""
    places, counts = [np.empty(0, np.uint32)], []
    for one in entries:
        if len(one.entry.times) == 1:
            places.append(np.zeros(1, np.uint32))
            counts.append(1)
        else:
            times, numbers = np.unique(np.array(one.entry.times), return_inverse=True)
            places.append(numbers.astype(np.uint32))
            counts.append(len(times))
    return np.concatenate(places), np.array(counts, np.intp)
