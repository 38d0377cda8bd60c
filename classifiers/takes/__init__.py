"""Measures a take: one video with sound, made before a camera to answer a challenge. Each check is a file and a signal.

What this can do: refuse somebody who has not the person before the camera, or not now. What it cannot: tell a good
screen replay made to the challenge, a mask, or a live face swap from a person. That takes a certified provider.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Note
from classifiers.takes.digits import digits_wrong
from classifiers.takes.eyes import no_blink
from classifiers.takes.head import flat_picture, turns_wrong
from classifiers.takes.mouth import mouth_still
from classifiers.takes.person import best_face, face_changed, other_face
from classifiers.takes.repeats import looks_of, take_looped, take_replayed
from classifiers.takes.take import Asked, Take, asked, look
from classifiers.takes.voice import VoiceOf, voice_changed, voice_of
from core.errors import Unavailable
from core.signals import Signal, Subject

__all__ = ["Asked", "Measured", "Take", "asked", "look", "measure_take"]

log = logging.getLogger("assay.classifiers")

VERSION = 1
Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Signals, the pictures' hashes (n, 32), and the templates of who is seen and heard."""

    signals: tuple[Signal, ...]
    looks: NDArray[np.uint8]
    face: Vector | None = field(default=None, repr=False)
    voice: Vector | None = field(default=None, repr=False)


def measure_take(take: Take, *, earlier: NDArray[np.uint8], voice: VoiceOf | None = None) -> Measured:
    """Every check. What breaks, or lacks its model, has the score None, and policy answers `if_missing`.

    `earlier` (n, 32) are hashes of earlier takes' pictures; `voice` describes mono sound at 16 kHz.
    """
    looks = looks_of(take)
    checks: dict[str, Callable[[], float | None]] = {
        "digits_wrong": lambda: digits_wrong(take),
        "turns_wrong": lambda: turns_wrong(take),
        "no_blink": lambda: no_blink(take),
        "other_face": lambda: other_face(take),
        "face_changed": lambda: face_changed(take),
        "voice_changed": lambda: voice_changed(take, voice),
        "mouth_still": lambda: mouth_still(take),
        "flat_picture": lambda: flat_picture(take),
        "take_replayed": lambda: take_replayed(looks, earlier),
        "take_looped": lambda: take_looped(take),
    }
    signals = tuple(_signal(label, check) for label, check in checks.items())
    return Measured(signals=signals, looks=looks, face=_or_none(lambda: best_face(take)), voice=voice_of(take, voice))


def _signal(label: str, check: Callable[[], float | None]) -> Signal:
    note = Note.CANNOT_TELL
    try:
        score = check()
    except Unavailable as error:
        log.warning("%s: %s", label, error)
        score, note = None, Note.MISSING_MODEL
    except Exception as error:  # noqa: BLE001  whatever broke, the score is None; its words may be personal
        log.error("%s broke (%s)", label, type(error).__name__)
        score, note = None, Note.FAILED
    rounded = None if score is None else round(min(1.0, max(0.0, float(score))), 4)
    source = f"take_{label}/{VERSION}"
    return Signal(
        subject=Subject.TAKE, label=label, score=rounded, source=source, note="" if score is not None else note
    )


def _or_none(find: Callable[[], Vector | None]) -> Vector | None:
    try:
        return find()
    except Unavailable:
        return None
