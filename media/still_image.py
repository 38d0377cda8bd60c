"""Reads one picture from an image file, such as an uploaded reference."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.codec import dump, load
from core.errors import BadMedia
from media.container import check_file, check_size
from media.file_kind import file_kind
from media.sandbox import client
from media.sandbox.limits import InputLimits
from media.sandbox.scan import input_limits
from media.video import Frame, VideoInfo, VideoSample
from media.video_decode import fit_size

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

ACCEPTED_IMAGE_FORMATS = ("PNG", "JPEG", "WEBP", "HEIF", "AVIF", "GIF", "BMP", "PPM")


def sample_image(path: Path, *, max_side: int | None = None, limits: InputLimits | None = None) -> VideoSample:
    """The image as a sample of one picture at 0 s, upright; transparency is laid on white. Raises BadMedia."""
    limits = limits or input_limits()
    check_file(path, limits)
    arguments = {"path": str(path.resolve()), "max_side": max_side, "limits": dump(limits)}
    answer = client.run_sandboxed("media.still_image:sample_image_in_process", arguments, reads=[path])
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
    from PIL import Image

    with open_image(path, limits) as image:
        flat = upright_on_white(image)
        rgb = np.asarray(flat.resize(fit_size(flat.width, flat.height, max_side), Image.Resampling.LANCZOS))
        return (image.format or "").lower(), rgb


@contextmanager
def open_image(path: Path, limits: InputLimits, *, accepted: str = "") -> Iterator[Picture]:
    """The image, its size checked and no pixel decoded, in this process. Raises BadMedia, also for what fails later.

    `accepted` are the kinds that the caller accepts, for its message; empty for all that can be read.
    """
    import pi_heif
    from PIL import Image, UnidentifiedImageError

    pi_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = None  # our own limit is checked before a pixel is decoded
    try:
        with Image.open(path, formats=ACCEPTED_IMAGE_FORMATS) as image:
            check_size(image.width, image.height, limits)
            yield image
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        kinds = accepted or ", ".join(ACCEPTED_IMAGE_FORMATS)
        raise BadMedia(f"{path.name} is not an image that can be read; accepted are {kinds}") from error


def upright_on_white(image: Picture) -> Picture:
    """An RGB picture as a viewer would show it: turned by its EXIF, transparency laid on white."""
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I;16"):  # sixteen bits of grey, which Pillow would cut off at 255
        upright = Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
    whole = upright.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole).convert("RGB")


def jpeg_bytes(rgb: NDArray[np.uint8], *, max_side: int, quality: int = 90) -> bytes:
    """A decoded picture, (height, width, 3) uint8, as a JPEG whose longer side is at most `max_side`."""
    from PIL import Image

    picture = Image.fromarray(rgb)
    size = fit_size(picture.width, picture.height, max_side)
    written = io.BytesIO()
    picture.resize(size, Image.Resampling.LANCZOS).save(written, "JPEG", quality=quality)
    return written.getvalue()


def is_image(path: Path) -> bool:
    """Whether the file begins like an accepted image of one picture; GIFs count as videos."""
    return file_kind(path).is_picture
