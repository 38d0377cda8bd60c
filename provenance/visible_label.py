"""The visible label of a sealed video: drawn before the watermark, which lies over it, and read back."""

from __future__ import annotations

from pathlib import Path

from core.errors import SealBroken
from media.labels.label_overlay import label_agreement, overlay_label
from media.labels.label_terms import VisibleLabel
from media.video import VideoSample

_MIN_AGREEMENT = 0.6
"""The least correlation with the letters as drawn: encoded at all sensibly they agree at 0.9 and more."""
_TIME_ERROR = 0.1  # seconds by which a picture's time may differ from that at which it was labelled


def labelled_copy(src: Path, folder: Path, label: VisibleLabel | None) -> Path:
    """An almost lossless copy in `folder` with the label; `src` where there is none. Raises BadMedia, BadInput."""
    if label is None:
        return src
    overlay_label(src, copy := folder / "with-label.mp4", label)
    return copy


def check_label(taken: VideoSample, label: VisibleLabel | None) -> None:
    """Raises SealBroken where the label cannot be read in a picture of its time, or there is no such picture."""
    if label is None:
        return
    until = float("inf") if label.seconds is None else label.seconds - _TIME_ERROR
    pictures = [frame for frame in taken.frames if frame.at < until]
    size = taken.info.width, taken.info.height
    agreements = [
        max(label_agreement(frame.rgb, frame.at + error, label, size) for error in (0.0, -_TIME_ERROR, _TIME_ERROR))
        for frame in pictures
    ]
    if min(agreements, default=0.0) < _MIN_AGREEMENT:
        raise SealBroken("the visible label cannot be read in the finished file")
