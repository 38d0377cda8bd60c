"""Reads one picture from an image file, such as an uploaded reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.codec import dump, load
from core.errors import BadMedia
from media.container import check_file, check_size
from media.sandbox import client
from media.sandbox.limits import InputLimits
from media.video import Frame, VideoInfo, VideoSample
from media.video_decode import fit_size

ACCEPTED_IMAGE_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "PPM")


def sample_image(path: Path, *, max_side: int | None = None, limits: InputLimits | None = None) -> VideoSample:
    """The image as a sample of one picture at 0 s, upright; transparency is laid on white. Raises BadMedia."""
    limits = limits or InputLimits()
    check_file(path, limits)
    arguments = {"path": str(path.resolve()), "max_side": max_side, "limits": dump(limits)}
    answer = client.run_sandboxed("media.still_image:sample_image_in_process", arguments)
    return VideoSample(info=load(VideoInfo, answer["info"]), frames=(Frame(at=0.0, rgb=answer["rgb"]),))


def sample_image_in_process(path: str, max_side: int | None, limits: dict[str, object]) -> dict[str, object]:
    """As still(), in this process: for limited ones."""
    kind, rgb = read_rgb(Path(path), max_side, load(InputLimits, limits))
    height, width = rgb.shape[:2]
    info = VideoInfo(
        container="image", codec=kind, duration=0.0, width=width, height=height, fps=0.0, frames=1, has_audio=False
    )
    return {"info": info, "rgb": rgb}


def read_rgb(path: Path, max_side: int | None, limits: InputLimits) -> tuple[str, NDArray[np.uint8]]:
    """Codec and (height, width, 3) uint8, in this process. Raises BadMedia."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # our own limit is checked before a pixel is decoded
    try:
        with Image.open(path, formats=ACCEPTED_IMAGE_FORMATS) as image:
            check_size(image.width, image.height, limits)
            upright = ImageOps.exif_transpose(image).convert("RGBA")
            flat = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright).convert("RGB")
            rgb = np.asarray(flat.resize(fit_size(flat.width, flat.height, max_side), Image.Resampling.LANCZOS))
            return (image.format or "").lower(), rgb
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise BadMedia(
            f"{path.name} is not an image that can be read; accepted are {', '.join(ACCEPTED_IMAGE_FORMATS)}"
        ) from error


def is_image(path: Path) -> bool:
    """Whether the file begins like an accepted image of one picture; GIFs count as videos."""
    with path.open("rb") as file:
        head = file.read(12)
    if head[:2] in (b"P5", b"P6") and head[2:3].isspace():  # PGM and PPM, of face data sets
        return True
    return head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"BM")) or (head[:4] == b"RIFF" and head[8:] == b"WEBP")
