"""`python -m evals.footage.spoken SAID OUT`: how well speech is heard, and whether threats in it are found.

SAID is the folder that evals/footage/speak.py filled. Each sentence is heard as it is, and in pink noise of 10 dB,
through the product's own decoder, recogniser and screening of words; what is found in speech is compared with what is
found where the same words reach screening without a mistake. Words are compared without marks and capitals, Japanese by
letters, since it writes no spaces.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
import tomllib
import unicodedata
import wave
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.audio.spoken_words import hear_words
from classifiers.base import measure_all
from classifiers.image.sampled_frames import flat_image, sample_of_images
from classifiers.models import PACKAGED_MODELS
from classifiers.passages import FootageWords, Passage, PassageKind
from classifiers.text.footage_words import FootageWordScreening
from core.edit_distance import edit_distance
from core.signals import Span, Subject
from evals.intervals import wilson_interval
from media.audio_decode import decode_mono_audio
from media.video import VideoSample

_SEED = 14
_NOISE_DB = 10.0  # by how much the sentence is louder than the noise
_DRAWS = 2000  # of the bootstrap over sentences
_BY_LETTERS = frozenset({"ja"})
_THRESHOLDS = {  # of the rules video_heard_*.toml
    "heard_threat": 0.5,
    "heard_instructions": 0.5,
    "heard_hate": 0.5,
    "heard_sexual": 0.5,
    "heard_fraud": 0.7,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardSentence:
    """What came of one sentence: `wrong` of `total` words, and whether rules hold what was heard, and the text."""

    language: str
    threat: bool
    noisy: bool
    wrong: int
    total: int
    held: bool
    held_as_text: bool


def main() -> None:
    """Measure, and write the results."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("said", type=Path)
    asked.add_argument("out", type=Path)
    asked.add_argument("--languages", nargs="*", help="of these alone")
    asked.add_argument("--harmless", type=int, help="so many harmless sentences of each, the first ones")
    given = asked.parse_args()
    sentences = tomllib.loads(Path(__file__).with_name("spoken_sentences.toml").read_text(encoding="utf-8"))
    sentences = {name: said for name, said in sentences.items() if name in (given.languages or sentences)}
    began = time.process_time()
    rows = [
        row
        for language, said in sentences.items()
        for kind in ("threats", "harmless")
        for place, text in enumerate(said[kind][: given.harmless if kind == "harmless" else None])
        for row in _heard(given.said / language / f"{kind}-{place}.wav", language, text, threat=kind == "threats")
    ]
    chosen = np.random.default_rng(_SEED)
    result = {
        "languages": {
            language: {
                "clean": _figures([row for row in rows if row.language == language and not row.noisy], chosen),
                "noise_10_db": _figures([row for row in rows if row.language == language and row.noisy], chosen),
            }
            for language in sentences
        },
        "all": {
            "clean": _figures([row for row in rows if not row.noisy], chosen),
            "noise_10_db": _figures([row for row in rows if row.noisy], chosen),
        },
        "about": "Sentences spoken by Kokoro (82 M, 8 bits), one or two voices a language, in pink noise.",
        "cpu_seconds": round(time.process_time() - began, 1),
        "machine": f"{platform.machine()}, {platform.python_version()}",
        "command": " ".join(["python -m evals.footage.spoken SAID OUT", *sys.argv[3:]]),
    }
    given.out.write_text(json.dumps(result, indent=1) + "\n")


def _heard(file: Path, language: str, text: str, *, threat: bool) -> list[HeardSentence]:
    as_text = is_held([Passage(kind=PassageKind.HEARD, text=text, at=Span(start=0.0, end=3.0), certainty=1.0)])
    rows = []
    for noisy in (False, True):
        passages = _passages(file, noisy=noisy)
        wanted, found = (_units(some, language) for some in (text, " ".join(one.text for one in passages)))
        rows.append(
            HeardSentence(
                language=language,
                threat=threat,
                noisy=noisy,
                wrong=edit_distance(wanted, found),
                total=len(wanted),
                held=is_held(passages),
                held_as_text=as_text,
            )
        )
    print(file.parent.name, file.stem, [(row.wrong, row.total, row.held) for row in rows], file=sys.stderr, flush=True)
    return rows


def _passages(file: Path, *, noisy: bool) -> list[Passage]:
    with tempfile.TemporaryDirectory() as folder:
        if noisy:
            file = _in_noise(file, Path(folder) / "noisy.wav")
        sound = decode_mono_audio(file)
    mute = sample_of_images(flat_image(90))
    sample: VideoSample = replace(mute, info=replace(mute.info, has_audio=True), audio=sound)
    return hear_words(sample, PACKAGED_MODELS)[0]


def _in_noise(file: Path, out: Path) -> Path:
    """The sentence in pink noise that is the same each time, _NOISE_DB quieter than its own mean power."""
    with wave.open(str(file)) as source:
        parameters = source.getparams()
        samples = np.frombuffer(source.readframes(parameters.nframes), "<i2").astype(np.float64) / 32768
    noise = _pink(len(samples), np.random.default_rng(_SEED))
    noise *= np.sqrt((samples**2).mean() / (noise**2).mean()) * 10 ** (-_NOISE_DB / 20)
    mixed = samples + noise
    mixed /= max(1.0, float(np.abs(mixed).max()))
    with wave.open(str(out), "wb") as target:
        target.setparams(parameters)
        target.writeframes((mixed * 32767).astype("<i2").tobytes())
    return out


def _pink(length: int, chance: np.random.Generator) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(chance.normal(size=length))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    return np.asarray(np.fft.irfft(spectrum, n=length), np.float64)


def is_held(passages: Sequence[Passage]) -> bool:
    """Whether a rule about what is heard holds these words. What could not be measured counts as not found."""
    words = FootageWords(passages=tuple(passages), unknown={})
    signals = measure_all(words, [FootageWordScreening()], subject=Subject.VIDEO).signals
    return any((signal.score or 0.0) >= _THRESHOLDS.get(signal.label, 2.0) for signal in signals)


def _units(text: str, language: str) -> list[str]:
    """Words, or letters where words are not set apart, without marks and capitals."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(one if unicodedata.category(one)[0] in "LMN" else " " for one in folded)
    return list(kept.replace(" ", "")) if language in _BY_LETTERS else kept.split()


def _figures(rows: Sequence[HeardSentence], chosen: np.random.Generator) -> dict[str, Any]:
    wrong, total = np.array([row.wrong for row in rows]), np.array([row.total for row in rows])
    drawn = chosen.integers(0, len(rows), (_DRAWS, len(rows)))
    low, high = np.percentile(wrong[drawn].sum(axis=1) / total[drawn].sum(axis=1), [2.5, 97.5])
    threats, harmless = [row for row in rows if row.threat], [row for row in rows if not row.threat]
    return {
        "sentences": len(rows),
        "words": int(total.sum()),
        "word_error": round(float(wrong.sum() / total.sum()), 4),
        "word_error_interval": [round(float(low), 4), round(float(high), 4)],
        "threats_found": _share([row.held for row in threats]),
        "threats_found_as_text": _share([row.held_as_text for row in threats]),
        "harmless_held": _share([row.held for row in harmless]),
        "harmless_held_as_text": _share([row.held_as_text for row in harmless]),
    }


def _share(hits: Sequence[bool]) -> dict[str, Any]:
    low, high = wilson_interval(sum(hits), len(hits))
    return {"hits": sum(hits), "n": len(hits), "interval": [round(low, 3), round(high, 3)]}


if __name__ == "__main__":
    main()
