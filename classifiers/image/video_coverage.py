"""Says what of a video nobody looked at: because it is too long for the frames, the sound or the time of one case."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from classifiers.base import Classifier, ClassifierExample, Material, MeasuringOrder
from classifiers.image.sampled_frames import flat_image, require_sample, sample_of_images
from classifiers.time_limit import is_time_up
from core.signals import Signal, Span, Subject
from media.video import MONO_SAMPLE_RATE, Frame, VideoSample

FRAME_GAP = 5.0
"""Seconds that two frames may lie apart for what is between them to count as looked at."""


class VideoCoverage(Classifier):
    """The shares of the video's time in which its pictures, or its sound, were not looked at."""

    name = "video_coverage"
    version = 1
    order = MeasuringOrder.LAST
    subjects = frozenset({Subject.VIDEO})
    labels = ("not_looked_at",)
    covers = (
        "Pictures more than five seconds away from the frame before, sound after the first ten minutes, and all of it "
        "where the time of the case was up before every classifier had measured. No judgement of how well one looked."
    )

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """`not_looked_at`: the largest share, and for each part its seconds. 0 where all was looked at."""
        sample = require_sample(material)
        duration = max(sample.info.duration, 1e-6)
        gaps = [(end - start, Span(start=start, end=end)) for start, end in _unseen(sample)]
        if sample.audio is not None and not sample.audio.complete:
            heard = len(sample.audio.samples) / MONO_SAMPLE_RATE
            gaps.append((duration - heard, Span(start=round(min(heard, duration), 3), end=round(duration, 3))))
        if is_time_up():
            gaps.append((duration, Span(start=0.0, end=round(duration, 3))))
        return [
            self.signal(subject, "not_looked_at", round(min(1.0, max(0.0, seconds / duration)), 4), at=at)
            for seconds, at in sorted(gaps, key=lambda gap: gap[0])
        ] or [self.signal(subject, "not_looked_at", 0.0)]

    def examples(self) -> list[ClassifierExample]:
        """Two frames a second apart, and two that are a minute apart."""
        near = sample_of_images(flat_image(128), flat_image(40))
        apart = (near.frames[0], Frame(59.0, near.frames[1].rgb))
        far = replace(near, info=replace(near.info, duration=60.0, frames=60), frames=apart)
        return [
            ClassifierExample(about="all was looked at", material=near, label="not_looked_at", high=0.0),
            ClassifierExample(about="two frames of a minute", material=far, label="not_looked_at", low=0.5),
        ]


def _unseen(sample: VideoSample) -> list[tuple[float, float]]:
    """Where more than FRAME_GAP passes without a frame: from so long after the one before to the next, as one span.

    The last picture of a video is among the frames. They are spread evenly, so that in a long video there are such gaps
    everywhere: that is one stretch, as long in seconds as all gaps together.
    """
    at = np.array([frame.at for frame in sample.frames])
    if len(at) >= sample.info.frames:  # there are no others between them
        return []
    missed = np.maximum(np.diff(at) - FRAME_GAP, 0.0)
    places = np.flatnonzero(missed)
    if not len(places):
        return []
    total, start = float(missed.sum()), float(at[places[0]])
    return [(round(start, 3), round(min(start + total, float(at[-1])), 3))]
