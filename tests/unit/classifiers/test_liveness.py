"""What a take is measured for, on takes made by hand: each way to cheat, beside what it imitates."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.liveness.blink import no_blink
from classifiers.liveness.face_consistency import other_face
from classifiers.liveness.head_pose import flat_picture, turns_wrong
from classifiers.liveness.lip_sync import mouth_still, speech_activity
from classifiers.liveness.replay import hash_capture, take_looped, take_replayed
from classifiers.liveness.spoken_digits import parse_digits
from classifiers.liveness.voice_consistency import voice_changed
from classifiers.models import PACKAGED_MODELS
from core.edit_distance import edit_distance
from tests.unit.classifiers.liveness_captures import head_motion, make_capture, speech_like


@pytest.mark.parametrize(
    ("heard", "digits"),
    [
        ("47, 19, 30.", "471930"),
        ("forty-seven nineteen thirty", "471930"),
        ("four seven, one nine, three oh", "471930"),
        ("Forty seven. One nine. 3-0!", "471930"),
        ("twenty two to zero", "2220"),
        ("", ""),
        ("hello there", ""),
    ],
)
def test_digits_are_read_however_they_are_said(heard, digits):
    assert parse_digits(heard) == digits


@given(st.text("0123456789", max_size=8), st.text("0123456789", max_size=8))
def test_edits_are_a_distance(one, other):
    assert edit_distance(one, one) == 0
    assert edit_distance(one, other) == edit_distance(other, one) <= max(len(one), len(other))
    assert (edit_distance(one, other) == 0) == (one == other)


def test_a_head_that_turns_as_asked_is_believed():
    for turns in (("left", "right"), ("up", "left"), ("down", "up"), ("right", "down")):
        assert turns_wrong(make_capture(head_motion(*turns), challenge=turns)) < 0.25, turns


@pytest.mark.parametrize(
    "made",
    [(), ("left",), ("right", "left"), ("left", "up"), ("half left", "right")],
    ids=lambda m: " ".join(m) or "none",
)
def test_a_turn_that_is_missing_or_another_or_in_the_wrong_order_is_not(made):
    assert turns_wrong(make_capture(head_motion(*made, still=20), challenge=("left", "right"))) >= 0.5


def test_a_film_of_all_turns_does_not_answer_every_challenge():
    assert turns_wrong(make_capture(head_motion("left", "right", "up", "down"), challenge=("left", "right"))) >= 0.5


def test_a_picture_that_is_held_up_and_tilted_is_flat_and_has_not_turned():
    held_up = make_capture(head_motion("left", "right"), flat=True)
    assert flat_picture(held_up) > 0.9
    assert turns_wrong(held_up) == 1.0
    assert flat_picture(make_capture(head_motion("left", "right"))) < 0.1


def test_without_a_face_nothing_is_said():
    nobody = make_capture()
    for check in (turns_wrong, flat_picture, no_blink, other_face):
        assert check(nobody) is None


def test_a_second_face_is_seen():
    assert other_face(make_capture(head_motion("left"))) == 0.0
    assert other_face(make_capture(head_motion("left"), more=1)) == 1.0


def faces_with(mouths, eyes):
    """Pictures of the standing face whose mouth is open, and whose eyes are, by these numbers between 0 and 1."""
    from tests.unit.classifiers.liveness_captures import head_landmarks

    rng = np.random.default_rng(1)
    skin = cv2.GaussianBlur(rng.normal(150, 30, (240, 320)).astype(np.float32), (0, 0), 6)
    five = head_landmarks()
    made = []
    for mouth, eye in zip(mouths, eyes, strict=True):
        picture = skin + rng.normal(0, 1.5, skin.shape).astype(np.float32)
        for x, y in five[:2]:
            cv2.ellipse(picture, (int(x), int(y)), (12, max(1, int(7 * eye))), 0, 0, 360, 20, -1)
        x, y = five[3:].mean(0)
        cv2.ellipse(picture, (int(x), int(y)), (22, 2 + int(14 * mouth)), 0, 0, 360, 30, -1)
        made.append(np.repeat(picture.clip(0, 255).astype(np.uint8)[:, :, None], 3, axis=2))
    return made


def standing(mouths, eyes=None, **more):
    frames = faces_with(mouths, eyes if eyes is not None else [1.0] * len(mouths))
    return make_capture([(0.0, 0.0)] * len(mouths), frames=frames, **more)


def test_a_mouth_that_moves_with_the_sound_is_told_from_one_that_does_not():
    sound = speech_like((1.0, 3.0), (5.0, 7.0))
    talks = [0.5 + 0.5 * np.sin(4.0 * i) if 1 <= i / 10 < 3 or 5 <= i / 10 < 7 else 0.0 for i in range(80)]
    assert mouth_still(standing(talks, sound=sound)) < 0.2
    assert mouth_still(standing([0.0] * 80, sound=sound)) > 0.5
    elsewhere = [talks[(i + 20) % 80] for i in range(80)]
    assert mouth_still(standing(elsewhere, sound=sound)) > 0.5
    assert mouth_still(standing(talks)) is None  # silence


def test_a_blink_is_seen():
    eyes = [0.0 if i in (40, 41) else 1.0 for i in range(80)]
    assert no_blink(standing([0.0] * 80, eyes)) < 0.5
    assert no_blink(standing([0.0] * 80)) > 0.5


def noise(seed, count):
    rng = np.random.default_rng(seed)
    return [cv2.resize(rng.integers(0, 255, (12, 16, 3), np.uint8), (320, 240)) for _ in range(count)]


def test_pictures_that_come_again_are_a_loop_and_a_face_held_still_is_none():
    forth, still = noise(1, 15), [noise(2, 1)[0]] * 40
    assert take_looped(make_capture([(0.0, 0.0)] * 40, frames=still), PACKAGED_MODELS) == 0.0
    assert take_looped(make_capture([(0.0, 0.0)] * 40, frames=noise(3, 40)), PACKAGED_MODELS) == 0.0
    assert take_looped(make_capture([(0.0, 0.0)] * 45, frames=[*forth, *noise(4, 15), *forth]), PACKAGED_MODELS) == 1.0


def test_a_take_that_was_sent_before_is_known_again_and_another_is_not():
    first = make_capture([(0.0, 0.0)] * 30, frames=noise(1, 30))
    other = make_capture([(0.0, 0.0)] * 30, frames=noise(2, 30))
    earlier = hash_capture(first, PACKAGED_MODELS)
    again = [cv2.imdecode(cv2.imencode(".jpg", one.rgb, [1, 40])[1], 1) for one in first.frames]
    assert take_replayed(hash_capture(make_capture([(0.0, 0.0)] * 30, frames=again), PACKAGED_MODELS), earlier) == 1.0
    assert take_replayed(hash_capture(other, PACKAGED_MODELS), earlier) == 0.0
    assert take_replayed(earlier, np.zeros((0, 32), np.uint8)) == 0.0


def test_a_voice_is_compared_by_its_port_and_without_one_nothing_is_said():
    spoke = make_capture(head_motion("left"), sound=speech_like((0.5, 7.5)))
    vectors = iter([np.array([1, 0], np.float32), np.array([0, 1], np.float32)])
    assert voice_changed(spoke, None) is None
    assert voice_changed(spoke, lambda _sound, _rate: next(vectors)) == 1.0
    assert voice_changed(spoke, lambda _sound, _rate: np.array([1, 1], np.float32)) == 0.0
    assert voice_changed(make_capture(head_motion("left")), lambda _sound, _rate: np.ones(2, np.float32)) is None


def test_speech_is_told_from_silence():
    assert not speech_activity(np.zeros(32_000, np.float32)).any()
    loud = speech_activity(speech_like((1.0, 2.0)))
    assert loud[11:19].all() and not loud[:9].any() and not loud[22:].any()
