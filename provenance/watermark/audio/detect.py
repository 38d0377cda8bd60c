"""Looks for marks of our keys in sound, and says how sure that is.

The answer is a test: for sound without the mark, the chance that the pilots agree so well at any of the places tried is
at most tried * exp(-z^2 / 2), whatever the sound (see chips.pilot_z). A payload counts only with its keyed tag.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media.arrays import PowerSpectrum
from provenance.watermark.audio.spectrogram import HOP_SECONDS, power_spectrogram
from provenance.watermark.audio.streaming_detector import StreamingDetector
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload
from provenance.watermark.payload_set import PayloadSet

FALSE_ALARM_RATE = 1e-9
"""A mark is reported only if sound without one would bring this about with at most this chance."""
SPAN_SECONDS = 5.0
"""Seconds searched at a time; a rest shorter than half is heard with the seconds before it."""
MIN_SECONDS = 1.0
"""Seconds below which nothing is searched."""
SILENCE_POWER = 1e-7
"""Mean square, -70 dB of full scale: below, there is nothing to carry a mark."""

MIN_SEARCHED_RATE = 8_000
"""Hz: below, most of the bands are missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioDetection:
    """What was found in `seconds` of sound. `p_value` covers all that was tried.

    `payload` only if its tag held, or, if `among` is not 0, if it was matched against so many that were issued.
    """

    detected: bool
    payload: Payload | None = None
    p_value: float = 1.0
    seconds: float = 0.0
    note: str = ""
    among: int = 0


def detect_audio(
    blocks: Iterable[NDArray[np.float32]],
    rate: int,
    keys: Sequence[WatermarkKey],
    *,
    issued: Sequence[str] = (),
) -> AudioDetection:
    """Of blocks (n, channels), full scale at 1: listens until a payload is read, or to the end; constant memory.

    What cannot be read is compared with the payloads `issued` (hex).
    """
    level = LevelMeter()
    return search_spectrum(power_spectrogram(level.measure(blocks), rate), level, rate, keys, issued=issued)


def search_spectrum(
    batches: Iterable[PowerSpectrum],
    level: LevelMeter,
    rate: int,
    keys: Sequence[WatermarkKey],
    *,
    issued: Sequence[str] = (),
) -> AudioDetection:
    """As detect_audio, in what power_spectrogram made of sound at `rate` Hz, of this level."""
    if not keys:
        return AudioDetection(detected=False, note="no key to look with")
    if rate < MIN_SEARCHED_RATE:
        return AudioDetection(detected=False, note=f"sound at {rate} Hz cannot carry a mark")
    tracks = [StreamingDetector(key) for key in keys]
    seconds, questions = 0.0, len(keys) * (2 if issued else 1)
    for spectrum in _spans(batches):
        seconds += len(spectrum) * HOP_SECONDS
        for track in tracks:
            track.process(spectrum)
        if any(track.payload and track.p_value() * questions <= FALSE_ALARM_RATE for track in tracks):
            break
    if seconds < MIN_SECONDS or level.mean < SILENCE_POWER:
        return AudioDetection(detected=False, seconds=level.samples / rate, note=_rejection_note(level, rate))
    if issued and not any(track.payload for track in tracks):
        for track in tracks:
            track.match_payloads(PayloadSet(issued, track.key))
    return _detection(min(tracks, key=lambda track: track.p_value()), questions, seconds)


def _detection(track: StreamingDetector, questions: int, seconds: float) -> AudioDetection:
    chance = min(1.0, track.p_value() * questions)
    if chance > FALSE_ALARM_RATE:
        return AudioDetection(
            detected=False, p_value=chance, seconds=seconds, note="no mark of ours found in the sound"
        )
    note = f"key {track.key.id}; {track.sync_note}"
    if track.payload is None:
        note = f"a mark of key {track.key.id} is present in the sound, but damaged: its payload cannot be read"
    return AudioDetection(
        detected=True, payload=track.payload, p_value=chance, seconds=seconds, note=note, among=track.among
    )


def _spans(batches: Iterable[PowerSpectrum]) -> Iterator[PowerSpectrum]:
    waiting: list[PowerSpectrum] = []
    enough = round(1.5 * SPAN_SECONDS / HOP_SECONDS)
    for batch in batches:
        waiting.append(batch)
        if sum(map(len, waiting)) >= enough:
            spectrum = np.concatenate(waiting)
            yield spectrum[: round(SPAN_SECONDS / HOP_SECONDS)]
            waiting = [spectrum[round(SPAN_SECONDS / HOP_SECONDS) :]]
    if waiting and sum(map(len, waiting)) * HOP_SECONDS >= MIN_SECONDS:
        yield np.concatenate(waiting)


@dataclass(slots=True)
class LevelMeter:
    """Measures how loud sound is that passes: samples so far, and the sum of their squares."""

    samples: int = 0
    energy: float = 0.0

    @property
    def mean(self) -> float:
        """Mean square, full scale at 1."""
        return self.energy / max(1, self.samples)

    def measure(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """The same blocks, without what is no number."""
        for block in blocks:
            sound = np.nan_to_num(np.asarray(block, np.float32))
            self.samples += len(sound)
            self.energy += float(np.square(sound, dtype=np.float64).mean(1).sum()) if len(sound) else 0.0
            yield sound


def _rejection_note(level: LevelMeter, rate: int) -> str:
    if level.samples == 0:
        return "there is no sound"
    if level.mean < SILENCE_POWER:
        return "the sound is silence: it cannot carry a mark"
    return f"the sound lasts {level.samples / rate:.1f} s: too short to look for a mark"
