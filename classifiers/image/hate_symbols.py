"""Finds drawn symbols of hate in frames by their shape. What they are there for, a person says."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from classifiers.base import (
    Classifier,
    ClassifierExample,
    Material,
    MeasuringOrder,
    SignalNote,
    clip_score,
)
from classifiers.image.sampled_frames import (
    flat_image,
    persistent_score,
    require_sample,
    sample_of_images,
    spread_frames,
)
from classifiers.image.symbol_matching import ShapeMatch, match_shapes
from classifiers.image.symbol_shapes import hooked_cross
from core.signals import Signal, Subject

_FRAMES = 12  # looked at, of a video
# Likeness at which the score is 0.5, set on drawings and clip art (evals.footage.things_seen): 0.70 for the cross.
_SCALES = {"hooked_cross": (0.70, 0.15), "hooked_cross_mirrored": (0.70, 0.15), "black_sun": (0.64, 0.15)}
_LABELS = {"hate_symbol": ("hooked_cross", "black_sun"), "hate_symbol_mirrored": ("hooked_cross_mirrored",)}


class HateSymbols(Classifier):
    """The best likeness of a symbol that frames beside one another share."""

    name = "hate_symbols"
    version = 1
    order = MeasuringOrder.PICTURES
    subjects = frozenset({Subject.VIDEO, Subject.REFERENCE})
    labels = tuple(_LABELS)
    covers = (
        "The hooked cross, whichever way it is turned, seen from the side, drawn, painted or on a flag, from about a "
        "fifteenth of the picture's width, and the wheel of twelve bent spokes. It knows shapes and no meaning: "
        "documentaries, museums and religion are a person's question. Mirrored, as in Buddhist and Hindu use, it is "
        "told apart. No runes, gestures, numbers, other flags; nothing that is half covered or made of several parts."
    )

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """0.5 at the likeness above which no harmless drawing came."""
        sample = spread_frames(require_sample(material), _FRAMES)
        if not sample.frames:
            return self.unmeasured(subject, SignalNote.NO_FRAMES)
        matches = [match_shapes(frame.rgb) for frame in sample.frames]
        signals = []
        for label, symbols in _LABELS.items():
            scores = np.array([_highest(match, symbols) for match in matches], dtype=np.float32)
            score, at = persistent_score(sample, scores)
            signals.append(self.signal(subject, label, round(clip_score(score), 4), at=at))
        return signals

    def examples(self) -> list[ClassifierExample]:
        """The cross drawn as geometry, its mirror image, and grey."""
        drawn, mirrored = (sample_of_images(_on_a_wall(mirrored=mirror)) for mirror in (False, True))
        grey = sample_of_images(flat_image(128))
        return [
            ClassifierExample(about="a hooked cross", material=drawn, label="hate_symbol", low=0.5),
            ClassifierExample(about="its mirror image", material=mirrored, label="hate_symbol", high=0.2),
            ClassifierExample(about="its mirror image", material=mirrored, label="hate_symbol_mirrored", low=0.5),
            ClassifierExample(about="grey", material=grey, label="hate_symbol", high=0.1),
            ClassifierExample(about="grey", material=grey, label="hate_symbol_mirrored", high=0.1),
        ]


def _highest(match: Mapping[str, ShapeMatch], symbols: tuple[str, ...]) -> float:
    return max(_score(symbol, match[symbol].likeness) if symbol in match else 0.0 for symbol in symbols)


def _score(symbol: str, likeness: float) -> float:
    middle, width = _SCALES[symbol]
    return clip_score(0.5 + 0.5 * (likeness - middle) / width)


def _on_a_wall(*, mirrored: bool) -> NDArray[np.uint8]:
    picture = flat_image(190)
    mask = hooked_cross(mirrored=mirrored)
    picture[20:148, 90:218][mask > 127] = 30
    return picture
