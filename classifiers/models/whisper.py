"""Hears words: Whisper tiny.en (OpenAI, MIT) by faster-whisper and CTranslate2, eight bits, on one thread."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


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


def load(paths: Sequence[Path]) -> SpeechRecogniser:
    """From the folder of the model's files."""
    return SpeechRecogniser(paths[0].parent)
