from __future__ import annotations

import logging

import pytest

from classifiers.base import Classifier, PromptText, SignalNote, clip_score, measure_all
from classifiers.image.sampled_frames import flat_image, sample_of_images
from core.errors import Unavailable
from core.signals import Subject

SECRET = "a prompt nobody may read in a log"


class Odd(Classifier):
    """Does as it is told."""

    name, version, labels, covers = "odd", 3, ("one", "two"), "Nothing."
    subjects = frozenset({Subject.PROMPT})

    def __init__(self, does) -> None:
        self._does = does

    def measure(self, material, subject):
        return self._does(self, subject)

    def examples(self):
        return []


def raising(error: Exception):
    def does(_self, _subject):
        raise error

    return does


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (RuntimeError(SECRET), SignalNote.FAILED),
        (MemoryError(), SignalNote.FAILED),
        (Unavailable("model x is missing"), SignalNote.MISSING_MODEL),
    ],
)
def test_whatever_breaks_every_label_is_there_without_a_score(error: Exception, note: SignalNote) -> None:
    found = measure_all(PromptText(SECRET), [Odd(raising(error))])
    assert [(s.label, s.score, s.note, s.source) for s in found.signals] == [
        ("one", None, note, "odd/3"),
        ("two", None, note, "odd/3"),
    ]


def test_the_words_of_a_prompt_reach_no_log(caplog) -> None:
    with caplog.at_level(logging.DEBUG):
        measure_all(PromptText(SECRET), [Odd(raising(ValueError(SECRET)))])
    assert caplog.records and SECRET not in caplog.text


def test_a_label_about_which_nothing_was_said_is_none_not_absent() -> None:
    found = measure_all(PromptText("x"), [Odd(lambda self, subject: [self.signal(subject, "one", 0.2)])])
    assert [(s.label, s.score) for s in found.signals] == [("one", 0.2), ("two", None)]


def test_not_a_number_is_never_a_score() -> None:
    found = measure_all(PromptText("x"), [Odd(lambda self, subject: [self.signal(subject, "one", float("nan"))])])
    assert {s.score for s in found.signals} == {None}
    with pytest.raises(ValueError):
        clip_score(float("nan"))


def test_a_classifier_is_asked_only_about_its_subjects() -> None:
    found = measure_all(sample_of_images(flat_image(9)), [Odd(raising(RuntimeError()))])
    assert found.signals == () and found.seconds == {}


def test_the_time_of_each_source_is_told() -> None:
    found = measure_all(PromptText("x"), [Odd(raising(RuntimeError()))])
    assert set(found.seconds) == {"odd/3"} and found.seconds["odd/3"] >= 0
