"""A scene that a camera pans over: texture, flat ground, a gradient and noise."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import cv2
import numpy as np

from provenance.watermark import Payload, VideoWatermarker, WatermarkKey
from provenance.watermark.video.carrier_layout import modulate

Luma = np.ndarray[Any, np.dtype[np.uint8]]

KEY = WatermarkKey(id="test", secret=bytes(range(32)))
PAYLOAD = Payload(issuer=7, case_id="0123456789abcdef")


@cache
def scene(width: int, height: int) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(5)
    rough = sum(
        cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), s) * s * 12
        for s in (1.0, 3.0, 9.0)
    )
    ground = np.linspace(70, 170, width, dtype=np.float32)[None] + np.zeros((height, 1), np.float32)
    ground[height // 3 : height * 2 // 3] += rough[height // 3 : height * 2 // 3]
    ground[:, width // 2 :] += 0.4 * rough[:, width // 2 :]
    return np.asarray(ground)


def clip(count: int = 12, size: tuple[int, int] = (960, 540)) -> Iterator[Luma]:
    """Y planes (height, width) of a pan with sensor noise."""
    rng = np.random.default_rng(6)
    wide = scene(size[0] + 200, size[1])
    for index in range(count):
        at = 9 * min(index % 44, 44 - index % 44)  # there and back
        seen = wide[:, at : at + size[0]] + rng.normal(0, 1.5, (size[1], size[0]))
        yield np.clip(np.rint(seen), 0, 255).astype(np.uint8)


@cache
def marked(size: tuple[int, int] = (960, 540)) -> tuple[tuple[Luma, ...], float]:
    """The clip with PAYLOAD under KEY, and the mark's PSNR."""
    embedder = VideoWatermarker(modulate(PAYLOAD, KEY))
    pictures = tuple(embedder(luma) for luma in clip(size=size))
    return pictures, embedder.psnr


def attacked(change: Callable[[Luma], Any]) -> Iterator[Luma]:
    for luma in marked()[0]:
        yield np.clip(np.rint(change(luma)), 0, 255).astype(np.uint8)
