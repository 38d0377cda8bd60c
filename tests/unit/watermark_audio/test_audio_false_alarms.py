"""The p-value is a promise: unmarked sound looks marked no more often than it says."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from synthetic_audio import voice

from provenance.watermark.audio import chips
from provenance.watermark.audio.chip_layout import (
    CHIPS_PER_PERIOD,
    HIGHEST_HZ,
    LOWEST_HZ,
    band_edges,
    band_pair_count,
    chip_bin_weights,
    step_to_hertz,
)
from provenance.watermark.audio.demodulate import accumulate_period
from provenance.watermark.audio.soft_chips import soft_chips
from provenance.watermark.audio.spectrogram import power_spectrogram
from provenance.watermark.audio.synchronisation import Synchronisation, hypothesis_count, sync_candidates, tempo_grid
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload

KEY = WatermarkKey(id="test", secret=bytes(range(32)))


def stranger(number: int) -> WatermarkKey:
    return WatermarkKey(id="stranger", secret=b"the secret of %8d" % number)


@pytest.mark.parametrize("sound", ["voice", "one loud chip", "all alike"])
def test_pilots_agree_by_chance_no_more_often_than_hoeffding_allows(sound: str) -> None:
    folded = np.ones((CHIPS_PER_PERIOD, band_pair_count()), np.float32)
    if sound == "one loud chip":
        folded[:] = 0.01
        folded[7, 3] = 50
    if sound == "voice":
        heard = np.concatenate(list(power_spectrogram([voice(5, 16_000)], 16_000)))
        folded = accumulate_period(soft_chips(heard, 0), Synchronisation(start=0, tempo=1, pitch=0))
    z = np.array([chips.pilot_z(folded, stranger(number)) for number in range(800)])
    for limit in (1.0, 2.0, 3.0):
        bound = float(np.exp(-(limit**2) / 2))
        assert np.mean(z > limit) <= bound + 3 * np.sqrt(bound / len(z))


def test_the_best_of_a_search_stays_within_what_was_tried() -> None:
    heard = np.concatenate(list(power_spectrogram([voice(5, 16_000)], 16_000)))
    best = [sync_candidates(heard, stranger(number), best=1)[0] for number in range(12)]
    z = [
        chips.pilot_z(accumulate_period(soft_chips(heard, c.sync.pitch), c.sync), stranger(i))
        for i, c in enumerate(best)
    ]
    assert max(z) < np.sqrt(2 * np.log(hypothesis_count(5.0) * 1e3))


def test_the_tempos_cover_ten_per_cent_and_slip_less_than_half_a_cell() -> None:
    for seconds in (1.0, 3.0, 7.5):
        speeds = tempo_grid(seconds)
        assert speeds[0] <= 0.9 and speeds[-1] >= 1.1 and 1.0 in speeds
        assert np.diff(speeds).max() * seconds / 2 / 2 < 0.008


def test_the_word_is_read_from_chips_and_only_with_its_key() -> None:
    payload = Payload(issuer=3, case_id="00000000000000ff")
    written = chips.payload_chips(payload, KEY)
    assert set(np.unique(written)) == {-1.0, 1.0}
    assert chips.decode_payload(written, KEY) == payload
    assert chips.decode_payload(written, stranger(1)) is None
    assert chips.decode_payload(np.zeros_like(written), KEY) is None
    assert chips.pilot_z(written, KEY) ** 2 == pytest.approx(round(chips.AUDIO_PILOT_SHARE * written.size), rel=1e-6)


def test_the_audio_layout_never_changes() -> None:
    """What was marked yesterday must be read in ten years: a change here needs a new version of the payload."""
    assert (band_pair_count(), CHIPS_PER_PERIOD, int(band_edges()[-1])) == (27, 160, 184)
    assert step_to_hertz(0) == LOWEST_HZ and step_to_hertz(int(band_edges()[-1])) <= HIGHEST_HZ
    assert hashlib.sha256(band_edges().tobytes()).hexdigest()[:16] == "0d27492bc8afa89c"
    written = chips.payload_chips(Payload(case_id="0" * 16), KEY).astype(np.int8)
    assert hashlib.sha256(written.tobytes()).hexdigest()[:16] == "bb802e19e3512dcb"


def test_a_chip_leaves_the_sum_of_its_pair() -> None:
    shape = chip_bin_weights(768, 48_000)
    assert np.allclose(np.maximum(shape, 0).sum(1) / np.maximum(-shape, 0).sum(1), 1, atol=0.45)
    assert np.abs(np.abs(shape).sum(0)).max() <= 1.0001
