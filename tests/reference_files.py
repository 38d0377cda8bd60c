"""Pictures and clips as strangers send them, made anew for each run: red, green, blue and white quarters, clockwise.

`data/quarters.heic` is the one exception, since nothing that Assay installs writes HEIC: it was written once with
pillow-heif 1.8, from `quarters()` laid on its side, with EXIF, and the rotation that lays it upright again.
"""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

WIDTH, HEIGHT = 320, 192
COLOURS = ((220, 40, 40), (40, 200, 40), (240, 240, 240), (40, 40, 220))  # from the top left, clockwise
HEIC = Path(__file__).parent / "data" / "quarters.heic"
SECRET = "Anna's garden"
"""What stands in all metadata that is written here, and in nothing that leaves."""


def quarters() -> Image.Image:
    """The picture, upright."""
    picture = Image.new("RGB", (WIDTH, HEIGHT))
    x, y = WIDTH // 2, HEIGHT // 2
    for colour, at in zip(COLOURS, ((0, 0), (x, 0), (x, y), (0, y)), strict=True):
        picture.paste(colour, (*at, at[0] + x, at[1] + y))
    return picture


def exif(orientation: int = 1) -> Image.Exif:
    """A camera's EXIF, with a place."""
    made = Image.Exif()
    made[0x0112], made[0x010E], made[0x010F] = orientation, SECRET, SECRET
    made.get_ifd(0x8825)[1] = "N"
    made.get_ifd(0x8825)[2] = (48.0, 51.0, 30.0)
    return made


def encoded(kind: str, picture: Image.Image | None = None, **how) -> bytes:
    """The picture as a file of this kind, as Pillow calls it."""
    out = io.BytesIO()
    (picture or quarters()).save(out, kind, **how)
    return out.getvalue()


def rotated_jpeg() -> bytes:
    """As a telephone writes it that is held upright: pixels on their side, and EXIF that says so."""
    on_its_side = quarters().transpose(Image.Transpose.ROTATE_90)
    return encoded(
        "JPEG", on_its_side, quality=95, exif=exif(6), comment=SECRET.encode(), xmp=f"<x>{SECRET}</x>".encode()
    )


def talkative_png() -> bytes:
    """With texts, EXIF and a colour profile."""
    said = PngImagePlugin.PngInfo()
    said.add_text("Comment", SECRET)
    said.add_itxt("XML:com.adobe.xmp", f"<x>{SECRET}</x>")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return encoded("PNG", exif=exif(), pnginfo=said, icc_profile=profile) + SECRET.encode()


def png_with_a_hidden_picture() -> bytes:
    """All of it transparent: a viewer shows white, and a reader that drops transparency shows the quarters."""
    hidden = quarters().convert("RGBA")
    hidden.putalpha(0)
    return encoded("PNG", hidden)


def moving(kind: str) -> bytes:
    """Five pictures of 100 ms; as Pillow calls the kind."""
    turned = [quarters().rotate(10 * turn) for turn in range(1, 5)]
    return encoded(kind, save_all=True, append_images=turned, duration=100)


def clip(container: str, codec: str, *, frames: int = 20, rate: int = 10, **metadata: str) -> bytes:
    """The quarters, standing still for `frames` frames."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        file.metadata.update(metadata)
        track = file.add_stream(codec, rate=Fraction(rate))
        track.width, track.height, track.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for _ in range(frames):
            file.mux(track.encode(av.VideoFrame.from_image(quarters())))
        file.mux(track.encode(None))
    return out.getvalue()


def corners(picture: np.ndarray) -> tuple[tuple[int, ...], ...]:
    """The colours near the corners of an RGB picture (height, width, 3), from the top left, clockwise."""
    return tuple(tuple(int(v) for v in picture[y, x]) for y, x in ((9, 9), (9, -10), (-10, -10), (-10, 9)))


def shows_quarters(picture: np.ndarray) -> bool:
    """Whether the picture is upright and shows what `quarters` does, as near as lossy kinds come."""
    return picture.shape == (HEIGHT, WIDTH, 3) and bool(
        np.all(np.abs(np.array(corners(picture), dtype=int) - np.array(COLOURS)) < 24)
    )
