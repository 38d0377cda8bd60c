"""A mark too damaged to be read is told apart from the others that were issued."""

from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watermark_frames import KEY, PAYLOAD, clip, marked

from provenance.watermark import Payload, WatermarkKey, convolutional_code, embed_video
from provenance.watermark.payload_set import PayloadSet
from provenance.watermark.video.demodulate import demodulate, rectify
from provenance.watermark.video.detect import FALSE_ALARM_RATE, detect_in_frames
from provenance.watermark.video.frame_accumulation import AccumulatedFrames, accumulate_frames
from provenance.watermark.video.known_payload_detector import match_known_payloads
from provenance.watermark.video.segments import find_segments

OTHERS = [Payload(issuer=7, case_id=f"{at * 0x9E3779B97F4A7C15 % 2**64:016x}").hex for at in range(1, 2000)]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    cv2.setNumThreads(1)


@cache
def faint(strength: float = 0.45) -> AccumulatedFrames:
    return accumulate_frames(embed_video(clip(), PAYLOAD, KEY, strength=strength), min_short_side=360, parts=True)


def test_a_mark_that_cannot_be_read_is_recognised_among_those_issued() -> None:
    assert detect_in_frames(faint(), [KEY]).mark.payload is None
    found = detect_in_frames(faint(), [KEY], issued=[PayloadSet([*OTHERS, PAYLOAD.hex], KEY)]).mark
    assert (found.payload, found.case_id, found.among) == (PAYLOAD.hex, PAYLOAD.case_id, 2000)
    assert found.detected and found.p_value <= FALSE_ALARM_RATE and "2,000 issued" in found.note


def test_it_is_taken_for_none_of_them_if_it_is_not_there() -> None:
    assert detect_in_frames(faint(), [KEY], issued=[PayloadSet(OTHERS, KEY)]).mark.payload is None


def test_a_clear_mark_of_another_case_is_read_and_never_taken_for_one_that_was_issued() -> None:
    evidence = accumulate_frames(marked()[0], min_short_side=360)
    found = detect_in_frames(evidence, [KEY], issued=[PayloadSet(OTHERS, KEY)]).mark
    assert (found.payload, found.among) == (PAYLOAD.hex, 0)
    reading = demodulate(rectify(evidence.mean_frame, np.diag([evidence.scale, evidence.scale, 1.0])))
    assert match_known_payloads([reading], PayloadSet(OTHERS, KEY)) == [None]


def test_without_a_mark_nothing_is_recognised() -> None:
    evidence = accumulate_frames(clip(), min_short_side=360)
    found = detect_in_frames(evidence, [KEY], issued=[PayloadSet([*OTHERS, PAYLOAD.hex], KEY)]).mark
    assert not found.detected and found.p_value > 0.01


def test_another_key_recognises_nothing() -> None:
    other = WatermarkKey(id="other", secret=b"o" * 32)
    assert not detect_in_frames(faint(), [other], issued=[PayloadSet([PAYLOAD.hex], other)]).mark.detected


def test_more_payloads_to_choose_from_need_a_surer_sign() -> None:
    few, many = (
        detect_in_frames(faint(), [KEY], issued=[PayloadSet(some, KEY)]).mark
        for some in ([PAYLOAD.hex], [*OTHERS, PAYLOAD.hex])
    )
    assert many.p_value == pytest.approx(2000 * few.p_value, rel=1e-6)


def test_the_seconds_of_a_recognised_mark_are_told() -> None:
    whole = detect_in_frames(faint(0.6), [KEY], issued=[PayloadSet([PAYLOAD.hex], KEY)])
    recognised = detect_in_frames(faint(), [KEY], issued=[PayloadSet([PAYLOAD.hex], KEY)])
    assert whole.mark.among == 0 and recognised.mark.among == 1
    for evidence, found in ((faint(0.6), whole), (faint(), recognised)):
        assert {one.payload for one in find_segments(evidence, [KEY], whole=found)} <= {PAYLOAD.hex}


def test_nothing_issued_is_nothing_recognised() -> None:
    assert PayloadSet([], KEY).match([], pilot_share=0.25) == []
    assert len(PayloadSet([PAYLOAD.hex, PAYLOAD.hex], KEY)) == 1


@settings(max_examples=20)
@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_many_words_are_coded_as_each_by_itself(count: int, seed: int) -> None:
    words = np.random.default_rng(seed).integers(0, 2, (count, 120)).astype(np.uint8)
    coded = np.unpackbits(convolutional_code.encode_many(words), axis=1)[:, :count].T
    assert all((convolutional_code.encode(word) == row).all() for word, row in zip(words, coded, strict=True))
