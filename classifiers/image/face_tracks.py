"""Follows faces through a shot and puts together what is seen of one person: a template of their best moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.image.face_backend import embed_face, face_calibration
from classifiers.image.face_template import PHOTO_VIEWS, VIDEO_VIEWS
from classifiers.image.frame_face_detection import FaceObservation, detect_frame_faces
from classifiers.match_calibration import distance_threshold
from classifiers.models import Models
from media.video import VideoSample

MAX_EMBEDDED_FACES = 16
"""Faces of a sample that are described, at the most."""

_FACES_PER_TRACK = 2  # of each track: as many are averaged
_SAME_PERSON_FMR = 1e-4  # templates of two tracks that are nearer than at this false-match rate are one person's


@dataclass(frozen=True, slots=True, eq=False)
class FaceTrack:
    """One person: their template, the indices of the frames that show them, and the one that shows them best."""

    template: NDArray[np.float32]
    frames: tuple[int, ...]
    best_frame: int


@dataclass(frozen=True, slots=True, eq=False)
class FaceTracks:
    """Everyone who could be read, the one seen most first; all faces; and which of those belong to no one described."""

    people: tuple[FaceTrack, ...]
    observations: tuple[FaceObservation, ...]
    unreadable_count: int


def track_faces(sample: VideoSample, models: Models) -> FaceTracks:
    """Everyone in a sample. A face that cannot be read is read by its track, if another moment of that can be."""
    observations = detect_frame_faces(sample, models.get("mtcnn"))
    followed = _link_observations(observations)
    chosen = _best_observations(observations, followed)
    one_look = len(sample.frames) == 1
    people: list[FaceTrack] = []
    for track in followed:
        shots = [place for place in track if place in chosen]
        if shots:
            people.append(_track(sample, observations, track, shots, models, one_look=one_look))
    unread = sum(len(track) for track in followed if not any(place in chosen for place in track))
    merged = _merged(people, models)
    return FaceTracks(tuple(sorted(merged, key=lambda person: -len(person.frames))), tuple(observations), unread)


def _link_observations(observations: Sequence[FaceObservation]) -> list[list[int]]:
    tracks: list[list[int]] = []
    of: dict[int, list[int]] = {}
    for place, face in enumerate(observations):
        track = of.get(face.previous) if face.previous is not None else None
        if track is None:
            track = []
            tracks.append(track)
        track.append(place)
        of[place] = track
    return tracks


def _best_observations(observations: Sequence[FaceObservation], followed: Sequence[Sequence[int]]) -> set[int]:
    """The best shots: the best of each track first, then the second best of each, MAX_EMBEDDED_FACES in all."""
    ranked = [
        sorted(
            (place for place in track if observations[place].readable), key=lambda place: -observations[place].quality
        )[:_FACES_PER_TRACK]
        for track in followed
    ]
    turns = [
        place
        for turn in range(_FACES_PER_TRACK)
        for place in sorted(
            (track[turn] for track in ranked if len(track) > turn), key=lambda place: -observations[place].quality
        )
    ]
    return set(turns[:MAX_EMBEDDED_FACES])


def _track(
    sample: VideoSample,
    observations: Sequence[FaceObservation],
    track: Sequence[int],
    shots: Sequence[int],
    models: Models,
    *,
    one_look: bool,
) -> FaceTrack:
    views = PHOTO_VIEWS if one_look and len(observations) <= 2 else VIDEO_VIEWS
    templates = [
        embed_face(sample.frames[observations[p].frame].rgb, observations[p].face, models, views) for p in shots
    ]
    best = max(shots, key=lambda place: observations[place].quality)
    mean = np.mean(templates, axis=0).astype(np.float32)
    return FaceTrack(mean, tuple(sorted({observations[place].frame for place in track})), observations[best].frame)


def _merged(people: Sequence[FaceTrack], models: Models) -> list[FaceTrack]:
    """Tracks of one person put together: a cut, or a turn of the head, ends a track."""
    kept: list[FaceTrack] = []
    same_person_distance = (
        distance_threshold(face_calibration(models.options).scale, _SAME_PERSON_FMR) if len(people) > 1 else 0.0
    )
    for person in people:
        for place, other in enumerate(kept):
            together = set(person.frames) & set(other.frames)
            if not together and np.linalg.norm(person.template - other.template) < same_person_distance:
                weight = len(other.frames) / (len(other.frames) + len(person.frames))
                template = (weight * other.template + (1 - weight) * person.template).astype(np.float32)
                kept[place] = FaceTrack(template, tuple(sorted({*other.frames, *person.frames})), other.best_frame)
                break
        else:
            kept.append(person)
    return kept
