"""Every attack of the evaluation on the sound of a real film: all 96 bits come back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evals.watermark.audio_attacks import AUDIO_ATTACKS, AudioSignal
from evals.watermark.audio_clips import read_audio
from provenance.watermark.audio import detect_audio, embed_audio
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload

BUNNY = Path(__file__).parents[2] / "deploy" / "demo" / "bunny.mp4"
KEY = WatermarkKey(id="test", secret=bytes(range(32)))
PAYLOAD = Payload(issuer=7, case_id="0123456789abcdef")


@pytest.fixture(scope="module")
def marked() -> AudioSignal:
    samples, rate = read_audio(BUNNY)
    return np.concatenate(list(embed_audio([samples], rate, PAYLOAD, KEY))), rate


@pytest.mark.parametrize("attack", AUDIO_ATTACKS)
def test_the_payload_survives(marked: AudioSignal, attack: str) -> None:
    samples, rate = AUDIO_ATTACKS[attack](marked)
    assert detect_audio([samples], rate, [KEY]).payload == PAYLOAD


def test_tempo_and_pitch_changed_apart_are_both_undone(marked: AudioSignal) -> None:
    slower = AUDIO_ATTACKS["tempo_0.9"](AUDIO_ATTACKS["speed_0.97"](marked))
    assert detect_audio([slower[0]], slower[1], [KEY]).payload == PAYLOAD


def test_the_mark_survives_three_codecs_in_a_row(marked: AudioSignal) -> None:
    sound = marked
    for name in ("aac_128k", "opus_48k", "mp3_128k"):
        sound = AUDIO_ATTACKS[name](sound)
    assert detect_audio([sound[0]], sound[1], [KEY]).payload == PAYLOAD


def test_the_mark_is_well_below_the_sound(marked: AudioSignal) -> None:
    plain = read_audio(BUNNY)[0]
    assert 10 * np.log10(np.sum(plain**2) / np.sum((marked[0] - plain) ** 2)) > 12
