"""Measures whose face is seen: every face against a gallery of enrolled and protected people."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers import models
from classifiers.base import Classifier, Example, FaceGallery, Material, Note
from classifiers.faces_seen import MOST_DESCRIBED, Seen, chosen, see
from classifiers.frames import a_sample, flat, footage, span
from core.signals import Signal, Subject
from media.video import Sample

_WORTH_SAYING = 0.3
_KINDS = {note.value: note for note in (Note.CAMEO, Note.PUBLIC_FIGURE, Note.ESTATE, Note.CLAIMANT, Note.OTHER)}


class FrameFaces(Classifier):
    """MTCNN finds faces, dlib's ResNet describes them, the gallery says who is nearest."""

    name = "frame_faces"
    version = 1
    subjects = frozenset({Subject.VIDEO, Subject.REFERENCE})
    labels = ("face_present", "unreadable_face", "protected_person")
    needs = ("mtcnn", "dlib_face")
    covers = (
        "Faces from 48 px, frontal to half profile, in photographs and photographic video. Not profiles, masks, "
        f"drawings or look-alikes made to be taken for someone; at most {MOST_DESCRIBED} faces of a sample are named."
    )

    def __init__(self, gallery: FaceGallery, *, leased: Collection[str] = ()) -> None:
        """`leased` are ids of the gallery whose face this case may show: they are left out of the search."""
        self._gallery = gallery
        self._leased = frozenset(leased)

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """`protected_person`: 1.0 at distance 0.3 and below, 0.5 at dlib's 0.6, 0.0 from 0.9; one signal per person."""
        sample = footage(material)
        if not sample.frames:
            return self.cannot_say(subject, Note.NO_FRAMES)
        seen = see(sample, models.get("mtcnn"))
        looked = chosen(seen)
        return [
            self._present(sample, subject, seen),
            self.signal(subject, "unreadable_face", _unread(seen, looked)),
            *self._people(sample, subject, seen, looked),
        ]

    def _present(self, sample: Sample, subject: Subject, seen: Sequence[Seen]) -> Signal:
        if not seen:
            return self.signal(subject, "face_present", 0.0)
        surest = max(seen, key=lambda face: face.probability)
        at = span(sample, surest.frame)
        return self.signal(subject, "face_present", round(min(1.0, surest.probability), 4), at=at)

    def _people(self, sample: Sample, subject: Subject, seen: Sequence[Seen], looked: Sequence[Seen]) -> list[Signal]:
        if not seen or not self._gallery.size:
            return [self.signal(subject, "protected_person", 0.0)]
        if not looked:
            at = span(sample, seen[0].frame)
            return [self.signal(subject, "protected_person", None, at=at, note=Note.CANNOT_TELL)]
        best = self._nearest(sample, looked)
        ranked = sorted(best.values(), key=lambda match: match[0], reverse=True)
        return [
            self.signal(subject, "protected_person", round(score, 4), at=span(sample, frame), note=note)
            for place, (score, note, frame) in enumerate(ranked)
            if place == 0 or score >= _WORTH_SAYING
        ] or [self.signal(subject, "protected_person", 0.0)]

    def _nearest(self, sample: Sample, looked: Sequence[Seen]) -> dict[str, tuple[float, Note, int]]:
        """For each person of the gallery who is nearest to some face: best score, kind, frame."""
        describer = models.get("dlib_face")
        best: dict[str, tuple[float, Note, int]] = {}
        for face in looked:
            descriptor = describer.describe(sample.frames[face.frame].rgb, face.box)
            match = self._gallery.nearest(descriptor, but=self._leased)
            if match is not None:
                person, kind, distance = match
                score = likeness(distance)
                if person not in best or score > best[person][0]:
                    best[person] = (score, _KINDS.get(kind, Note.OTHER), face.frame)
        return best

    def examples(self) -> list[Example]:
        """A portrait, and grey frames."""
        grey = a_sample(flat(128))
        return [
            Example(about="a portrait", material=a_sample(portrait()), label="face_present", low=0.95),
            Example(about="a portrait", material=a_sample(portrait()), label="unreadable_face", high=0.0),
            Example(about="grey frames", material=grey, label="face_present", high=0.0),
            Example(about="grey frames", material=grey, label="protected_person", high=0.0),
        ]


def likeness(distance: float) -> float:
    """A distance between dlib descriptors as a score: 1.0 up to 0.3, 0.5 at 0.6 (dlib's own limit), 0.0 from 0.9."""
    if not np.isfinite(distance):
        raise ValueError("not a distance")
    return float(min(1.0, max(0.0, (0.9 - distance) / 0.6)))


def enrol(rgb: NDArray[np.uint8]) -> NDArray[np.float32] | None:
    """The descriptor of the one face of a picture, (128,) float32; None if not exactly one can be read."""
    sample = a_sample(rgb)
    faces = see(sample, models.get("mtcnn"))
    if len(faces) != 1 or not faces[0].readable:
        return None
    described: NDArray[np.float32] = models.get("dlib_face").describe(rgb, faces[0].box)
    return described


def portrait() -> NDArray[np.uint8]:
    """Eileen Collins, astronaut: NASA's photograph, public domain, as scikit-image carries it."""
    import skimage

    path = Path(os.fspath(skimage.__file__)).parent / "data" / "astronaut.png"
    return np.ascontiguousarray(np.asarray(cv2.imread(str(path)), dtype=np.uint8)[:, :, ::-1])


def _unread(seen: Sequence[Seen], looked: Sequence[Seen]) -> float:
    """The share of faces that could not be read, or were not looked at though they were nowhere else."""
    if not seen:
        return 0.0
    missed = sum(1 for face in seen if not face.readable or (face.new and face not in looked))
    return round(missed / len(seen), 4)
