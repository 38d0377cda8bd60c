"""Looks for marks of our keys in sound, and says how sure that is.

The answer is a test: for sound without the mark, the chance that the pilots agree so well at any of the places tried is
at most tried * exp(-z^2 / 2), whatever the sound (see chips.pilot_z). A payload counts only with its keyed tag.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from provenance.watermark.audio.hearing import HOP, Power, hear
from provenance.watermark.audio.track import Track
from provenance.watermark.issued import Issued
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload

FALSE_ALARM = 1e-9
"""A mark is reported only if sound without one would bring this about with at most this chance."""
SPAN = 5.0
"""Seconds searched at a time; a rest shorter than half is heard with the seconds before it."""
SHORTEST = 1.0
"""Seconds below which nothing is searched."""
SILENCE = 1e-7
"""Mean square, -70 dB of full scale: below, there is nothing to carry a mark."""

_LOWEST_RATE = 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioMark:
    """What was found in `seconds` of sound. `p_value` covers all that was tried.

    `payload` only if its tag held, or, if `among` is not 0, if it was told apart from so many that were issued.
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
) -> AudioMark:
    """Of blocks (n, channels), full scale at 1: listens until a payload is read, or to the end; constant memory.

    What cannot be read is compared with the payloads `issued` (hex).
    """
    if not keys:
        return AudioMark(detected=False, note="no key to look with")
    if rate < _LOWEST_RATE:
        return AudioMark(detected=False, note=f"sound at {rate} Hz cannot carry a mark")
    level = _Level()
    tracks = [Track(key) for key in keys]
    seconds, questions = 0.0, len(keys) * (2 if issued else 1)
    for heard in _spans(hear(level.of(blocks), rate)):
        seconds += len(heard) * HOP
        for track in tracks:
            track.listen(heard)
        if any(track.payload and track.chance() * questions <= FALSE_ALARM for track in tracks):
            break
    if seconds < SHORTEST or level.mean < SILENCE:
        return AudioMark(detected=False, seconds=level.samples / rate, note=_why_not(level, rate))
    if issued and not any(track.payload for track in tracks):
        for track in tracks:
            track.recognise(Issued(issued, track.key))
    return _mark(min(tracks, key=lambda track: track.chance()), questions, seconds)


def _mark(track: Track, questions: int, seconds: float) -> AudioMark:
    chance = min(1.0, track.chance() * questions)
    if chance > FALSE_ALARM:
        return AudioMark(detected=False, p_value=chance, seconds=seconds, note="no mark of ours found in the sound")
    note = f"key {track.key.id}; {track.how}"
    if track.payload is None:
        note = f"a mark of key {track.key.id} is present in the sound, but damaged: its payload cannot be read"
    return AudioMark(
        detected=True, payload=track.payload, p_value=chance, seconds=seconds, note=note, among=track.among
    )


def _spans(batches: Iterable[Power]) -> Iterator[Power]:
    waiting: list[Power] = []
    enough = round(1.5 * SPAN / HOP)
    for batch in batches:
        waiting.append(batch)
        if sum(map(len, waiting)) >= enough:
            heard = np.concatenate(waiting)
            yield heard[: round(SPAN / HOP)]
            waiting = [heard[round(SPAN / HOP) :]]
    if waiting and sum(map(len, waiting)) * HOP >= SHORTEST:
        yield np.concatenate(waiting)


class _Level:
    """Measures how loud sound is that passes."""

    def __init__(self) -> None:
        self.samples = 0
        self._sum = 0.0

    @property
    def mean(self) -> float:
        return self._sum / max(1, self.samples)

    def of(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        for block in blocks:
            sound = np.nan_to_num(np.asarray(block, np.float32))
            self.samples += len(sound)
            self._sum += float(np.square(sound, dtype=np.float64).mean(1).sum()) if len(sound) else 0.0
            yield sound


def _why_not(level: _Level, rate: int) -> str:
    if level.samples == 0:
        return "there is no sound"
    if level.mean < SILENCE:
        return "the sound is silence: it cannot carry a mark"
    return f"the sound lasts {level.samples / rate:.1f} s: too short to look for a mark"
