"""A mark in sound that is too damaged to be read is matched against the others that were issued."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic_audio import Samples, blocks, voice

from provenance.watermark.audio import detect_audio, embed_audio
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload

KEY = WatermarkKey(id="test", secret=bytes(range(32)))
PAYLOAD = Payload(issuer=7, case_id="0123456789abcdef")
OTHERS = [Payload(issuer=7, case_id=f"{at * 0x9E3779B97F4A7C15 % 2**64:016x}").hex for at in range(1, 1000)]
RATE = 16_000


@pytest.fixture(scope="module")
def buried() -> Samples:
    """Marked speech in noise of half its loudness."""
    spoken = np.concatenate(list(embed_audio(blocks(voice(5, RATE)), RATE, PAYLOAD, KEY)))
    noise = np.random.default_rng(0).normal(0, 1, spoken.shape) * np.sqrt((spoken**2).mean()) / 2
    return np.asarray(spoken + noise, np.float32)


def test_a_mark_that_cannot_be_read_is_recognised_among_those_issued(buried: Samples) -> None:
    assert detect_audio(blocks(buried), RATE, [KEY]).payload is None
    found = detect_audio(blocks(buried), RATE, [KEY], issued=[*OTHERS, PAYLOAD.hex])
    assert (found.detected, found.payload, found.among) == (True, PAYLOAD, 1000)
    assert found.p_value < 1e-9 and "matched against 1,000 issued" in found.note


def test_it_is_taken_for_none_of_them_if_it_is_not_there(buried: Samples) -> None:
    found = detect_audio(blocks(buried), RATE, [KEY], issued=OTHERS)
    assert found.payload is None and found.among == 0


def test_without_a_mark_or_its_key_nothing_is_recognised(buried: Samples) -> None:
    other = WatermarkKey(id="other", secret=b"o" * 32)
    for samples, key in ((voice(5, RATE), KEY), (buried, other)):
        found = detect_audio(blocks(samples), RATE, [key], issued=[*OTHERS, PAYLOAD.hex])
        assert not found.detected and found.payload is None


def test_what_can_be_read_is_read_and_not_recognised(buried: Samples) -> None:
    spoken = np.concatenate(list(embed_audio(blocks(voice(5, RATE)), RATE, PAYLOAD, KEY)))
    found = detect_audio(blocks(spoken), RATE, [KEY], issued=OTHERS)
    assert (found.payload, found.among) == (PAYLOAD, 0)
