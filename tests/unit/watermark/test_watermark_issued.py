"""A mark too damaged to be read is told apart from the others that were issued."""

from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watermark_pictures import KEY, PAYLOAD, clip, marked

from provenance.watermark import Payload, WatermarkKey, code, embed_video
from provenance.watermark.accumulate import Evidence, accumulate
from provenance.watermark.detect import FALSE_ALARM, detect
from provenance.watermark.fold import canvas, read
from provenance.watermark.issued import Issued
from provenance.watermark.recognise import recognised
from provenance.watermark.segments import segments

OTHERS = [Payload(issuer=7, case_id=f"{at * 0x9E3779B97F4A7C15 % 2**64:016x}").hex for at in range(1, 2000)]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    cv2.setNumThreads(1)


@cache
def faint(strength: float = 0.45) -> Evidence:
    return accumulate(embed_video(clip(), PAYLOAD, KEY, strength=strength), work_side=360, parts=True)


def test_a_mark_that_cannot_be_read_is_recognised_among_those_issued() -> None:
    assert detect(faint(), [KEY]).mark.payload is None
    found = detect(faint(), [KEY], issued=[Issued([*OTHERS, PAYLOAD.hex], KEY)]).mark
    assert (found.payload, found.case_id, found.among) == (PAYLOAD.hex, PAYLOAD.case_id, 2000)
    assert found.detected and found.p_value <= FALSE_ALARM and "2,000 issued" in found.note


def test_it_is_taken_for_none_of_them_if_it_is_not_there() -> None:
    assert detect(faint(), [KEY], issued=[Issued(OTHERS, KEY)]).mark.payload is None


def test_a_clear_mark_of_another_case_is_read_and_never_taken_for_one_that_was_issued() -> None:
    evidence = accumulate(marked()[0], work_side=360)
    found = detect(evidence, [KEY], issued=[Issued(OTHERS, KEY)]).mark
    assert (found.payload, found.among) == (PAYLOAD.hex, 0)
    reading = read(canvas(evidence.picture, np.diag([evidence.scale, evidence.scale, 1.0])))
    assert recognised([reading], Issued(OTHERS, KEY)) == [None]


def test_without_a_mark_nothing_is_recognised() -> None:
    evidence = accumulate(clip(), work_side=360)
    found = detect(evidence, [KEY], issued=[Issued([*OTHERS, PAYLOAD.hex], KEY)]).mark
    assert not found.detected and found.p_value > 0.01


def test_another_key_recognises_nothing() -> None:
    other = WatermarkKey(id="other", secret=b"o" * 32)
    assert not detect(faint(), [other], issued=[Issued([PAYLOAD.hex], other)]).mark.detected


def test_more_payloads_to_choose_from_need_a_surer_sign() -> None:
    few, many = (
        detect(faint(), [KEY], issued=[Issued(some, KEY)]).mark for some in ([PAYLOAD.hex], [*OTHERS, PAYLOAD.hex])
    )
    assert many.p_value == pytest.approx(2000 * few.p_value, rel=1e-6)


def test_the_seconds_of_a_recognised_mark_are_told() -> None:
    whole = detect(faint(0.6), [KEY], issued=[Issued([PAYLOAD.hex], KEY)])
    recognised = detect(faint(), [KEY], issued=[Issued([PAYLOAD.hex], KEY)])
    assert whole.mark.among == 0 and recognised.mark.among == 1
    for evidence, found in ((faint(0.6), whole), (faint(), recognised)):
        assert {one.payload for one in segments(evidence, [KEY], whole=found)} <= {PAYLOAD.hex}


def test_nothing_issued_is_nothing_recognised() -> None:
    assert Issued([], KEY).told([], pilots=0.25) == []
    assert len(Issued([PAYLOAD.hex, PAYLOAD.hex], KEY)) == 1


@settings(max_examples=20)
@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_many_words_are_coded_as_each_by_itself(count: int, seed: int) -> None:
    words = np.random.default_rng(seed).integers(0, 2, (count, 120)).astype(np.uint8)
    coded = np.unpackbits(code.encode_many(words), axis=1)[:, :count].T
    assert all((code.encode(word) == row).all() for word, row in zip(words, coded, strict=True))
