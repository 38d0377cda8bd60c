"""The audio mark is read again after what happens to sound, and says plainly when it is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from scipy.signal import resample_poly
from synthetic_audio import Samples, blocks, chords, voice

from provenance.watermark.audio import AudioDetection, detect_audio, embed_audio
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload

KEY = WatermarkKey(id="test", secret=bytes(range(32)))
OLD = WatermarkKey(id="old", secret=bytes(range(9, 41)))
PAYLOAD = Payload(issuer=7, case_id="0123456789abcdef")
RATE = 24_000


def mark(samples: Samples, rate: int = RATE, *, key: WatermarkKey = KEY, size: int = 1024) -> Samples:
    return np.concatenate(list(embed_audio(blocks(samples, size), rate, PAYLOAD, key)))


def find(samples: Samples, rate: int = RATE, *, keys: tuple[WatermarkKey, ...] = (KEY,)) -> AudioDetection:
    return detect_audio(blocks(samples), rate, keys)


@pytest.fixture(scope="module")
def marked() -> Samples:
    return mark(voice(6, RATE))


def noisy(samples: Samples) -> Samples:
    level = float(np.sqrt(np.mean(samples**2))) / 10
    return (samples + np.random.default_rng(1).normal(0, level, samples.shape)).astype(np.float32)


def low_bits(samples: Samples) -> Samples:
    return (np.round(samples * 127) / 127).astype(np.float32)


@pytest.mark.parametrize(
    "attack",
    [
        lambda samples: samples,
        lambda samples: samples * np.float32(0.05),
        lambda samples: np.clip(samples * 4, -1, 1),
        lambda samples: -samples,
        lambda samples: samples[::-1][::-1][RATE:],
        lambda samples: samples[17_001 : 17_001 + 3 * RATE],
        lambda samples: np.repeat(samples, 2, axis=1),
        noisy,
        low_bits,
    ],
    ids=["as it is", "quiet", "clipped", "inverted", "trimmed", "three seconds", "stereo", "noise at 20 dB", "8 bits"],
)
def test_the_payload_is_read(marked: Samples, attack: Callable[[Samples], Samples]) -> None:
    found = find(attack(marked))
    assert found.payload == PAYLOAD and found.detected and found.p_value < 1e-12


@pytest.mark.parametrize("speed", [0.9, 0.934, 1.021, 1.1])
def test_the_payload_is_read_when_played_faster_or_slower(marked: Samples, speed: float) -> None:
    played = resample_poly(marked, 1000, round(1000 * speed), axis=0).astype(np.float32)
    found = find(played)
    assert found.payload == PAYLOAD
    assert float(found.note.split("tempo ")[1].split(",")[0]) == pytest.approx(speed, abs=0.004)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 44_100, 48_000])
def test_any_usual_rate_carries_the_mark_and_lets_go_of_it_at_another(rate: int) -> None:
    found = find(resample_poly(mark(voice(5, rate), rate), 22_050, rate, axis=0).astype(np.float32), 22_050)
    assert found.payload == PAYLOAD


def test_music_in_stereo_carries_the_mark_also_mixed_down() -> None:
    music = mark(chords(5, RATE))
    assert find(music).payload == PAYLOAD
    assert find(music.mean(1, keepdims=True, dtype=np.float32)).payload == PAYLOAD


def test_what_single_spans_do_not_tell_adds_up() -> None:
    rng = np.random.default_rng(2)
    long = mark(voice(25, RATE, seed=2))
    drowned = (long + rng.normal(0, 0.7 * float(long.std()), long.shape)).astype(np.float32)
    assert find(drowned[: 5 * RATE]).payload is None
    assert find(drowned).payload == PAYLOAD


def test_a_mark_that_begins_late_is_found(marked: Samples) -> None:
    late = np.concatenate([voice(7, RATE, seed=5), marked])
    assert find(late).payload == PAYLOAD


def test_of_several_keys_the_right_one_is_named(marked: Samples) -> None:
    found = find(marked, keys=(OLD, KEY))
    assert found.payload == PAYLOAD and "key test" in found.note
    assert find(mark(voice(5, RATE), key=OLD), keys=(OLD, KEY)).note.startswith("key old")


def test_without_the_key_nothing_is_found(marked: Samples) -> None:
    found = find(marked, keys=(OLD,))
    assert not found.detected and found.payload is None and found.p_value > 1e-3


def test_unmarked_sound_has_no_mark() -> None:
    for samples in (voice(5, RATE), chords(5, RATE), np.random.default_rng(0).normal(0, 0.1, (5 * RATE, 1))):
        found = find(np.asarray(samples, np.float32))
        assert not found.detected and found.p_value > 1e-4 and found.note == "no mark of ours found in the sound"


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        (np.zeros((0, 1), np.float32), "there is no sound"),
        (np.zeros((5 * RATE, 2), np.float32), "the sound is silence: it cannot carry a mark"),
        (np.full((RATE // 2, 1), 0.1, np.float32), "the sound lasts 0.5 s: too short to look for a mark"),
        (np.full((5 * RATE, 1), np.nan, np.float32), "the sound is silence: it cannot carry a mark"),
    ],
)
def test_what_cannot_carry_a_mark_is_said_plainly(samples: Samples, says: str) -> None:
    found = find(samples)
    assert (found.detected, found.note) == (False, says)


def test_no_keys_and_too_low_a_rate_are_said_plainly(marked: Samples) -> None:
    assert find(marked, keys=()).note == "no key to look with"
    assert find(marked, 6_000).note == "sound at 6000 Hz cannot carry a mark"
    with pytest.raises(ValueError, match="at least 8000 Hz"):
        mark(voice(1, 6_000), 6_000)


def test_blocks_of_any_size_give_the_same_sound() -> None:
    plain = voice(4.7, RATE)
    whole = mark(plain, size=len(plain))
    for size in (1, 333, 4096):
        if size > 1:
            np.testing.assert_array_equal(mark(plain, size=size), whole)
    assert whole.shape == plain.shape


@pytest.mark.parametrize("count", [1, 100, 5_000, 70_001])
def test_as_many_samples_come_out_as_went_in(count: int) -> None:
    assert mark(voice(3, RATE)[:count]).shape == (count, 1)


def test_sound_streams_through() -> None:
    """What is held back stays under four seconds, however long the sound."""
    given = taken = most = 0

    def source() -> Iterator[Samples]:
        nonlocal given, most
        for block in blocks(voice(12, 8_000)):
            given += len(block)
            most = max(most, given - taken)
            yield block

    for block in embed_audio(source(), 8_000, PAYLOAD, KEY):
        taken += len(block)
    assert taken == given and most < 4 * 8_000


def test_silence_stays_silence_and_a_steady_tone_nearly_as_it_is() -> None:
    assert not mark(np.zeros((2 * RATE, 1), np.float32)).any()
    tone = (0.3 * np.sin(np.arange(3 * RATE) * 2 * np.pi * 1000 / RATE)).astype(np.float32)[:, None]
    inner = slice(RATE, 2 * RATE)
    change = (mark(tone) - tone)[inner]
    assert 10 * np.log10(np.sum(tone[inner] ** 2) / np.sum(change**2)) > 25


def test_what_lies_below_and_above_the_bands_is_untouched() -> None:
    rng = np.random.default_rng(4)
    plain = rng.normal(0, 0.1, (4 * 48_000, 1)).astype(np.float32)
    change = np.abs(np.fft.rfft((mark(plain, 48_000) - plain)[:, 0])) ** 2
    hertz = np.fft.rfftfreq(len(plain), 1 / 48_000)
    assert change[hertz < 400].sum() + change[hertz > 9_300].sum() < 2e-3 * change.sum()


def test_marked_sound_is_never_beyond_full_scale() -> None:
    loud = np.clip(voice(3, RATE) * 5, -1, 1)
    assert np.abs(mark(loud)).max() <= 1
