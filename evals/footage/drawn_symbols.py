"""Makes pictures with and without the symbols that are looked for, from geometry alone and a seed.

Proportions, turns, views from the side, colours, grounds, roughness, blur and JPEG are drawn at random; what is drawn
for tuning and for reporting differs by seed and by proportions. Other shapes stand for what is harmless and alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.image.symbol_shapes import Mask, black_sun, hooked_cross

Picture = NDArray[np.uint8]
SYMBOLS = ("hooked_cross", "hooked_cross_mirrored", "black_sun")
ALIKE = ("cross", "letter", "star", "wheel", "spiral", "windmill", "grid", "blobs")
_LETTERS = "ABEFGHKMNRSXYZ2358#&%@"


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPicture:
    """A picture and what it shows: a symbol, or one of the harmless shapes."""

    rgb: Picture
    shows: str


def drawn_pictures(seed: int, count: int, shapes: tuple[str, ...]) -> Iterator[DrawnPicture]:
    """So many pictures of each shape."""
    random = np.random.default_rng(seed)
    for shape in shapes:
        for _ in range(count):
            yield DrawnPicture(rgb=_scene(_shape(shape, random), random), shows=shape)


def _shape(name: str, random: np.random.Generator) -> Mask:
    if name in ("hooked_cross", "hooked_cross_mirrored"):
        mirrored = name != "hooked_cross"
        return hooked_cross(thickness=random.uniform(0.1, 0.22), hook=random.uniform(0.7, 1.0), mirrored=mirrored)
    if name == "black_sun":
        return black_sun(thickness=random.uniform(0.06, 0.12))
    return _harmless(name, random)


def _harmless(name: str, random: np.random.Generator) -> Mask:
    canvas = np.zeros((128, 128), np.uint8)
    thick = int(random.integers(6, 24))
    if name == "cross":
        cv2.line(canvas, (64, 12), (64, 116), 255, thick)
        cv2.line(canvas, (16, int(random.integers(40, 70))), (112, 64), 255, thick)
    elif name == "letter":
        for at, letter in enumerate(random.choice(list(_LETTERS), int(random.integers(1, 3)))):
            face = int(random.choice([cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX]))
            cv2.putText(canvas, str(letter), (8 + 58 * at, 96), face, 3.0, 255, int(random.integers(5, 14)))
    elif name == "star":
        points, inner = int(random.integers(4, 9)), random.uniform(20, 40)
        turns = np.arange(2 * points) * np.pi / points
        radius = np.where(np.arange(2 * points) % 2, inner, 54)
        cv2.fillPoly(canvas, [np.stack([64 + radius * np.sin(turns), 64 - radius * np.cos(turns)], 1).astype(int)], 255)
    elif name == "wheel":
        cv2.circle(canvas, (64, 64), 52, 255, thick // 2 + 2)
        for turn in np.arange(0, np.pi, np.pi / random.integers(2, 7)):
            end = (np.array([np.sin(turn), np.cos(turn)]) * 50).astype(int)
            cv2.line(canvas, (64 + end[0], 64 + end[1]), (64 - end[0], 64 - end[1]), 255, thick // 2 + 2)
    elif name == "spiral":
        angle = np.linspace(0, random.uniform(2, 4) * 2 * np.pi, 200)
        where = 64 + np.stack([np.cos(angle), np.sin(angle)], 1) * (angle / angle[-1] * 52)[:, None]
        cv2.polylines(canvas, [where.astype(int)], False, 255, 6)
    elif name == "windmill":
        blades, wide = int(random.integers(3, 7)), random.uniform(0.25, 0.7)
        for turn in np.arange(blades) * 2 * np.pi / blades:
            ends = [(64 + 54 * np.sin(turn + d), 64 - 54 * np.cos(turn + d)) for d in (0, wide)]
            cv2.fillPoly(canvas, [np.array([(64, 64), *ends]).astype(int)], 255)
    elif name == "grid":
        for at in range(20, 120, int(random.integers(20, 40))):
            cv2.line(canvas, (at, 10), (at, 118), 255, thick // 2 + 1)
            cv2.line(canvas, (10, at), (118, at), 255, thick // 2 + 1)
    else:
        noise = cv2.GaussianBlur(random.normal(0, 1, (128, 128)).astype(np.float32), (0, 0), random.uniform(6, 14))
        canvas[noise > np.quantile(noise, 0.7)] = 255
    return canvas


def _scene(mask: Mask, random: np.random.Generator) -> Picture:
    """The shape on a ground: a flag with a disc, a wall, a gradient; seen from somewhere; compressed."""
    height, width = 270, 480
    size = int(random.uniform(0.2, 0.8) * height)
    corners = np.array([[0, 0], [127, 0], [127, 127], [0, 127]], np.float32)
    angle = random.uniform(-45, 45) if random.random() < 0.7 else 0.0
    turn = cv2.getRotationMatrix2D((64, 64), angle, 1.0)
    turned = (turn @ np.c_[corners, np.ones(4)].T).T
    centre = np.array([random.uniform(size * 0.6, width - size * 0.6), random.uniform(size * 0.6, height - size * 0.6)])
    placed = (turned - 64) * size / 128 + random.normal(0, 0.05 * size, (4, 2)) + centre
    view = cv2.getPerspectiveTransform(corners, placed.astype(np.float32))
    paint = cv2.warpPerspective(mask, view, (width, height), flags=cv2.INTER_LINEAR).astype(np.float32) / 255
    if random.random() < 0.4:  # rough as spray paint
        noise = cv2.GaussianBlur(random.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 2.0)
        paint = np.clip(paint + 0.8 * paint * noise / (noise.std() + 1e-6) * 0.3, 0, 1)
    ground = _ground(height, width, random)
    colour = random.uniform(0, 255, 3)
    while abs(colour.mean() - ground.mean()) < 60:
        colour = random.uniform(0, 255, 3)
    if random.random() < 0.4:
        disc = np.zeros((height, width), np.float32)
        cv2.circle(disc, (int(centre[0]), int(centre[1])), int(size * 0.72), 1.0, -1)
        bright = 255.0 - colour
        ground = ground * (1 - disc[..., None]) + disc[..., None] * np.where(bright.mean() > 128, 240, 20)
        colour = np.full(3, 15.0 if bright.mean() > 128 else 235.0)
    shown = ground * (1 - paint[..., None]) + paint[..., None] * colour
    shown = cv2.GaussianBlur(shown, (0, 0), random.uniform(0.3, 1.8)) + random.normal(
        0, random.uniform(0, 8), shown.shape
    )
    rgb = np.clip(shown, 0, 255).astype(np.uint8)
    _ok, jpeg = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(35, 95))])
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), dtype=np.uint8)


def _ground(height: int, width: int, random: np.random.Generator) -> NDArray[np.float64]:
    base = random.uniform(20, 235, 3)
    ground = np.broadcast_to(base, (height, width, 3)).astype(np.float64).copy()
    kind = random.random()
    if kind < 0.35:
        ground += np.linspace(-50, 50, width)[None, :, None] * random.choice([-1, 1])
    elif kind < 0.7:
        for scale in (2, 8, 30):
            noise = cv2.GaussianBlur(random.normal(0, 1, (height, width)).astype(np.float32), (0, 0), scale)
            ground += (noise / noise.std() * random.uniform(3, 14))[..., None]
    return ground
