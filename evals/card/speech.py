"""A synthetic voice that speaks texts, where its package is installed: hibari-tts (Apache-2.0), which nothing requires.

pip install --no-deps hibari-tts
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from evals.card.row_plan import SEED
from media.arrays import AudioSamples


def can_speak() -> bool:
    """Whether the voice is installed."""
    return find_spec("hibari") is not None


def spoken(text: str) -> AudioSamples:
    """English words, at clips.SOUND_RATE, with a quarter of a second of silence around them."""
    voice = np.asarray(_voice()(text, seed=SEED), np.float32)
    still = np.zeros(6_000, np.float32)
    return np.concatenate([still, voice, still])


@cache
def _voice() -> Any:
    return import_module("hibari").Hibari()
