"""Pictures of an enrolment for the person who looks at it: decoded in the sandbox, small, and without what they carried."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from classifiers.image.face_backend import face_backend
from classifiers.models import PACKAGED_MODELS
from core.errors import BadMedia
from media.video import Frame
from pipeline.capture_signals import ClassifierCaptures, _stills
from pipeline.settings import Settings
from registry.banks.protected_gallery import MemoryGallery


@pytest.fixture
def captures():
    return ClassifierCaptures(settings=Settings(), gallery=MemoryGallery(), models=PACKAGED_MODELS)


def test_a_picture_is_kept_small_and_without_its_metadata(captures, tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    Image.new("RGB", (1600, 1200), "teal").save(tmp_path / "a.jpg", exif=exif)
    kept = captures.still(tmp_path / "a.jpg")
    with Image.open(io.BytesIO(kept)) as image:
        assert (image.format, image.size) == ("JPEG", (640, 480))
    assert b"taken at home" not in kept


def test_what_is_no_picture_is_refused(captures, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(BadMedia):
        captures.still(tmp_path / "a.jpg")


def test_three_pictures_stand_for_a_take(captures):
    frames = tuple(Frame(at=float(n), rgb=np.full((48, 64, 3), 10 * n, np.uint8)) for n in range(21))
    shown = [int(np.asarray(Image.open(io.BytesIO(one))).mean().round()) for one in _stills(frames)]
    assert shown == [20, 100, 180]
    assert len(_stills(frames[:1])) == 1 and _stills(()) == ()


def test_likeness_is_half_at_the_threshold_and_unknown_between_spaces(captures):
    from classifiers.image.face_backend import face_calibration

    space = face_backend(PACKAGED_MODELS.options).space.name
    limit = face_calibration(PACKAGED_MODELS.options).distance_limit(10)
    assert captures.likeness(space, limit, 10) == pytest.approx(0.5)
    assert captures.likeness(space, 0.0, 10) > 0.9 > captures.likeness(space, 2 * limit, 10)
    assert captures.likeness("face/another/1", 0.0, 10) is None
