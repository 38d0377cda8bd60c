"""Measures a take: one video with sound, made before a camera to answer a challenge. Each check is a file and a signal.

What this can do: refuse a capture without the person in front of the camera, or not made now. What it cannot: tell a
good screen replay made to the challenge, a mask, or a live face swap from a person. That takes a certified provider.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from classifiers.base import SignalNote
from classifiers.liveness.blink import no_blink
from classifiers.liveness.capture import LivenessCapture, LivenessChallenge, load_capture, parse_challenge
from classifiers.liveness.face_consistency import capture_face_template, face_changed, other_face
from classifiers.liveness.head_pose import flat_picture, turns_wrong
from classifiers.liveness.lip_sync import mouth_still
from classifiers.liveness.replay import hash_capture, take_looped, take_replayed
from classifiers.liveness.spoken_digits import digits_wrong
from classifiers.liveness.voice_consistency import VoiceEmbedder, capture_voice_template, voice_changed
from classifiers.models import Models
from core.errors import Unavailable
from core.signals import Signal, Subject
from media.arrays import Embedding

__all__ = [
    "LivenessCapture",
    "LivenessChallenge",
    "LivenessResult",
    "load_capture",
    "measure_liveness",
    "parse_challenge",
]

log = logging.getLogger("assay.classifiers")

LIVENESS_VERSION = 1  # in the source of its signals; raised with every change of what is measured


@dataclass(frozen=True, slots=True, kw_only=True)
class LivenessResult:
    """Signals, the pictures' hashes (n, 32), and the templates of who is seen and heard."""

    signals: tuple[Signal, ...]
    capture_hashes: NDArray[np.uint8]
    face: Embedding | None = field(default=None, repr=False)
    voice: Embedding | None = field(default=None, repr=False)


def measure_liveness(
    capture: LivenessCapture,
    *,
    models: Models,
    earlier_hashes: NDArray[np.uint8],
    embed_voice: VoiceEmbedder | None = None,
) -> LivenessResult:
    """Every check. What breaks, or lacks its model, has the score None, and policy answers `if_missing`.

    `earlier_hashes` (n, 32) are hashes of earlier takes' pictures; `embed_voice` describes mono sound at 16 kHz.
    """
    hashes = hash_capture(capture, models)
    checks: dict[str, Callable[[], float | None]] = {
        "digits_wrong": lambda: digits_wrong(capture, models),
        "turns_wrong": lambda: turns_wrong(capture),
        "no_blink": lambda: no_blink(capture),
        "other_face": lambda: other_face(capture),
        "face_changed": lambda: face_changed(capture, models),
        "voice_changed": lambda: voice_changed(capture, embed_voice),
        "mouth_still": lambda: mouth_still(capture),
        "flat_picture": lambda: flat_picture(capture),
        "take_replayed": lambda: take_replayed(hashes, earlier_hashes),
        "take_looped": lambda: take_looped(capture, models),
    }
    signals = tuple(_signal(label, check) for label, check in checks.items())
    return LivenessResult(
        signals=signals,
        capture_hashes=hashes,
        face=_or_none(lambda: capture_face_template(capture, models)),
        voice=capture_voice_template(capture, embed_voice),
    )


def _signal(label: str, check: Callable[[], float | None]) -> Signal:
    note = SignalNote.CANNOT_TELL
    try:
        score = check()
    except Unavailable as error:
        log.warning("%s: %s", label, error)
        score, note = None, SignalNote.MISSING_MODEL
    except Exception as error:  # noqa: BLE001  whatever broke, the score is None; its words may be personal
        log.error("%s broke (%s)", label, type(error).__name__)
        score, note = None, SignalNote.FAILED
    rounded = None if score is None else round(min(1.0, max(0.0, float(score))), 4)
    source = f"take_{label}/{LIVENESS_VERSION}"
    return Signal(
        subject=Subject.TAKE, label=label, score=rounded, source=source, note="" if score is not None else note
    )


def _or_none(find: Callable[[], Embedding | None]) -> Embedding | None:
    try:
        return find()
    except Unavailable:
        return None
