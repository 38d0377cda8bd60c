"""How well voices are distinguished: `ASSAY_DATA=FOLDER python -m evals.likeness.speaker_verification`.

Reads audio/index.csv for measuring only. Of each speaker 3 s pieces of speech are cut, none overlapping; every piece is
compared with every other, of the same recording (easy) and of another one (the figure that counts). Then the same with
one side changed: AAC at 64 kbit/s, noise at 10 dB, music at 10 dB. Clones are compared with all that was heard of whom
they imitate. One person in two languages is not among these data: see docs/reference/likeness.md.
Writes evals/results/likeness_voices.json.
"""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from classifiers.audio.voice_template import embed_voice, extract_speech
from classifiers.models import PACKAGED_MODELS
from core.embedding_spaces import VOICE_SPACE
from evals.bench.machine_info import Spread, machine_info, min_median_max
from evals.likeness.biometric_metrics import (
    CountedProportion,
    EqualErrorRate,
    MatchRate,
    eer,
    proportion_interval,
    tar_at_false_match_rates,
)
from evals.likeness.voice_degradations import add_music, add_white_noise, through_aac
from media.arrays import AudioSamples
from media.audio_decode import decode_mono_audio_in_process
from media.video import MONO_SAMPLE_RATE

RESULT = Path(__file__).parents[1] / "results" / "likeness_voices.json"
FALSE_MATCH_RATES = (1e-2, 1e-3, 1e-4)
"""Shares of pairs of strangers."""
_PIECE = 3 * MONO_SAMPLE_RATE
"""Samples of a piece: 3 s of speech."""
_SHORT_CORPORA = ("fsdd",)  # spoken digits, under a second each

SpeechPiece = tuple[str, str, NDArray[np.float32]]
"""(speaker, recording, template)."""


class CloneFigures(TypedDict):
    """Clones against the enrolled voices that they imitate; `distance` is the threshold from real strangers."""

    clones_of_enrolled: int
    strangers: int
    matched_at_1_percent_of_clones_of_others: CountedProportion
    matched_at_1_percent_of_real_strangers: CountedProportion
    distance: float
    enrolled_rates: list[MatchRate]


def main() -> None:
    """Measure and write."""
    data = Path(os.environ["ASSAY_DATA"])
    rows = list(csv.DictReader((data / "audio" / "index.csv").open(newline="")))
    recordings = {row["path"]: _decode_audio(data / row["path"]) for row in rows if row["corpus"] not in _SHORT_CORPORA}
    people = {row["path"]: row["speaker"] for row in rows if row["kind"] == "real_speech" and row["speaker"]}
    people = {path: who for path, who in people.items() if path in recordings}
    tune = [
        recordings[row["path"]]
        for row in rows
        if row["kind"] == "music" and len(recordings[row["path"]]) > 20 * MONO_SAMPLE_RATE
    ]
    clean = _pieces(recordings, people, lambda samples: samples)
    changed: dict[str, Callable[[AudioSamples], AudioSamples]] = {
        "AAC 64 kbit/s": through_aac,
        "noise at 10 dB": lambda samples: add_white_noise(samples, 10.0),
        "music at 10 dB": lambda samples: add_music(samples, tune[0], 10.0),
    }
    result = {
        "space": VOICE_SPACE.name,
        "command": "python -m evals.likeness.speaker_verification",
        "speakers": len({who for who, _, _ in clean}),
        "pieces_of_3_s": len(clean),
        "clean": _verification_metrics(clean, clean),
        "changed": {
            name: _verification_metrics(clean, _pieces(recordings, people, how)) for name, how in changed.items()
        },
        "clones": _clones(rows, recordings, clean),
        "cpu_s_a_piece": _cost(recordings),
        "machine": machine_info(),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def _decode_audio(path: Path) -> AudioSamples:
    answer = decode_mono_audio_in_process(str(path), 600.0, {})
    return np.zeros(0, np.float32) if answer is None else np.asarray(answer["samples"], np.float32)


def _pieces(
    recordings: dict[str, AudioSamples], people: dict[str, str], change: Callable[[AudioSamples], AudioSamples]
) -> list[SpeechPiece]:
    """3 s of speech at a time, changed before the speech in it is sought."""
    pieces = []
    for path, who in people.items():
        speech, _ = extract_speech(change(recordings[path]), PACKAGED_MODELS)
        for at in range(0, len(speech) - _PIECE + 1, _PIECE):
            pieces.append((who, path, embed_voice(speech[at : at + _PIECE], PACKAGED_MODELS)))
    return pieces


class VerificationMetrics(TypedDict):
    """Of pieces of speech compared with pieces of other recordings."""

    pairs_of_one: int
    of_them_other_recordings: int
    pairs_of_strangers: int
    eer: EqualErrorRate
    eer_other_recordings: EqualErrorRate
    rates: list[MatchRate]


def _verification_metrics(ours: list[SpeechPiece], theirs: list[SpeechPiece]) -> VerificationMetrics:
    """Pieces of one list against those of the other; a piece and its own changed twin are not compared."""
    pairs = combinations(range(len(ours)), 2) if ours is theirs else None
    same: list[float] = []
    other_take: list[float] = []
    strangers: list[float] = []
    for a, b in pairs or ((a, b) for a in range(len(ours)) for b in range(len(theirs))):
        (speaker, recording, template), (other_speaker, other_recording, other_template) = ours[a], theirs[b]
        distance = float(np.linalg.norm(template - other_template))
        if speaker != other_speaker:
            strangers.append(distance)
        elif recording != other_recording:
            other_take.append(distance)
        elif ours is theirs:
            same.append(distance)
    yes, no = np.array(same + other_take), np.array(strangers)
    across = np.array(other_take)
    return {
        "pairs_of_one": len(yes),
        "of_them_other_recordings": len(across),
        "pairs_of_strangers": len(no),
        "eer": eer(-yes, -no),
        "eer_other_recordings": eer(-across, -no),
        "rates": tar_at_false_match_rates(across, no, FALSE_MATCH_RATES),
    }


def _clones(rows: list[dict[str, str]], recordings: dict[str, AudioSamples], clean: list[SpeechPiece]) -> CloneFigures:
    """Clones against all pieces of the speaker they imitate; thresholds from clones against everyone else."""
    enrolled = {who: _mean([piece for name, _, piece in clean if name == who]) for who, _, _ in clean}
    same: list[float] = []
    strangers: list[float] = []
    for row in rows:
        if row["kind"] != "cloned":
            continue
        clone = embed_voice(extract_speech(recordings[row["path"]], PACKAGED_MODELS)[0], PACKAGED_MODELS)
        for who, template in enrolled.items():
            (same if who == row["speaker"] else strangers).append(float(np.linalg.norm(clone - template)))
    yes, no = np.array(same), np.array(strangers)
    real = np.array(
        [float(np.linalg.norm(piece - enrolled[who])) for name, _, piece in clean for who in enrolled if who != name]
    )
    at = float(np.quantile(real, 1e-2))
    return {
        "clones_of_enrolled": len(yes),
        "strangers": len(no),
        "matched_at_1_percent_of_clones_of_others": proportion_interval(
            int((yes < np.quantile(no, 1e-2)).sum()), len(yes)
        ),
        "matched_at_1_percent_of_real_strangers": proportion_interval(int((yes < at).sum()), len(yes)),
        "distance": round(at, 4),
        "enrolled_rates": tar_at_false_match_rates(yes, real, FALSE_MATCH_RATES),
    }


def _mean(templates: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    mean = np.mean(templates, axis=0)
    return np.asarray(mean / np.linalg.norm(mean), np.float32)


def _cost(recordings: dict[str, AudioSamples]) -> Spread:
    seconds = []
    for samples in list(recordings.values())[:20]:
        began = time.process_time()
        embed_voice(samples[:_PIECE], PACKAGED_MODELS)
        seconds.append(time.process_time() - began)
    return min_median_max(seconds[1:])


if __name__ == "__main__":
    main()
