"""Measures whose face is seen: everyone in a shot against a gallery of enrolled and protected people."""

from __future__ import annotations

from collections.abc import Collection
from importlib.resources import files
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.base import (
    BiometricGallery,
    Classifier,
    ClassifierContext,
    ClassifierExample,
    Material,
    MeasuringOrder,
    SignalNote,
)
from classifiers.identify import Identification, cameo_absence, identify, recognised_cameo
from classifiers.image.face_backend import face_backend, face_calibration
from classifiers.image.face_tracks import MAX_EMBEDDED_FACES, FaceTrack, FaceTracks, track_faces
from classifiers.image.sampled_frames import flat_image, frame_span, require_sample, sample_of_images, scored_spans
from classifiers.models import PACKAGED_MODELS, Models
from classifiers.person_comparison import enrolment_template
from core.signals import Signal, Span, Subject
from media.video import VideoSample

_MIN_REPORTED_SCORE = 0.2  # match score from which a person is reported by id


class FrameFaces(Classifier):
    """MTCNN finds faces, dlib's ResNet and HSE-FaceRes describe them, the gallery says who is nearest."""

    name = "frame_faces"
    version = 2
    order = MeasuringOrder.FACES
    subjects = frozenset({Subject.VIDEO, Subject.REFERENCE})
    labels = ("face_present", "unreadable_face", "protected_person", "cameo_absent", "cameo_beside_protected")
    covers = (
        "Faces from 48 px (64 px in 720p), frontal to half profile, in photographs and photographic video. Not "
        "profiles, masks, drawings or look-alikes made to be taken for someone; at most "
        f"{MAX_EMBEDDED_FACES} faces of a sample are named."
    )

    def __init__(
        self, gallery: BiometricGallery, *, leased: Collection[str] = (), models: Models = PACKAGED_MODELS
    ) -> None:
        """`leased` are ids of the gallery whose face this case may show: they are left out of the search."""
        self.required_models = ("mtcnn", *face_backend(models.options).required_models)
        self._gallery, self._models = gallery, models
        self._leased = frozenset(leased)

    @classmethod
    def build(cls, context: ClassifierContext) -> Self:
        """Over what the context says."""
        return cls(context.gallery, leased=context.leased, models=context.models)

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """`protected_person`: 0.5 where a stranger is taken for one of the gallery once in a hundred times."""
        sample = require_sample(material)
        if not sample.frames:
            return self.unmeasured(subject, SignalNote.NO_FRAMES)
        tracks = track_faces(sample, self._models)
        templates = [person.template for person in tracks.people]
        identified = identify(templates, self._gallery, face_calibration(self._models.options), leased=self._leased)
        people = self._person_signals(sample, subject, tracks, identified.protected)
        return [
            *self._presence_signals(sample, subject, tracks),
            self.signal(subject, "unreadable_face", _unreadable_share(tracks)),
            *people,
            self._absence_signal(subject, tracks, identified),
            self._bystander_signal(subject, identified, people),
        ]

    def _presence_signals(self, sample: VideoSample, subject: Subject, tracks: FaceTracks) -> list[Signal]:
        scores = np.zeros(len(sample.frames), np.float32)
        for one in tracks.observations:
            scores[one.frame] = max(scores[one.frame], one.face.probability)
        if not tracks.observations:
            return [self.signal(subject, "face_present", 0.0)]
        found = scored_spans(sample, scores)
        return [self.signal(subject, "face_present", round(min(1.0, score), 4), at=at) for score, at in found]

    def _person_signals(
        self,
        sample: VideoSample,
        subject: Subject,
        tracks: FaceTracks,
        best_matches: dict[str, tuple[float, SignalNote, int]],
    ) -> list[Signal]:
        if not tracks.observations or not self._gallery.size:
            return [self.signal(subject, "protected_person", 0.0)]
        if not tracks.people:
            at = frame_span(sample, tracks.observations[0].frame)
            return [self.signal(subject, "protected_person", None, at=at, note=SignalNote.CANNOT_TELL)]
        ranked = sorted(best_matches.items(), key=lambda match: match[1][0], reverse=True)
        return [
            self.signal(
                subject,
                "protected_person",
                round(score, 4),
                at=_span_of(sample, tracks.people[track]),
                note=note,
                cameo=recognised_cameo(person, score),
            )
            for place, (person, (score, note, track)) in enumerate(ranked)
            if place == 0 or score >= _MIN_REPORTED_SCORE
        ] or [self.signal(subject, "protected_person", 0.0)]

    def _absence_signal(self, subject: Subject, tracks: FaceTracks, identified: Identification) -> Signal:
        missing = cameo_absence(identified)
        if missing >= 0.5 and tracks.unreadable_count:  # they may be among the faces that could not be described
            return self.signal(subject, "cameo_absent", None, note=SignalNote.CANNOT_TELL)
        return self.signal(
            subject, "cameo_absent", round(missing, 4), note=SignalNote.CAMEO if missing else SignalNote.NONE
        )

    def _bystander_signal(self, subject: Subject, identified: Identification, people: list[Signal]) -> Signal:
        if any(signal.score is None for signal in people) and identified.leased:
            return self.signal(subject, "cameo_beside_protected", None, note=SignalNote.CANNOT_TELL)
        leased_score = max(identified.leased.values(), default=0.0)
        other_score = max((signal.score or 0.0 for signal in people), default=0.0)
        return self.signal(subject, "cameo_beside_protected", round(min(leased_score, other_score), 4))

    def examples(self) -> list[ClassifierExample]:
        """A portrait, and grey frames."""
        grey = sample_of_images(flat_image(128))
        return [
            ClassifierExample(
                about="a portrait", material=sample_of_images(example_portrait()), label="face_present", low=0.95
            ),
            ClassifierExample(
                about="a portrait", material=sample_of_images(example_portrait()), label="unreadable_face", high=0.0
            ),
            ClassifierExample(about="grey frames", material=grey, label="face_present", high=0.0),
            ClassifierExample(about="grey frames", material=grey, label="protected_person", high=0.0),
            ClassifierExample(about="grey frames", material=grey, label="cameo_absent", high=0.0),
            ClassifierExample(about="grey frames", material=grey, label="cameo_beside_protected", high=0.0),
        ]


def enrol_face(rgb: NDArray[np.uint8], models: Models) -> NDArray[np.float32] | None:
    """The template of the one face of a picture, float32 of its space's length; None if not exactly one can be read."""
    return enrolment_template(rgb, models)


def example_portrait() -> NDArray[np.uint8]:
    """Eileen Collins, astronaut: NASA's photograph, public domain."""
    coded = np.frombuffer((files("classifiers") / "examples" / "astronaut.png").read_bytes(), np.uint8)
    return np.ascontiguousarray(np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)[:, :, ::-1])


def _span_of(sample: VideoSample, person: FaceTrack) -> Span:
    return frame_span(sample, person.best_frame)


def _unreadable_share(tracks: FaceTracks) -> float:
    """The share of faces that could not be read, not even at another moment of their track."""
    return round(tracks.unreadable_count / len(tracks.observations), 4) if tracks.observations else 0.0
