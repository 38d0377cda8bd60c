"""Near duplicates: copies are found however they were cut, strangers are not, and plain pictures prove nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from registry.near_duplicates import MAX_HAMMING_DISTANCE, FingerprintIndex, rank_matches

VIDEOS, SECONDS = 300, 8
HASHES = np.random.default_rng(3).integers(0, 256, (VIDEOS * SECONDS, 32), dtype=np.uint8)
INDEX = FingerprintIndex(
    HASHES, np.repeat(np.arange(VIDEOS, dtype=np.uint32), SECONDS), [f"video-{n}" for n in range(VIDEOS)]
)


def of(video: int, start: int = 0, end: int = SECONDS):
    return HASHES[video * SECONDS + start : video * SECONDS + end].copy()


def flipped(hashes, bits, seed=0):
    rng, out = np.random.default_rng(seed), np.unpackbits(hashes, axis=1)
    for row in out:
        row[rng.permutation(256)[:bits]] ^= 1
    return np.packbits(out, axis=1)


@settings(max_examples=60, deadline=None)
@given(video=st.integers(0, VIDEOS - 1), bits=st.integers(0, 40), start=st.integers(0, 4), seed=st.integers(0, 10**6))
def test_a_copy_cut_out_of_a_video_is_found_first(video, bits, start, seed):
    probes = flipped(of(video, start, start + 4), bits, seed)
    best = rank_matches([INDEX], probes, range(4))[0]
    assert best.id == f"video-{video}" and best.share >= 0.5 and best.seconds <= 4


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_every_hit_is_really_near(seed):
    probes = flipped(HASHES[seed % len(HASHES)][None], seed % 60, seed)
    asked, videos = INDEX.hits(probes)
    for video in videos:
        apart = np.unpackbits(of(int(video)) ^ probes, axis=1).sum(axis=1)
        assert apart.min() <= MAX_HAMMING_DISTANCE
    assert len(asked) == len(videos)


def test_a_stranger_is_not_found():
    probes = np.random.default_rng(9).integers(0, 256, (8, 32), dtype=np.uint8)
    assert rank_matches([INDEX], probes, range(8)) == []


def test_one_second_of_many_is_not_enough():
    probes = np.random.default_rng(9).integers(0, 256, (3, 32), dtype=np.uint8)
    probes[0] = of(5)[0]
    assert rank_matches([INDEX], probes, range(3)) == []
    assert rank_matches([INDEX], of(5, 0, 1), [0])[0].id == "video-5"


def test_several_looks_at_one_second_count_once():
    probes = np.concatenate([of(7, 0, 2), of(7, 0, 2)])
    match = rank_matches([INDEX], probes, [0, 1, 0, 1])[0]
    assert (match.share, match.seconds) == (1.0, 2)


def test_what_was_added_later_is_found_too():
    later = FingerprintIndex(np.full((2, 32), 7, np.uint8), np.zeros(2, np.uint32), ["later"])
    found = rank_matches([INDEX, later], np.full((1, 32), 7, np.uint8), [0])
    assert [one.id for one in found] == ["later"]


def test_an_empty_index_finds_nothing():
    empty = FingerprintIndex(np.empty((0, 32), np.uint8), np.empty(0, np.uint32), [])
    assert rank_matches([empty], of(1), range(SECONDS)) == []


def test_what_is_no_fingerprint_is_refused():
    for probes in (np.zeros((2, 8), np.uint8), np.zeros(32, np.uint8)):
        with pytest.raises(BadInput):
            rank_matches([INDEX], probes, [0, 1])
