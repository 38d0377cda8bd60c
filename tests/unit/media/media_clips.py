"""Small clips, generated with PyAV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

MakeClip = Callable[..., Path]


def picture(index: int, width: int, height: int) -> np.ndarray[Any, Any]:
    """A gradient that differs at each corner, with its number as a brightness step."""
    x = np.linspace(0, 120, width)[None, :, None]
    y = np.linspace(0, 80, height)[:, None, None]
    rgb = np.broadcast_to(x + y * np.array([1.0, 0.2, 0.6]), (height, width, 3)) + (index * 7) % 40
    return np.clip(rgb, 0, 255).astype(np.uint8)


def write_clip(
    path: Path,
    *,
    size: tuple[int, int] = (64, 48),
    frames: int = 10,
    pts: Sequence[int] | None = None,
    time_base: Fraction = Fraction(1, 25),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    sound: str = "",
    rotation: float | None = None,
    options: dict[str, str] | None = None,
    container: dict[str, str] | None = None,
    colour: tuple[int, int] | None = None,
    metadata: dict[str, str] | None = None,
    blank: bool = False,
) -> Path:
    with av.open(str(path), "w", options=container or {}) as out:
        out.metadata.update(metadata or {})
        track = out.add_stream(codec, rate=25, options=options or {})
        track.width, track.height = size
        track.pix_fmt = pix_fmt
        track.codec_context.time_base = track.time_base = time_base
        if colour:
            track.color_trc, track.color_primaries = colour
        if rotation is not None:
            track.set_display_rotation(rotation)
        voice = out.add_stream(sound, rate=48000, layout="stereo") if sound else None
        for index, when in enumerate(pts if pts is not None else range(frames)):
            shown = np.zeros((size[1], size[0], 3), np.uint8) if blank else picture(index, *size)
            frame = av.VideoFrame.from_ndarray(shown, "rgb24").reformat(format=pix_fmt)
            frame.pts, frame.time_base = when, time_base
            out.mux(track.encode(frame))
        out.mux(track.encode(None))
        if voice:
            _write_sound(out, voice, int(48000 * frames / 25))
    return path


def _write_sound(out: Any, voice: Any, samples: int) -> None:
    rng = np.random.default_rng(0)
    tone = np.sin(np.arange(samples) * 0.06) * 0.3 + rng.normal(0, 0.01, samples)
    for start in range(0, samples, 1024):
        piece = np.stack([tone[start : start + 1024]] * 2).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(piece, "fltp", "stereo")
        frame.pts, frame.rate = start, 48000
        out.mux(voice.encode(frame))
    out.mux(voice.encode(None))


def decoded(path: Path) -> tuple[list[Any], list[float]]:
    """All pictures as (height, width) brightness, and when they are shown."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        return [f.to_ndarray(format="gray") for f in frames], [float(f.time) for f in frames]


def pcm(path: Path) -> tuple[float, np.ndarray[Any, Any]]:
    """When the sound starts, and its samples (channels, n)."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
        return float(frames[0].time), np.concatenate([_planar(f) for f in frames], 1)


def _planar(frame: Any) -> np.ndarray[Any, Any]:
    samples = frame.to_ndarray()
    return samples if frame.format.is_planar else samples.reshape(-1, frame.layout.nb_channels).T
