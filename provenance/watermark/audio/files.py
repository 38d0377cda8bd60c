"""The mark in the sound of files. What decodes untrusted bytes and what holds a key are two processes.

The first, in the sandbox, decodes the file and leaves the power of its sound as plain numbers in a folder; the second,
in the sandbox too, has the keys and sees those numbers only.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from core.codec import dump, load
from media.arrays import PowerSpectrum
from media.audio_codec import AudioEditor, open_audio_track
from media.container import check_file
from media.sandbox import client
from media.sandbox.limits import TRANSCODE_LIMITS, InputLimits
from media.sandbox.scan import input_limits
from provenance.watermark.audio.detect import MIN_SEARCHED_RATE, AudioDetection, LevelMeter, search_spectrum
from provenance.watermark.audio.embed import AudioWatermarker, audio_mark_pattern
from provenance.watermark.audio.spectrogram import HOP_SECONDS, grid_width, power_spectrogram
from provenance.watermark.key import WatermarkKey, key_from_json, key_to_json
from provenance.watermark.payload import Payload

SLOW_IMPORTS = ("scipy.fft", "scipy.ndimage")
"""What is imported where it is needed, since it takes long: processes of the sandbox are forked with it."""
NO_AUDIO = "the file has no sound"
_FIRST_SECONDS = 60.0
"""Seconds that are searched first: a mark is nearly always read in them. Only where it is not, all of the sound is."""
_POWER_FILE = "power.f32"
_BATCH = 250  # windows read at once: a second


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundPower:
    """What the decoding process says of the numbers it left: samples a second, how many and of what energy in all;
    `complete` if there is no more sound.
    """

    rate: int
    samples: int = 0
    energy: float = 0.0
    complete: bool = True


def audio_editor(payload: Payload, key: WatermarkKey) -> AudioEditor:
    """For media.transcode.transcode(sound=…): marks each sound track."""
    return partial(AudioWatermarker, pattern=audio_mark_pattern(payload, key))


def detect_audio_file(
    path: Path, *, keys: Sequence[WatermarkKey], issued: Sequence[str] = (), limits: InputLimits | None = None
) -> AudioDetection:
    """What is found in the first sound track of a video or sound file, in the sandbox. Raises BadMedia.

    A mark that is too damaged to be decoded may still be recognised as one of those `issued` (hex).
    """
    limits = limits or input_limits()
    check_file(path, limits)
    for seconds in (_FIRST_SECONDS, limits.max_duration):
        with tempfile.TemporaryDirectory(prefix="assay-sound-") as folder:
            sound = _measure(path, Path(folder), seconds, limits)
            if sound is None:
                return AudioDetection(detected=False, note=NO_AUDIO)
            mark = _search(Path(folder), sound, keys, issued if sound.complete else ())
        if sound.complete or (mark.detected and mark.payload):
            break
    return mark


def _measure(path: Path, folder: Path, seconds: float, limits: InputLimits) -> SoundPower | None:
    """In a process that sees the file and no key."""
    arguments = {"path": str(path.resolve()), "folder": str(folder), "seconds": seconds, "limits": dump(limits)}
    function = "provenance.watermark.audio.files:measure_power_in_process"
    answer = client.run_sandboxed(function, arguments, reads=[path], writes=[folder], limits=TRANSCODE_LIMITS)
    return None if answer is None else load(SoundPower, answer)


def _search(folder: Path, sound: SoundPower, keys: Sequence[WatermarkKey], issued: Sequence[str]) -> AudioDetection:
    """In a process that sees the keys, and no file but the numbers."""
    arguments = {"folder": str(folder), "sound": dump(sound), "keys": [key_to_json(key) for key in keys]}
    answer = client.run_sandboxed(
        "provenance.watermark.audio.files:search_power_in_process",
        arguments | {"issued": list(issued)},
        reads=[folder],
        limits=TRANSCODE_LIMITS,
    )
    mark: AudioDetection = load(AudioDetection, answer)
    return mark


def measure_power_in_process(path: str, folder: str, seconds: float, limits: dict[str, object]) -> SoundPower | None:
    """Decode up to `seconds` of the first sound track into `folder`; None if there is none. For use in the sandbox."""
    for sound in open_audio_track(Path(path), load(InputLimits, limits)):
        if sound.rate < MIN_SEARCHED_RATE:
            return SoundPower(rate=sound.rate)
        level, steps = LevelMeter(), round(seconds / HOP_SECONDS)
        with (Path(folder) / _POWER_FILE).open("wb") as file:
            for batch in power_spectrogram(level.measure(sound.blocks), sound.rate):
                file.write(np.ascontiguousarray(batch, np.float32).data)
                steps -= len(batch)
                if steps <= 0:
                    return SoundPower(rate=sound.rate, samples=level.samples, energy=level.energy, complete=False)
        return SoundPower(rate=sound.rate, samples=level.samples, energy=level.energy)
    return None


def search_power_in_process(
    folder: str, sound: dict[str, object], keys: list[dict[str, str]], issued: list[str]
) -> AudioDetection:
    """Search what measure_power_in_process left. For use in the sandbox."""
    known = load(SoundPower, sound)
    level = LevelMeter(samples=known.samples, energy=known.energy)
    batches = _read_power(Path(folder) / _POWER_FILE)
    return search_spectrum(batches, level, known.rate, [key_from_json(key) for key in keys], issued=issued)


def _read_power(path: Path) -> Iterator[PowerSpectrum]:
    width = grid_width()
    with path.open("rb") as file:
        while len(content := file.read(_BATCH * width * 4)) >= width * 4:
            rows = np.frombuffer(content[: len(content) // (width * 4) * width * 4], np.float32)
            yield rows.reshape(-1, width)
