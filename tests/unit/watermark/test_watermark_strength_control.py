"""How strongly a video is marked: where it moves, and worked out on the video itself."""

import cv2
import numpy as np
import pytest
from watermark_frames import KEY, PAYLOAD, clip

from provenance.watermark import VideoWatermarker, detect_video, embed_video
from provenance.watermark.video.carrier_layout import modulate, shift_tile, subcarriers
from provenance.watermark.video.motion_mask import MotionMask
from provenance.watermark.video.pilot_detector import carrier_agreement
from provenance.watermark.video.strength_control import DEFAULT_STRENGTH, VideoAnalysis, plan_embedding
from provenance.watermark.video.trial_encode import trial_encode


@pytest.fixture(autouse=True)
def one_thread() -> None:
    cv2.setNumThreads(1)


def survey(grain: float, size: tuple[int, int] = (640, 360)) -> VideoAnalysis:
    rng = np.random.default_rng(3)
    still = next(clip(1, size)).astype(float)
    run = [np.clip(still + rng.normal(0, grain, still.shape), 0, 255).astype(np.uint8) for _ in range(12)]
    return VideoAnalysis(sampled_frames=run[:4], excerpts=[run], frame_count=120, rate=25.0)


def test_the_chosen_strength_is_bounded_and_says_what_it_costs() -> None:
    chosen = plan_embedding(survey(1.0), modulate(PAYLOAD, KEY), crf=20)
    assert 0.7 <= chosen.strength <= 2.2 and -0.05 < chosen.growth < 1
    assert chosen == plan_embedding(survey(1.0), modulate(PAYLOAD, KEY), crf=20)


def test_the_mark_is_as_strong_as_the_bytes_that_it_may_cost_allow() -> None:
    little, usual, much = (
        plan_embedding(survey(1.0), modulate(PAYLOAD, KEY), crf=20, growth=growth) for growth in (0.08, 0.15, 9.0)
    )
    assert little.strength < usual.strength < much.strength and little.growth < usual.growth < much.growth


def test_no_bytes_make_a_mark_stronger_than_eyes_allow() -> None:
    grain = np.random.default_rng(4).normal(128, 45, (360, 640)).clip(0, 255).astype(np.uint8)
    rough = cv2.GaussianBlur(grain, (0, 0), 0.8)
    pictures = VideoAnalysis(sampled_frames=[rough], excerpts=[[rough] * 8], frame_count=8, rate=25.0)
    strength = plan_embedding(pictures, modulate(PAYLOAD, KEY), crf=20, growth=100.0).strength
    embedder = VideoWatermarker(modulate(PAYLOAD, KEY), strength=strength)
    embedder(rough)
    assert 0.7 <= strength < 2.2 and embedder.psnr > 40.5


def test_the_first_picture_of_a_shot_is_marked_most() -> None:
    rough = cv2.GaussianBlur(np.random.default_rng(2).normal(0, 1, (180, 240)).astype(np.float32), (0, 0), 2) * 60
    still, other = ((level + rough[::way]).astype(np.uint8) for level, way in ((70, 1), (170, -1)))
    embedder = VideoWatermarker(modulate(PAYLOAD, KEY), strength=2.0)
    change = [float(np.abs(embedder(luma).astype(float) - luma).mean()) for luma in [still] * 24 + [other] * 2]
    assert change[0] > 1.25 * change[22] > 0 and change[24] > 1.25 * change[22]


def test_the_tile_is_laid_where_the_pictures_agree_with_it() -> None:
    """So the very same pictures speak for the mark before it is there: that is the gain."""
    pictures = survey(0.0).sampled_frames
    shift = plan_embedding(
        VideoAnalysis(sampled_frames=pictures, excerpts=[], frame_count=1, rate=25.0), modulate(PAYLOAD, KEY), crf=20
    ).shift
    from provenance.watermark.video.strength_control import _carrier_values

    values = _carrier_values(pictures)
    ahead = carrier_agreement(values, modulate(PAYLOAD, KEY), *shift)
    assert ahead > 3.0 and ahead > carrier_agreement(values, modulate(PAYLOAD, KEY)) + 1.0


def test_a_shifted_mark_reads_as_the_same_payload() -> None:
    pictures = embed_video(clip(8), PAYLOAD, KEY, shift=(47.5, 130.0))
    assert detect_video(pictures, [KEY]).payload == PAYLOAD.hex


def test_shifting_by_a_whole_tile_changes_nothing() -> None:
    amplitudes = modulate(PAYLOAD, KEY)
    assert np.allclose(shift_tile(amplitudes, 192, -192), amplitudes) and subcarriers().count == len(amplitudes)


def test_too_few_pictures_to_try_are_marked_as_usual() -> None:
    few = survey(1.0)
    chosen = plan_embedding(
        VideoAnalysis(sampled_frames=few.sampled_frames, excerpts=[few.excerpts[0][:3]], frame_count=3, rate=25.0),
        modulate(PAYLOAD, KEY),
        crf=20,
    )
    assert 0.7 <= chosen.strength <= DEFAULT_STRENGTH


def test_what_moves_is_spared_and_what_stands_still_is_not() -> None:
    calm, rng = MotionMask(), np.random.default_rng(1)
    for _ in range(3):
        picture = np.full((240, 320), 100, np.uint8)
        picture[:, 200:] = rng.integers(0, 255, (1, 120))
        share = calm(picture)
    assert share[:, :40].min() > 0.95 and share[:, 60:].max() < 0.3


def test_a_cut_is_no_motion_and_steady_motion_is_no_cut() -> None:
    calm, rng = MotionMask(), np.random.default_rng(1)
    calm(np.full((240, 320), 20, np.uint8))
    calm(np.full((240, 320), 21, np.uint8))
    assert calm(np.full((240, 320), 200, np.uint8)).min() == 1 and calm.scene_cut
    cuts = 0
    for _ in range(12):
        calm(cv2.resize(rng.integers(0, 255, (6, 8)).astype(np.uint8), (320, 240), interpolation=cv2.INTER_NEAREST))
        cuts += calm.scene_cut
    assert cuts <= 3


def test_the_proxy_counts_the_bytes_of_every_picture() -> None:
    (run,) = survey(2.0).excerpts
    fine, coarse = (trial_encode(run, crf=crf, rate=25.0) for crf in (18, 35))
    assert fine.keyframes + fine.other_frames == coarse.keyframes + coarse.other_frames == len(run)
    assert fine.estimated_bytes(120) > 3 * coarse.estimated_bytes(120) > 0
