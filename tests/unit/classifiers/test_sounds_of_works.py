"""The sounds of registered works are heard in a video, and lead to the label of the work's terms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from classifiers.audio.sounds_of_works import WorkSounds
from classifiers.image.sampled_frames import flat_image, sample_of_images
from core.signals import Subject
from media.lookup.sound_hashes import hashed_seconds
from media.video import MonoAudio
from registry.rights.registered_works import RegisteredWork
from registry.rights.work_sounds import ListedWorkSounds
from tests.unit.classifiers.test_banked_sounds import heard, melody


def work(name: str, terms: str) -> RegisteredWork:
    return RegisteredWork(id=name, kind="work", names=(f"The {name} song",), terms=terms)


def sound(of: RegisteredWork, name: str, samples: np.ndarray):
    return of, name, [(second, bits) for second, bits, _ in hashed_seconds(MonoAudio(samples=samples))]


@pytest.mark.parametrize(
    ("terms", "label", "other"),
    [("ask", "work_likeness", "work_not_allowed"), ("forbid", "work_not_allowed", "work_likeness")],
)
def test_a_recording_of_a_work_is_heard_with_its_seconds_under_the_label_of_its_terms(terms, label, other) -> None:
    classifier = WorkSounds(ListedWorkSounds(sound(work("w", terms), "s", melody(1))))
    found = heard(classifier, np.concatenate([melody(3, 4), 0.3 * melody(1)[32_000 : 7 * 16_000]]))
    match = found[label].example
    assert (match.work, match.sound, match.image) == ("w", "s", "") and found[label].score >= 0.5
    assert 3.0 <= found[label].at.start <= 5.0 and found[label].at.end <= 9.0
    assert (found[other].score, found[other].example) == (0.0, None)


def test_another_tune_and_a_work_whose_holder_allows_every_use_are_not() -> None:
    classifier = WorkSounds(ListedWorkSounds(sound(work("w", "ask"), "s", melody(1))))
    assert {one.score for one in heard(classifier, melody(4)).values()} == {0.0}
    allowed = WorkSounds(ListedWorkSounds(sound(work("w", "allow"), "s", melody(1))))
    assert {one.score for one in heard(allowed, melody(1)).values()} == {0.0}


def test_each_work_is_told_once_by_its_surest_sound() -> None:
    one, two = work("w", "ask"), work("v", "ask")
    known = ListedWorkSounds(
        sound(one, "whole", melody(1)), sound(one, "same", melody(1)), sound(two, "other", melody(2))
    )
    sample = sample_of_images(flat_image(100))
    audio = MonoAudio(samples=np.concatenate([melody(1), melody(2)]))
    material = replace(sample, info=replace(sample.info, has_audio=True), audio=audio)
    found = [s for s in WorkSounds(known).measure(material, Subject.VIDEO) if s.label == "work_likeness"]
    assert sorted(s.example.work for s in found) == ["v", "w"]


def test_sound_that_nobody_could_listen_to_is_not_called_unknown_where_sounds_are_registered() -> None:
    known = WorkSounds(ListedWorkSounds(sound(work("w", "ask"), "s", melody(1))))
    assert {one.score for one in heard(known, None).values()} == {None}
    assert {one.score for one in heard(known, None, has_audio=False).values()} == {0.0}
    assert {one.score for one in heard(WorkSounds(ListedWorkSounds()), None).values()} == {0.0}
