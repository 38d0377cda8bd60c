"""Hears words: Whisper tiny.en and base (OpenAI, MIT) by faster-whisper and CTranslate2, eight bits, on one thread."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.time_limit import is_time_up


class SpeechRecogniser:
    """Turns English speech into words; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        from faster_whisper import WhisperModel

        self._net: Any = WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
        )
        self._lock = threading.Lock()

    def transcribe(self, sound: NDArray[np.float32]) -> str:
        """The words spoken in mono sound at 16 kHz. Empty for silence. They are never logged."""
        with self._lock:
            segments, _ = self._net.transcribe(sound, language="en", beam_size=5, condition_on_previous_text=False)
            return " ".join(segment.text for segment in segments).strip()


_MAX_COMPRESSION = 2.4  # above it, one syllable is heard again and again: music and noise sound like that to the net


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenPassage:
    """What is said from `start` to `end`, in seconds; `certainty` in [0, 1] is the mean probability of its words.

    `no_speech` is P(nobody speaks), as the net has it beside the words; `compression` how much shorter the text becomes
    when it is compressed, which is much where a net repeats itself.
    """

    text: str
    start: float
    end: float
    certainty: float
    no_speech: float = 0.0
    compression: float = 1.0


class Transcriber:
    """Turns speech in a hundred languages into words with times; safe to share between threads."""

    def __init__(self, files: dict[str, bytes]) -> None:
        from faster_whisper import WhisperModel

        self._net: Any = WhisperModel("base", device="cpu", compute_type="int8", cpu_threads=1, files=files)
        encode_once(self._net)
        self._lock = threading.Lock()

    def transcribe(self, sound: NDArray[np.float32]) -> tuple[str, list[SpokenPassage]]:
        """The language (ISO 639-1; empty where nobody speaks) and what is said in mono sound at 16 kHz.

        Where the time for measuring is up meanwhile, what was said until then.
        """
        with self._lock:
            segments, info = self._net.transcribe(
                sound, beam_size=1, temperature=0.0, condition_on_previous_text=False, vad_filter=True
            )
            said = [
                SpokenPassage(
                    text=one.text.strip(),
                    start=one.start,
                    end=one.end,
                    certainty=math.exp(one.avg_logprob),
                    no_speech=one.no_speech_prob,
                    compression=one.compression_ratio,
                )
                for one in takewhile(lambda _: not is_time_up(), segments)
                if one.text.strip() and one.compression_ratio <= _MAX_COMPRESSION
            ]
        return (info.language if said else ""), said


def encode_once(net: Any) -> None:
    """Half of the work is to encode half a minute of sound, which is done for the language and again for the words.

    The language is asked of exactly what the words are first asked of: of all but the last hundredth of a second, with
    which the library pads a sound.
    """
    encode, detect_language = net.encode, net.detect_language
    last: list[tuple[NDArray[np.float32], Any]] = []

    def encode_unless_last(features: NDArray[np.float32]) -> Any:
        if not last or not np.array_equal(last[0][0], features):
            last[:] = [(features, encode(features))]
        return last[0][1]

    def language_of(*, features: NDArray[np.float32], **options: Any) -> Any:
        return detect_language(features=features[..., :-1], **options)

    net.encode, net.detect_language = encode_unless_last, language_of


def load_transcriber(paths: Sequence[Path]) -> Transcriber:
    """From the model's files; those that are named `.partN` are parts of one."""
    files: dict[str, bytes] = {}
    for path in paths:
        name = re.sub(r"\.part\d+$", "", path.name)
        files[name] = files.get(name, b"") + path.read_bytes()
    return Transcriber(files)


def load(paths: Sequence[Path]) -> SpeechRecogniser:
    """From the folder of the model's files."""
    return SpeechRecogniser(paths[0].parent)
