"""The mark in sound, played by a small speaker in a room and picked up by a microphone, and through telephones' codecs.

    ASSAY_DATA=… python -m evals.watermark.sound_through_air [clips of each kind]

Rooms are drawn, not measured: a direct path, early reflections, and a tail of noise that falls by 60 dB in the
room's time (Moorer, Computer Music Journal 3(2), 1979). The speaker has 180 Hz to 11 kHz and is driven into soft
clipping; noise as of a ventilator (falling by 6 dB an octave) is added at the microphone. Clips are those of
audio_robustness that nothing was tuned on. Writes evals/results/audio_through_air.json.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, sosfilt

from evals.bench.machine_info import machine_info
from evals.intervals import wilson_interval
from evals.watermark.audio_attacks import AudioAttack, AudioSignal, encode_and_decode
from evals.watermark.audio_clips import AudioClip, evaluation_clips
from evals.watermark.audio_robustness import KEY, PAYLOAD, embed_test_mark
from provenance.watermark.audio import detect_audio

OUT = Path("evals/results/audio_through_air.json")
CLIPS_PER_KIND = 8
"""So many at the most of speech, film and bass."""
_FIRST_REFLECTIONS = 6
_BLOCK = 4096


def play_in_room(sound: AudioSignal, *, decay: float, distance: float, snr: float, seed: int = 1) -> AudioSignal:
    """`decay` in seconds to -60 dB, `distance` in metres from speaker to microphone, noise at `snr` dB."""
    samples, rate = sound
    mono = samples.mean(1)
    loud = np.tanh(1.5 * mono / (np.abs(mono).max() + 1e-9))
    played = sosfilt(butter(2, (180.0, min(11_000.0, 0.45 * rate)), "bandpass", fs=rate, output="sos"), loud)
    heard = fftconvolve(played, room_response(rate, decay=decay, distance=distance, seed=seed))[: len(played)]
    rng = np.random.default_rng(seed)
    noise = np.cumsum(rng.normal(0, 1, len(heard)))
    noise = sosfilt(butter(2, 60.0, "highpass", fs=rate, output="sos"), noise)
    noise *= np.sqrt(np.mean(heard**2) / np.mean(noise**2)) * 10 ** (-snr / 20)
    mixed = heard + noise
    return (0.5 * mixed / np.abs(mixed).max())[:, None].astype(np.float32), rate


def room_response(rate: int, *, decay: float, distance: float, seed: int) -> NDArray[np.float64]:
    """The direct sound, a few reflections from near walls, and a diffuse tail; louder beside it the farther away."""
    rng = np.random.default_rng(seed)
    count = max(1, round(decay * rate))
    response = rng.normal(0, 1, count) * 10 ** (-3 * np.arange(count) / count)
    response[: round(0.012 * rate)] = 0
    response *= 0.25 * distance / np.sqrt(np.sum(response**2) + 1e-12)
    for delay in rng.uniform(0.002, 0.02, _FIRST_REFLECTIONS):
        response[min(count - 1, round(delay * rate))] += (
            rng.choice([-1, 1]) * rng.uniform(0.15, 0.4) * min(1.5, distance)
        )
    response[0] = 1.0
    return np.asarray(response)


AIR_ATTACKS: dict[str, AudioAttack] = {
    "none": lambda sound: sound,
    "living_room_0.5m": partial(play_in_room, decay=0.4, distance=0.5, snr=30.0),
    "living_room_2m": partial(play_in_room, decay=0.4, distance=2.0, snr=20.0),
    "office_2m_noisy": partial(play_in_room, decay=0.6, distance=2.0, snr=10.0),
    "hall_4m": partial(play_in_room, decay=1.5, distance=4.0, snr=20.0),
    "phone_g711": partial(encode_and_decode, container="wav", encoder="pcm_alaw", bitrate=64_000, rate=8000),
    "phone_amr_12k": partial(
        encode_and_decode, container="amr", encoder="libopencore_amrnb", bitrate=12_200, rate=8000
    ),
    "phone_amr_5k": partial(encode_and_decode, container="amr", encoder="libopencore_amrnb", bitrate=5_150, rate=8000),
    "phone_g722": partial(encode_and_decode, container="wav", encoder="g722", bitrate=64_000, rate=16_000),
    "phone_opus_16k": partial(encode_and_decode, container="ogg", encoder="libopus", bitrate=16_000),
    "living_room_then_amr": lambda sound: AIR_ATTACKS["phone_amr_12k"](AIR_ATTACKS["living_room_0.5m"](sound)),
}


def main(most: int = CLIPS_PER_KIND) -> None:
    """Runs all of it: seconds."""
    clips = _held_out(most)
    cells: dict[str, Counter[str]] = {name: Counter() for name in AIR_ATTACKS}
    by_kind: dict[str, dict[str, int]] = {name: {} for name in AIR_ATTACKS}
    for clip in clips:
        samples, rate = embed_test_mark(clip.sound)
        mono = np.ascontiguousarray(samples.mean(1, keepdims=True)), rate  # telephones have one channel
        for name, attack in AIR_ATTACKS.items():
            exact, recognised, wrong = _read(attack(mono))
            cells[name].update(n=1, exact=exact, recognised=recognised, wrong=wrong)
            by_kind[name][clip.content] = by_kind[name].get(clip.content, 0) + recognised
        print(clip.name, flush=True)
    results = {
        "clips": dict(Counter(clip.content for clip in clips)),
        "attacks": {name: _with_interval(counts) | {"by_kind": by_kind[name]} for name, counts in cells.items()},
        "machine": machine_info(),
    }
    OUT.write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps(results["attacks"], indent=1))


def _held_out(most: int) -> list[AudioClip]:
    taken: Counter[str] = Counter()
    chosen = []
    for clip in evaluation_clips(Path(os.environ["ASSAY_DATA"])):
        if clip.group == "held_out" and taken[clip.content] < most:
            taken[clip.content] += 1
            chosen.append(clip)
    return chosen


def _read(sound: AudioSignal) -> tuple[int, int, int]:
    """Exact, recognised among a thousand issued, and another payload."""
    blind = detect_audio(_blocks(sound[0]), sound[1], [KEY])
    if blind.payload:
        return int(blind.payload == PAYLOAD), int(blind.payload == PAYLOAD), int(blind.payload != PAYLOAD)
    matched = detect_audio(_blocks(sound[0]), sound[1], [KEY], issued=(*_others(), PAYLOAD.hex))
    return 0, int(matched.payload == PAYLOAD), int(matched.payload not in (None, PAYLOAD))


def _others() -> Sequence[str]:
    return [f"{PAYLOAD.hex[:8]}{index:016x}" for index in range(1, 1000)]


def _blocks(samples: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    return [samples[start : start + _BLOCK] for start in range(0, len(samples), _BLOCK)]


def _with_interval(counts: Counter[str]) -> dict[str, object]:
    low, high = wilson_interval(counts["recognised"], counts["n"])
    return {
        **{kind: counts[kind] for kind in ("n", "exact", "recognised", "wrong")},
        "low": round(low, 3),
        "high": round(high, 3),
    }


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
