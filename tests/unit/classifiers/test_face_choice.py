"""Which nets describe faces: the house's, unless others are chosen, allowed, there, and measured."""

from __future__ import annotations

import json

import pytest

from classifiers import models
from classifiers.base import Note, measure_all
from classifiers.face_choice import describe_face, face_measure, face_nets
from classifiers.frame_faces import FrameFaces, portrait
from classifiers.frames import a_sample
from classifiers.likeness_scale import FACES
from core.errors import Unavailable
from core.spaces import ARCFACE, FACE
from pipeline.settings import Settings
from registry.gallery import MemoryGallery


@pytest.fixture
def insightface(monkeypatch):
    """Chosen by the setting, as a house does it; nothing of it is here."""
    for name in ("ASSAY_FACE_NETS", "ASSAY_INSIGHTFACE_PACK", "ASSAY_INSIGHTFACE_SCALE", "ASSAY_ALLOW_NONCOMMERCIAL"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    Settings(face_nets="insightface").tell_models()


def test_by_default_the_houses_nets_are_used(monkeypatch) -> None:
    monkeypatch.setenv("ASSAY_FACE_NETS", "insightface")
    Settings(face_nets="house").tell_models()
    assert face_nets().space == FACE and face_measure() is FACES
    assert "insightface_pack" not in FrameFaces(MemoryGallery()).needs


def test_others_are_said_to_be_none(monkeypatch) -> None:
    monkeypatch.setenv("ASSAY_FACE_NETS", "somebody's")
    with pytest.raises(Unavailable, match="house, insightface"):
        face_nets()


@pytest.mark.models
def test_insightface_is_chosen_by_a_setting_and_without_leave_or_pack_nobody_is_said_to_be_absent(
    insightface, monkeypatch
) -> None:
    assert face_nets().space == ARCFACE
    classifier = FrameFaces(MemoryGallery(ARCFACE))
    listed = {one.name: one for one in models.listing({name: [classifier.source] for name in classifier.needs})}
    assert listed["insightface_pack"].needed_by == (classifier.source,)
    assert "non-commercial" in listed["insightface_pack"].licence_weights
    found = measure_all(a_sample(portrait()), [classifier]).signals
    assert {(one.score, one.note) for one in found} == {(None, Note.MISSING_MODEL)}
    monkeypatch.setenv("ASSAY_ALLOW_NONCOMMERCIAL", "1")
    with pytest.raises(Unavailable, match="ASSAY_INSIGHTFACE_PACK"):
        describe_face(portrait(), models.get("mtcnn").find(portrait())[0])


def test_its_distances_are_read_by_a_measured_scale_only(insightface, tmp_path) -> None:
    file = tmp_path / "scale.json"
    good = {"space": ARCFACE.name, "rates": [[0.01, 1.3], [0.001, 1.2]]}
    for wrong in ("{", "{}", json.dumps(good | {"space": FACE.name}), json.dumps(good | {"rates": [[0.001, 1.2]]})):
        file.write_text(wrong)
        Settings(face_nets="insightface", insightface_scale=file).tell_models()
        with pytest.raises(Unavailable, match="no scale"):
            face_measure()
    file.write_text(json.dumps(good))
    assert face_measure().limit(1) == pytest.approx(1.2)
