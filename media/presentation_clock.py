"""When a decoded frame is shown, in ticks that only ever move forward."""

from __future__ import annotations

from fractions import Fraction

from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream


class PresentationClock:
    """Reads the frames of one track in the order they are decoded."""

    def __init__(self, container: InputContainer, video: VideoStream) -> None:
        self.base = video.time_base or Fraction(1, 1000)
        # AVI has no presentation times: what FFmpeg puts there is the order of decoding, and reordered frames go wrong.
        self._decoding_order = container.format.name == "avi"
        self._usual = max(1, round(1 / (video.average_rate or Fraction(25)) / self.base))
        self._last: int | None = None

    def of(self, frame: VideoFrame) -> int:
        """The frame's time in ticks of `base`: its own, or the next free one where it has none or repeats one."""
        stamp = frame.dts if self._decoding_order else frame.pts
        if stamp is None:
            stamp = 0 if self._last is None else self._last + self._usual
        self._last = stamp if self._last is None else max(stamp, self._last + 1)
        return self._last
