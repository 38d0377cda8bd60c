"""One person in two languages: `python -m evals.likeness.cross_language FOLDER`. A weak spot, measured.

FOLDER holds Debian's asterisk-core-sounds-en-g722, -es-, -fr-, -it- and -ru- unpacked (`apt-get download`, then
`dpkg-deb -x`; CC-BY-SA): real voices, in folders named language_COUNTRY_sex_Name. Allison speaks English and Spanish
there; that both are one person only the names say. Prompts are put together to pieces of 3 s.
Writes evals/results/likeness_languages.json.
"""

from __future__ import annotations

import json
import sys
from itertools import combinations, product
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from classifiers.audio.voice_template import embed_voice, extract_speech
from classifiers.match_calibration import VOICE_CALIBRATION
from classifiers.models import PACKAGED_MODELS
from core.embedding_spaces import VOICE_SPACE
from evals.bench.machine_info import machine_info
from evals.likeness.biometric_metrics import eer, percentiles, proportion_interval
from media.video import MONO_SAMPLE_RATE

RESULT = Path(__file__).parents[1] / "results" / "likeness_languages.json"
_PIECE = 3 * MONO_SAMPLE_RATE
"""Samples of a piece: 3 s of speech."""
_PIECES = 16
"""Pieces of each voice at the most."""

PieceEmbeddings = list[NDArray[np.float32]]


def main() -> None:
    """Measure and write."""
    folders = sorted(path for path in Path(sys.argv[1]).rglob("*_*_[fm]_*") if path.is_dir())
    pieces_by_voice = {folder.name: _templates(folder) for folder in folders}
    pairs = [
        (voice, other) for voice, other in combinations(pieces_by_voice, 2) if _speaker_of(voice) == _speaker_of(other)
    ]
    if not pairs:
        raise SystemExit("nobody speaks two languages in that folder: unpack the packages named above")
    same_language = [_distance(a, b) for pieces in pieces_by_voice.values() for a, b in combinations(pieces, 2)]
    across = [
        _distance(a, b) for voice, other in pairs for a, b in product(pieces_by_voice[voice], pieces_by_voice[other])
    ]
    strangers = [
        _distance(a, b)
        for voice, other in combinations(pieces_by_voice, 2)
        if _speaker_of(voice) != _speaker_of(other)
        for a, b in product(pieces_by_voice[voice], pieces_by_voice[other])
    ]
    enrolled = [
        _distance(_mean(pieces_by_voice[voice]), b)
        for voice, other in (*pairs, *(pair[::-1] for pair in pairs))
        for b in pieces_by_voice[other]
    ]
    limit, strict = VOICE_CALIBRATION.distance_limit(1), float(np.quantile(strangers, 1e-2))
    result: dict[str, object] = {
        "space": VOICE_SPACE.name,
        "command": "python -m evals.likeness.cross_language FOLDER",
        "voices": {name: len(pieces) for name, pieces in pieces_by_voice.items()},
        "in_two_languages": [list(pair) for pair in pairs],
        "distance": {
            "one_person_one_language": percentiles(np.array(same_language)),
            "one_person_two_languages": percentiles(np.array(across)),
            "strangers": percentiles(np.array(strangers)),
        },
        "eer_across_languages": eer(-np.array(across), -np.array(strangers)),
        "threshold_at_1_percent": round(limit, 4),
        "piece_against_piece_matched": proportion_interval(sum(distance < limit for distance in across), len(across)),
        "piece_against_enrolled_in_the_other_language_matched": proportion_interval(
            sum(distance < limit for distance in enrolled), len(enrolled)
        ),
        "piece_against_piece_matched_at_1_percent_of_these_strangers": proportion_interval(
            sum(distance < strict for distance in across), len(across)
        ),
        "strangers_matched": proportion_interval(sum(distance < limit for distance in strangers), len(strangers)),
        "machine": machine_info(),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def _templates(folder: Path) -> PieceEmbeddings:
    """The first pieces of 3 s of speech of all prompts, in the order of their names."""
    gathered, pieces = np.zeros(0, np.float32), []
    for file in sorted(folder.glob("*.g722")):
        speech, _ = extract_speech(_decode_audio(file), PACKAGED_MODELS)
        gathered = np.concatenate([gathered, speech])
        if len(gathered) >= _PIECE:
            pieces.append(embed_voice(gathered[:_PIECE], PACKAGED_MODELS))
            gathered = gathered[_PIECE:]
        if len(pieces) == _PIECES:
            break
    return pieces


def _decode_audio(file: Path) -> NDArray[np.float32]:
    with av.open(str(file), format="g722") as container:
        blocks = [np.asarray(frame.to_ndarray(), np.float32).ravel() / 32768 for frame in container.decode(audio=0)]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def _speaker_of(folder: str) -> str:
    return folder.rpartition("_")[2]


def _distance(template: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.linalg.norm(template - other))


def _mean(templates: PieceEmbeddings) -> NDArray[np.float32]:
    mean = np.asarray(np.mean(templates, axis=0), np.float32)
    return np.asarray(mean / np.linalg.norm(mean), np.float32)


if __name__ == "__main__":
    main()
