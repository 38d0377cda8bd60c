"""Kinds of files by their first bytes: the same answer for every part of Assay that asks."""

import struct

import pytest

from core.errors import BadMedia
from media.container_metadata import read_container_metadata
from media.file_kind import FileKind, file_kind, kind_of_head
from media.probe import probe
from media.sampling import sample_video
from media.still_image import is_image, sample_image
from tests.reference_files import HEIC, clip, encoded, moving, shows_quarters


def ftyp(major, *compatible):
    body = b"ftyp" + major + bytes(4) + b"".join(compatible)
    return struct.pack(">I", len(body) + 4) + body + b"\0\0\0\x10mdat" + bytes(100)


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        (FileKind.PNG, lambda: encoded("PNG")),
        (FileKind.PNG, lambda: moving("PNG")),
        (FileKind.JPEG, lambda: encoded("JPEG")),
        (FileKind.WEBP, lambda: encoded("WEBP")),
        (FileKind.AVIF, lambda: encoded("AVIF")),
        (FileKind.AVIF, lambda: moving("AVIF")),
        (FileKind.HEIC, HEIC.read_bytes),
        (FileKind.GIF, lambda: moving("GIF")),
        (FileKind.BMP, lambda: encoded("BMP")),
        (FileKind.PNM, lambda: encoded("PPM")),
        (FileKind.MP4, lambda: clip("mp4", "libx264")),
        (FileKind.MOV, lambda: clip("mov", "libx264")),
        (FileKind.WEBM, lambda: clip("webm", "libvpx-vp9")),
        (FileKind.MATROSKA, lambda: clip("matroska", "libx264")),
        (FileKind.AVI, lambda: clip("avi", "mpeg4")),
        (FileKind.MPEG_TS, lambda: clip("mpegts", "libx264")),
    ],
)
def test_what_real_writers_write_is_told_apart(tmp_path, kind, made):
    (tmp_path / "named.mp4").write_bytes(made())
    assert file_kind(tmp_path / "named.mp4") is kind


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (ftyp(b"heic", b"mif1", b"heic"), FileKind.HEIC),
        (ftyp(b"mif1", b"heic"), FileKind.HEIC),
        (ftyp(b"mif1", b"miaf", b"avif"), FileKind.AVIF),
        (ftyp(b"msf1", b"hevc"), FileKind.HEIC),
        (ftyp(b"avis", b"msf1"), FileKind.AVIF),
        (ftyp(b"isom", b"mif1", b"avc1"), FileKind.MP4),
        (ftyp(b"mp42"), FileKind.MP4),
        (ftyp(b"qt  "), FileKind.MOV),
        (ftyp(b"M4A "), FileKind.M4A),
        (b"\0\0\0\x08wide\0\0\0\x10mdat" + bytes(8), FileKind.MOV),
        (b"RIFF\0\0\0\0WAVE", FileKind.WAV),
        (b"RIFF\0\0\0\0what", FileKind.OTHER),
        (b"", FileKind.OTHER),
        (b"<svg xmlns=", FileKind.OTHER),
        (b"data:image/png;base64,", FileKind.OTHER),
        (b"\xff\xd8", FileKind.OTHER),
        (b"GGGG" + bytes(10), FileKind.OTHER),
        (struct.pack(">I", 1 << 31) + b"ftypheic", FileKind.HEIC),
    ],
)
def test_a_kind_follows_from_brands_and_signatures_alone(head, kind):
    assert kind_of_head(head) is kind


def test_every_kind_has_a_suffix_of_its_own_and_a_media_type():
    assert len({kind.suffix for kind in FileKind}) == len(FileKind)
    assert all("/" in kind.value for kind in FileKind)


def test_a_picture_is_no_video_and_boxes_of_pictures_are_no_mp4():
    assert not any(kind.is_picture and kind.is_video for kind in FileKind)
    assert [kind for kind in FileKind if kind.is_bmff and not kind.is_mp4] == [FileKind.HEIC, FileKind.AVIF]


def test_a_heic_is_read_as_a_picture_and_not_as_a_video():
    assert is_image(HEIC) and shows_quarters(sample_image(HEIC).frames[0].rgb)
    for look in (probe, lambda path: sample_video(path, count=1)):
        with pytest.raises(BadMedia, match="of a kind that is not accepted"):
            look(HEIC)
    assert read_container_metadata(str(HEIC)) == {"keys": {}, "xmp": ""}


def test_an_avif_is_read_as_a_picture(tmp_path):
    (tmp_path / "a.mp4").write_bytes(encoded("AVIF", quality=90))
    assert is_image(tmp_path / "a.mp4") and shows_quarters(sample_image(tmp_path / "a.mp4").frames[0].rgb)
