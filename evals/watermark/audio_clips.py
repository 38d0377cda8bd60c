"""Sound to measure the audio watermark on: five seconds each, tuned on or held out, by content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from evals.watermark.audio_attacks import AudioSignal

EXCERPT_SECONDS = 5.0
"""Seconds of a clip: in so many the mark is whole."""
BUNNY = Path("deploy/demo/bunny.mp4")

# The layout, the mask and the detector were chosen while looking at these; other recordings were used at the end only.
TUNING_CLIPS = {
    "audio/tortoise_voices/daniel/2.flac": 0.0,
    "audio/tortoise_voices/lj/1.flac": 0.0,
    "audio/librispeech_tc100_1utt/1088-129236-0000.flac": 1.0,
    "audio/resemblyzer/donald_trump/fake/1bB5db0Srrw.mp3": 10.0,
    "audio/librosa_music/147793__setuniman__sweet-waltz-0i-22mi.ogg": 10.0,
    "audio/librosa_music/Hungarian_Dance_number_5_-_Allegro_in_F_sharp_minor_(string_orchestra).ogg": 10.0,
}
_SPEECH = ("tortoise_voices", "librispeech_tc100_1utt", "resemblyzer", "rtvc_samples", "tortoise_cloned")
_MUSIC = "audio/librosa_music/pibble.ogg"
_MUSIC_AT = (0.0, 8.0, 16.0, 24.0, 32.0, 40.0)
"""Seconds at which excerpts of the sparse bass begin."""
_OTHER_STRETCHES = (0.0, 20.0, 30.0, 38.0)
"""Seconds at which excerpts of music begin; other stretches of the same pieces were tuned on."""
_FILMS = (
    "videos/decord/examples/flipping_a_pancake.mkv",
    "videos/face_recognition_hamilton/short_hamilton_clip.mp4",
    "videos/liveportrait/driving/d14.mp4",
    "videos/liveportrait/driving/d18.mp4",
    "videos/liveportrait/driving/d20.mp4",
    "videos/mdn_learning_area/html/multimedia-and-embedding/video-and-audio-content/rabbit320.mp4",
    "videos/mmaction2_tests/test.avi",
    "videos/moviepy/chaplin.mp4",
    "videos/weapon_detection/test_video/knife.mp4",
)
_SILENCE = 3e-4  # rms, -70 dB of full scale: such stretches are left out


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioClip:
    """Five seconds of sound. `group`: tuned_on, other_stretches (of recordings tuned on), held_out."""

    name: str
    content: str
    group: str
    sound: AudioSignal


def evaluation_clips(data: Path) -> Iterator[AudioClip]:
    """First those tuned on, then the others: speech, music, and the sound of films; none that is silent."""
    for clip in _all(data):
        if np.sqrt(np.mean(clip.sound[0] ** 2)) > _SILENCE:
            yield clip


def read_audio(path: Path) -> AudioSignal:
    """All sound of a file as float32, more than two channels mixed down to two."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        layout = "mono" if stream.channels == 1 else "stereo"
        resampler = AudioResampler(format="fltp", layout=layout, rate=stream.rate)
        frames: list[Any] = [piece for frame in container.decode(stream) for piece in resampler.resample(frame)]
        return np.concatenate([frame.to_ndarray().T for frame in frames]).astype(np.float32), int(stream.rate)


def excerpts(data: Path) -> Iterator[tuple[str, AudioSignal]]:
    """Every five seconds of all recordings, for false alarms; the short digits of FSDD joined."""
    for path in sorted((data / "audio").rglob("*")):
        if path.suffix in {".flac", ".ogg", ".mp3"}:
            yield from _excerpts_of(path.name, read_audio(path))
    digits = [read_audio(path)[0] for path in sorted((data / "audio/fsdd").rglob("*.wav"))]
    if digits:
        yield from _excerpts_of("fsdd", (np.concatenate(digits), 8000))


def _all(data: Path) -> Iterator[AudioClip]:
    for name, start in TUNING_CLIPS.items():
        yield _clip(data / name, start, "music" if "music" in name else "speech", "tuned_on")
    for name in TUNING_CLIPS:
        for start in _OTHER_STRETCHES if "music" in name else ():
            yield _clip(data / name, start, "music", "other_stretches")
    for path in _speech(data):
        yield _clip(path, 0.0, "speech", "held_out")
    for start in _MUSIC_AT:
        yield _clip(data / _MUSIC, start, "sparse bass", "held_out")
    for path in (BUNNY, *(data / name for name in _FILMS)):
        yield _clip(path, 0.0, "film", "held_out")


def _excerpts_of(name: str, sound: AudioSignal) -> Iterator[tuple[str, AudioSignal]]:
    samples, rate = sound
    size = round(EXCERPT_SECONDS * rate)
    for start in range(0, len(samples) - size + 1, size):
        yield f"{name}@{start / rate:.0f}", (samples[start : start + size], rate)


def _speech(data: Path) -> Iterator[Path]:
    for folder in _SPEECH:
        for path in sorted((data / "audio" / folder).rglob("*")):
            known = str(path.relative_to(data)) in TUNING_CLIPS
            if path.suffix in {".flac", ".mp3"} and not known and _length(path) >= EXCERPT_SECONDS:
                yield path


def _length(path: Path) -> float:
    with av.open(str(path)) as container:
        return (container.duration or 0) / 1e6


def _clip(path: Path, start: float, content: str, group: str) -> AudioClip:
    samples, rate = read_audio(path)
    part: NDArray[np.float32] = samples[round(start * rate) :][: round(EXCERPT_SECONDS * rate)]
    return AudioClip(
        name=f"{path.parent.name}/{path.name}@{start:.0f}", content=content, group=group, sound=(part, rate)
    )
