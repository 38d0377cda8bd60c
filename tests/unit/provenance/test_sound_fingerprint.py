"""A sound is found again after what happens to sound on its way, cut anywhere; another sound and silence are not."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from scipy.signal import lfilter

from evals.watermark.audio_attacks import AUDIO_ATTACKS, encode_and_decode, resample, trim
from media.video import MONO_SAMPLE_RATE, MonoAudio
from provenance.fingerprint.sound_fingerprint import sound_fingerprint, sound_search_hashes
from provenance.fingerprint.video_fingerprint import parse_entry
from registry.near_duplicates import MAX_SOUND_DISTANCE, FingerprintIndex, rank_matches

SECONDS = 5


def sound(seed: int) -> np.ndarray:
    """Notes over noise: 200 ms each, of changing pitch and colour."""
    rng = np.random.default_rng(seed)
    parts = []
    for pitch in rng.uniform(150, 1200, SECONDS * 5):
        at = np.arange(MONO_SAMPLE_RATE // 5) / MONO_SAMPLE_RATE
        tone = sum(rng.uniform(0.1, 1) * np.sin(2 * np.pi * pitch * n * at) for n in range(1, 6)) * np.exp(-4 * at)
        parts.append(tone + lfilter([1], [1, -rng.uniform(0.2, 0.9)], rng.normal(0, 0.05, len(at))))
    whole = np.concatenate(parts)
    return (0.3 * whole / np.abs(whole).max()).astype(np.float32)


KNOWN = {f"video-{seed}": sound(seed) for seed in range(12)}


@pytest.fixture(scope="module")
def index() -> FingerprintIndex:
    entries = [[parse_entry(one) for one in sound_fingerprint(MonoAudio(samples))] for samples in KNOWN.values()]
    rows = [np.frombuffer(bytes.fromhex(one.bits), np.uint8) for seconds in entries for one in seconds]
    owners = np.repeat(np.arange(len(KNOWN), dtype=np.uint32), [len(seconds) for seconds in entries])
    return FingerprintIndex(np.array(rows), owners, list(KNOWN), max_distance=MAX_SOUND_DISTANCE, multi_probe=False)


def found(index, samples) -> list[str]:
    look = sound_search_hashes(MonoAudio(samples.astype(np.float32)))
    return [one.id for one in rank_matches([index], look.hashes, look.seconds)]


MORE = {
    "mp3_64k": partial(encode_and_decode, container="mp3", encoder="libmp3lame", bitrate=64_000),
    "aac_32k": partial(encode_and_decode, container="mp4", encoder="aac", bitrate=32_000),
    "cut at 1.37 s": partial(trim, start=1.37, seconds=9),
}
SURVIVED = ("aac_64k", "opus_48k", "mp3_128k", "resample_22050", "volume_down", "volume_up", "noise_20db", "telephone")


@pytest.mark.parametrize("attack", [*SURVIVED, *MORE])
def test_a_sound_is_found_after(index, attack):
    changed, rate = (AUDIO_ATTACKS | MORE)[attack]((KNOWN["video-7"][:, None], MONO_SAMPLE_RATE))
    assert found(index, resample((changed, rate), rate=MONO_SAMPLE_RATE)[0][:, 0]) == ["video-7"]


def test_another_sound_is_not_found(index):
    assert [found(index, sound(seed)) for seed in range(100, 106)] == [[]] * 6


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(5 * MONO_SAMPLE_RATE),
        np.full(5 * MONO_SAMPLE_RATE, 0.5),
        0.5 * np.sin(2 * np.pi * 440 * np.arange(5 * MONO_SAMPLE_RATE) / MONO_SAMPLE_RATE),
    ],
    ids=["silence", "a constant", "a tone"],
)
def test_what_sounds_like_anything_is_looked_up_as_nothing_and_kept_as_plain(samples):
    heard = MonoAudio(samples.astype(np.float32))
    assert len(sound_search_hashes(heard).seconds) == 0
    assert {parse_entry(one).quality < 50 for one in sound_fingerprint(heard)} == {True}


@pytest.mark.parametrize("length", [0, 1, MONO_SAMPLE_RATE, MONO_SAMPLE_RATE * 3 // 2])
def test_what_is_short_or_silent_breaks_nothing(length):
    heard = MonoAudio(sound(1)[:length])
    assert (
        len(sound_fingerprint(heard))
        == len(set(sound_search_hashes(heard).seconds))
        == (1 if length > MONO_SAMPLE_RATE else 0)
    )
    assert sound_fingerprint(None) == () and len(sound_search_hashes(None).seconds) == 0
