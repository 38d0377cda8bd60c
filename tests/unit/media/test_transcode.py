from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from media_clips import MakeClip, decoded, pcm, picture

from core.errors import BadMedia
from media.probe import probe
from media.transcode import Encoding, reencode, transcode


def brighter(luma: np.ndarray, _at: float) -> np.ndarray:
    return np.minimum(luma, 235) + np.uint8(20)


def test_only_brightness_is_edited_and_it_is_where_it_was(clip: MakeClip, tmp_path: Path) -> None:
    source, out = clip(options={"crf": "8"}), tmp_path / "out.mp4"
    assert transcode(source, out, edit=brighter, encoding=Encoding(crf=8)) == 10
    before, after = decoded(source)[0], decoded(out)[0]
    difference = np.array(after, int) - np.array(before, int)
    assert 18 < difference.mean() < 25


def test_the_edit_is_told_the_time(clip: MakeClip, tmp_path: Path) -> None:
    times: list[float] = []
    transcode(clip(frames=4), tmp_path / "out.mp4", edit=lambda y, at: (times.append(at), y)[1])
    assert times == pytest.approx([0, 0.04, 0.08, 0.12])


def test_sound_is_copied_to_the_sample(clip: MakeClip, tmp_path: Path) -> None:
    source, out = clip(frames=30, sound="aac"), tmp_path / "out.mp4"
    transcode(source, out, edit=brighter)
    (start, samples), (start_after, samples_after) = pcm(source), pcm(out)
    assert start == start_after
    assert np.array_equal(samples, samples_after)
    assert decoded(source)[1] == decoded(out)[1]


def test_sound_that_mp4_cannot_hold_becomes_aac_in_time(clip: MakeClip, tmp_path: Path) -> None:
    source, out = clip("clip.mkv", frames=50, sound="pcm_s16le"), tmp_path / "out.mp4"
    transcode(source, out, edit=brighter)
    with av.open(str(out)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
    (start, samples), (start_after, samples_after) = pcm(source), pcm(out)
    assert start_after == pytest.approx(start, abs=0.001)
    length = min(samples.shape[1], samples_after.shape[1]) - 4096
    a, b = samples[0, 2048:length].astype(float), samples_after[0].astype(float)
    lags = [np.dot(a, b[2048 + lag : length + lag]) for lag in range(-40, 41)]
    assert int(np.argmax(lags)) - 40 == 0


def test_uneven_timestamps_are_kept(clip: MakeClip, tmp_path: Path) -> None:
    pts = [0, 33, 50, 400, 433, 1200]
    source, out = clip("vfr.mkv", pts=pts, time_base=Fraction(1, 1000)), tmp_path / "out.mp4"
    transcode(source, out, edit=brighter)
    assert decoded(out)[1] == pytest.approx([p / 1000 for p in pts], abs=0.0006)


def test_reordered_pictures_of_an_avi_come_in_order(clip: MakeClip, tmp_path: Path) -> None:
    source, out = clip("clip.avi", codec="mpeg4", frames=20, options={"bf": "2", "q": "2"}), tmp_path / "out.mp4"
    assert transcode(source, out, edit=lambda y, _at: y, encoding=Encoding(crf=8)) == 20
    pictures, times = decoded(out)
    assert np.diff(times) == pytest.approx([0.04] * 19, abs=1e-6)
    for index, shown in enumerate(pictures):
        assert abs(shown.mean() - picture(index, 64, 48).mean()) < 6


def test_a_turned_clip_comes_out_upright(clip: MakeClip, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    transcode(clip(rotation=90, options={"crf": "8"}), out, edit=lambda y, _at: y, encoding=Encoding(crf=8))
    with av.open(str(out)) as container:
        frame = next(container.decode(video=0))
        assert (frame.width, frame.height, frame.rotation) == (48, 64, 0)
        rgb = frame.to_ndarray(format="rgb24").astype(int)
    assert np.abs(rgb - np.rot90(picture(0, 64, 48))).mean() < 4


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "size"),
    [
        ("libx264", "yuv444p", (65, 49)),
        ("libx264", "yuv420p10le", (64, 48)),
        ("libx264", "yuv422p10le", (64, 48)),
        ("libx264rgb", "rgb24", (63, 47)),
        ("libx264", "yuvj420p", (64, 48)),
        ("ffv1", "yuv420p", (65, 49)),
    ],
)
def test_other_formats_become_what_we_publish(
    clip: MakeClip, tmp_path: Path, codec: str, pix_fmt: str, size: tuple[int, int]
) -> None:
    source, out = clip("clip.mkv", codec=codec, pix_fmt=pix_fmt, size=size), tmp_path / "out.mp4"
    transcode(source, out, edit=lambda y, _at: y, encoding=Encoding(crf=8))
    with av.open(str(out)) as container:
        frame = next(container.decode(video=0))
        assert frame.format.name in ("yuv420p", "yuvj420p")
        assert (frame.width, frame.height) == (size[0] // 2 * 2, size[1] // 2 * 2)
        rgb = frame.to_ndarray(format="rgb24").astype(int)
    wanted = picture(0, *size)[: frame.height, : frame.width]
    assert np.abs(rgb - wanted).mean() < 5


def test_hdr_and_transparency_are_refused_and_leave_nothing(clip: MakeClip, tmp_path: Path) -> None:
    hdr = clip("hdr.mkv", pix_fmt="yuv420p10le", colour=(16, 9))
    clear = clip("clear.mov", codec="prores_ks", pix_fmt="yuva444p10le")
    before = sorted(tmp_path.iterdir())
    for source, word in ((hdr, "HDR"), (clear, "transparency")):
        with pytest.raises(BadMedia, match=word):
            transcode(source, tmp_path / "out.mp4", edit=brighter)
    assert sorted(tmp_path.iterdir()) == before


def test_an_edit_that_fails_leaves_nothing(clip: MakeClip, tmp_path: Path) -> None:
    source = clip()

    def fail(_luma: np.ndarray, at: float) -> np.ndarray:
        raise BadMedia(f"at {at}")

    with pytest.raises(BadMedia):
        transcode(source, tmp_path / "out.mp4", edit=fail)
    assert sorted(tmp_path.iterdir()) == [source]


def test_a_stripped_copy_says_nothing_about_itself(clip: MakeClip, tmp_path: Path) -> None:
    source = clip(size=(128, 96), sound="aac", metadata={"comment": "a prompt", "title": "secret"})
    out = tmp_path / "out.mp4"
    reencode(source, out, encoding=Encoding(crf=30, height=48, audio_bitrate=64_000))
    info = probe(out)
    assert (info.width, info.height, info.frames, info.has_audio) == (64, 48, 10, True)
    assert b"a prompt" in source.read_bytes()
    assert b"a prompt" not in out.read_bytes() and b"secret" not in out.read_bytes()
