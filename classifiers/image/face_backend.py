"""Which nets describe faces in this installation, and at which distance two are one person by them.

The house's own, unless the setting `face_backend` says `insightface`: its packs are not for commercial use, are never a
default, and are loaded only where `allow_noncommercial` is set. Its distances mean something else, so the scale has to
be measured by whoever has the pack (`python -m evals.likeness.face_verification --scale FILE`); without one nobody
is recognised, and
policy holds.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from classifiers import models
from classifiers.image import face_template
from classifiers.image.face_template import PHOTO_VIEWS, AugmentationViews
from classifiers.match_calibration import FACE_CALIBRATION, FACE_COMPARISON_FMR, MatchCalibration
from classifiers.models.mtcnn import DetectedFace
from core.embedding_spaces import ARCFACE_SPACE, FACE_SPACE, EmbeddingSpace
from core.errors import Unavailable
from media.arrays import Embedding, RgbImage


@dataclass(frozen=True, slots=True)
class FaceBackend:
    """`embed` gives a template of the space; `calibration` its scale, or raises Unavailable."""

    space: EmbeddingSpace
    required_models: tuple[str, ...]
    embed: Callable[[RgbImage, DetectedFace, AugmentationViews], Embedding]
    calibration: Callable[[], MatchCalibration]


def face_backend() -> FaceBackend:
    """Those of this installation: ASSAY_FACE_NETS, which the settings hand on. Raises Unavailable for others."""
    name = os.environ.get("ASSAY_FACE_NETS", "house")
    if name not in _BACKENDS:
        raise Unavailable(f"{name!r} are no nets for faces: one of {', '.join(_BACKENDS)}")
    return _BACKENDS[name]


def embed_face(rgb: RgbImage, face: DetectedFace, views: AugmentationViews = PHOTO_VIEWS) -> Embedding:
    """The template of a face, in the space of this installation. Raises Unavailable if a model is missing."""
    return face_backend().embed(rgb, face, views)


def face_calibration() -> MatchCalibration:
    """At which distances faces are one person's here. Raises Unavailable where that was not measured."""
    return face_backend().calibration()


def _embed_with_insightface(rgb: RgbImage, face: DetectedFace, _views: AugmentationViews) -> Embedding:
    found: Embedding = models.get("insightface_pack").embed(rgb, face)
    return found


def _insightface_calibration() -> MatchCalibration:
    file = os.environ.get("ASSAY_INSIGHTFACE_SCALE", "")
    try:
        told = json.loads(Path(file).read_text())
        rates = tuple((float(rate), float(distance)) for rate, distance in told["rates"])
        if told["space"] != ARCFACE_SPACE.name or len(rates) < 2 or list(rates) != sorted(rates, reverse=True):
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError):
        raise Unavailable(
            "insightface_scale names no scale: measure one with evals.likeness.face_verification --scale"
        ) from None
    return MatchCalibration(rates, FACE_COMPARISON_FMR)


_BACKENDS = {
    "house": FaceBackend(
        FACE_SPACE, face_template.FACE_MODELS, face_template.embed_face_builtin, lambda: FACE_CALIBRATION
    ),
    "insightface": FaceBackend(ARCFACE_SPACE, ("insightface_pack",), _embed_with_insightface, _insightface_calibration),
}
