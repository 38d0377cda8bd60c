"""Follows faces through a shot and puts together what is seen of one person: a template of their best moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.face_choice import describe_face, face_measure
from classifiers.face_template import GLANCE, PORTRAIT
from classifiers.faces_seen import Seen, see
from classifiers.likeness_scale import threshold
from media.video import Sample

MOST_DESCRIBED = 16
"""Faces of a sample that are described, at the most."""

_SHOTS = 2  # of each track: as many are averaged
_ONE_PERSON = 1e-4  # templates of two tracks that lie nearer than at this false-match rate are one person's


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One person: their template, the indices of the frames that show them, and the one that shows them best."""

    template: NDArray[np.float32]
    frames: tuple[int, ...]
    best: int


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """Everyone who could be read, the one seen most first; all faces; and which of those belong to no one described."""

    people: tuple[Track, ...]
    seen: tuple[Seen, ...]
    unread: int


def tracks_of(sample: Sample, detector: Any) -> Tracks:
    """Everyone in a sample. A face that cannot be read is read by its track, if another moment of that can be."""
    seen = see(sample, detector)
    followed = _followed(seen)
    chosen = _chosen(seen, followed)
    one_look = len(sample.frames) == 1
    people: list[Track] = []
    for track in followed:
        shots = [place for place in track if place in chosen]
        if shots:
            people.append(_track(sample, seen, track, shots, one_look=one_look))
    unread = sum(len(track) for track in followed if not any(place in chosen for place in track))
    merged = _merged(people)
    return Tracks(tuple(sorted(merged, key=lambda person: -len(person.frames))), tuple(seen), unread)


def _followed(seen: Sequence[Seen]) -> list[list[int]]:
    tracks: list[list[int]] = []
    of: dict[int, list[int]] = {}
    for place, face in enumerate(seen):
        track = of.get(face.before) if face.before is not None else None
        if track is None:
            track = []
            tracks.append(track)
        track.append(place)
        of[place] = track
    return tracks


def _chosen(seen: Sequence[Seen], followed: Sequence[Sequence[int]]) -> set[int]:
    """The best shots: the best of each track first, then the second best of each, MOST_DESCRIBED in all."""
    ranked = [
        sorted((place for place in track if seen[place].readable), key=lambda place: -seen[place].worth)[:_SHOTS]
        for track in followed
    ]
    turns = [
        place
        for turn in range(_SHOTS)
        for place in sorted(
            (track[turn] for track in ranked if len(track) > turn), key=lambda place: -seen[place].worth
        )
    ]
    return set(turns[:MOST_DESCRIBED])


def _track(
    sample: Sample, seen: Sequence[Seen], track: Sequence[int], shots: Sequence[int], *, one_look: bool
) -> Track:
    views = PORTRAIT if one_look and len(seen) <= 2 else GLANCE
    templates = [describe_face(sample.frames[seen[p].frame].rgb, seen[p].face, views) for p in shots]
    best = max(shots, key=lambda place: seen[place].worth)
    mean = np.mean(templates, axis=0).astype(np.float32)
    return Track(mean, tuple(sorted({seen[place].frame for place in track})), seen[best].frame)


def _merged(people: Sequence[Track]) -> list[Track]:
    """Tracks of one person put together: a cut, or a turn of the head, ends a track."""
    kept: list[Track] = []
    near = threshold(face_measure().scale, _ONE_PERSON) if len(people) > 1 else 0.0
    for person in people:
        for place, other in enumerate(kept):
            together = set(person.frames) & set(other.frames)
            if not together and np.linalg.norm(person.template - other.template) < near:
                weight = len(other.frames) / (len(other.frames) + len(person.frames))
                template = (weight * other.template + (1 - weight) * person.template).astype(np.float32)
                kept[place] = Track(template, tuple(sorted({*other.frames, *person.frames})), other.best)
                break
        else:
            kept.append(person)
    return kept
