"""Writing keys and XMP into an MP4 moves bytes about and changes none that anybody sees or hears."""

from __future__ import annotations

import contextlib
import hashlib
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadMedia
from media import isobmff
from media.container_metadata import read_container_metadata, write_container_metadata

SAID = {"keys": {"AIGC": '{"Label":"1"}'}, "xmp": "<x:xmpmeta>ü</x:xmpmeta>"}


def make_clip(path: Path, **options: str) -> Path:
    with av.open(str(path), "w", format="mp4", options=options) as container:
        container.metadata["title"] = "Zwölf"
        video = container.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        sound = container.add_stream("aac", rate=8000, layout="mono")
        for number in range(12):
            picture = np.full((64, 64, 3), number * 20, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            tone = av.AudioFrame.from_ndarray(np.full((1, 800), 0.1, np.float32), format="fltp", layout="mono")
            tone.sample_rate, tone.pts, tone.time_base = 8000, number * 800, Fraction(1, 8000)
            container.mux(sound.encode(tone))
        container.mux([*video.encode(None), *sound.encode(None)])
    return path


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("clips")
    layouts = {"index last": {}, "index first": {"movflags": "faststart"}, "keys": {"movflags": "use_metadata_tags"}}
    return {name: make_clip(folder / f"{name}.mp4", **options) for name, options in layouts.items()}


def content(path: Path) -> tuple[str, list]:
    """All packets' bytes and times, as FFmpeg finds them by the index."""
    found, times = hashlib.sha256(), []
    with av.open(str(path)) as container:
        for packet in container.demux():
            found.update(bytes(packet))
            times.append((packet.stream_index, packet.pts, packet.dts))
    return found.hexdigest(), times


LAYOUTS = ("index last", "index first", "keys")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_was_written_is_read_and_every_packet_is_where_the_index_says(clips, tmp_path, layout):
    write_container_metadata(clips[layout], tmp_path / "out.mp4", **SAID)
    found = read_container_metadata(str(tmp_path / "out.mp4"))
    assert found["xmp"] == SAID["xmp"] and found["keys"]["AIGC"] == SAID["keys"]["AIGC"]
    assert content(tmp_path / "out.mp4") == content(clips[layout])
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.metadata["AIGC"] == SAID["keys"]["AIGC"]
        assert container.metadata["title"] == "Zwölf"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_writing_again_replaces_what_was_written_before(clips, tmp_path, layout):
    write_container_metadata(clips[layout], tmp_path / "one.mp4", keys={"AIGC": "old", "x": "y"}, xmp="old " * 500)
    write_container_metadata(tmp_path / "one.mp4", tmp_path / "two.mp4", keys={"AIGC": "new"}, xmp="new")
    found = read_container_metadata(str(tmp_path / "two.mp4"))
    assert found["xmp"] == "new" and found["keys"]["AIGC"] == "new" and found["keys"]["x"] == "y"
    assert b"old" not in (tmp_path / "two.mp4").read_bytes()
    assert content(tmp_path / "two.mp4") == content(clips[layout])


@settings(deadline=None, max_examples=50)
@given(
    keys=st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=200), max_size=5), xmp=st.text(max_size=500)
)
def test_any_words_come_back_as_they_were(clips, tmp_path_factory, keys, xmp):
    out = tmp_path_factory.mktemp("words") / "out.mp4"
    write_container_metadata(clips["index first"], out, keys=keys, xmp=xmp)
    found = read_container_metadata(str(out))
    assert found["xmp"] == xmp and found["keys"].items() >= keys.items()
    assert content(out) == content(clips["index first"])


def test_a_fragmented_file_is_refused_and_nothing_is_left(tmp_path):
    src = make_clip(tmp_path / "src.mp4", movflags="frag_keyframe+empty_moov")
    with pytest.raises(BadMedia, match="no single index"):
        write_container_metadata(src, tmp_path / "out.mp4", **SAID)
    assert [path.name for path in tmp_path.iterdir()] == ["src.mp4"]


@pytest.mark.parametrize("data", [b"", b"not a video", bytes(64), struct.pack(">I4s", 4000, b"ftyp") + bytes(20)])
def test_what_is_no_mp4_is_refused_and_nothing_is_left(tmp_path, data):
    (tmp_path / "src.mp4").write_bytes(data)
    with pytest.raises(BadMedia):
        write_container_metadata(tmp_path / "src.mp4", tmp_path / "out.mp4", **SAID)
    assert [path.name for path in tmp_path.iterdir()] == ["src.mp4"]


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_a_damaged_file_is_bad_media_or_is_read_and_nothing_else(clips, tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damage")
    content_of = bytearray(clips["index first"].read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content_of[data.draw(st.integers(0, min(len(content_of), 4000) - 1))] = data.draw(st.integers(0, 255))
    (folder / "a.mp4").write_bytes(content_of[: data.draw(st.integers(1, len(content_of)))])
    for act in (
        lambda: read_container_metadata(str(folder / "a.mp4")),
        lambda: write_container_metadata(folder / "a.mp4", folder / "b.mp4", **SAID),
    ):
        with contextlib.suppress(BadMedia):
            act()


def table(kind: bytes, offsets: list[int]) -> bytes:
    layout = f">II{len(offsets)}{'Q' if kind == b'co64' else 'I'}"
    body = isobmff.make_box(kind, struct.pack(layout, 0, len(offsets), *offsets))
    for holder in (b"stbl", b"minf", b"mdia", b"trak"):
        body = isobmff.make_box(holder, body)
    return body


@pytest.mark.parametrize("kind", [b"stco", b"co64"])
def test_offsets_move_with_what_they_point_to_and_others_stay(tmp_path, kind):
    index_size = len(isobmff.make_box(b"moov", table(kind, [0, 0, 0])))
    first, second = isobmff.make_box(b"mdat", b"A" * 10), isobmff.make_box(b"mdat", b"B" * 10)
    head = isobmff.make_box(b"ftyp", b"isom0000")
    a, b = len(head) + 8, len(head) + len(first) + index_size + 8
    src = tmp_path / "src.mp4"
    src.write_bytes(head + first + isobmff.make_box(b"moov", table(kind, [a, b, 0xFFFFFF])) + second)
    write_container_metadata(src, tmp_path / "out.mp4", **SAID)
    out = (tmp_path / "out.mp4").read_bytes()
    at = out.index(kind) + 12
    new = struct.unpack_from(f">3{'Q' if kind == b'co64' else 'I'}", out, at)
    assert new[0] == a and out[new[1] : new[1] + 10] == b"B" * 10 and new[2] == 0xFFFFFF


def test_an_index_for_four_gibibytes_that_would_overflow_is_refused():
    index = bytearray(isobmff.make_box(b"moov", table(b"stco", [0xFFFFFFF0])))
    with pytest.raises(BadMedia, match="4 GiB"):
        isobmff._shift_offsets(index, 8, len(index), lambda offset: offset + 100)
