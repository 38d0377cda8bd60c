"""Which nets describe faces in this installation, and at which distance two are one person by them.

The house's own, unless the setting `face_nets` says `insightface`: its packs are not for commercial use, are never a
default, and are loaded only where `allow_noncommercial` is set. Its distances mean something else, so the scale has to
be measured by whoever has the pack (`python -m evals.likeness --scale FILE`); without one nobody is recognised, and
policy holds.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers import face_template, models
from classifiers.face_template import PORTRAIT, Views
from classifiers.likeness_scale import FACE_COMPARED, FACES, Measure
from classifiers.models.mtcnn import Face
from core.errors import Unavailable
from core.spaces import ARCFACE, FACE, Space

Picture = NDArray[np.uint8]
Template = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FaceNets:
    """`describe` gives a template of the space; `measure` its scale, or raises Unavailable."""

    space: Space
    needs: tuple[str, ...]
    describe: Callable[[Picture, Face, Views], Template]
    measure: Callable[[], Measure]


def face_nets() -> FaceNets:
    """Those of this installation: ASSAY_FACE_NETS, which the settings hand on. Raises Unavailable for others."""
    name = os.environ.get("ASSAY_FACE_NETS", "house")
    if name not in _KNOWN:
        raise Unavailable(f"{name!r} are no nets for faces: one of {', '.join(_KNOWN)}")
    return _KNOWN[name]


def describe_face(rgb: Picture, face: Face, views: Views = PORTRAIT) -> Template:
    """The template of a face, in the space of this installation. Raises Unavailable if a model is missing."""
    return face_nets().describe(rgb, face, views)


def face_measure() -> Measure:
    """At which distances faces are one person's here. Raises Unavailable where that was not measured."""
    return face_nets().measure()


def _insightface(rgb: Picture, face: Face, _views: Views) -> Template:
    found: Template = models.get("insightface_pack").describe(rgb, face)
    return found


def _measured() -> Measure:
    file = os.environ.get("ASSAY_INSIGHTFACE_SCALE", "")
    try:
        told = json.loads(Path(file).read_text())
        rates = tuple((float(rate), float(distance)) for rate, distance in told["rates"])
        if told["space"] != ARCFACE.name or len(rates) < 2 or list(rates) != sorted(rates, reverse=True):
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError):
        raise Unavailable("insightface_scale names no scale: measure one with evals.likeness --scale") from None
    return Measure(rates, FACE_COMPARED)


_KNOWN = {
    "house": FaceNets(FACE, face_template.NETS, face_template.describe_face, lambda: FACES),
    "insightface": FaceNets(ARCFACE, ("insightface_pack",), _insightface, _measured),
}
