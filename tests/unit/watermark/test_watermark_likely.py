"""A mark that is known to be likely is found where it could not be read, nor told from the many that were issued."""

from functools import cache

import cv2
import numpy as np
import pytest
from watermark_frames import KEY, PAYLOAD, clip, marked

from provenance.watermark import Payload, WatermarkKey, embed_video
from provenance.watermark.payload_set import PayloadSet
from provenance.watermark.video.detect import FALSE_ALARM_RATE, detect_in_frames
from provenance.watermark.video.frame_accumulation import AccumulatedFrames, accumulate_frames
from provenance.watermark.video.likely_payload_detector import find_likely_mark

OTHERS = [Payload(issuer=7, case_id=f"{at * 0x9E3779B97F4A7C15 % 2**64:016x}") for at in range(1, 2000)]
QUESTIONS = 3


@pytest.fixture(autouse=True)
def one_thread() -> None:
    cv2.setNumThreads(1)


@cache
def faint() -> AccumulatedFrames:
    """Marked weakly, and then made smaller: pilots alone do not find by how much."""
    small = [
        cv2.resize(luma, None, fx=0.62, fy=0.62, interpolation=cv2.INTER_AREA)
        for luma in embed_video(clip(), PAYLOAD, KEY, strength=0.4)
    ]
    return accumulate_frames([np.asarray(luma, np.uint8) for luma in small], min_short_side=360)


def test_a_mark_too_faint_to_be_told_from_all_issued_is_recognised_among_a_few() -> None:
    issued = PayloadSet([*(other.hex for other in OTHERS), PAYLOAD.hex], KEY)
    assert detect_in_frames(faint(), [KEY], issued=[issued]).mark.payload is None
    found = find_likely_mark(faint(), [*OTHERS[:3], PAYLOAD], KEY, effort="quick")
    assert found and found.payload == PAYLOAD and found.p_value(QUESTIONS) <= FALSE_ALARM_RATE
    assert found.detection.among == 4


def test_it_is_taken_for_none_of_them_if_it_is_not_there() -> None:
    found = find_likely_mark(faint(), OTHERS[:4], KEY)
    assert found is None or found.p_value(QUESTIONS) > 1e-3


def test_a_clear_mark_of_another_case_is_never_taken_for_a_likely_one() -> None:
    assert find_likely_mark(accumulate_frames(marked()[0], min_short_side=360), OTHERS[:4], KEY) is None


def test_without_a_mark_or_with_another_key_nothing_is_recognised() -> None:
    plain = accumulate_frames(clip(), min_short_side=360)
    for frames, key in ((plain, KEY), (faint(), WatermarkKey(id="other", secret=b"o" * 32))):
        found = find_likely_mark(frames, [PAYLOAD], key)
        assert found is None or found.p_value(QUESTIONS) > 1e-3


def test_a_likely_mark_is_followed_into_the_perspective_of_a_filmed_screen() -> None:
    height, width = marked()[0][0].shape
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float32)
    moved = corners + np.array([[14, 9], [-8, 0], [0, -10], [-16, 0]], np.float32)
    bent = cv2.getPerspectiveTransform(corners, moved)
    filmed = [cv2.GaussianBlur(cv2.warpPerspective(luma, bent, (width, height)), (0, 0), 1.2) for luma in marked()[0]]
    found = find_likely_mark(accumulate_frames(filmed, min_short_side=360), [*OTHERS[:2], PAYLOAD], KEY)
    assert found and found.payload == PAYLOAD and found.p_value(QUESTIONS) <= FALSE_ALARM_RATE
