"""Which nets describe faces: the house's, unless others are chosen, allowed, there, and measured."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from classifiers.base import SignalNote, measure_all
from classifiers.image.face_backend import embed_face, face_backend, face_calibration
from classifiers.image.frame_faces import FrameFaces, example_portrait
from classifiers.image.sampled_frames import sample_of_images
from classifiers.match_calibration import FACE_CALIBRATION, TWO_NET_FACE_CALIBRATION
from classifiers.models import Models
from classifiers.models.options import ModelOptions
from core.embedding_spaces import ARCFACE_SPACE, FACE_SPACE, TWO_NET_FACE_SPACE
from core.errors import Unavailable
from pipeline.settings import Settings
from registry.banks.protected_gallery import MemoryGallery

INSIGHTFACE = Settings(face_backend="insightface").model_options()
"""Chosen by the setting, as an installation does it; nothing of it is here."""


def test_by_default_the_houses_nets_are_used() -> None:
    options = Settings(face_backend="bundled").model_options()
    assert options == ModelOptions()
    assert face_backend(options).space == FACE_SPACE and face_calibration(options) is FACE_CALIBRATION
    assert "insightface_pack" not in FrameFaces(MemoryGallery()).required_models


def test_others_are_said_to_be_none() -> None:
    with pytest.raises(Unavailable, match="bundled, two_nets, insightface"):
        face_backend(ModelOptions(face_backend="somebody's"))


@pytest.mark.models
def test_a_template_of_three_nets_begins_with_the_one_of_two() -> None:
    two = Models(Settings(face_backend="two_nets").model_options())
    (face, *_) = two.get("mtcnn").find(example_portrait())
    by_two, by_three = embed_face(example_portrait(), face, two), embed_face(example_portrait(), face, Models())
    assert len(by_two) == TWO_NET_FACE_SPACE.dimensions and len(by_three) == FACE_SPACE.dimensions
    assert FACE_SPACE.extends == TWO_NET_FACE_SPACE and face_backend(two.options).space == TWO_NET_FACE_SPACE
    np.testing.assert_array_equal(by_three[: len(by_two)], by_two)
    assert float(np.linalg.norm(by_three[len(by_two) :])) == pytest.approx(0.8, abs=1e-5)
    assert face_calibration(two.options) is TWO_NET_FACE_CALIBRATION


@pytest.mark.models
def test_without_sface_no_face_is_measured_unless_two_nets_are_chosen(tmp_path) -> None:
    nothing_fetched = ModelOptions(weights_folder=tmp_path)
    sample = sample_of_images(example_portrait())
    found = measure_all(sample, [FrameFaces(MemoryGallery(), models=Models(nothing_fetched))]).signals
    assert {(one.score, one.note) for one in found} == {(None, SignalNote.MISSING_MODEL)}
    chosen = Models(replace(nothing_fetched, face_backend="two_nets"))
    found = measure_all(sample, [FrameFaces(MemoryGallery(TWO_NET_FACE_SPACE), models=chosen)]).signals
    assert found and all(one.score is not None for one in found)


@pytest.mark.models
def test_insightface_is_chosen_by_a_setting_and_without_leave_or_pack_nobody_is_said_to_be_absent() -> None:
    models = Models(INSIGHTFACE)
    assert face_backend(INSIGHTFACE).space == ARCFACE_SPACE
    classifier = FrameFaces(MemoryGallery(ARCFACE_SPACE), models=models)
    listed = {
        one.name: one for one in models.statuses({name: [classifier.source] for name in classifier.required_models})
    }
    assert listed["insightface_pack"].needed_by == (classifier.source,)
    assert "non-commercial" in listed["insightface_pack"].licence_weights
    found = measure_all(sample_of_images(example_portrait()), [classifier]).signals
    assert {(one.score, one.note) for one in found} == {(None, SignalNote.MISSING_MODEL)}
    allowed = Models(replace(INSIGHTFACE, allow_noncommercial=True))
    with pytest.raises(Unavailable, match="ASSAY_INSIGHTFACE_PACK"):
        embed_face(example_portrait(), allowed.get("mtcnn").find(example_portrait())[0], allowed)


def test_its_distances_are_read_by_a_measured_scale_only(tmp_path) -> None:
    file = tmp_path / "scale.json"
    options = Settings(face_backend="insightface", insightface_scale=file).model_options()
    good = {"space": ARCFACE_SPACE.name, "rates": [[0.01, 1.3], [0.001, 1.2]]}
    for wrong in (
        "{",
        "{}",
        json.dumps(good | {"space": FACE_SPACE.name}),
        json.dumps(good | {"rates": [[0.001, 1.2]]}),
    ):
        file.write_text(wrong)
        with pytest.raises(Unavailable, match="no scale"):
            face_calibration(options)
    file.write_text(json.dumps(good))
    assert face_calibration(options).distance_limit(1) == pytest.approx(1.2)
