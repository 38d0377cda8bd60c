"""What a file is, by its first bytes and never by its name: the one place in Assay that knows signatures.

Each caller decides which kinds it accepts. A kind says what a file claims to be: whether it can be decoded is found
out in the sandbox.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

HEAD_BYTES = 4096
"""How much of a file is enough to tell its kind: the brands of ISO-BMFF and the doctype of Matroska lie in it."""

REFERENCE_KINDS = "PNG, JPEG, WebP, HEIC, AVIF, GIF, MP4, MOV, WebM, Matroska, AVI, MPEG-TS"
"""What can be a reference, in words."""


class FileKind(StrEnum):
    """A closed set; the value is the media type."""

    PNG = "image/png"
    JPEG = "image/jpeg"
    WEBP = "image/webp"
    HEIC = "image/heic"
    AVIF = "image/avif"
    GIF = "image/gif"
    BMP = "image/bmp"
    PNM = "image/x-portable-anymap"
    MP4 = "video/mp4"
    MOV = "video/quicktime"
    WEBM = "video/webm"
    MATROSKA = "video/x-matroska"
    AVI = "video/avi"
    MPEG_TS = "video/mp2t"
    M4A = "audio/mp4"
    MP3 = "audio/mpeg"
    WAV = "audio/wav"
    FLAC = "audio/flac"
    OGG = "audio/ogg"
    JPEG_XL = "image/jxl"
    TIFF = "image/tiff"
    PDF = "application/pdf"
    OTHER = "application/octet-stream"

    @property
    def is_picture(self) -> bool:
        """Whether it is read as one still picture. A GIF may move, and is read as a video where it is not converted."""
        return self in _PICTURES

    @property
    def is_video(self) -> bool:
        """Whether it is a container of footage."""
        return self in _VIDEOS

    @property
    def is_mp4(self) -> bool:
        """Whether it is an MP4 or of its family: boxes that hold tracks."""
        return self in (FileKind.MP4, FileKind.MOV, FileKind.M4A)

    @property
    def is_bmff(self) -> bool:
        """Whether it is built of ISO-BMFF boxes, of tracks or of pictures."""
        return self.is_mp4 or self in (FileKind.HEIC, FileKind.AVIF)

    @property
    def suffix(self) -> str:
        """How names of such files end, as `.png`."""
        return _SUFFIXES.get(self, f".{self.name.lower()}")


_PICTURES = frozenset(
    {FileKind.PNG, FileKind.JPEG, FileKind.WEBP, FileKind.HEIC, FileKind.AVIF, FileKind.BMP, FileKind.PNM}
)
_VIDEOS = frozenset({FileKind.MP4, FileKind.MOV, FileKind.WEBM, FileKind.MATROSKA, FileKind.AVI, FileKind.MPEG_TS})
_SUFFIXES = {
    FileKind.JPEG: ".jpg",
    FileKind.JPEG_XL: ".jxl",
    FileKind.MATROSKA: ".mkv",
    FileKind.MPEG_TS: ".ts",
    FileKind.OTHER: ".bin",
}

_SIGNATURES = (
    (b"\x89PNG", FileKind.PNG),
    (b"\xff\xd8\xff", FileKind.JPEG),
    (b"GIF8", FileKind.GIF),
    (b"BM", FileKind.BMP),
    (b"fLaC", FileKind.FLAC),
    (b"OggS", FileKind.OGG),
    (b"ID3", FileKind.MP3),
    (b"\xff\xfb", FileKind.MP3),
    (b"II*\0", FileKind.TIFF),  # DNG and other raw pictures too
    (b"MM\0*", FileKind.TIFF),
    (b"%PDF-", FileKind.PDF),
)
_RIFF = {b"WEBP": FileKind.WEBP, b"WAVE": FileKind.WAV, b"AVI ": FileKind.AVI}

_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
_STRUCTURAL_BRANDS = frozenset({b"mif1", b"mif2", b"msf1", b"miaf"})  # pictures, of which codec others say
_BOXES_WITHOUT_FTYP = (b"moov", b"mdat", b"wide", b"free", b"skip")  # QuickTime before it had a ftyp
_FIRST_BOXES = frozenset({b"ftyp", b"styp", b"moof", b"pnot", b"uuid", *_BOXES_WITHOUT_FTYP})
_JXL_BOX = b"JXL \r\n\x87\n"
_EBML = b"\x1aE\xdf\xa3"
_TS_PACKET = 188


def file_kind(path: Path) -> FileKind:
    """The kind of a file. Raises OSError."""
    with path.open("rb") as stream:
        return kind_of_head(stream.read(HEAD_BYTES))


def kind_of_head(head: bytes) -> FileKind:
    """The kind of a file of which these are the first bytes, HEAD_BYTES of them where it has so many."""
    if head[4:8] == b"ftyp":
        return _bmff_kind(head)
    if head[4:12] == _JXL_BOX:
        return FileKind.JPEG_XL
    if head[4:8] in _BOXES_WITHOUT_FTYP:
        return FileKind.MOV
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], FileKind.OTHER)
    if head[:4] == _EBML:
        return FileKind.WEBM if b"webm" in head[:64] else FileKind.MATROSKA  # the doctype
    if head[:2] in (b"P5", b"P6") and head[2:3].isspace():  # PGM and PPM, of face data sets
        return FileKind.PNM
    if head[:1] == b"G" and head[_TS_PACKET : _TS_PACKET + 1] == b"G":
        return FileKind.MPEG_TS
    return next((kind for magic, kind in _SIGNATURES if head.startswith(magic)), FileKind.OTHER)


def begins_with_box(head: bytes) -> bool:
    """Whether an ISO-BMFF box stands first, as in whole files, in segments of a stream and in what was cut out."""
    return head[4:8] in _FIRST_BOXES


def _bmff_kind(head: bytes) -> FileKind:
    """By the brands of the ftyp box: the major one, and those it says it is compatible with (ISO/IEC 14496-12, 4.3)."""
    size = int.from_bytes(head[:4], "big")
    major, end = head[8:12], min(max(size, 16), len(head))
    brands = {major, *(head[at : at + 4] for at in range(16, end - 3, 4))}
    if major in _AVIF_BRANDS:
        return FileKind.AVIF
    if major in _HEIC_BRANDS:
        return FileKind.HEIC
    if major in _STRUCTURAL_BRANDS:
        return FileKind.AVIF if brands & _AVIF_BRANDS else FileKind.HEIC
    return {b"qt  ": FileKind.MOV, b"M4A ": FileKind.M4A, b"M4B ": FileKind.M4A}.get(major, FileKind.MP4)
