"""From payload to pictures and back, without files."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from watermark_frames import KEY, PAYLOAD, attacked, clip, marked, scene

from core.errors import BadMedia
from provenance.watermark import VideoWatermarker, WatermarkKey, detect_video, embed_video
from provenance.watermark.video.carrier_layout import carrier_layout, modulate
from provenance.watermark.video.demodulate import demodulate, rectify
from provenance.watermark.video.detect import FALSE_ALARM_RATE, detect_in_frames
from provenance.watermark.video.frame_accumulation import accumulate_frames
from provenance.watermark.video.perceptual_mask import FLAT_RMS, MAX_RMS, perceptual_mask
from provenance.watermark.video.pilot_detector import SHIFT_HYPOTHESES, TileDetection, detect_tile
from provenance.watermark.video.spatial_pattern import render_pattern


@pytest.fixture(autouse=True)
def one_thread() -> None:
    cv2.setNumThreads(1)


def test_a_marked_clip_says_what_was_written() -> None:
    mark = detect_video(marked()[0], [KEY])
    assert (mark.detected, mark.payload, mark.case_id) == (True, PAYLOAD.hex, PAYLOAD.case_id)
    assert mark.p_value < 1e-12


def test_the_mark_is_faint() -> None:
    pictures, psnr = marked()
    assert psnr > 45
    change = np.array(pictures[0], int) - np.array(next(clip()), int)
    assert np.abs(change).max() <= 8


def test_an_unmarked_clip_carries_nothing() -> None:
    mark = detect_video(clip(), [KEY])
    assert (mark.detected, mark.payload, mark.case_id) == (False, None, None)
    assert mark.p_value > 0.01


def test_another_key_finds_nothing_and_the_right_one_is_found_among_others() -> None:
    others = [WatermarkKey(id=f"other{i}", secret=bytes([i]) * 32) for i in range(1, 4)]
    assert not detect_video(marked()[0], others).detected
    mark = detect_video(marked()[0], [*others, KEY])
    assert mark.payload == PAYLOAD.hex and "key test" in mark.note


ATTACKS: dict[str, Callable[[Any], Any]] = {
    "half size": lambda y: cv2.resize(y, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "larger": lambda y: cv2.resize(y, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC),
    "cropped to three quarters": lambda y: y[60:466, 33:753],
    "cropped to half": lambda y: y[200:470, 133:613],
    "cropped to a small piece": lambda y: y[200:456, 400:656],
    "mirrored": lambda y: y[:, ::-1],
    "upside down": lambda y: y[::-1],
    "half a turn": lambda y: y[::-1, ::-1],
    "darker": lambda y: y * 0.6,
    "blurred": lambda y: cv2.GaussianBlur(y, (0, 0), 1.5),
    "noisy": lambda y: y + np.random.default_rng(int(y[0, 0])).normal(0, 8, y.shape),
    "letterboxed": lambda y: cv2.copyMakeBorder(y, 120, 120, 0, 0, cv2.BORDER_CONSTANT),
}


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_the_mark_survives(name: str) -> None:
    mark = detect_video(attacked(ATTACKS[name]), [KEY])
    assert mark.payload == PAYLOAD.hex, mark


@pytest.mark.parametrize("angle", [3.0, -6.0, 90.0])
def test_the_mark_survives_turning_if_one_looks_deep(angle: float) -> None:
    def turn(luma: Any) -> Any:
        if angle == 90.0:
            return np.rot90(luma)
        around = cv2.getRotationMatrix2D((480, 270), angle, 1.0)
        return cv2.warpAffine(luma, around, (960, 540), flags=cv2.INTER_CUBIC)

    assert detect_video(attacked(turn), [KEY], effort="deep").payload == PAYLOAD.hex


def test_a_deep_search_ends_when_its_time_is_up_and_says_so() -> None:
    def turn(luma: Any) -> Any:
        return cv2.warpAffine(luma, cv2.getRotationMatrix2D((480, 270), 4.0, 1.0), (960, 540), flags=cv2.INTER_CUBIC)

    evidence = accumulate_frames(attacked(turn), min_short_side=360)
    assert detect_in_frames(evidence, [KEY], effort="deep").mark.payload == PAYLOAD.hex
    cut = detect_in_frames(evidence, [KEY], effort="deep", deep_seconds=0.0).mark
    assert not cut.detected and "stopped when its time was up" in cut.note


def test_a_damaged_mark_is_reported_as_present_without_a_payload() -> None:
    """Its pilots are there, what its carriers said is not."""
    amplitudes = modulate(PAYLOAD, KEY)
    carriers = carrier_layout(KEY).carriers
    amplitudes[carriers] = amplitudes[carriers[::-1]]
    pattern = render_pattern(amplitudes, 960, 540)
    mark = detect_video([np.clip(y + pattern, 0, 255).astype(np.uint8) for y in clip()], [KEY])
    assert mark.detected and mark.payload is None and mark.case_id is None
    assert "cannot be read" in mark.note and mark.p_value <= FALSE_ALARM_RATE


def test_noise_that_drowns_the_mark_leaves_no_false_claim() -> None:
    def drown(luma: Any) -> Any:
        return luma + np.random.default_rng(int(luma.sum())).normal(0, 150, luma.shape)

    mark = detect_video(attacked(drown), [KEY])
    assert (mark.detected, mark.payload) == (False, None)


def test_a_static_picture_can_be_marked_and_read() -> None:
    picture = next(clip(1))
    assert detect_video(embed_video([picture], PAYLOAD, KEY), [KEY]).payload == PAYLOAD.hex


@pytest.mark.parametrize("size", [(256, 256), (480, 852), (1920, 1080)])
def test_small_large_and_upright_pictures_are_marked(size: tuple[int, int]) -> None:
    assert detect_video(embed_video(clip(6, size), PAYLOAD, KEY), [KEY]).payload == PAYLOAD.hex


def test_too_small_a_picture_is_refused() -> None:
    with pytest.raises(BadMedia, match="at least 128 pixels"):
        VideoWatermarker(modulate(PAYLOAD, KEY))(np.zeros((96, 200), np.uint8))


def test_nothing_to_look_at_is_refused() -> None:
    with pytest.raises(BadMedia, match="no pictures"):
        detect_video([], [KEY])


def test_without_a_key_nothing_is_claimed() -> None:
    assert not detect_video(marked()[0], []).detected


def test_flat_ground_gets_little_and_texture_more_but_never_much() -> None:
    flat = perceptual_mask(np.full((270, 480), 110, np.uint8))
    assert np.allclose(flat, FLAT_RMS, atol=0.02)
    rough = perceptual_mask(np.random.default_rng(2).integers(0, 255, (270, 480)).astype(np.uint8))
    assert rough.mean() > 2 * FLAT_RMS and rough.max() <= MAX_RMS * 1.31


def test_an_edge_does_not_lend_its_strength_to_the_ground_beside_it() -> None:
    picture = np.full((270, 480), 100, np.uint8)
    picture[:, 240:] = 180
    allowed = perceptual_mask(picture)
    assert allowed[:, 200].max() < FLAT_RMS * 1.5


def test_the_bound_on_false_alarms_holds_for_wrong_keys() -> None:
    """Wrong keys are unlimited null cases, on marked pictures too. 300 tries at most 300 * p fall below p."""
    for pictures in (marked()[0], tuple(clip())):
        evidence = accumulate_frames(pictures, min_short_side=360)
        reading = demodulate(rectify(evidence.mean_frame, np.diag([evidence.scale, evidence.scale, 1.0])))
        keys = [WatermarkKey(id="wrong", secret=b"%032d" % i) for i in range(150)]
        opinions = [detect_tile(reading, key) for key in keys]
        assert not any(o.payload for o in opinions)
        assert min(o.p_value(1) for o in opinions) > 1e-3


def test_more_attempts_never_make_a_finding_surer() -> None:
    seen = TileDetection(z=8.0, payload=None, orientation="upright")
    chances = [seen.p_value(n) for n in (1, 2, 50, 10**6)]
    assert chances == sorted(chances) and chances[-1] > FALSE_ALARM_RATE
    assert seen.p_value(1) == pytest.approx(SHIFT_HYPOTHESES * np.exp(-32))


def test_detection_tells_how_it_was_found() -> None:
    found = detect_in_frames(accumulate_frames(attacked(ATTACKS["larger"]), min_short_side=360), [KEY])
    assert (found.key.id, found.geometry, found.orientation) == ("test", "scaled", "upright")
    assert found.attempts >= 2 and found.z > 9


def test_the_scene_of_these_tests_has_flat_and_rough_ground() -> None:
    parts = scene(1160, 540)
    assert parts[:100, :400].std(0).max() < 1 < parts[200:300, :400].std(0).mean()
