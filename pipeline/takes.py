"""A take as the enrolment sees it: measured by classifiers, by Assay's own verifier, and against who is enrolled.

Faces, voices and a certified provider of presentation attack detection come in by small ports, so that better ones can
take their place. What is missing measures None, and policy holds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Gallery
from classifiers.face_choice import face_nets
from core.errors import BadMedia, Unavailable
from core.finding import FindingVerdict
from core.signals import Signal, Subject
from core.spaces import VOICE
from pipeline.enrolment import Taken
from pipeline.settings import Settings
from registry.enrolments import Challenge

log = logging.getLogger("assay.takes")

AI = frozenset(
    {
        FindingVerdict.AI_MADE_TRUSTED,
        FindingVerdict.AI_MADE_VALID_UNKNOWN_SIGNER,
        FindingVerdict.CONTAINS_AI_PARTS,
        FindingVerdict.AI_DECLARED_UNSIGNED,
        FindingVerdict.RECOVERED_BY_WATERMARK,
        FindingVerdict.WATERMARK_ONLY,
    }
)
UNCLEAR = frozenset({FindingVerdict.CLAIMS_CONFLICT, FindingVerdict.CREDENTIALS_DAMAGED})

_SPOKEN = 24_000  # samples of speech at 16 kHz: below 1.5 s a voice is not steady

Vector = NDArray[np.float32]
Spoofed = Callable[[Path], float | None]
"""The port of a certified provider (ISO/IEC 30107-3): P(presentation attack) for a video file, or None."""
VoiceOf = Callable[[Vector, int], Vector | None]
"""The port of a voice embedding: mono sound and its rate to a vector, or None where there is too little speech."""


class VideoChecker(Protocol):
    """Refuses what is no video."""

    def check_video(self, path: Path) -> tuple[float, int, int]:
        """Seconds, width and height. Raises BadMedia."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierCaptures:
    """The CaptureMeasurer of this installation. `voice` and `spoofed` are ports for better ones."""

    settings: Settings
    gallery: Gallery
    checker: VideoChecker | None = None
    voice: VoiceOf | None = None
    spoofed: Spoofed | None = None

    def check_video(self, path: Path) -> tuple[float, int, int]:
        """As CaptureMeasurer.check_video."""
        if self.checker is None:
            raise Unavailable("nothing here can check a video")
        return self.checker.check_video(path)

    def measure(self, file: Path, challenge: Challenge, *, earlier: NDArray[np.uint8], mine: Sequence[str]) -> Taken:
        """As CaptureMeasurer.measure."""
        from classifiers.takes import asked, look, measure_take

        seen = look(file, asked(challenge.digits, challenge.turns))
        found = measure_take(seen, earlier=earlier, voice=self.voice or voice_by_default)
        signals = [
            *found.signals,
            _signal("ai_made", partial(_ai_made, self.settings, file), "verifier/1"),
            _signal("enrolled_elsewhere", partial(_elsewhere, self.gallery, found.face, mine), "gallery/1"),
            _signal("spoof", partial(_spoof, self.spoofed, file), "provider/1"),
        ]
        templates = [("face", face_nets().space.name, found.face)] if found.face is not None else []
        if found.voice is not None:
            templates.append(("voice", VOICE.name, found.voice))
        return Taken(signals=tuple(signals), looks=found.looks, templates=tuple(templates))

    def describe(self, picture: Path) -> tuple[str, Vector] | None:
        """As CaptureMeasurer.describe."""
        from classifiers.frame_faces import enrol
        from media.still import still

        vector = enrol(still(picture).frames[0].rgb)
        return None if vector is None else (face_nets().space.name, vector)


def voice_by_default(sound: Vector, _rate: int) -> Vector | None:
    """The template of a voice (mono, 16 kHz) in the space VOICE; None where there is too little speech."""
    from classifiers.voice_template import describe_voice, speech_of

    speech, _ = speech_of(sound)
    return describe_voice(speech) if len(speech) >= _SPOKEN else None


def _signal(label: str, measure: Callable[[], float | None], source: str) -> Signal:
    try:
        score = measure()
    except (Unavailable, BadMedia) as error:
        log.warning("%s: %s", source, error)
        score = None
    except Exception as error:  # noqa: BLE001 - whatever broke, it is not known; its words may be personal
        log.error("%s broke (%s)", source, type(error).__name__)
        score = None
    note = "" if score is not None else "missing_model" if label == "spoof" else "cannot_tell"
    return Signal(subject=Subject.TAKE, label=label, score=score, source=source, note=note)


def _ai_made(settings: Settings, file: Path) -> float:
    from pipeline.verifying import verifying

    finding = verifying(settings)(file, lambda _case: None)
    return 1.0 if finding.verdict in AI else 0.6 if finding.verdict in UNCLEAR else 0.0


def _elsewhere(gallery: Gallery, face: Vector | None, mine: Sequence[str]) -> float | None:
    from classifiers.face_choice import face_measure
    from classifiers.likeness_scale import score

    if face is None:
        return None
    found = gallery.nearest(face, but=mine)
    return score(found[2], face_measure().limit(gallery.size)) if found else 0.0


def _spoof(spoofed: Spoofed | None, file: Path) -> float | None:
    return spoofed(file) if spoofed else None
