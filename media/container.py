"""Opens an untrusted video or sound file with FFmpeg:

only kinds we accept, only the file itself. For use inside the sandbox.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

from core.errors import BadMedia, PictureTooLarge
from media.file_kind import HEAD_BYTES, file_kind, kind_of_head
from media.sandbox.file_structure import check_structure
from media.sandbox.limits import MIB, InputLimits

ACCEPTED_CONTAINERS = "MP4, MOV, WebM, Matroska, AVI, MPEG-TS, GIF"
NO_PICTURE = "sound but no video"
"""How it is said of a sound file that there is nothing to look at."""
_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,gif"
_AUDIO_FORMATS = _FORMATS + ",mp3,ogg,wav,flac,aac"
_NAMES = {"mov,mp4,m4a,3gp,3g2,mj2": "mp4", "matroska,webm": "matroska"}
_COVER_ART = 0x0400  # FFmpeg: AV_DISPOSITION_ATTACHED_PIC


def check_file(path: Path, limits: InputLimits) -> None:
    """What can be said without decoding. Raises BadMedia for what is no file, empty or too large, OverBudget for one
    that holds more than is looked at.
    """
    if path.is_dir():
        raise BadMedia(f"{path.name} is a folder, not a video")
    if not path.is_file():
        raise BadMedia(f"there is no file {path.name}")
    size = path.stat().st_size
    if size == 0:
        raise BadMedia(f"{path.name} is empty (0 bytes)")
    if size > limits.max_bytes:
        raise BadMedia(f"{path.name} has {size // MIB} MiB; at most {limits.max_bytes // MIB} MiB are accepted")
    check_structure(path, limits)


@contextmanager
def open_video(path: Path, limits: InputLimits) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The container and its video track. Raises BadMedia for what has none, or a size outside the limits."""
    with _open(path) as container:
        tracks = [s for s in container.streams.video if not s.disposition & _COVER_ART]
        if not container.streams:
            raise BadMedia(_rejection_reason(path))
        if not tracks:
            raise BadMedia(f"{path.name} has {NO_PICTURE if container.streams.audio else 'no video'}")
        video = tracks[0]
        if video.codec_context is None:
            raise BadMedia(f"{path.name} has a video codec that cannot be decoded here")
        check_size(video.codec_context.width, video.codec_context.height, limits)
        video.codec_context.options = {"max_pixels": str(limits.max_pixels)}
        video.codec_context.thread_count = 2
        video.codec_context.thread_type = "AUTO"  # pictures at the same time where the codec can, else slices of one
        yield container, video


@contextmanager
def open_audio(path: Path) -> Iterator[tuple[InputContainer, AudioStream | None]]:
    """A video or sound file and its first sound track, None where it has none. Raises BadMedia for what is neither."""
    with _open(path, _AUDIO_FORMATS) as container:
        if not container.streams:
            raise BadMedia(_rejection_reason(path))
        track = next(iter(container.streams.audio), None)
        if track is not None and track.codec_context is None:
            raise BadMedia(f"{path.name} has a sound codec that cannot be decoded here")
        yield container, track


def check_size(width: int, height: int, limits: InputLimits) -> None:
    """Raises PictureTooLarge for a picture that is too large, BadMedia for one that is too small."""
    if max(width, height) > limits.max_side:
        raise PictureTooLarge(
            f"the picture is {width} x {height}; at most {limits.max_side} pixels a side are accepted"
        )
    if min(width, height) < limits.min_side:
        raise BadMedia(f"the picture is {width} x {height}; at least {limits.min_side} pixels a side are needed")


def container_name(container: InputContainer) -> str:
    """The container's short name: mp4 (also for MOV), matroska (also for WebM), avi, mpegts or gif."""
    return _NAMES.get(container.format.name, container.format.name)


def _open(path: Path, formats: str = _FORMATS) -> InputContainer:
    if file_kind(path).is_picture:  # FFmpeg would read the first tile of a HEIC as a video
        raise BadMedia(_rejection_reason(path))
    options = {"format_whitelist": formats, "protocol_whitelist": "file"}
    try:
        return av.open(f"file:{path.resolve()}", "r", container_options=options, metadata_errors="replace")
    except (av.error.FFmpegError, ValueError) as error:
        raise BadMedia(_rejection_reason(path)) from error


def _rejection_reason(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if head[4:8] in (b"styp", b"sidx", b"moof"):
        return f"{path.name} is a piece of a stream (DASH or HLS), which can be read only with the stream's beginning"
    if head.startswith(b"%PDF-"):
        return f"{path.name} is a PDF, not a video; accepted are {ACCEPTED_CONTAINERS}"
    if kind_of_head(head).is_mp4:
        return f"{path.name} is an MP4 that is cut short or damaged: its index (moov) cannot be read"
    if head.startswith(b"#EXTM3U") or b"\0" not in head:
        return f"{path.name} is a text, not a video; accepted are {ACCEPTED_CONTAINERS}"
    return f"{path.name} is damaged, or of a kind that is not accepted; accepted are {ACCEPTED_CONTAINERS}"
