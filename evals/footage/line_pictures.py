"""Draws lines of text on pictures as videos show them: outlined, on a box, with a shadow, or plain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from media.arrays import RgbImage

STYLES = ("outline", "box", "plain", "shadow")
_LIGHT = ((255, 255, 255), (255, 235, 60), (120, 255, 140), (130, 220, 255), (255, 190, 200))
_DARK = ((0, 0, 0), (20, 20, 90), (110, 0, 0), (0, 60, 10))


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLook:
    """How a line is drawn: font, pixels, one of STYLES, its place in parts of what is free, its colours' seed."""

    font: Path
    size: int
    style: str
    at: tuple[float, float]
    seed: float


def draw_line(picture: RgbImage, text: str, look: LineLook) -> RgbImage:
    """The picture with the text on it, which must fit."""
    rng, size, style = Random(look.seed), look.size, look.style  # noqa: S311
    image = Image.fromarray(picture.copy())
    draw = ImageDraw.Draw(image, "RGBA")
    face = ImageFont.truetype(str(look.font), size, index=_index(look.font, text))
    left, top, right, bottom = (int(side) for side in draw.textbbox((0, 0), text, font=face))
    free_x, free_y = picture.shape[1] - (right - left) - 20, picture.shape[0] - (bottom - top) - 20
    x, y = 10 - left + int(look.at[0] * max(0, free_x)), 10 - top + int(look.at[1] * max(0, free_y))
    box = (x + left, y + top, x + right, y + bottom)
    under = picture[max(0, box[1]) : box[3], max(0, box[0]) : box[2]].mean() if style == "plain" else 0.0
    fill = rng.choice(_LIGHT if under < 128 else _DARK)
    if style == "box":
        pad = size // 4
        dark = rng.random() < 0.7
        fill = rng.choice(_LIGHT if dark else _DARK)
        ground = (*rng.choice(_DARK if dark else _LIGHT), rng.choice((150, 200, 255)))
        draw.rectangle((box[0] - pad, box[1] - pad, box[2] + pad, box[3] + pad), fill=ground)
    if style == "shadow":
        draw.text((x + max(1, size // 16), y + max(1, size // 16)), text, font=face, fill=(0, 0, 0))
    stroke = max(1, size // rng.choice((12, 16, 22))) if style == "outline" else 0
    draw.text((x, y), text, font=face, fill=fill, stroke_width=stroke, stroke_fill=(0, 0, 0))
    return np.asarray(image)


def fonts_of(folder: Path) -> Sequence[Path]:
    """The fonts of a folder, in one order."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in {".ttf", ".otf", ".ttc"})


def _index(font: Path, text: str) -> int:
    """The Korean face of a collection for Hangul, otherwise its first."""
    return 1 if font.suffix == ".ttc" and "CJK" in font.name and any("\uac00" <= one <= "\ud7a3" for one in text) else 0
