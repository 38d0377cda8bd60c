from __future__ import annotations

import cv2
import numpy as np
import pytest

from classifiers.base import SignalNote
from classifiers.image.face_tracks import track_faces
from classifiers.image.frame_faces import FrameFaces, enrol_face, example_portrait
from classifiers.image.sampled_frames import flat_image, sample_of_images
from classifiers.models import PACKAGED_MODELS
from core.signals import Signal, Subject

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    return enrol_face(example_portrait(), PACKAGED_MODELS)


def people(found: list[Signal]) -> list[Signal]:
    return [signal for signal in found if signal.label == "protected_person"]


def darker_and_smaller(rgb: np.ndarray) -> np.ndarray:
    small = cv2.resize((rgb * 0.7).astype(np.uint8), None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small[:, ::-1])


def test_an_enrolled_face_is_found_in_a_changed_picture(listed_faces, astronaut) -> None:
    faces = FrameFaces(listed_faces(("c1", "estate", astronaut)))
    (signal,) = people(
        faces.measure(sample_of_images(flat_image(90), darker_and_smaller(example_portrait())), Subject.VIDEO)
    )
    assert signal.score > 0.7 and signal.note == SignalNote.ESTATE and signal.at.start == 1.0


def test_other_people_are_not_taken_for_her(listed_faces, astronaut, six_people) -> None:
    faces = FrameFaces(listed_faces(("c1", "cameo", astronaut)))
    found = faces.measure(sample_of_images(six_people), Subject.REFERENCE)
    assert max(signal.score for signal in people(found)) < 0.5
    assert {s.subject for s in found} == {Subject.REFERENCE}


def test_a_leased_face_is_left_out_and_no_other(listed_faces, astronaut) -> None:
    gallery = listed_faces(("c1", "cameo", astronaut), ("p2", "public_figure", astronaut + 0.01))
    sample = sample_of_images(example_portrait())
    (leased,) = people(FrameFaces(gallery, leased=["c1"]).measure(sample, Subject.VIDEO))
    assert leased.note == SignalNote.PUBLIC_FIGURE
    (nobody,) = people(FrameFaces(gallery, leased=["c1", "p2"]).measure(sample, Subject.VIDEO))
    assert nobody.score == 0.0


def test_a_face_too_blurred_to_read_is_said_to_be_so(listed_faces, astronaut) -> None:
    blurred = cv2.GaussianBlur(example_portrait(), (0, 0), 5)
    found = FrameFaces(listed_faces(("c1", "cameo", astronaut))).measure(sample_of_images(blurred), Subject.VIDEO)
    (person,) = people(found)
    assert (person.score, person.note) == (None, SignalNote.CANNOT_TELL)
    assert {s.label: s.score for s in found}["unreadable_face"] == 1.0


def test_a_picture_of_several_people_is_not_enrolled(six_people) -> None:
    assert enrol_face(six_people, PACKAGED_MODELS) is None and enrol_face(flat_image(90), PACKAGED_MODELS) is None


def test_without_frames_nothing_is_said(listed_faces) -> None:
    empty = sample_of_images(flat_image(9))
    empty = type(empty)(info=empty.info, frames=())
    assert {s.score for s in FrameFaces(listed_faces()).measure(empty, Subject.VIDEO)} == {None}


def test_a_strip_of_a_picture_holds_no_face(listed_faces) -> None:
    found = FrameFaces(listed_faces()).measure(sample_of_images(flat_image(90, (20, 900))), Subject.VIDEO)
    assert {s.label: s.score for s in found}["face_present"] == 0.0


def label(found: list[Signal], name: str) -> Signal:
    (one,) = [signal for signal in found if signal.label == name]
    return one


def test_a_leased_cameo_that_does_not_appear_is_said_to_be_absent(listed_faces, astronaut, six_people) -> None:
    gallery = listed_faces(("mira", "cameo", astronaut))
    faces = FrameFaces(gallery, leased=["mira"])
    assert label(faces.measure(sample_of_images(example_portrait()), Subject.VIDEO), "cameo_absent").score < 0.1
    other = np.ascontiguousarray(six_people[:, : six_people.shape[1] // 4])
    assert label(faces.measure(sample_of_images(other), Subject.VIDEO), "cameo_absent").score > 0.9
    assert label(faces.measure(sample_of_images(flat_image(90)), Subject.VIDEO), "cameo_absent").score == 1.0
    blurred = cv2.GaussianBlur(example_portrait(), (0, 0), 5)
    assert label(faces.measure(sample_of_images(blurred), Subject.VIDEO), "cameo_absent").score is None
    not_enrolled = FrameFaces(listed_faces(), leased=["mira"]).measure(sample_of_images(flat_image(90)), Subject.VIDEO)
    assert label(not_enrolled, "cameo_absent").score == 0.0


def test_a_leased_cameo_beside_a_protected_person_is_said(listed_faces, astronaut, six_people) -> None:
    other = six_people[:, : six_people.shape[1] // 4]
    protected = enrol_face(np.ascontiguousarray(other), PACKAGED_MODELS)
    assert protected is not None
    gallery = listed_faces(("mira", "cameo", astronaut), ("p2", "public_figure", protected))
    found = FrameFaces(gallery, leased=["mira"]).measure(sample_of_images(example_portrait(), other), Subject.VIDEO)
    assert label(found, "cameo_beside_protected").score > 0.5
    alone = FrameFaces(gallery, leased=["mira"]).measure(sample_of_images(example_portrait()), Subject.VIDEO)
    assert label(alone, "cameo_beside_protected").score < 0.2


def test_a_person_is_followed_through_a_shot_and_counted_once(astronaut) -> None:
    moved = [np.ascontiguousarray(np.roll(example_portrait(), 8 * n, axis=1)) for n in range(4)]
    tracks = track_faces(sample_of_images(*moved), PACKAGED_MODELS)
    (person,) = tracks.people
    assert person.frames == (0, 1, 2, 3)
    assert np.linalg.norm(person.template - astronaut) < 0.3


def test_a_person_who_comes_back_after_a_cut_is_one_person() -> None:
    away = np.ascontiguousarray(np.roll(example_portrait(), -150, axis=1))
    tracks = track_faces(sample_of_images(example_portrait(), flat_image(90, (512, 512)), away), PACKAGED_MODELS)
    assert [person.frames for person in tracks.people] == [(0, 2)]


def test_a_recognised_cameo_is_in_the_signal_by_its_random_id(listed_faces, astronaut) -> None:
    enrolled = f"cameo_{7:016x}"
    found = FrameFaces(listed_faces((enrolled, "cameo", astronaut))).measure(
        sample_of_images(example_portrait()), Subject.VIDEO
    )
    assert label(found, "protected_person").cameo == enrolled
    assert {signal.cameo for signal in found if signal.label != "protected_person"} == {""}


def test_no_name_of_the_gallery_and_nobody_who_is_only_a_little_alike_gets_into_a_signal(
    listed_faces, astronaut, six_people
) -> None:
    named = FrameFaces(listed_faces(("Eileen Collins", "public_figure", astronaut)))
    assert label(named.measure(sample_of_images(example_portrait()), Subject.VIDEO), "protected_person").cameo == ""
    cameo = FrameFaces(listed_faces((f"cameo_{7:016x}", "cameo", astronaut)))
    found = cameo.measure(sample_of_images(six_people), Subject.VIDEO)
    assert {one.cameo for one in found if one.label == "protected_person" and (one.score or 0) < 0.5} == {""}
