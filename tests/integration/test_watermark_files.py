"""The mark in real files: a real clip, real encoders, limited processes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from core.errors import BadMedia
from media.probe import probe
from media.sampling import sample_video
from media.transcode import Encoding, reencode
from provenance.watermark import MarkReport, Payload, WatermarkKey, detect_file, locate_in_file, mark_file
from provenance.watermark.audio import detect_audio_file
from provenance.watermark_detection import detect_watermarks
from tests.stories.drawn_mascot import landscape as drawn_landscape

BUNNY = Path(__file__).parents[2] / "deploy" / "demo" / "bunny.mp4"
KEY = WatermarkKey(id="test", secret=bytes(range(32)))
OTHER = WatermarkKey(id="other", secret=bytes(range(7, 39)))
PAYLOAD = Payload(issuer=7, case_id="0123456789abcdef")


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, MarkReport]]:
    path = tmp_path_factory.mktemp("marked") / "marked.mp4"
    yield path, mark_file(BUNNY, path, payload=PAYLOAD, key=KEY, encoding=Encoding(preset="veryfast"))


def filtered(src: Path, dst: Path, chain: list[tuple[str, str]], crf: int = 23) -> Path:
    """Every picture through filters of FFmpeg, encoded anew."""
    with av.open(str(src)) as source, av.open(str(dst), "w") as out:
        video = source.streams.video[0]
        graph = av.filter.Graph()
        nodes: list[Any] = [graph.add_buffer(template=video)]
        nodes += [graph.add(name, arguments) for name, arguments in chain] + [graph.add("buffersink")]
        graph.link_nodes(*nodes).configure()
        track = None
        for frame in source.decode(video):
            graph.push(frame)
            picture: Any = graph.pull()
            if track is None:
                track = out.add_stream("libx264", rate=25, options={"crf": str(crf), "preset": "veryfast"})
                track.width, track.height, track.pix_fmt = picture.width, picture.height, "yuv420p"
            out.mux(track.encode(picture))
        assert track is not None
        out.mux(track.encode(None))
    return dst


def test_the_marked_file_plays_as_the_source_does(marked: tuple[Path, MarkReport]) -> None:
    path, report = marked
    before, after = probe(BUNNY), probe(path)
    assert (after.duration, after.frames, after.width, after.height, after.sample_rate) == (
        (before.duration, before.frames, before.width, before.height, before.sample_rate)
    )
    assert report.pictures == before.frames and report.payload == PAYLOAD.hex


def test_the_mark_is_faint(marked: tuple[Path, MarkReport]) -> None:
    assert marked[1].psnr > 45


def test_sound_carries_the_mark_too_and_keeps_time_to_the_sample(marked: tuple[Path, MarkReport]) -> None:
    heard = []
    for path in (BUNNY, marked[0]):
        with av.open(str(path)) as container:
            frames = list(container.decode(audio=0))
            heard.append((frames[0].time, np.concatenate([f.to_ndarray() for f in frames], 1)[:2].sum(0)))
    (begun, before), (began, after) = heard
    length = min(len(before), len(after))
    spectrum = np.fft.rfft(before[:length], 2 * length) * np.conj(np.fft.rfft(after[:length], 2 * length))
    assert begun == began
    assert int(np.argmax(np.fft.irfft(spectrum))) == 0
    assert detect_audio_file(marked[0], keys=[KEY]).payload == PAYLOAD
    assert not detect_audio_file(BUNNY, keys=[KEY]).detected


def test_the_marked_file_says_what_was_written(marked: tuple[Path, MarkReport]) -> None:
    mark = detect_file(marked[0], keys=[OTHER, KEY])
    assert (mark.detected, mark.payload, mark.case_id) == (True, PAYLOAD.hex, PAYLOAD.case_id)
    assert mark.p_value < 1e-20


def test_another_key_and_the_unmarked_clip_give_nothing(marked: tuple[Path, MarkReport]) -> None:
    for path, key in ((marked[0], OTHER), (BUNNY, KEY)):
        mark = detect_file(path, keys=[key])
        assert (mark.detected, mark.payload) == (False, None)


ATTACKS = {
    "half size": [("scale", "640:360")],
    "cropped to three quarters": [("crop", "960:540:200:30")],
    "mirrored": [("hflip", "")],
}


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_a_changed_copy_is_still_traced_to_its_case(name: str, marked: tuple[Path, MarkReport], tmp_path: Path) -> None:
    changed = filtered(marked[0], tmp_path / "changed.mp4", ATTACKS[name])
    assert detect_file(changed, keys=[KEY]).case_id == PAYLOAD.case_id


@pytest.mark.parametrize(
    "encoding", [Encoding(crf=28, preset="veryfast"), Encoding(crf=30, preset="veryfast", height=480)]
)
def test_a_stripped_and_reencoded_copy_is_still_traced_to_its_case(
    encoding: Encoding, marked: tuple[Path, MarkReport], tmp_path: Path
) -> None:
    reencode(marked[0], tmp_path / "copy.mp4", encoding=encoding)
    assert detect_file(tmp_path / "copy.mp4", keys=[KEY]).case_id == PAYLOAD.case_id


@pytest.mark.parametrize("name", ["frame.png", "frame.jpg"])
def test_a_single_frame_saved_as_an_image_is_traced_too(
    name: str, marked: tuple[Path, MarkReport], tmp_path: Path
) -> None:
    from PIL import Image

    rgb = sample_video(marked[0], count=1).frames[0].rgb
    Image.fromarray(rgb).save(tmp_path / name, quality=92)
    assert detect_file(tmp_path / name, keys=[KEY]).case_id == PAYLOAD.case_id


def test_what_cannot_be_marked_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "letter.mp4").write_text("dear sir")
    with pytest.raises(BadMedia, match="text"):
        mark_file(tmp_path / "letter.mp4", tmp_path / "out.mp4", payload=PAYLOAD, key=KEY)
    assert [p.name for p in tmp_path.iterdir()] == ["letter.mp4"]


def test_the_seconds_that_carry_the_mark_are_told(marked: tuple[Path, MarkReport]) -> None:
    found = locate_in_file(marked[0], keys=[KEY])
    (only,) = found.segments
    assert found.mark.payload == only.payload == PAYLOAD.hex and found.geometry == "as it was"
    assert only.start == 0 and only.end == pytest.approx(probe(marked[0]).duration, abs=0.5)
    assert locate_in_file(BUNNY, keys=[KEY]).segments == ()


def compiled(pieces: list[tuple[Path, float, bool]], dst: Path) -> Path:
    """So many seconds of each of these, those that say so mirrored, one behind the other in 480 x 270."""
    with av.open(str(dst), "w") as out:
        track = out.add_stream("libx264", rate=25, options={"crf": "30", "preset": "veryfast"})
        track.width, track.height, track.pix_fmt = 480, 270, "yuv420p"
        for path, seconds, mirrored in pieces:
            for frame in _first_frames(path, seconds):
                rgb = frame.reformat(width=480, height=270, format="rgb24").to_ndarray()
                shown = np.ascontiguousarray(rgb[:, ::-1] if mirrored else rgb, np.uint8)
                out.mux(track.encode(av.VideoFrame.from_ndarray(shown, format="rgb24")))
        out.mux(track.encode(None))
    return dst


def _first_frames(path: Path, seconds: float) -> Iterator[av.VideoFrame]:
    with av.open(str(path)) as source:
        yield from (frame for frame in source.decode(video=0) if frame.time is not None and frame.time < seconds)


def test_a_mark_that_is_read_in_some_seconds_only_is_found_in_the_file(
    marked: tuple[Path, MarkReport], tmp_path: Path
) -> None:
    file = compiled([(BUNNY, 5.0, True)] * 2 + [(marked[0], 3.0, False)] + [(BUNNY, 5.0, True)] * 2, tmp_path / "a.mp4")
    assert not locate_in_file(file, keys=[KEY]).mark.detected
    found = detect_watermarks(file, keys=[KEY])
    (only,) = found.segments
    assert (found.detected, found.payload, found.case_id) == (True, PAYLOAD.hex, PAYLOAD.case_id)
    assert found.p_value == only.p_value and abs(only.start - 10) < 2 and abs(only.end - 13) < 2


def test_the_mark_costs_few_bytes(marked: tuple[Path, MarkReport], tmp_path: Path) -> None:
    """Against the same encode of the same pictures."""
    reencode(BUNNY, tmp_path / "plain.mp4", encoding=Encoding(preset="veryfast"))
    growth = marked[0].stat().st_size / (tmp_path / "plain.mp4").stat().st_size - 1
    assert growth < 0.12
    assert marked[1].growth < 0.25 and marked[1].strength < 3  # as expected from short pieces, which flatter nobody


def test_a_turned_copy_is_found_if_one_looks_deep(marked: tuple[Path, MarkReport], tmp_path: Path) -> None:
    turned = filtered(marked[0], tmp_path / "turned.mp4", [("rotate", "10*PI/180")])
    assert detect_file(turned, keys=[KEY], effort="deep").case_id == PAYLOAD.case_id


def test_a_small_video_is_marked_until_it_can_be_read(tmp_path: Path) -> None:
    """What it may cost is too little here: it would be sealed with a mark that nobody can read."""
    small = tmp_path / "small.mp4"
    encoding = Encoding(preset="veryfast", height=160, crf=26)
    report = mark_file(BUNNY, small, payload=PAYLOAD, key=KEY, growth=0.0, encoding=encoding)
    assert report.strength > 2 and detect_file(small, keys=[KEY]).payload == PAYLOAD.hex


def test_a_smooth_video_is_marked_until_it_can_be_read_with_something_to_spare(tmp_path: Path) -> None:
    """A mark costs smooth pictures so many bytes that what is paid for is next to nothing: it was lost by chance."""
    smooth, marked = tmp_path / "smooth.mp4", tmp_path / "marked.mp4"
    landscape = Image.open(io.BytesIO(drawn_landscape())).convert("RGB").resize((640, 480))
    with av.open(str(smooth), "w") as out:
        stream: Any = out.add_stream("libx264", rate=12, options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        for n in range(24):  # slowly nearer
            frame = av.VideoFrame.from_image(landscape.resize((640, 480), box=(n, n, 640 - n, 480 - n)))
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    unlucky = WatermarkKey(id="unlucky", secret=bytes(32 * [2]))  # as one in two: z was 7.8 as published
    payload = Payload(issuer=5, case_id=16 * "2")
    report = mark_file(smooth, marked, payload=payload, key=unlucky)
    found = locate_in_file(marked, keys=[unlucky])
    assert found.mark.payload == payload.hex and found.z > 12, (report, found)
    assert report.psnr > 45
