"""What is looked at of a video, and what of it counts. The net is stood in for: what it sees is measured in evals/footage."""

import numpy as np
import pytest

from classifiers.base import SignalNote, measure_all
from classifiers.image.frame_objects import FrameObjects
from classifiers.image.sampled_frames import sample_of_images, spread_frames
from classifiers.models import PACKAGED_MODELS, Models
from classifiers.models.frame_heads import FrameHeads
from classifiers.models.options import ModelOptions
from classifiers.picture_vectors import frame_vector, most_different_frames


class Tower:
    """A vector for each picture: its brightness, from 0 to 1."""

    def __init__(self):
        self.seen = 0

    def encode(self, pictures):
        self.seen += len(pictures)
        return np.array([[picture.mean() / 255] for picture in pictures], np.float32)


class StandIns:
    """The tower above, and a head for which what is bright burns."""

    def __init__(self):
        self.tower = Tower()
        self.heads = FrameHeads(
            labels=("fire_shown",),
            mean=np.zeros(1, np.float32),
            weights=np.ones((1, 1), np.float32),
            middle=np.full(1, 0.5, np.float32),
            slope=np.full(1, 8.0, np.float32),
        )

    def get(self, name):
        return {"clip_image_tower": self.tower, "frame_heads": self.heads}[name]


def video(*levels):
    return sample_of_images(*[np.full((40, 60, 3), level, np.uint8) for level in levels])


def patterns(count, brightness):
    """Pictures of coarse noise, none like another."""
    chance = np.random.default_rng(2)
    coarse = chance.integers(brightness - 40, brightness + 40, (count, 8, 8, 3)).astype(np.uint8)
    return sample_of_images(*coarse.repeat(5, axis=1).repeat(8, axis=2))


def measured(sample, models):
    (signal,) = measure_all(sample, [FrameObjects(models)]).signals
    return signal


def test_of_a_long_video_four_frames_are_looked_at_and_what_is_beside_those_that_show_something():
    models = StandIns()
    measured(patterns(60, brightness=40), models)
    assert models.tower.seen == 4
    models = StandIns()
    measured(patterns(60, brightness=200), models)
    assert models.tower.seen == 8


def test_a_frame_that_another_classifier_looked_at_is_not_looked_at_again():
    sample, models = patterns(20, brightness=40), StandIns()
    for place in most_different_frames(sample, 3):
        frame_vector(sample.frames[place], models)
    measured(sample, models)
    assert models.tower.seen == 4
    measured(sample, models)
    assert models.tower.seen == 4


def test_the_frames_that_are_looked_at_of_fewer_are_among_those_of_more():
    sample = patterns(30, brightness=90)
    for most in range(1, 8):
        chosen = most_different_frames(sample, most)
        assert len(chosen) == most and set(chosen) <= set(most_different_frames(sample, most + 1))


def test_one_frame_alone_is_no_scene_and_two_are():
    assert measured(video(20, 170, 20, 20, 20, 20), StandIns()).score < 0.2
    lasting = measured(video(20, 170, 170, 20, 20, 20), StandIns())
    assert lasting.score > 0.7 and (lasting.at.start, lasting.at.end) == (1.0, 2.0)


def test_a_span_is_that_of_a_frame_among_all_frames():
    found = measured(video(*[20] * 15, *[170] * 30, *[20] * 15), StandIns())
    assert found.score > 0.7 and found.at.end - found.at.start == 1.0


def test_without_the_fetched_weights_nothing_is_said(tmp_path):
    found = measured(video(20, 20), Models(ModelOptions(weights_folder=tmp_path)))
    assert (found.score, found.note) == (None, SignalNote.MISSING_MODEL)


def test_frames_are_spread_from_the_first_to_the_last():
    assert [frame.at for frame in spread_frames(video(*range(9)), 3).frames] == [0.0, 4.0, 8.0]
    assert len(spread_frames(video(1, 2), 3).frames) == 2


@pytest.mark.models
def test_the_heads_that_come_with_assay_are_those_of_the_classifier():
    heads = PACKAGED_MODELS.get("frame_heads")
    assert heads.labels == FrameObjects.labels and heads.weights.shape == (1, 512)
    assert np.all(np.isfinite(heads.scores(np.zeros((2, 512), np.float32))))
