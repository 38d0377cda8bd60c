"""The mark in the sound of real files: real encoders and decoders, in sync to the sample, limited processes."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray
from scipy.signal import lfilter

from core.errors import BadMedia
from media.audio_codec import AudioEditor
from media.sandbox.limits import InputLimits
from media.transcode import Encoding, reencode, transcode
from provenance.watermark import Payload, WatermarkKey
from provenance.watermark.audio import audio_editor, detect_audio_file

BUNNY = Path(__file__).parents[2] / "deploy" / "demo" / "bunny.mp4"
KEY = WatermarkKey(id="test", secret=bytes(range(32)))
OTHER = WatermarkKey(id="other", secret=bytes(range(7, 39)))
PAYLOAD = Payload(issuer=7, case_id="0123456789abcdef")
FAST = Encoding(preset="ultrafast", crf=35)

Samples = NDArray[np.float32]


def sound(seconds: float, rate: int, channels: int = 2) -> Samples:
    """(n, channels): bursts of coloured noise, no two alike."""
    rng = np.random.default_rng(5)
    count = round(seconds * rate)
    envelope = 0.1 + np.clip(np.sin(2 * np.pi * 2.7 * np.arange(count) / rate), 0, 1)
    noise = lfilter([1], [1, -0.9], rng.normal(0, 0.03, (count, channels)), axis=0)
    return (noise * envelope[:, None]).astype(np.float32)


def write_film(
    path: Path, samples: Samples | None, rate: int = 48_000, *, codec: str = "aac", start: float = 0.0
) -> Path:
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        track: Any = None
        if samples is not None:
            track = out.add_stream(codec, rate=rate, layout={1: "mono", 2: "stereo", 6: "5.1"}[samples.shape[1]])
        rng = np.random.default_rng(1)
        for index in range(25 * (6 if samples is None else round(start + len(samples) / rate))):
            picture = av.VideoFrame.from_ndarray(rng.integers(0, 255, (48, 64, 3), np.uint8), "rgb24")
            picture = picture.reformat(format="yuv420p")
            picture.pts, picture.time_base = index, Fraction(1, 25)
            out.mux(video.encode(picture))
        out.mux(video.encode(None))
        if samples is not None:
            write_sound(out, track, samples, rate, start)
    return path


def write_sound(out: Any, track: Any, samples: Samples, rate: int, start: float = 0.0) -> None:
    resampler = AudioResampler(format=track.format.name, layout=track.layout.name, rate=rate)
    for at in range(0, len(samples), 1024):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[at : at + 1024].T), "fltp", track.layout.name)
        frame.rate, frame.pts, frame.time_base = rate, at + round(start * rate), Fraction(1, rate)
        for piece in resampler.resample(frame):
            out.mux(track.encode(piece))
    out.mux(track.encode(None))


def heard(path: Path) -> tuple[float, Samples]:
    """When the first sample sounds, in seconds, and (n, channels)."""
    with av.open(str(path)) as container:
        track = container.streams.audio[0]
        resampler = AudioResampler(format="fltp", layout=track.layout.name, rate=track.rate)
        frames: list[Any] = [piece for frame in container.decode(track) for piece in resampler.resample(frame)]
        return float(frames[0].pts * frames[0].time_base), np.concatenate([f.to_ndarray().T for f in frames])


def lag(a: Samples, b: Samples) -> int:
    """By how many samples b is late."""
    size = 1 << (len(a) + len(b)).bit_length()
    both = np.fft.irfft(np.fft.rfft(b[:, 0], size) * np.conj(np.fft.rfft(a[:, 0], size)))
    return int((both.argmax() + size // 2) % size - size // 2)


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("marked") / "marked.mp4"
    transcode(BUNNY, path, edit=lambda luma, _at: luma, audio_editor=audio_editor(PAYLOAD, KEY), encoding=FAST)
    yield path


def test_the_payload_is_read_from_the_sound_of_a_film(marked: Path) -> None:
    found = detect_audio_file(marked, keys=[OTHER, KEY])
    assert found.payload == PAYLOAD and found.p_value < 1e-12 and "key test" in found.note


def test_the_marked_sound_is_in_sync_to_the_sample(marked: Path) -> None:
    (began, before), (begins, after) = heard(BUNNY), heard(marked)
    assert begins == pytest.approx(began, abs=1e-6) and lag(before, after) == 0
    assert after.shape[1] == before.shape[1] and 0 <= len(after) - len(before) < 1024


def test_an_unmarked_film_has_no_mark_and_other_keys_find_none(marked: Path) -> None:
    assert detect_audio_file(BUNNY, keys=[KEY]).note == "no mark of ours found in the sound"
    assert not detect_audio_file(marked, keys=[OTHER]).detected


def test_the_mark_outlives_publication_at_64_kbit(marked: Path, tmp_path: Path) -> None:
    reencode(marked, tmp_path / "out.mp4", encoding=Encoding(preset="ultrafast", crf=35, audio_bitrate=64_000))
    assert detect_audio_file(tmp_path / "out.mp4", keys=[KEY]).payload == PAYLOAD


@pytest.mark.parametrize(
    ("name", "codec", "rate", "channels"),
    [
        ("a.mp4", "aac", 44_100, 1),
        ("b.mkv", "pcm_s16le", 48_000, 2),
        ("c.mkv", "libopus", 48_000, 2),
        ("d.mkv", "flac", 16_000, 1),
        ("e.mkv", "pcm_s16le", 37_800, 1),
        ("f.mp4", "aac", 48_000, 6),
        ("g.avi", "libmp3lame", 44_100, 2),
    ],
)
def test_whatever_the_sound_was_it_is_marked_and_in_sync(
    tmp_path: Path, name: str, codec: str, rate: int, channels: int
) -> None:
    source = write_film(tmp_path / name, sound(6, rate, channels), rate, codec=codec)
    out = tmp_path / "out.mp4"
    transcode(source, out, edit=lambda luma, _at: luma, audio_editor=audio_editor(PAYLOAD, KEY), encoding=FAST)
    assert detect_audio_file(out, keys=[KEY]).payload == PAYLOAD
    if rate != 37_800:  # AAC has no such rate: it is resampled to 48 kHz
        (began, before), (begins, after) = heard(source), heard(out)
        assert round((begins - began) * rate) + lag(before, after) == 0


def test_sound_that_begins_later_than_the_picture_still_does(tmp_path: Path) -> None:
    source = write_film(tmp_path / "late.mp4", sound(6, 48_000), start=1.25)
    out = tmp_path / "out.mp4"
    transcode(source, out, edit=lambda luma, _at: luma, audio_editor=audio_editor(PAYLOAD, KEY), encoding=FAST)
    (began, before), (begins, after) = heard(source), heard(out)
    assert began == pytest.approx(1.25, abs=0.03)
    assert round((begins - began) * 48_000) + lag(before, after) == 0


def test_a_hole_in_the_sound_stays_as_long_as_it_was(tmp_path: Path) -> None:
    whole, path, out = sound(8, 48_000), tmp_path / "hole.mkv", tmp_path / "out.mp4"
    write_film(path, whole, codec="pcm_s16le")
    holed = drop_sound(path, tmp_path / "holed.mkv", 3.0, 4.0)
    transcode(holed, out, edit=lambda luma, _at: luma, audio_editor=audio_editor(PAYLOAD, KEY), encoding=FAST)
    after = heard(out)[1]
    assert np.abs(after[int(3.1 * 48_000) : int(3.9 * 48_000)]).max() < 1e-3
    assert abs(lag(whole[5 * 48_000 :], after[5 * 48_000 :])) <= 48  # Matroska's clock ticks in milliseconds


def drop_sound(src: Path, dst: Path, begin: float, end: float) -> Path:
    with av.open(str(src)) as source, av.open(str(dst), "w") as out:
        tracks = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            kept = packet.stream.type == "video" or not begin <= float((packet.pts or 0) * packet.time_base) < end
            if packet.dts is not None and kept:
                packet.stream = tracks[packet.stream_index]
                out.mux(packet)
    return dst


@pytest.mark.parametrize(("name", "codec"), [("a.mp3", "libmp3lame"), ("a.ogg", "libopus"), ("a.wav", "pcm_s16le")])
def test_sound_alone_is_looked_at_too(marked: Path, tmp_path: Path, name: str, codec: str) -> None:
    samples = heard(marked)[1][:, :2]
    with av.open(str(tmp_path / name), "w") as out:
        write_sound(out, out.add_stream(codec, rate=48_000, layout="stereo"), samples, 48_000)
    assert detect_audio_file(tmp_path / name, keys=[KEY]).payload == PAYLOAD


def test_a_film_without_sound_or_with_silence_is_said_plainly(tmp_path: Path) -> None:
    mute = write_film(tmp_path / "mute.mp4", None)
    assert detect_audio_file(mute, keys=[KEY]).note == "the file has no sound"
    transcode(
        mute, tmp_path / "out.mp4", edit=lambda luma, _at: luma, audio_editor=audio_editor(PAYLOAD, KEY), encoding=FAST
    )
    silent = write_film(tmp_path / "silent.mp4", np.zeros((48_000 * 3, 2), np.float32))
    assert detect_audio_file(silent, keys=[KEY]).note == "the sound is silence: it cannot carry a mark"


def test_what_is_no_sound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound at all\n" * 200)
    with pytest.raises(BadMedia, match="text"):
        detect_audio_file(tmp_path / "text.wav", keys=[KEY])


def test_sound_is_untouched_where_no_mark_is_asked_for(tmp_path: Path) -> None:
    nothing: AudioEditor | None = None
    transcode(BUNNY, tmp_path / "out.mp4", edit=lambda luma, _at: luma, audio_editor=nothing, encoding=FAST)
    np.testing.assert_array_equal(heard(BUNNY)[1], heard(tmp_path / "out.mp4")[1])


def test_the_end_of_sound_that_must_be_encoded_is_not_lost(tmp_path: Path) -> None:
    source = write_film(tmp_path / "a.mkv", sound(6, 48_000), codec="pcm_s16le")
    transcode(source, tmp_path / "out.mp4", edit=lambda luma, _at: luma, encoding=FAST)
    assert 0 <= len(heard(tmp_path / "out.mp4")[1]) - len(heard(source)[1]) < 1024


def test_sound_that_lasts_too_long_is_refused(tmp_path: Path) -> None:
    limits = InputLimits(max_duration=3.0)
    with pytest.raises(BadMedia, match="more than 3 s"):
        detect_audio_file(BUNNY, keys=[KEY], limits=limits)
    with pytest.raises(BadMedia, match="more than 3 s"):
        transcode(
            BUNNY,
            tmp_path / "o.mp4",
            edit=lambda luma, _at: luma,
            audio_editor=audio_editor(PAYLOAD, KEY),
            limits=limits,
        )
