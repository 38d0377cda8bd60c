"""Which nets describe faces in this installation, and at which distance two are one person by them.

The three that come with Assay, unless the option `face_backend` says otherwise. `two_nets` does without SFace, whose
weights `assay models fetch` brings: it recognises fewer, and is for where nothing can be fetched. InsightFace's packs
are not for commercial use, are never a default, and are loaded only where `allow_noncommercial` is set. Their distances
have another scale, which has to be measured by whoever has the pack
(`python -m evals.likeness.face_verification --scale FILE`); without one nobody is recognised, and policy holds. Policy
holds as well where SFace is missing and nobody chose `two_nets`: no installation falls back by itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from classifiers.image import face_template
from classifiers.image.face_template import PHOTO_VIEWS, AugmentationViews
from classifiers.match_calibration import (
    FACE_CALIBRATION,
    FACE_COMPARISON_FMR,
    FACE_SCALE,
    TWO_NET_FACE_CALIBRATION,
    TWO_NET_FACE_SCALE,
    MatchCalibration,
    equally_rare_distance,
)
from classifiers.models import Models
from classifiers.models.mtcnn import DetectedFace
from classifiers.models.options import ModelOptions
from core.embedding_spaces import ARCFACE_SPACE, FACE_SPACE, TWO_NET_FACE_SPACE, ComparableSpace, EmbeddingSpace
from core.errors import Unavailable
from media.arrays import Embedding, RgbImage


class FaceBackend(Protocol):
    """Nets that make a template of a face."""

    @property
    def space(self) -> EmbeddingSpace:
        """The space of its templates."""

    @property
    def comparable(self) -> tuple[ComparableSpace, ...]:
        """Spaces whose templates are recognised too, though none are made in them here."""

    @property
    def required_models(self) -> tuple[str, ...]:
        """The models that it loads, by name."""

    def embed(self, rgb: RgbImage, face: DetectedFace, models: Models, views: AugmentationViews) -> Embedding:
        """A template of the space. Raises Unavailable if a model is missing."""

    def calibration(self, options: ModelOptions) -> MatchCalibration:
        """At which distances faces are one person's. Raises Unavailable where that was not measured."""


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


@dataclass(frozen=True, slots=True)
class BuiltinFaces:
    """The nets that come with Assay. Templates that two of them made are recognised by those two."""

    space: EmbeddingSpace = FACE_SPACE
    comparable: tuple[ComparableSpace, ...] = (
        ComparableSpace(
            TWO_NET_FACE_SPACE,
            TWO_NET_FACE_SPACE.dimensions,
            partial(equally_rare_distance, scale=TWO_NET_FACE_SCALE, other=FACE_SCALE),
        ),
    )
    required_models: tuple[str, ...] = face_template.FACE_MODELS

    def embed(self, rgb: RgbImage, face: DetectedFace, models: Models, views: AugmentationViews) -> Embedding:
        """As FaceBackend.embed."""
        return face_template.embed_face_builtin(rgb, face, models, views)

    def calibration(self, options: ModelOptions) -> MatchCalibration:  # noqa: ARG002 - measured once, for everybody
        """As FaceBackend.calibration."""
        return FACE_CALIBRATION


@dataclass(frozen=True, slots=True)
class TwoNetFaces:
    """Those whose weights the repository carries. Of templates of all three the first numbers are compared."""

    space: EmbeddingSpace = TWO_NET_FACE_SPACE
    comparable: tuple[ComparableSpace, ...] = (ComparableSpace(FACE_SPACE, TWO_NET_FACE_SPACE.dimensions, float),)
    required_models: tuple[str, ...] = face_template.TWO_NET_FACE_MODELS

    def embed(self, rgb: RgbImage, face: DetectedFace, models: Models, views: AugmentationViews) -> Embedding:
        """As FaceBackend.embed."""
        return face_template.embed_face_with_two_nets(rgb, face, models, views)

    def calibration(self, options: ModelOptions) -> MatchCalibration:  # noqa: ARG002 - measured once, for everybody
        """As FaceBackend.calibration."""
        return TWO_NET_FACE_CALIBRATION


@dataclass(frozen=True, slots=True)
class InsightFaceNets:
    """InsightFace's nets, which an installation brings, with a scale that it has measured."""

    space: EmbeddingSpace = ARCFACE_SPACE
    comparable: tuple[ComparableSpace, ...] = ()
    required_models: tuple[str, ...] = ("insightface_pack",)

    def embed(self, rgb: RgbImage, face: DetectedFace, models: Models, views: AugmentationViews) -> Embedding:
        """As FaceBackend.embed; one view is enough."""
        del views
        found: Embedding = models.get("insightface_pack").embed(rgb, face)
        return found

    def calibration(self, options: ModelOptions) -> MatchCalibration:
        """As FaceBackend.calibration, from the file of the option insightface_scale."""
        return _insightface_calibration(options)


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


_BACKENDS: Mapping[str, FaceBackend] = {
    "bundled": BuiltinFaces(),
    "two_nets": TwoNetFaces(),
    "insightface": InsightFaceNets(),
}
