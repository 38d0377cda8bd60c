"""A face as numbers: two or three nets' descriptors of the same face, put together so that one distance weighs all.

dlib's ResNet and HSE-FaceRes come first, SFace last: a template of all three begins with one of the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from classifiers.image.face_alignment import align_face, box_from_landmarks
from classifiers.models import Models
from classifiers.models.mtcnn import DetectedFace
from media.arrays import Embedding, RgbImage

TWO_NET_FACE_MODELS = ("dlib_resnet", "dlib_landmarks", "faceres")
FACE_MODELS = (*TWO_NET_FACE_MODELS, "sface")
_FACERES_LENGTH = 256  # dimensions that are kept of FaceRes; dlib's 128 come before them, SFace's 128 after them

# Strangers are twice as far apart in FaceRes as in dlib's, and it separates them less well: it weighs less.
_FACERES_WEIGHT = 0.25

# Chosen on one source of photographs and tried on others: evals/likeness/fusion_weights.py.
_SFACE_WEIGHT = 0.8
_SFACE_EYES, _SFACE_DOWN = 35.24, 51.6  # pixels, as the net was taught; more views of a face gain nothing


@dataclass(frozen=True, slots=True)
class AugmentationViews:
    """How often a face is looked at: (eyes, down) of upright chips for a net, and margins of dlib's own chips.

    SFace looks once, whatever they are."""

    dlib: tuple[tuple[float, float], ...]
    margins: tuple[float, ...]
    faceres: tuple[tuple[float, float], ...]


PHOTO_VIEWS = AugmentationViews(
    dlib=((56.4, 44.5), (52.6, 47.1), (49.3, 49.3), (52.6, 43.0), (52.6, 51.0), (52.6, 55.0)),
    margins=(0.2, 0.25, 0.3),
    faceres=((56.4, 90.0), (63.4, 84.0), (70.5, 82.0)),
)
"""For photographs and enrolment: many chips, cut a little wider, narrower, higher and lower. About 0.2 s of CPU."""

VIDEO_VIEWS = AugmentationViews(dlib=((52.6, 47.1),), margins=(0.25,), faceres=((63.4, 84.0),))
"""For each of the many faces of a video; several of a track are averaged. About 0.07 s of CPU."""


def embed_face_builtin(
    rgb: RgbImage, face: DetectedFace, models: Models, views: AugmentationViews = PHOTO_VIEWS
) -> Embedding:
    """(512,) float32 of all three nets; of the same space, whatever the views."""
    sface = models.get("sface")
    chip = align_face(rgb, face.points, size=sface.size, eye_distance=_SFACE_EYES, eye_offset=_SFACE_DOWN)
    identity = _unit(sface.embed([chip])[0])
    two = embed_face_with_two_nets(rgb, face, models, views)
    return np.concatenate([two, _SFACE_WEIGHT * identity]).astype(np.float32)


def embed_face_with_two_nets(
    rgb: RgbImage, face: DetectedFace, models: Models, views: AugmentationViews = PHOTO_VIEWS
) -> Embedding:
    """(384,) float32 of dlib's and FaceRes. Each view is averaged with its mirror image."""
    dlib_net, faceres = models.get("dlib_resnet"), models.get("faceres")
    cutter = models.get("dlib_landmarks")
    upright = dlib_net.embed(
        [align_face(rgb, face.points, size=150, eye_distance=e, eye_offset=d) for e, d in views.dlib]
    )
    boxes = (face.box, box_from_landmarks(face.points)) if len(views.margins) > 1 else (face.box,)
    cut = [part for box in boxes for part in cutter.chips(rgb, box, size=150, margins=views.margins)]
    shape = _unit(np.mean([upright.mean(axis=0), dlib_net.embed(cut).mean(axis=0)], axis=0))
    textures = faceres.embed(
        [align_face(rgb, face.points, size=224, eye_distance=e, eye_offset=d) for e, d in views.faceres]
    )
    texture = _unit(np.mean([_unit(embedding) for embedding in textures], axis=0)) @ _projection()
    return np.concatenate([shape, _FACERES_WEIGHT * texture]).astype(np.float32)


@cache
def _projection() -> NDArray[np.float32]:
    """(1024, 256): random directions, always the same, that keep distances to a few per cent (Johnson, Lindenstrauss).

    It is made of whole numbers drawn by a generator that is spelt out here, so that it never changes with a library.
    """
    state = np.arange(1, 1024 * _FACERES_LENGTH + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)  # splitmix64
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    signs = np.where((state >> np.uint64(63)) == 0, np.float32(1), np.float32(-1)).reshape(1024, _FACERES_LENGTH)
    return np.asarray(signs / np.sqrt(np.float32(_FACERES_LENGTH)), np.float32)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)
