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

from classifiers.base import BiometricGallery
from classifiers.image.face_backend import face_backend
from classifiers.models import Models
from core.embedding_spaces import VOICE_SPACE
from core.errors import BadMedia, Unavailable
from core.finding import FindingVerdict
from core.signals import Signal, Subject
from media.arrays import Embedding
from media.video import Frame
from pipeline.settings import Settings
from registry.consent.enrolment_challenges import EnrolmentChallenge
from registry.consent.enrolment_service import CaptureResult

log = logging.getLogger("assay.takes")

AI_VERDICTS = frozenset(
    {
        FindingVerdict.AI_MADE_TRUSTED,
        FindingVerdict.AI_MADE_VALID_UNKNOWN_SIGNER,
        FindingVerdict.CONTAINS_AI_PARTS,
        FindingVerdict.AI_DECLARED_UNSIGNED,
        FindingVerdict.RECOVERED_BY_WATERMARK,
        FindingVerdict.WATERMARK_ONLY,
    }
)
INCONCLUSIVE_VERDICTS = frozenset(
    {
        FindingVerdict.CLAIMS_CONFLICT,
        FindingVerdict.CREDENTIALS_DAMAGED,
        FindingVerdict.CREDENTIALS_UNREADABLE,
        FindingVerdict.CREDENTIALS_UNCONFIRMED,
    }
)

FROM_PROVIDERS = frozenset({"spoof", "synthetic_voice"})
"""Labels of a take that nothing here measures before somebody plugs a provider in."""

_KEPT_SIDE = 640  # pixels of the longer side of a picture that a moderator is shown
_MIN_SPEECH_SAMPLES = 24_000  # samples of speech at 16 kHz: below 1.5 s a voice is not steady

PresentationAttackDetector = Callable[[Path], float | None]
"""The port of a certified provider (ISO/IEC 30107-3): P(presentation attack) for a video file, or None."""
SyntheticVoiceDetector = Callable[[Path], float | None]
"""The port of a detector of machine speech: P(a video's voice is a machine's), or None."""
CaptureVoiceEmbedder = Callable[[Embedding, int], Embedding | None]
"""The port of a voice embedding: mono sound and its rate to a vector, or None where there is too little speech."""


class VideoChecker(Protocol):
    """Refuses what is no video."""

    def check_video(self, path: Path) -> tuple[float, int, int]:
        """Seconds, width and height. Raises BadMedia."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierCaptures:
    """The CaptureMeasurer of this installation. What has a default is a port for a better one."""

    settings: Settings
    gallery: BiometricGallery
    models: Models
    checker: VideoChecker | None = None
    voice: CaptureVoiceEmbedder | None = None
    spoofed: PresentationAttackDetector | None = None
    spoken_by_machine: SyntheticVoiceDetector | None = None

    def check_video(self, path: Path) -> tuple[float, int, int]:
        """As CaptureMeasurer.check_video."""
        if self.checker is None:
            raise Unavailable("nothing here can check a video")
        return self.checker.check_video(path)

    def measure(
        self, file: Path, challenge: EnrolmentChallenge, *, earlier: NDArray[np.uint8], own_cameos: Sequence[str]
    ) -> CaptureResult:
        """As CaptureMeasurer.measure."""
        from classifiers.liveness import load_capture, measure_liveness, parse_challenge

        capture = load_capture(file, parse_challenge(challenge.digits, challenge.turns), self.models)
        embed_voice = self.voice or partial(embed_capture_voice, models=self.models)
        measured = measure_liveness(capture, models=self.models, earlier_hashes=earlier, embed_voice=embed_voice)
        signals = [
            *measured.signals,
            _signal("ai_made", partial(_ai_made_score, self.settings, file), "verifier/1"),
            _signal(
                "enrolled_elsewhere",
                partial(_enrolled_elsewhere_score, self.gallery, measured.face, own_cameos, self.models),
                "gallery/1",
            ),
            _signal("spoof", partial(_provider_score, self.spoofed, file), "provider/1"),
            _signal("synthetic_voice", partial(_provider_score, self.spoken_by_machine, file), "provider/1"),
        ]
        templates = (
            [("face", face_backend(self.models.options).space.name, measured.face)] if measured.face is not None else []
        )
        if measured.voice is not None:
            templates.append(("voice", VOICE_SPACE.name, measured.voice))
        return CaptureResult(
            signals=tuple(signals),
            capture_hashes=measured.capture_hashes,
            templates=tuple(templates),
            stills=_stills(capture.frames),
        )

    def describe(self, picture: Path) -> tuple[str, Embedding] | None:
        """As CaptureMeasurer.describe."""
        from classifiers.image.frame_faces import enrol_face
        from media.still_image import sample_image

        vector = enrol_face(sample_image(picture).frames[0].rgb, self.models)
        return None if vector is None else (face_backend(self.models.options).space.name, vector)

    def still(self, picture: Path) -> bytes:
        """As CaptureMeasurer.still."""
        from media.still_image import jpeg_bytes, sample_image

        return jpeg_bytes(sample_image(picture, max_side=_KEPT_SIDE).frames[0].rgb, max_side=_KEPT_SIDE)

    def likeness(self, model: str, distance: float, size: int) -> float | None:
        """As CaptureMeasurer.likeness."""
        from classifiers.image.face_backend import face_calibration
        from classifiers.match_calibration import match_score

        if model != face_backend(self.models.options).space.name:
            return None
        return match_score(distance, face_calibration(self.models.options).distance_limit(size))


def _stills(frames: Sequence[Frame]) -> tuple[bytes, ...]:
    """A picture from the beginning, the middle and the end of a take."""
    from media.still_image import jpeg_bytes

    places = sorted({round(share * (len(frames) - 1)) for share in (0.1, 0.5, 0.9)}) if frames else []
    return tuple(jpeg_bytes(frames[place].rgb, max_side=_KEPT_SIDE) for place in places)


def embed_capture_voice(sound: Embedding, _rate: int, *, models: Models) -> Embedding | None:
    """The template of a voice (mono, 16 kHz) in the space VOICE_SPACE; None where there is too little speech."""
    from classifiers.audio.voice_template import embed_voice, extract_speech

    speech, _ = extract_speech(sound, models)
    return embed_voice(speech, models) if len(speech) >= _MIN_SPEECH_SAMPLES else None


def _signal(label: str, measure: Callable[[], float | None], source: str) -> Signal:
    try:
        score = measure()
    except (Unavailable, BadMedia) as error:
        log.warning("%s: %s", source, error)
        score = None
    except Exception as error:  # noqa: BLE001 - whatever broke, it is not known; its words may be personal
        log.error("%s broke (%s)", source, type(error).__name__)
        score = None
    note = "" if score is not None else "missing_model" if label in FROM_PROVIDERS else "cannot_tell"
    return Signal(subject=Subject.TAKE, label=label, score=score, source=source, note=note)


def _ai_made_score(settings: Settings, file: Path) -> float:
    from pipeline.verification.verifier import InstallationVerifier

    finding = InstallationVerifier(settings=settings).verify(file, lambda _case: None)
    return 1.0 if finding.verdict in AI_VERDICTS else 0.6 if finding.verdict in INCONCLUSIVE_VERDICTS else 0.0


def _enrolled_elsewhere_score(
    gallery: BiometricGallery, face: Embedding | None, own_cameos: Sequence[str], models: Models
) -> float | None:
    from classifiers.image.face_backend import face_calibration

    if face is None:
        return None
    match = gallery.nearest(face, exclude=own_cameos)
    return face_calibration(models.options).score(match[2], gallery.size) if match else 0.0


def _provider_score(detector: Callable[[Path], float | None] | None, file: Path) -> float | None:
    return detector(file) if detector else None
