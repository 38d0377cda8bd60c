"""Measures what harms whoever looks, and what is no video: flashes, red flashes, black and unchanging pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from classifiers.base import Classifier, ClassifierExample, Material, MeasuringOrder, SignalNote, clip_score
from classifiers.image.flashes import FlashCount, general_flashes, red_flashes
from classifiers.image.sampled_frames import flat_image, require_sample, sample_of_images
from core.signals import Signal, Span, Subject
from media.arrays import BoolArray, DoubleArray
from media.video import Thumbnails, VideoSample

FLASHES_AT_HALF = 3.0
"""Flashes in a second at which the score is 0.5: more than so many can cause seizures (WCAG 2.3.1)."""

_BLACK_LEVEL = 20  # of 255: video black is 16 in many files
_SAME_LEVELS = 4  # of 255: codec noise in a thumbnail of what does not move


class ViewingHazards(Classifier):
    """Flashes per second, and the shares of the time in which all is black or nothing changes."""

    name = "viewing_hazards"
    version = 2
    order = MeasuringOrder.PICTURES
    subjects = frozenset({Subject.VIDEO})
    labels = ("flash", "red_flash", "black_picture", "frozen_picture")
    covers = (
        "Flashes and red flashes of a quarter of the picture or more (WCAG 2.3.1, ITU-R BT.1702), on thumbnails of "
        "every picture; pictures that are black, or do not change. No stripes that stand still or move. Beyond 20,000 "
        "pictures, or what may be decoded, nothing is looked at: unmeasured, where nothing was found before."
    )

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """`flash` and `red_flash`: 0.5 at three a second, 1 at six. The others: the share of the time."""
        sample = require_sample(material)
        small = sample.thumbnails
        if small is None or not len(small.at):
            return self.unmeasured(subject, SignalNote.NO_FRAMES)
        return [
            self._flashes(subject, "flash", general_flashes(small), small),
            self._flashes(subject, "red_flash", red_flashes(small), small),
            self._share(subject, "black_picture", _black(small), sample),
            self._share(subject, "frozen_picture", _unchanged(small), sample),
        ]

    def _flashes(self, subject: Subject, label: str, found: FlashCount, small: Thumbnails) -> Signal:
        score = clip_score(found.flashes / (2 * FLASHES_AT_HALF))
        if not small.complete and score <= 0.5:
            return self.signal(subject, label, None, note=SignalNote.TOO_LONG)
        at = Span(start=round(found.start, 3), end=round(found.end, 3)) if found.flashes else None
        return self.signal(subject, label, round(score, 4), at=at)

    def _share(self, subject: Subject, label: str, holds: BoolArray, sample: VideoSample) -> Signal:
        """The share of the time in which it holds; where not all was seen, of what was."""
        shown = _seconds_shown(sample)
        return self.signal(subject, label, round(clip_score(float(shown[holds].sum() / shown.sum())), 4))

    def examples(self) -> list[ClassifierExample]:
        """A second of grey; strobes are in the tests, where nobody looks at them."""
        grey = sample_of_images(flat_image(128))
        small = Thumbnails(at=np.arange(24) / 24, rgb=np.full((24, 36, 64, 3), 128, np.uint8))
        still = replace(grey, thumbnails=small)
        return [
            ClassifierExample(about="nothing but grey", material=still, label="flash", high=0.0),
            ClassifierExample(about="nothing but grey", material=still, label="frozen_picture", low=1.0),
        ]


def _black(small: Thumbnails) -> BoolArray:
    """Which pictures have nothing brighter than black."""
    return np.asarray(small.rgb.max(axis=(1, 2, 3)) <= _BLACK_LEVEL)


def _unchanged(small: Thumbnails) -> BoolArray:
    """Which pictures show what the first of their run does. The first of all counts where the second does."""
    same = np.zeros(len(small.rgb), dtype=bool)
    reference = small.rgb[0].astype(np.int16)
    for place, picture in enumerate(small.rgb[1:], start=1):
        same[place] = np.abs(picture - reference).max() <= _SAME_LEVELS
        if not same[place]:
            reference = picture.astype(np.int16)
    same[0] = len(same) > 1 and same[1]
    return same


def _seconds_shown(sample: VideoSample) -> DoubleArray:
    """How long each picture stands, in seconds; at least a little, so that a sum of them is never nothing."""
    if sample.thumbnails is None:
        raise ValueError("there are no thumbnails")
    at = sample.thumbnails.at
    end = max(sample.info.duration, float(at[-1])) if sample.thumbnails.complete else float(at[-1])
    return np.maximum(np.diff(np.append(at, end)), 1e-6)
