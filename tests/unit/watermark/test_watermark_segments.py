"""Which parts of a video carry which mark."""

from itertools import chain

import cv2
import numpy as np
import pytest
from watermark_frames import KEY, PAYLOAD, Luma, clip

from provenance.watermark import Payload, embed_video
from provenance.watermark.payload_set import PayloadSet
from provenance.watermark.video.detect import FALSE_ALARM_RATE, detect_in_frames
from provenance.watermark.video.frame_accumulation import TIME_BUCKETS, AccumulatedFrames, accumulate_frames
from provenance.watermark.video.segments import (
    Segment,
    beside_others,
    find_segments,
    marked_runs,
    segments_in_seconds,
)

SECOND = Payload(issuer=7, case_id="fedcba9876543210")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    cv2.setNumThreads(1)


def found_in(pictures: list[Luma]) -> tuple[Segment, ...]:
    return find_segments(accumulate_frames(pictures, min_short_side=360, parts=True), [KEY])


def marked(count: int, payload: Payload = PAYLOAD, shift: tuple[float, float] = (0.0, 0.0)) -> list[Luma]:
    return list(embed_video(clip(count), payload, KEY, shift=shift))


def test_a_marked_piece_in_other_footage_is_told_from_it() -> None:
    plain = list(clip(48))
    (only,) = found_in(plain[:24] + marked(12) + plain[36:])
    assert only.payload == PAYLOAD.hex and only.key_id == KEY.id and only.p_value <= FALSE_ALARM_RATE
    assert abs(only.start - 0.5) <= 0.05 and abs(only.end - 0.75) <= 0.05


def test_two_marks_in_one_video_are_both_found_each_in_its_place() -> None:
    first, second = found_in(marked(24) + marked(24, SECOND, (61.5, 20.0)))
    assert (first.payload, second.payload) == (PAYLOAD.hex, SECOND.hex)
    assert first.start == 0 and abs(first.end - 0.5) <= 0.05 and abs(second.start - 0.5) <= 0.05 and second.end == 1


def two_versions(strength: float) -> AccumulatedFrames:
    """One film twice, the tiles of its two marks at the same place: they share pilots, and whoever issued them."""
    versions = [embed_video(clip(24), payload, KEY, strength=strength) for payload in (PAYLOAD, SECOND)]
    return accumulate_frames(chain(*versions), min_short_side=360, parts=True)


def test_two_versions_of_one_film_are_told_apart_although_their_marks_share_half_of_their_lines() -> None:
    first, second = find_segments(two_versions(0.7), [KEY])
    assert (first.payload, second.payload) == (PAYLOAD.hex, SECOND.hex)
    assert first.start == 0 and abs(first.end - 0.5) <= 0.05 and abs(second.start - 0.5) <= 0.05 and second.end == 1


def test_both_are_found_where_all_of_it_only_resembles_one_of_those_issued() -> None:
    evidence = two_versions(0.5)
    assert detect_in_frames(evidence, [KEY]).mark.payload is None
    whole = detect_in_frames(evidence, [KEY], issued=[PayloadSet([PAYLOAD.hex, SECOND.hex], KEY)])
    assert whole.mark.among == 2
    first, second = find_segments(evidence, [KEY], whole=whole)
    assert (first.payload, second.payload) == (PAYLOAD.hex, SECOND.hex)
    assert first.end <= 0.5 <= second.start + 0.05


def test_a_short_marked_piece_of_a_long_compilation_is_found() -> None:
    """A tenth of the pictures, too weak to be read in a quarter of them or in all."""
    plain = list(clip(60))
    weak = list(embed_video(plain[30:36], PAYLOAD, KEY, strength=0.45))
    evidence = accumulate_frames(plain[:30] + weak + plain[36:], min_short_side=360, parts=True)
    assert detect_in_frames(evidence, [KEY]).mark.payload is None
    (only,) = find_segments(evidence, [KEY])
    assert only.payload == PAYLOAD.hex and abs(only.start - 0.5) <= 0.07 and abs(only.end - 0.6) <= 0.07


def test_a_short_piece_with_one_mark_is_found_beside_a_long_one_with_another() -> None:
    """A sixth of the pictures: in a quarter of them the clearer mark, which lies elsewhere, drowns it."""
    weak = list(embed_video(clip(8), PAYLOAD, KEY, strength=0.7))
    long = list(embed_video(clip(40), SECOND, KEY, shift=(61.5, 20.0), strength=1.5))
    for pictures, begin in ((weak + long, 0.0), (long + weak, 5 / 6)):
        found = {one.payload: one for one in found_in(pictures)}
        assert found.keys() == {PAYLOAD.hex, SECOND.hex}
        assert abs(found[PAYLOAD.hex].start - begin) <= 0.07 and abs(found[PAYLOAD.hex].end - begin - 1 / 6) <= 0.07


def test_a_piece_that_was_made_smaller_is_found_by_a_deep_search_beside_one_that_is_as_it_was() -> None:
    """As a compilation has them: fitted into one frame."""
    long = list(embed_video(clip(40), SECOND, KEY))
    height, width = long[0].shape
    fitted = []
    for luma in embed_video(clip(12), PAYLOAD, KEY):
        small = cv2.resize(luma, (width * 4 // 5, height * 4 // 5), interpolation=cv2.INTER_AREA)
        fitted.append(np.pad(small, ((0, height - small.shape[0]), (width - small.shape[1], 0)), constant_values=16))
    evidence = accumulate_frames(long + fitted, min_short_side=360, parts=True)
    assert {one.payload for one in find_segments(evidence, [KEY])} == {SECOND.hex}
    first, second = find_segments(evidence, [KEY], effort="deep")
    assert (first.payload, second.payload) == (SECOND.hex, PAYLOAD.hex)
    assert abs(first.end - 40 / 52) <= 0.07 and abs(second.start - 40 / 52) <= 0.07 and second.end == 1


def test_the_whole_of_a_marked_video_is_one_segment() -> None:
    (only,) = found_in(marked(20))
    assert (only.start, only.end) == (0, 1)


def test_a_weak_mark_is_reported_over_the_span_in_which_it_accumulates() -> None:
    rng = np.random.default_rng(3)
    noisy = [np.clip(luma + rng.normal(0, 24, luma.shape), 0, 255).astype(np.uint8) for luma in marked(48)]
    (only,) = found_in(noisy)
    assert only.start == 0 and only.end >= 0.9 and only.p_value <= FALSE_ALARM_RATE


@pytest.mark.parametrize(
    ("z", "runs"),
    [
        ([20.0] * 12, [(0, 12)]),
        ([1.9] * 12, [(0, 12)]),
        ([24.0, 1.6, 1.8, 1.5, 1.7, 1.4, 1.9, 1.6, 1.7, 1.5, 1.8, 1.6], [(0, 12)]),
        ([15.0, 0.9, 1.3, 0.4, 1.6, 0.8, 1.2, 0.2, 1.5, 1.1, 0.7, 1.4], [(0, 12)]),
        ([15.0, 0.2, -0.4, 0.9, -1.1, 0.3, 0.8, -0.2, 0.1, -0.6, 0.5, 0.0], [(0, 1)]),
        ([0.1, -0.3, 11.0, 1.1, 0.6, 12.0, 0.9, 1.4, 10.0, 0.2, -0.4, 0.2, -0.9, 0.3], [(2, 9)]),
        ([0.3, -0.8, 1.1, 0.2, -1.4, 2.1, 0.6, -0.3, 0.9, -0.5, 1.6, 0.1], []),
        ([0.3, -0.8, 12.0, 9.0, 11.0, 10.0, 0.6, -0.3, 0.9, -0.5, 1.6, 0.1], [(2, 6)]),
        ([15.0, 14.0, 3.0, 15.0, 0.2, -0.4, -1.1, 0.3, 9.0, 12.0, 14.0, 10.0], [(0, 4), (8, 12)]),
        ([3.1, 2.2, 2.9, 1.8, 2.6, 3.3, -0.3, 0.8, -0.9, 0.4, -0.2, -1.2], [(0, 6)]),
    ],
)
def test_runs_follow_what_the_parts_say_together(z: list[float], runs: list[tuple[int, int]]) -> None:
    assert marked_runs(z) == runs


def test_what_a_clear_mark_leaves_in_another_does_not_widen_the_other_over_its_seconds() -> None:
    """As measured on two marks of one key that follow each other: the trace is alike in all parts, and accumulated."""
    first = [32.6, 27.7, 16.3, 19.2, 22.0, 19.1, 4.9, 2.6, 0.0, -0.2, 1.6, 1.5, 2.3]
    second = [2.7, 3.3, 3.7, 2.6, 1.3, 2.3, 32.1, 28.5, 18.6, 20.2, 19.5, 20.1, 12.7]
    both = np.array([first, second])
    assert marked_runs(beside_others(both, 0)) == [(0, 6)] and marked_runs(beside_others(both, 1)) == [(6, 13)]
    twice_marked = np.array([[20.0, 18.0], [32.0, 30.0]])
    assert beside_others(twice_marked, 0) == [20.0, 18.0]
    assert beside_others(np.array([second]), 0) == second


def test_an_unmarked_video_has_no_segments() -> None:
    assert found_in(list(clip(24))) == ()


def test_parts_are_few_however_long_the_video() -> None:
    one = np.full((144, 256), 90, np.uint8)
    for count in (1, 7, 23, 24, 25, 100, 200):
        evidence = accumulate_frames(iter([one] * count), min_short_side=360, parts=True)
        assert min(count, TIME_BUCKETS) <= len(evidence.parts) <= 2 * TIME_BUCKETS
        assert np.allclose(sum(evidence.parts) / count, evidence.mean_frame, atol=1e-4)


def test_seconds_follow_from_shares() -> None:
    one = Segment(start=0.25, end=0.5, payload=PAYLOAD.hex, key_id="test", p_value=1e-20)
    (timed,) = segments_in_seconds([one], 8.0)
    assert (timed.start, timed.end, timed.payload) == (2.0, 4.0, PAYLOAD.hex)
