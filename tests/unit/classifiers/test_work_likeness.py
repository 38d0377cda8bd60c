"""Likeness to the example pictures of registered works, over a toy model."""

from __future__ import annotations

import numpy as np
import pytest

from classifiers.base import measure_all
from classifiers.image import example_matching
from classifiers.image.example_matching import (
    describe_example,
    example_strength,
    example_threshold,
    likeness_score,
    picture_parts,
    trim_border,
)
from classifiers.image.frame_faces import example_portrait
from classifiers.image.sampled_frames import flat_image, sample_of_images
from classifiers.image.work_likeness import WorkLikeness
from classifiers.models import PACKAGED_MODELS
from classifiers.picture_vectors import most_different
from core.errors import Unavailable
from core.signals import Subject
from registry.rights.work_images import ExampleDescriptor, ListedWorkExamples, WorkExamples

CHANCE = np.random.default_rng(3)


class ToyTower:
    """Sees the colours of a coarse grid: what is alike in them is alike."""

    def __init__(self) -> None:
        self.seen = 0

    def encode(self, pictures):
        self.seen += len(pictures)
        rows = [np.resize(np.asarray(p[:: max(1, len(p) // 8)][:8, :: max(1, p.shape[1] // 8)][:, :8], np.float32), 512)
                for p in pictures]  # fmt: skip
        rows = np.array(rows) - 128.0 + 1e-3
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class ToyModels:
    def __init__(self) -> None:
        self.tower = ToyTower()

    def get(self, name):
        return self.tower if name == "clip_image_tower" else PACKAGED_MODELS.get(name)


@pytest.fixture(autouse=True)
def ordinary(monkeypatch):
    """Noise, as what ordinary pictures look like to the toy."""
    vectors = np.zeros((400, 512), np.float32)
    vectors[:, :64] = CHANCE.normal(size=(400, 64))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    mean = np.zeros(512, np.float32)
    monkeypatch.setattr(example_matching, "ordinary_pictures", lambda: (mean, vectors))


def mascot(shade=0):
    """Coloured blocks on white, in two renderings."""
    picture = np.full((256, 256, 3), 255, np.uint8)
    picture[30:220, 40:210] = (250 - shade, 60 + shade, 20)
    picture[60:120, 70:120] = (10, 20 + shade, 240)
    picture[140:200, 120:200] = (20, 230, 40 + shade)
    return picture


def with_boots(picture):
    """The same with something more: alike, and no copy."""
    picture[180:220, 40:210] = (90, 50, 10)
    return picture


def registered(*pictures, terms="ask", work="w1", rate=0.01):
    described = [describe_example(one, ToyModels()) for one in pictures]
    examples = tuple(
        ExampleDescriptor(image=f"{work}-{n}", pdq=pdq, vectors=vectors) for n, (pdq, vectors) in enumerate(described)
    )
    return WorkExamples(work=work, terms=terms, false_match_rate=rate, examples=examples)


def found(sample, *works, subject=Subject.VIDEO):
    classifier = WorkLikeness(ListedWorkExamples(*works), models=ToyModels())
    return measure_all(sample, [classifier], subject=subject).signals


@pytest.mark.parametrize("subject", [Subject.VIDEO, Subject.REFERENCE])
def test_another_rendering_of_an_example_is_found_and_the_work_the_example_and_the_place_are_named(subject):
    seen = sample_of_images(flat_image(90, (256, 256)), mascot(shade=12))
    [alike, allowed] = found(seen, registered(mascot(), mascot(shade=4)), subject=subject)
    assert (alike.label, alike.subject) == ("work_likeness", subject) and alike.score >= 0.5
    assert alike.example.work == "w1" and alike.example.image in ("w1-0", "w1-1")
    assert alike.example.similarity >= alike.example.threshold and alike.at.start == 1.0
    assert allowed.label == "work_not_allowed" and (allowed.score, allowed.example) == (0.0, None)


def test_what_a_holder_forbids_has_a_label_of_its_own():
    labels = {s.label: s.score for s in found(sample_of_images(mascot()), registered(mascot(), terms="forbid"))}
    assert labels["work_not_allowed"] >= 0.5 and labels["work_likeness"] == 0.0


def test_something_else_is_not_alike_and_no_work_is_named():
    noise = CHANCE.integers(0, 255, (256, 256, 3), dtype=np.uint8)
    for signal in found(sample_of_images(noise), registered(mascot())):
        assert signal.score < 0.5 and signal.example is None


def test_of_several_works_each_is_named_and_the_surest_first():
    two = found(sample_of_images(mascot()), registered(with_boots(mascot()), work="a"), registered(mascot(), work="b"))
    assert [s.example.work for s in two if s.label == "work_likeness"] == ["b", "a"]


def test_a_copy_in_any_turn_is_found_by_its_hash_where_nothing_else_matches():
    pixels = example_portrait()
    work = registered(pixels)
    [alike, _] = found(sample_of_images(np.ascontiguousarray(np.rot90(pixels))), work)
    assert alike.score > 0.8 and alike.example.box == (0.0, 0.0, 1.0, 1.0)


def test_with_nothing_registered_no_model_is_asked():
    models = ToyModels()
    signals = measure_all(sample_of_images(mascot()), [WorkLikeness(ListedWorkExamples(), models=models)]).signals
    assert [s.score for s in signals] == [0.0, 0.0] and models.tower.seen == 0


def test_a_registry_that_is_away_means_that_nothing_was_measured():
    class Away:
        def examples(self, _model):
            raise Unavailable("away")

    signals = measure_all(sample_of_images(mascot()), [WorkLikeness(Away(), models=ToyModels())]).signals
    assert {s.score for s in signals} == {None} and {s.note for s in signals} == {"missing_model"}


def test_without_the_model_nothing_is_measured_where_something_is_registered():
    class Missing(ToyModels):
        def get(self, name):
            raise Unavailable(f"{name} is missing")

    classifier = WorkLikeness(ListedWorkExamples(registered(mascot())), models=Missing())
    signals = measure_all(sample_of_images(mascot()), [classifier]).signals
    assert {(s.score, s.note) for s in signals} == {(None, "missing_model")}


def test_a_holder_who_accepts_fewer_wrong_matches_gets_a_higher_threshold():
    vectors = example_matching.ordinary_pictures()[1][:2] + 0.5 * example_matching.ordinary_pictures()[1][2:4]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert example_threshold(vectors, 0.01) < example_threshold(vectors, 0.001) < 1.0


def test_the_threshold_is_half_and_the_same_picture_is_one():
    assert (likeness_score(0.6, 0.6), likeness_score(1.0, 0.6), likeness_score(-0.2, 0.6)) == (0.5, 1.0, 0.0)
    scores = [likeness_score(x, 0.6) for x in np.linspace(-1, 1, 50)]
    assert scores == sorted(scores)


def test_too_few_examples_and_examples_that_are_not_alike_are_said_so():
    assert example_strength(registered(mascot())).too_few
    alike = example_strength(registered(mascot(), mascot(4), mascot(8)))
    assert not alike.too_few and not alike.too_ordinary and alike.found_again == 1.0
    unlike = registered(*[CHANCE.integers(0, 255, (256, 256, 3), dtype=np.uint8) for _ in range(3)])
    assert example_strength(unlike).too_ordinary


def test_the_parts_of_a_picture_are_squares_within_it():
    boxes = [part.box for part in picture_parts(np.zeros((90, 160, 3), np.uint8))]
    assert len(boxes) == 8 and boxes[0] == (35 / 160, 0.0, 125 / 160, 1.0)
    assert all(0 <= left < right <= 1 and 0 <= top < low <= 1 for left, top, right, low in boxes)


def test_a_plain_border_is_trimmed_and_of_one_colour_nothing_is_left():
    assert trim_border(mascot()).shape == (190, 170, 3)
    assert trim_border(flat_image(255)).size == 0
    assert describe_example(flat_image(255), ToyModels())[1].shape == (0, 512)


def test_the_most_different_frames_are_looked_at():
    rows = np.eye(512, dtype=np.float32)[[0, 0, 0, 1, 0, 2]]
    assert set(most_different(rows, 3)) == {3, 5, *({0, 1, 2, 4} & set(most_different(rows, 3)))}
    assert most_different(rows[:1], 4) == [0]
