"""A character of our own, drawn in several ways: what a rights holder would register, and what an engine would make."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFilter


def mascot(
    *, tilt: float = 0.0, body: str = "#f4c20d", hat: str = "#c5221f", outline: int = 4, scene: bool = False
) -> bytes:
    """A round creature with a pointed hat, big eyes and boots, as a PNG; in a landscape, or on white."""
    figure = Image.new("RGBA", (480, 560), (0, 0, 0, 0))
    draw = ImageDraw.Draw(figure)
    ink = {"outline": "black", "width": outline}
    for x in (150, 270):
        draw.rounded_rectangle((x, 450, x + 70, 540), 20, fill="#5d4037", **ink)
    draw.ellipse((80, 160, 400, 480), fill=body, **ink)
    draw.polygon([(120, 215), (360, 215), (265, 15)], fill=hat, outline="black", width=outline)
    for x in (150, 250):
        draw.ellipse((x, 230, x + 90, 330), fill="white", **ink)
        draw.ellipse((x + 30, 262, x + 66, 306), fill="black")
    draw.arc((180, 320, 310, 420), 10, 170, fill="black", width=outline + 3)
    for x in (40, 375):
        draw.ellipse((x, 300, x + 70, 370), fill=body, **ink)
    figure = figure.rotate(tilt, resample=Image.Resampling.BICUBIC, expand=True)
    if not scene:
        whole = Image.new("RGB", (640, 700), "white")
        whole.paste(figure, ((640 - figure.width) // 2, (700 - figure.height) // 2), figure)
        return _png(whole)
    whole = _landscape()
    whole.paste(figure, ((1000 - figure.width) // 2, 760 - figure.height - 40), figure)
    return _png(whole.filter(ImageFilter.GaussianBlur(1.2)))


def landscape() -> bytes:
    """The same landscape with nobody in it, as a PNG."""
    return _png(_landscape())


def _landscape() -> Image.Image:
    whole = Image.new("RGB", (1000, 760), "#8ec9f0")
    ground = ImageDraw.Draw(whole)
    ground.rectangle((0, 560, 1000, 760), fill="#6aa84f")
    ground.ellipse((780, 60, 900, 180), fill="#fff2a8")
    for x in (60, 860):
        ground.rectangle((x, 380, x + 30, 580), fill="#7a5230")
        ground.ellipse((x - 60, 240, x + 90, 430), fill="#3d7a33")
    return whole


def _png(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()
