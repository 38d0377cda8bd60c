"""Measures whose face is seen: everyone in a shot against a gallery of enrolled and protected people."""

from __future__ import annotations

from collections.abc import Collection
from importlib.resources import files

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers import models
from classifiers.base import Classifier, Example, Gallery, Material, Note
from classifiers.face_choice import face_measure, face_nets
from classifiers.face_tracks import MOST_DESCRIBED, Track, Tracks, tracks_of
from classifiers.frames import a_sample, flat, footage, span
from classifiers.likeness import enrolled
from classifiers.recognising import Recognised, absent, recognise
from core.signals import Signal, Span, Subject
from media.video import Sample

_WORTH_SAYING = 0.2


class FrameFaces(Classifier):
    """MTCNN finds faces, dlib's ResNet and HSE-FaceRes describe them, the gallery says who is nearest."""

    name = "frame_faces"
    version = 2
    subjects = frozenset({Subject.VIDEO, Subject.REFERENCE})
    labels = ("face_present", "unreadable_face", "protected_person", "cameo_absent", "cameo_beside_protected")
    covers = (
        "Faces from 48 px (64 px in 720p), frontal to half profile, in photographs and photographic video. Not "
        "profiles, masks, drawings or look-alikes made to be taken for someone; at most "
        f"{MOST_DESCRIBED} faces of a sample are named."
    )

    def __init__(self, gallery: Gallery, *, leased: Collection[str] = ()) -> None:
        """`leased` are ids of the gallery whose face this case may show: they are left out of the search."""
        self.needs = ("mtcnn", *face_nets().needs)
        self._gallery = gallery
        self._leased = frozenset(leased)

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """`protected_person`: 0.5 where a stranger is taken for one of the gallery once in a hundred times."""
        sample = footage(material)
        if not sample.frames:
            return self.cannot_say(subject, Note.NO_FRAMES)
        tracks = tracks_of(sample, models.get("mtcnn"))
        templates = [person.template for person in tracks.people]
        found = recognise(templates, self._gallery, face_measure(), leased=self._leased)
        people = self._people(sample, subject, tracks, found.protected)
        return [
            self._present(sample, subject, tracks),
            self.signal(subject, "unreadable_face", _unread(tracks)),
            *people,
            self._absent(subject, tracks, found),
            self._beside(subject, found, people),
        ]

    def _present(self, sample: Sample, subject: Subject, tracks: Tracks) -> Signal:
        if not tracks.seen:
            return self.signal(subject, "face_present", 0.0)
        surest = max(tracks.seen, key=lambda one: one.face.probability)
        at = span(sample, surest.frame)
        return self.signal(subject, "face_present", round(min(1.0, surest.face.probability), 4), at=at)

    def _people(
        self, sample: Sample, subject: Subject, tracks: Tracks, found: dict[str, tuple[float, Note, int]]
    ) -> list[Signal]:
        if not tracks.seen or not self._gallery.size:
            return [self.signal(subject, "protected_person", 0.0)]
        if not tracks.people:
            at = span(sample, tracks.seen[0].frame)
            return [self.signal(subject, "protected_person", None, at=at, note=Note.CANNOT_TELL)]
        ranked = sorted(found.values(), key=lambda match: match[0], reverse=True)
        return [
            self.signal(
                subject, "protected_person", round(score, 4), at=_where(sample, tracks.people[person]), note=note
            )
            for place, (score, note, person) in enumerate(ranked)
            if place == 0 or score >= _WORTH_SAYING
        ] or [self.signal(subject, "protected_person", 0.0)]

    def _absent(self, subject: Subject, tracks: Tracks, found: Recognised) -> Signal:
        missing = absent(found)
        if missing >= 0.5 and tracks.unread:  # they may be among those whom nobody could read
            return self.signal(subject, "cameo_absent", None, note=Note.CANNOT_TELL)
        return self.signal(subject, "cameo_absent", round(missing, 4), note=Note.CAMEO if missing else Note.NONE)

    def _beside(self, subject: Subject, found: Recognised, people: list[Signal]) -> Signal:
        if any(one.score is None for one in people) and found.leased:
            return self.signal(subject, "cameo_beside_protected", None, note=Note.CANNOT_TELL)
        here = max(found.leased.values(), default=0.0)
        other = max((one.score or 0.0 for one in people), default=0.0)
        return self.signal(subject, "cameo_beside_protected", round(min(here, other), 4))

    def examples(self) -> list[Example]:
        """A portrait, and grey frames."""
        grey = a_sample(flat(128))
        return [
            Example(about="a portrait", material=a_sample(portrait()), label="face_present", low=0.95),
            Example(about="a portrait", material=a_sample(portrait()), label="unreadable_face", high=0.0),
            Example(about="grey frames", material=grey, label="face_present", high=0.0),
            Example(about="grey frames", material=grey, label="protected_person", high=0.0),
            Example(about="grey frames", material=grey, label="cameo_absent", high=0.0),
            Example(about="grey frames", material=grey, label="cameo_beside_protected", high=0.0),
        ]


def enrol(rgb: NDArray[np.uint8]) -> NDArray[np.float32] | None:
    """The template of the one face of a picture, float32 of its space's length; None if not exactly one can be read."""
    return enrolled(rgb)


def portrait() -> NDArray[np.uint8]:
    """Eileen Collins, astronaut: NASA's photograph, public domain."""
    coded = np.frombuffer((files("classifiers") / "examples" / "astronaut.png").read_bytes(), np.uint8)
    return np.ascontiguousarray(np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)[:, :, ::-1])


def _where(sample: Sample, person: Track) -> Span:
    return span(sample, person.best)


def _unread(tracks: Tracks) -> float:
    """The share of faces that could not be read, not even at another moment of their track."""
    return round(tracks.unread / len(tracks.seen), 4) if tracks.seen else 0.0
