"""Whether two files show the same person, or have the same voice. Without a measurement the answer is never no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from classifiers.audio.diarization import MIN_VOICE_SECONDS
from classifiers.audio.voices_heard import voices_of
from classifiers.image.face_backend import embed_face, face_calibration
from classifiers.image.face_quality import quality_problem
from classifiers.image.face_tracks import track_faces
from classifiers.image.photo_face_detection import UprightFace, detect_photo_faces
from classifiers.match_calibration import VOICE_CALIBRATION, MatchCalibration, is_inconclusive
from classifiers.models import Models
from media.video import MONO_SAMPLE_RATE, MonoAudio, VideoSample

TemplateTuple = tuple[NDArray[np.float32], ...]
NO_IMAGE_REASON = "there is no picture"


@dataclass(frozen=True, slots=True, eq=False)
class PersonTemplates:
    """The templates of a file, the most prominent first, or why there are none."""

    faces: TemplateTuple = ()
    voices: TemplateTuple = ()
    no_face_reason: str = NO_IMAGE_REASON
    no_voice_reason: str = "there is no sound"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonComparison:
    """`match_score` in [0, 1], 0.5 at the false-match rate it names, or None where nobody can tell. `reason` says why.

    `same` is None also where the score is too near to the threshold to say.
    """

    score: float | None
    same: bool | None
    reason: str
    parts: dict[str, PersonComparison] = field(default_factory=dict)


def extract_templates(sample: VideoSample, models: Models) -> PersonTemplates:
    """The faces and voices of a photograph or a video. Raises Unavailable if a model is missing."""
    if len(sample.frames) == 1 and sample.info.container in ("image", "none"):
        return extract_photo_template(sample.frames[0].rgb, models)
    if sample.frames:
        tracks = track_faces(sample, models)
        faces = tuple(track.template for track in tracks.people)
        no_face = "no face is seen" if not tracks.observations else "no face is large, sharp and frontal enough"
    else:
        faces, no_face = (), NO_IMAGE_REASON
    voice_templates = extract_voice_templates(sample.audio, models) if sample.audio else PersonTemplates()
    no_voice = "nobody listened" if sample.info.has_audio and sample.audio is None else voice_templates.no_voice_reason
    return PersonTemplates(faces, voice_templates.voices, no_face, no_voice)


def extract_voice_templates(sound: MonoAudio, models: Models) -> PersonTemplates:
    """The voices of a sound track. Raises Unavailable if a model is missing."""
    heard = voices_of(sound, models)
    if heard.voices:
        return PersonTemplates(voices=tuple(voice.template for voice in heard.voices))
    reason = "nobody speaks" if heard.unassigned < 0.3 else f"less than {MIN_VOICE_SECONDS:g} s of one voice is heard"
    return PersonTemplates(
        no_voice_reason=reason if len(sound.samples) >= MONO_SAMPLE_RATE // 2 else "the sound is too short"
    )


def compare_people(a: PersonTemplates, b: PersonTemplates, models: Models) -> PersonComparison:
    """Faces where both files have them, else voices; `parts` has both."""
    no_face = a.no_face_reason if not a.faces else b.no_face_reason
    no_voice = a.no_voice_reason if not a.voices else b.no_voice_reason
    parts = {
        "face": _compare_modality("face", a.faces, b.faces, face_calibration(models.options), no_face),
        "voice": _compare_modality("voice", a.voices, b.voices, VOICE_CALIBRATION, no_voice),
    }
    scored_part = next((part for part in parts.values() if part.score is not None), None)
    shown_part = scored_part or parts["voice" if a.voices or b.voices or no_face == NO_IMAGE_REASON else "face"]
    return PersonComparison(score=shown_part.score, same=shown_part.same, reason=shown_part.reason, parts=parts)


def _compare_modality(
    modality: str, templates_a: TemplateTuple, templates_b: TemplateTuple, calibration: MatchCalibration, why_not: str
) -> PersonComparison:
    if not templates_a or not templates_b:
        return PersonComparison(
            score=None, same=None, reason=f"cannot tell by {modality}: {why_not}, in one file at least"
        )
    nearest = min(
        float(np.linalg.norm(template_a - template_b)) for template_a in templates_a for template_b in templates_b
    )
    score = round(calibration.score(nearest, 1), 6)
    if is_inconclusive(score):
        return PersonComparison(score=score, same=None, reason=f"cannot tell by {modality}: too close to call")
    relation = "the same" if score > 0.5 else "another"
    return PersonComparison(
        score=score,
        same=score > 0.5,
        reason=f"{relation} {modality} at a false-match rate of {calibration.comparison_fmr:g}",
    )


def extract_photo_template(rgb: NDArray[np.uint8], models: Models) -> PersonTemplates:
    """The face that a photograph is of: large, and near the middle. Raises Unavailable if a model is missing."""
    return templates_of_first_face(detect_photo_faces(rgb, models.get("mtcnn")), models)


def templates_of_first_face(faces: Sequence[UprightFace], models: Models) -> PersonTemplates:
    """The first of the faces found in a photograph."""
    if not faces:
        return PersonTemplates(no_face_reason="no face is seen")
    if flaw := quality_problem(faces[0].rgb, faces[0].face):
        return PersonTemplates(no_face_reason=f"the face is {flaw}")
    return PersonTemplates(faces=(embed_face(faces[0].rgb, faces[0].face, models),))


def enrolment_template(rgb: NDArray[np.uint8], models: Models) -> NDArray[np.float32] | None:
    """The template of the one face of a photograph, as float32; None if not exactly one can be read."""
    faces = detect_photo_faces(rgb, models.get("mtcnn"))
    if len(faces) != 1 or quality_problem(faces[0].rgb, faces[0].face, enrolling=True):
        return None
    return embed_face(faces[0].rgb, faces[0].face, models)
