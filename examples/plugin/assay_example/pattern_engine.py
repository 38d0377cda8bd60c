"""An engine that draws a moving test pattern. The job is a text that holds all of the order, so nothing is remembered.

An order of the same key is the same pattern, also after a restart.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

from core.errors import BadInput, EngineFault
from core.ports import GeneratorInfo, JobProgress, JobState, RenderRequest

if TYPE_CHECKING:
    from pipeline.settings import Settings

_FPS = 25
_DEFAULT_SECONDS, _MOST_SECONDS = 2.0, 20.0
_DEFAULT_SIZE, _SMALLEST, _LARGEST = "640x360", 64, 1920  # pixels a side
_SIZE = re.compile(r"(\d{2,4})x(\d{2,4})")
_JOB = re.compile(r"(\d{2,4})x(\d{2,4})-(\d{1,3})-([0-9a-f]{8})")  # width, height, frames, seed


class PatternEngine:
    """Stripes whose colours the key picks, and a square that crosses them."""

    name = "pattern"
    version = "1"
    synthetic = True

    def commission(self, request: RenderRequest) -> str:
        """The job. Raises BadInput for a size or a length that it cannot draw."""
        size = _SIZE.fullmatch(request.size or _DEFAULT_SIZE)
        seconds = _DEFAULT_SECONDS if request.seconds is None else request.seconds
        if not size or not all(_SMALLEST <= int(side) <= _LARGEST and int(side) % 2 == 0 for side in size.groups()):
            raise BadInput(f"the pattern engine draws even sizes from {_SMALLEST} to {_LARGEST} pixels a side")
        if not 1 / _FPS <= seconds <= _MOST_SECONDS:
            raise BadInput(f"the pattern engine draws at most {_MOST_SECONDS:g} seconds")
        seed = hashlib.sha256(request.key.encode()).hexdigest()[:8]
        return f"{size[0]}-{round(seconds * _FPS)}-{seed}"

    def poll(self, job: str) -> JobProgress:
        """Done at once: it is drawn when it is fetched. Raises EngineFault for a job that is none of ours."""
        _parts(job)
        return JobProgress(state=JobState.DONE, percent=100.0)

    def fetch(self, job: str, to: Path) -> None:
        """H.264 in MP4, whole or not at all. Raises EngineFault for a job that is none of ours."""
        width, height, frames, seed = _parts(job)
        with tempfile.TemporaryDirectory(dir=to.parent, prefix=".pattern-") as folder:
            part = Path(folder) / "part.mp4"
            with av.open(str(part), "w") as container:
                stream = container.add_stream("libx264", rate=_FPS)
                stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
                for number in range(frames):
                    picture = av.VideoFrame.from_ndarray(_draw(width, height, number / frames, seed), format="rgb24")
                    container.mux(stream.encode(picture))
                container.mux(stream.encode(None))
            part.replace(to)

    def cancel(self, job: str) -> None:
        """Nothing is under way that could be stopped."""

    def generator_info(self, job: str) -> GeneratorInfo:
        """Raises EngineFault for a job that is none of ours."""
        _parts(job)
        return GeneratorInfo(model="test-pattern", version=self.version)


def from_settings(_settings: Settings) -> PatternEngine:
    """What `engine = "pattern"` makes."""
    return PatternEngine()


def _parts(job: str) -> tuple[int, int, int, int]:
    found = _JOB.fullmatch(job)
    if not found:
        raise EngineFault("the pattern engine knows no such job")
    width, height, frames, seed = found.groups()
    return int(width), int(height), int(frames), int(seed, 16)


def _draw(width: int, height: int, progress: float, seed: int) -> np.ndarray:
    """RGB bytes (height, width, 3); `progress` in [0, 1) moves the stripes and the square."""
    x, y = np.arange(width)[None, :], np.arange(height)[:, None]
    shifts = [(seed >> (8 * channel) & 0xFF) / 256 for channel in range(3)]
    waves = [128 + 80 * np.sin(2 * np.pi * (4 * x / width + y / height + progress + shift)) for shift in shifts]
    picture = np.stack(np.broadcast_arrays(*waves), axis=-1).astype(np.uint8)
    side = min(width, height) // 6
    left, top = int(progress * (width - side)), (height - side) // 2
    picture[top : top + side, left : left + side] = 235
    return picture
