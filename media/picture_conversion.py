"""Writes a stranger's picture anew, for limited processes: a still one as JPEG or PNG, one that moves as a clip."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
from av.video.frame import VideoFrame

from core.codec import load
from core.errors import BadMedia
from media.atomic_output import new_mp4, partial_path
from media.file_kind import REFERENCE_KINDS, FileKind
from media.sandbox.limits import InputLimits
from media.still_image import open_image, upright_on_white
from media.transcode import Encoding

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

CLIP_ENCODING = Encoding(crf=18, preset="veryfast")
"""For clips on their way to an engine: near to what came, and soon there."""

_MAX_PICTURE_PIXELS = 50_000_000  # 48 megapixels of a telephone are accepted
_MAX_CLIP_PIXELS = 4_000_000_000  # of all frames: a minute and more of 1080p at 30 a second
_MAX_PNG_PIXELS = 4_000_000
_LOSSY = ("HEIF", "AVIF", "WEBP")
_MOVING = ("GIF", "WEBP", "PNG", "AVIF")  # a HEIC or a JPEG of several pictures is shown as its first
_BT709, _SRGB_TRANSFER, _LIMITED_RANGE = 1, 13, 1
_SHORTEST_MS, _DEFAULT_MS = 20, 100  # as browsers do it: what says less than 20 ms is shown for 100


def convert_picture(src: str, dst: str, limits: dict[str, Any]) -> str:
    """Write `dst` whole or not at all; returns its media type: image/jpeg, image/png, or video/mp4. Raises BadMedia."""
    bounds: InputLimits = load(InputLimits, limits)
    with open_image(Path(src), bounds, accepted=REFERENCE_KINDS) as image:
        if image.width * image.height > _MAX_PICTURE_PIXELS:
            raise BadMedia(
                f"the picture has {image.width * image.height / 1e6:.0f} megapixels; "
                f"at most {_MAX_PICTURE_PIXELS // 1_000_000} are accepted"
            )
        if image.format in _MOVING and getattr(image, "n_frames", 1) > 1:
            _write_clip(image, Path(dst), bounds)
            return FileKind.MP4.value
        kind = _kind_to_send(image)
        part = partial_path(Path(dst))
        upright_on_white(_in_srgb(image)).save(part, kind.name, **_save_options(image, kind))
        part.replace(dst)
        return kind.value


def check_clip(width: int, height: int, frames: int) -> None:
    """Raises BadMedia for more pixels in all frames together than are accepted."""
    if width * height * frames > _MAX_CLIP_PIXELS:
        raise BadMedia(
            f"the clip has {frames} frames of {width} x {height}; at most "
            f"{_MAX_CLIP_PIXELS // (width * height)} of this size are accepted"
        )


def _kind_to_send(image: Picture) -> FileKind:
    """A large photograph becomes a JPEG: as a PNG it would be ten times as large, and slow to write."""
    large = image.width * image.height > _MAX_PNG_PIXELS and image.format in _LOSSY
    return FileKind.JPEG if large or image.format in ("JPEG", "MPO") else FileKind.PNG


def _save_options(image: Picture, kind: FileKind) -> dict[str, Any]:
    """A JPEG keeps the quantisation and, where it is not turned, the subsampling that it came with."""
    if kind is FileKind.PNG:
        return {"compress_level": 4}
    from PIL import JpegImagePlugin

    tables = getattr(image, "quantization", None)
    if not tables:  # it was no JPEG
        return {"quality": 97, "subsampling": 0}
    turned = image.getexif().get(0x0112, 1) != 1
    return {"qtables": tables, "subsampling": 0 if turned else max(0, JpegImagePlugin.get_sampling(image))}


def _in_srgb(image: Picture) -> Picture:
    """The colours as its profile means them: the profile itself does not travel along."""
    from PIL import ImageCms

    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return image
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError):  # a profile that cannot be read: viewers pass over it too
        return image
    if converted is None:
        return image
    converted.info.pop("icc_profile", None)
    return converted


def _write_clip(image: Picture, dst: Path, limits: InputLimits) -> None:
    from PIL import ImageSequence

    frames = int(getattr(image, "n_frames", 1))
    if frames > limits.max_frames:
        raise BadMedia(f"the picture moves over {frames} frames; at most {limits.max_frames} are accepted")
    check_clip(image.width, image.height, frames)
    width, height = (side & ~1 for side in upright_on_white(image).size)
    at = 0
    with new_mp4(dst) as out:
        options = {"crf": str(CLIP_ENCODING.crf), "preset": CLIP_ENCODING.preset, "threads": str(CLIP_ENCODING.threads)}
        track = out.add_stream("libx264", rate=Fraction(25), options=options)
        track.width, track.height, track.pix_fmt = width, height, "yuv420p"
        track.time_base = track.codec_context.time_base = Fraction(1, 1000)
        track.colorspace = track.color_primaries = _BT709
        track.color_trc, track.color_range = _SRGB_TRANSFER, _LIMITED_RANGE
        for frame in ImageSequence.Iterator(image):
            out.mux(track.encode(_video_frame(upright_on_white(frame), width, height, at)))
            said = int(frame.info.get("duration") or 0)
            at += said if said >= _SHORTEST_MS else _DEFAULT_MS
            if at > limits.max_duration * 1000:
                raise BadMedia(f"the picture moves for more than the {limits.max_duration:g} s that are accepted")
        out.mux(track.encode(None))


def _video_frame(picture: Picture, width: int, height: int, at: int) -> av.VideoFrame:
    import numpy as np

    rgb = np.ascontiguousarray(np.asarray(picture)[:height, :width])
    frame = VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p", dst_colorspace=_BT709)
    frame.pts, frame.time_base = at, Fraction(1, 1000)
    return frame
