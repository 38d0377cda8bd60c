"""Loudness by EBU R 128: the signals of EBU Tech 3341 and 3342, shortened, and the filters of BS.1770 as scipy runs them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from media.sound.loudness import LOUDNESS_RATE, LoudnessMeter


def tone(*levels, hertz=1000.0, channels=2, phase=0.0):
    """Stereo of a sine: (dBFS, seconds) one after another."""
    parts = []
    for decibels, seconds in levels:
        at = np.arange(round(seconds * LOUDNESS_RATE)) / LOUDNESS_RATE
        parts.append(10 ** (decibels / 20) * np.sin(2 * np.pi * hertz * at + phase))
    return np.repeat(np.concatenate(parts)[:, None], channels, axis=1).astype(np.float32)


def measured(sound, block=10_000):
    meter = LoudnessMeter()
    for start in range(0, len(sound), block):
        meter.push(sound[start : start + block])
    return meter.curve()


@pytest.mark.parametrize(
    ("levels", "lufs"),
    [
        ([(-23, 8)], -23.0),
        ([(-33, 8)], -33.0),
        ([(-36, 4), (-23, 24), (-36, 4)], -23.0),
        ([(-72, 4), (-36, 4), (-23, 24), (-36, 4), (-72, 4)], -23.0),
        ([(-26, 8), (-20, 8.04), (-26, 8)], -23.0),
    ],
)
def test_integrated_loudness_is_that_of_tech_3341(levels, lufs):
    assert measured(tone(*levels)).integrated() == pytest.approx(lufs, abs=0.1)


def test_five_channels_weigh_as_in_tech_3341():
    gains = [10 ** (level / 20) for level in (-28, -28, -24, -300, -30, -30)]
    sound = tone((0, 4), channels=6) * np.array(gains, np.float32)
    assert measured(sound).integrated() == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize(
    ("levels", "units"),
    [
        ([(-20, 8), (-30, 8)], 10.0),
        ([(-20, 8), (-15, 8)], 5.0),
        ([(-40, 8), (-20, 8)], 20.0),
        ([(-35, 8), (-20, 8), (-35, 8)], 15.0),
    ],
)
def test_loudness_range_is_that_of_tech_3342(levels, units):
    assert measured(tone(*levels)).range() == pytest.approx(units, abs=1.0)


@pytest.mark.parametrize(
    ("divisor", "degrees", "level", "peak"),
    [(4, 0.0, -6.0, -6.0), (4, 45.0, -6.0, -6.0), (6, 60.0, -6.0, -6.0), (8, 67.5, -6.0, -6.0), (4, 45.0, 3.0, 3.0)],
)
def test_the_true_peak_lies_between_samples_as_in_tech_3341(divisor, degrees, level, peak):
    sound = tone((level, 1), hertz=LOUDNESS_RATE / divisor, phase=np.deg2rad(degrees))
    edge = np.minimum(1, np.arange(len(sound)) / 4800) * np.minimum(1, np.arange(len(sound))[::-1] / 4800)
    found = measured(sound * edge[:, None].astype(np.float32)).true_peak()
    assert peak - 0.4 <= found <= peak + 0.2


def test_noise_weighs_as_the_filters_of_the_recommendation_say():
    sound = np.random.default_rng(1).normal(0, 0.05, (4 * LOUDNESS_RATE, 1)).astype(np.float32)
    shelf = lfilter([1.53512485958697, -2.69169618940638, 1.19839281085285], [1, -1.69065929318241, 0.73248077421585],
                    sound[:, 0])  # fmt: skip
    heard = lfilter([1, -2, 1], [1, -1.99004745483398, 0.99007225036621], shelf)
    assert measured(sound).integrated() == pytest.approx(-0.691 + 10 * np.log10(np.mean(heard**2)), abs=0.1)


def test_silence_has_no_loudness_and_blocks_of_any_size_measure_alike():
    silent = measured(np.zeros((LOUDNESS_RATE, 2), np.float32))
    assert (silent.integrated(), silent.range(), silent.true_peak()) == (-np.inf, 0.0, -np.inf)
    assert measured(np.zeros((0, 1), np.float32)).integrated() == -np.inf
    sound = tone((-20, 1), (-30, 1))
    assert np.allclose(measured(sound, block=777).energy, measured(sound, block=96_000).energy)
