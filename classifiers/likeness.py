"""Whether two files show, or let hear, the same person. It never says no where it could not look or listen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from classifiers import models
from classifiers.face_choice import describe_face, face_measure
from classifiers.face_finding import Found, faces_of
from classifiers.face_quality import flaw_of
from classifiers.face_tracks import tracks_of
from classifiers.likeness_scale import VOICES, Measure, close_call, score
from classifiers.voice_template import speech_of
from classifiers.voice_turns import LEAST_SPEECH, voices_in
from media.video import HEARD_RATE, Heard, Sample

Templates = tuple[NDArray[np.float32], ...]
NO_PICTURE = "there is no picture"


@dataclass(frozen=True, slots=True, eq=False)
class Impression:
    """What was seen and heard of a file: templates, the most prominent first, and why there are none."""

    faces: Templates = ()
    voices: Templates = ()
    no_face: str = NO_PICTURE
    no_voice: str = "there is no sound"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """`score` in [0, 1], 0.5 at the false-match rate it names, or None where nobody can tell. `reason` says why.

    `same` is None also where the score lies too near to the threshold to say.
    """

    score: float | None
    same: bool | None
    reason: str
    parts: dict[str, Compared] = field(default_factory=dict)


def look(sample: Sample) -> Impression:
    """The faces and voices of a photograph or a video. Raises Unavailable if a model is missing."""
    if len(sample.frames) == 1 and sample.info.container in ("image", "none"):
        return photograph(sample.frames[0].rgb)
    if sample.frames:
        tracks = tracks_of(sample, models.get("mtcnn"))
        faces = tuple(track.template for track in tracks.people)
        no_face = "no face is seen" if not tracks.seen else "no face is large, sharp and frontal enough"
    else:
        faces, no_face = (), NO_PICTURE
    heard = listen_to(sample.heard) if sample.heard else Impression()
    no_voice = "nobody listened" if sample.info.has_audio and sample.heard is None else heard.no_voice
    return Impression(faces, heard.voices, no_face, no_voice)


def listen_to(heard: Heard) -> Impression:
    """The voices of a sound track. Raises Unavailable if a model is missing."""
    _, spoken = speech_of(heard.samples)
    voices, left = voices_in(heard.samples, spoken)
    if voices:
        return Impression(voices=tuple(voice.template for voice in voices))
    why = "nobody speaks" if left < 0.3 else f"less than {LEAST_SPEECH:g} s of one voice is heard"
    return Impression(no_voice=why if len(heard.samples) >= HEARD_RATE // 2 else "the sound is too short")


def compare(a: Impression, b: Impression) -> Compared:
    """Faces where both files have them, else voices; both are told apart in `parts`."""
    no_face = a.no_face if not a.faces else b.no_face
    no_voice = a.no_voice if not a.voices else b.no_voice
    parts = {
        "face": _compared("face", a.faces, b.faces, face_measure(), no_face),
        "voice": _compared("voice", a.voices, b.voices, VOICES, no_voice),
    }
    told = next((part for part in parts.values() if part.score is not None), None)
    shown = told or parts["voice" if a.voices or b.voices or no_face == NO_PICTURE else "face"]
    return Compared(score=shown.score, same=shown.same, reason=shown.reason, parts=parts)


def _compared(what: str, ours: Templates, theirs: Templates, measure: Measure, why_not: str) -> Compared:
    if not ours or not theirs:
        return Compared(score=None, same=None, reason=f"cannot tell by {what}: {why_not}, in one file at least")
    nearest = min(float(np.linalg.norm(one - other)) for one in ours for other in theirs)
    found = round(score(nearest, measure.limit(1)), 6)
    if close_call(found):
        return Compared(score=found, same=None, reason=f"cannot tell by {what}: too close to call")
    alike = "the same" if found > 0.5 else "another"
    return Compared(
        score=found, same=found > 0.5, reason=f"{alike} {what} at a false-match rate of {measure.compared:g}"
    )


def photograph(rgb: NDArray[np.uint8]) -> Impression:
    """The face that a photograph is of: large, and near the middle. Raises Unavailable if a model is missing."""
    return of_faces(faces_of(rgb, models.get("mtcnn")))


def of_faces(found: Sequence[Found]) -> Impression:
    """The first of the faces found in a photograph."""
    if not found:
        return Impression(no_face="no face is seen")
    if flaw := flaw_of(found[0].rgb, found[0].face):
        return Impression(no_face=f"the face is {flaw}")
    return Impression(faces=(describe_face(found[0].rgb, found[0].face),))


def enrolled(rgb: NDArray[np.uint8]) -> NDArray[np.float32] | None:
    """The template of the one face of a photograph, as float32; None if not exactly one can be read."""
    found = faces_of(rgb, models.get("mtcnn"))
    if len(found) != 1 or flaw_of(found[0].rgb, found[0].face, enrolling=True):
        return None
    return describe_face(found[0].rgb, found[0].face)
