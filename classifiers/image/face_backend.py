"""Which nets describe faces in this installation, and at which distance two are one person by them.

The bundled ones, unless the option `face_backend` says `insightface`: its packs are not for commercial use, are never a
default, and are loaded only where `allow_noncommercial` is set. Its distances have another scale, which has to be
measured by whoever has the pack (`python -m evals.likeness.face_verification --scale FILE`); without one nobody is
recognised, and policy holds.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from classifiers.image import face_template
from classifiers.image.face_template import PHOTO_VIEWS, AugmentationViews
from classifiers.match_calibration import FACE_CALIBRATION, FACE_COMPARISON_FMR, MatchCalibration
from classifiers.models import Models
from classifiers.models.mtcnn import DetectedFace
from classifiers.models.options import ModelOptions
from core.embedding_spaces import ARCFACE_SPACE, FACE_SPACE, EmbeddingSpace
from core.errors import Unavailable
from media.arrays import Embedding, RgbImage


@dataclass(frozen=True, slots=True)
class FaceBackend:
    """`embed` gives a template of the space; `calibration` its scale, or raises Unavailable."""

    space: EmbeddingSpace
    required_models: tuple[str, ...]
    embed: Callable[[RgbImage, DetectedFace, Models, AugmentationViews], Embedding]
    calibration: Callable[[ModelOptions], MatchCalibration]


def face_backend(options: ModelOptions) -> FaceBackend:
    """The one that the options name. Raises Unavailable for others."""
    name = options.face_backend
    if name not in _BACKENDS:
        raise Unavailable(f"{name!r} are no nets for faces: one of {', '.join(_BACKENDS)}")
    return _BACKENDS[name]


def embed_face(rgb: RgbImage, face: DetectedFace, models: Models, views: AugmentationViews = PHOTO_VIEWS) -> Embedding:
    """The template of a face, in the space of these models' backend. Raises Unavailable if a model is missing."""
    return face_backend(models.options).embed(rgb, face, models, views)


def face_calibration(options: ModelOptions) -> MatchCalibration:
    """At which distances faces are one person's here. Raises Unavailable where that was not measured."""
    return face_backend(options).calibration(options)


def _embed_with_insightface(rgb: RgbImage, face: DetectedFace, models: Models, _views: AugmentationViews) -> Embedding:
    found: Embedding = models.get("insightface_pack").embed(rgb, face)
    return found


def _insightface_calibration(options: ModelOptions) -> MatchCalibration:
    try:
        scale = json.loads(Path(options.value("insightface_scale")).read_text())
        rates = tuple((float(rate), float(distance)) for rate, distance in scale["rates"])
        if scale["space"] != ARCFACE_SPACE.name or len(rates) < 2 or list(rates) != sorted(rates, reverse=True):
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError):
        raise Unavailable(
            "insightface_scale names no scale: measure one with evals.likeness.face_verification --scale"
        ) from None
    return MatchCalibration(rates, FACE_COMPARISON_FMR)


_BACKENDS = {
    "bundled": FaceBackend(
        FACE_SPACE, face_template.FACE_MODELS, face_template.embed_face_builtin, lambda _: FACE_CALIBRATION
    ),
    "insightface": FaceBackend(ARCFACE_SPACE, ("insightface_pack",), _embed_with_insightface, _insightface_calibration),
}
