from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from media_clips import MakeClip

from core.errors import BadMedia
from media.probe import probe
from media.sandbox.limits import InputLimits


def test_a_clip_is_what_was_written(clip: MakeClip) -> None:
    info = probe(clip(frames=30, sound="aac"))
    assert (info.container, info.codec, info.width, info.height) == ("mp4", "h264", 64, 48)
    assert (info.frames, info.duration, info.fps) == (30, 1.2, 25.0)
    assert info.has_audio and info.sample_rate == 48000


def test_uneven_timestamps_give_the_true_duration(clip: MakeClip) -> None:
    info = probe(clip(pts=[0, 10, 20, 500, 900], time_base=Fraction(1, 1000), name="vfr.mkv"))
    assert info.frames == 5
    assert info.duration == pytest.approx(0.9 + 0.1, abs=0.2)


def test_a_turned_clip_has_the_size_it_is_shown_in(clip: MakeClip) -> None:
    info = probe(clip(rotation=90))
    assert (info.width, info.height) == (48, 64)


def test_a_header_that_claims_ten_hours_is_not_believed(clip: MakeClip) -> None:
    path = clip(frames=5)
    data = bytearray(path.read_bytes())
    for box, offset in ((b"mvhd", 20), (b"mdhd", 20), (b"tkhd", 24)):
        at = data.index(box) + offset
        data[at : at + 4] = (0x7FFFFFF0).to_bytes(4, "big")
    path.write_bytes(data)
    info = probe(path)
    assert (info.frames, info.duration) == (5, 0.2)


@pytest.mark.parametrize("codec", ["libx264", "libvpx-vp9"])
def test_other_containers_are_read_too(clip: MakeClip, codec: str) -> None:
    info = probe(clip("clip.mkv", codec=codec, frames=12))
    assert (info.container, info.frames) == ("matroska", 12)


def refusal(path: Path, limits: InputLimits | None = None) -> str:
    with pytest.raises(BadMedia) as raised:
        probe(path, limits)
    message = str(raised.value)
    assert "\n" not in message and str(path.parent) not in message
    return message


def test_what_is_no_video_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("I am a letter. " * 40)
    (tmp_path / "list.mp4").write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n")
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(1).bytes(5000))
    assert "no file gone.mp4" in refusal(tmp_path / "gone.mp4")
    assert "folder" in refusal(tmp_path)
    assert "empty" in refusal(tmp_path / "empty.mp4")
    assert "text" in refusal(tmp_path / "text.mp4")
    assert "text" in refusal(tmp_path / "list.mp4")
    assert "accepted are MP4" in refusal(tmp_path / "noise.mp4")


def test_a_cut_file_is_refused(clip: MakeClip) -> None:
    late_index = clip("late.mp4", frames=20)
    early_index = clip("early.mp4", frames=20, container={"movflags": "+faststart"})
    for path in (late_index, early_index):
        data = path.read_bytes()
        path.write_bytes(data[: len(data) * 6 // 10])
        assert "cut short" in refusal(path)


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as out:
        voice = out.add_stream("aac", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), "fltp", "mono")
        frame.rate = 48000
        out.mux(voice.encode(frame))
        out.mux(voice.encode(None))
    assert "sound but no video" in refusal(path)


def test_limits_are_refused_with_the_numbers(clip: MakeClip) -> None:
    path = clip(frames=10, size=(320, 48))
    assert "320 x 48; at most 200 pixels" in refusal(path, InputLimits(max_side=200))
    assert "at least 64 pixels" in refusal(path, InputLimits(min_side=64))
    assert "at most 0 MiB" in refusal(path, InputLimits(max_bytes=100))
    assert "more than 5 pictures" in refusal(path, InputLimits(max_frames=5))
    hours = clip("hours.mkv", pts=[0, 36_000_000], time_base=Fraction(1, 1000))
    assert "lasts 36000 s; at most 3600 s" in refusal(hours)


def test_ten_thousand_pixels_are_too_wide(clip: MakeClip) -> None:
    assert "10000 x 32; at most 7680" in refusal(clip(size=(10_000, 32), frames=1))
