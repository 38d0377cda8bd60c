"""Pictures and sound of a video for the eye: a film strip and a waveform, decoded in the sandbox.

Apart from what classifiers get, since these are made of stored videos too, when a moderator asks; small pictures and
few of them, so that it costs a fraction of measuring.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from media.audio_decode import decode_mono_audio
from media.contact_sheet import contact_sheet
from media.sampling import sample_moments, sample_video
from media.video import MONO_SAMPLE_RATE, MonoAudio, VideoInfo, VideoSample
from pipeline.inspection.inspection_view import FilmStrip, FootageFacts, Waveform

STRIP_PICTURES = 12
"""Pictures of a strip that is looked at beside the video itself, and the fewest of one that stands alone."""

_MOST_PICTURES = 36  # where the strip is all there is to see: one a second of most clips
_MOST_MOMENTS = 24
_SIDE, _LARGE_SIDE = 160, 240  # pixels of the longer side; large where there is no video beside it
_COLUMNS = 320
_LISTENED = 3600.0  # seconds of sound: the most that is decoded


def read_film_strip(path: Path) -> FilmStrip:
    """A strip of twelve small pictures of a video, the first and the last among them. Raises BadMedia, BadInput.

    A video of fewer pictures gives fewer.
    """
    return _strip(sample_video(path, count=STRIP_PICTURES, max_side=_SIDE), _SIDE)


def read_evidence_strip(path: Path, seconds: float, moments: Sequence[float]) -> FilmStrip:
    """A strip of larger pictures of a video of this length: about one a second, and those of these moments.

    Of 36 at the most, and of the first 24 moments. Raises BadMedia, BadInput.
    """
    even = np.linspace(0.0, seconds, min(_MOST_PICTURES, max(STRIP_PICTURES, int(seconds) + 1)))
    return _strip(sample_moments(path, [*even, *moments[:_MOST_MOMENTS]], max_side=_LARGE_SIDE), _LARGE_SIDE)


def _strip(sample: VideoSample, longest: int) -> FilmStrip:
    width = tile_width(sample.info.width, sample.info.height, longest)
    sheet = contact_sheet([frame.rgb for frame in sample.frames], columns=len(sample.frames), tile_width=width)
    at = tuple(round(frame.at, 3) for frame in sample.frames)
    return FilmStrip(jpeg=_as_jpeg(sheet), at=at, tile_width=width, tile_height=sheet.shape[0])


def tile_width(width: int, height: int, longest: int) -> int:
    """Pixels that a picture of a strip is wide where its longer side has so many. Even, and at least 2."""
    if width <= 0 or height <= 0:
        return longest
    return max(2, min(longest, round(longest * width / height)) // 2 * 2)


def read_waveform(path: Path) -> Waveform | None:
    """The waveform of a video's first hour; None where it has no sound. Raises BadMedia."""
    audio = decode_mono_audio(path, seconds=_LISTENED)
    return None if audio is None else waveform_of(audio)


def waveform_of(audio: MonoAudio) -> Waveform:
    """320 peaks, or fewer of sound that has fewer samples."""
    samples = np.abs(audio.samples)
    edges = np.unique(np.linspace(0, len(samples), _COLUMNS + 1).astype(np.int64))[:-1]
    peaks = np.maximum.reduceat(samples, edges) if len(edges) else np.zeros(0, np.float32)
    return Waveform(peaks=tuple(round(float(peak), 3) for peak in peaks), seconds=len(samples) / MONO_SAMPLE_RATE)


def footage_facts(name: str, info: VideoInfo) -> FootageFacts:
    """What a probe says of a file, under this name."""
    return FootageFacts(
        name=name,
        seconds=info.duration,
        width=info.width,
        height=info.height,
        fps=info.fps,
        frames=info.frames,
        container=info.container,
        codec=info.codec,
        has_audio=info.has_audio,
        sample_rate=info.sample_rate,
    )


def _as_jpeg(rgb: np.ndarray) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=70)
    return out.getvalue()
