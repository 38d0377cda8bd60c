"""Clips that rows are measured on, made here: pictures with words, spoken words, flashes, nothing at all."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from media.arrays import AudioSamples, RgbImage

SOUND_RATE = 24_000
_BLOCK = 1024  # samples that an AAC frame holds


def write_clip(path: Path, pictures: Iterable[RgbImage], *, rate: int, sound: AudioSamples | None = None) -> Path:
    """An MP4 of these pictures, `rate` of them a second, with mono sound at SOUND_RATE."""
    with av.open(path, "w") as out:
        track: Any = None
        heard: Any = out.add_stream("aac", rate=SOUND_RATE, layout="mono") if sound is not None else None
        for place, picture in enumerate(pictures):
            if track is None:
                track = out.add_stream(
                    "libx264", rate=rate, options={"crf": "20", "preset": "veryfast", "threads": "1"}
                )
                track.height, track.width = picture.shape[:2]
                track.pix_fmt = "yuv420p"
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = place, Fraction(1, rate)
            out.mux(track.encode(frame))
        out.mux(track.encode(None))
        for block in _sound_frames(sound) if sound is not None else ():
            out.mux(heard.encode(block))
        if heard is not None:
            out.mux(heard.encode(None))
    return path


def _sound_frames(sound: AudioSamples) -> Iterator[av.AudioFrame]:
    for start in range(0, len(sound), _BLOCK):
        frame = av.AudioFrame.from_ndarray(sound[None, start : start + _BLOCK], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, start, Fraction(1, SOUND_RATE)
        yield frame


def real_pictures(path: Path, *, rate: int, seconds: float, width: int = 640, height: int = 360) -> list[RgbImage]:
    """The beginning of a clip, filled up to this size, there and back again until it is long enough."""
    with av.open(path) as source:
        step = max(1, round(float(source.streams.video[0].average_rate or rate) / rate))
        wanted = int(rate * seconds)
        frames = islice((f for place, f in enumerate(source.decode(video=0)) if place % step == 0), wanted)
        shown = [_filled(Image.fromarray(frame.to_ndarray(format="rgb24")), width, height) for frame in frames]
    return list(islice(cycle([*shown, *reversed(shown)]), wanted))


def moving_picture(place: int, *, width: int = 320, height: int = 180, level: float = 0.5) -> RgbImage:
    """A soft pattern that moves, `level` its mean brightness within 0 to 1."""
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    wave = 0.06 * np.sin((across + 3 * place) / 40.0) * np.cos((down - place) / 30.0)
    shade = np.clip(255 * (level + wave), 0, 255).astype(np.uint8)
    return np.stack([shade, shade, shade], axis=2)


def slow_zoom(picture: Image.Image, *, rate: int, seconds: float, side: int = 480) -> Iterator[RgbImage]:
    """A still filmed by a camera that goes slowly nearer, by a twentieth."""
    wanted = int(rate * seconds)
    scale = side / max(picture.size)
    size = (max(16, round(picture.width * scale) // 2 * 2), max(16, round(picture.height * scale) // 2 * 2))
    for place in range(wanted):
        edge = 0.025 * place / max(1, wanted - 1)
        box = (edge * picture.width, edge * picture.height, (1 - edge) * picture.width, (1 - edge) * picture.height)
        yield np.asarray(picture.resize(size, Image.Resampling.BILINEAR, box=box).convert("RGB"))


def with_words(pictures: Iterable[RgbImage], words: str, *, size: int = 28) -> Iterator[RgbImage]:
    """The pictures with words over their lower part, white on dark, letters `size` pixels high."""
    font = ImageFont.load_default(size)
    for picture in pictures:
        canvas = Image.fromarray(picture)
        lines = textwrap.fill(words, int(1.85 * canvas.width / size))
        draw = ImageDraw.Draw(canvas)
        box = draw.multiline_textbbox((0, 0), lines, font=font)
        top = canvas.height - (box[3] - box[1]) - 30
        draw.rectangle((0, top - 12, canvas.width, canvas.height), fill=(16, 16, 16))
        draw.multiline_text((20, top), lines, font=font, fill=(255, 255, 255))
        yield np.asarray(canvas)


def flashing(
    flashes: float, *, area: float, low: tuple[int, int, int], high: tuple[int, int, int], rate: int, seconds: float
) -> Iterator[RgbImage]:
    """A share `area` of a moving picture goes from one colour to the other and back, so many times a second."""
    for place in range(int(rate * seconds)):
        picture = moving_picture(place).copy()
        rows = round(area * picture.shape[0])
        bright = (place * flashes / rate) % 1.0 < 0.5
        picture[:rows] = high if bright else low
        yield picture


def tone(seconds: float) -> AudioSamples:
    """A quiet chord."""
    at = np.arange(int(SOUND_RATE * seconds)) / SOUND_RATE
    chord: NDArray[Any] = sum((np.sin(2 * np.pi * note * at) for note in (220.0, 277.2, 329.6)), np.zeros(len(at)))
    return (0.08 * chord).astype(np.float32)


def _filled(image: Image.Image, width: int, height: int) -> RgbImage:
    scale = max(width / image.width, height / image.height)
    size = (max(width, round(image.width * scale)), max(height, round(image.height * scale)))
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return np.asarray(image.resize(size).crop((left, top, left + width, top + height)).convert("RGB"))
