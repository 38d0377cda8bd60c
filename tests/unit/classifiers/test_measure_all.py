from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from classifiers.base import Classifier, PromptText, SignalNote, clip_score, locate_all, measure_all
from classifiers.image.sampled_frames import flat_image, sample_of_images
from core.errors import Unavailable
from core.signals import Span, Subject

SECRET = "a prompt nobody may read in a log"


class Odd(Classifier):
    """Does as it is told."""

    name, version, labels, covers = "odd", 3, ("one", "two"), "Nothing."
    subjects = frozenset({Subject.PROMPT})

    def __init__(self, does, finds=None) -> None:
        self._does, self._finds = does, finds

    def measure(self, material, subject):
        return self._does(self, subject)

    def locate(self, material, signals):
        return self._finds(signals) if self._finds else super().locate(material, signals)

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


FIRST = Span(start=0, end=1, unit="chars")
WORD = Span(start=2, end=5, unit="chars")


def both(self, subject):
    return [self.signal(subject, "one", 0.8), self.signal(subject, "two", 0.1)]


def test_places_are_found_afterwards_and_change_nothing_else() -> None:
    odd = Odd(both, lambda signals: [replace(signals[0], at=WORD), replace(signals[0], at=FIRST), signals[1]])
    measured = measure_all(PromptText("a red b"), [odd]).signals
    located = locate_all(PromptText("a red b"), [odd], measured)
    assert [(s.label, s.score, s.at) for s in located.signals] == [
        ("one", 0.8, WORD),
        ("one", 0.8, FIRST),
        ("two", 0.1, None),
    ]
    assert set(located.seconds) == {"odd/3"}


@pytest.mark.parametrize(
    "finds",
    [
        lambda _signals: 1 / 0,
        lambda signals: [replace(one, score=0.0) for one in signals],
        lambda signals: signals[1:],
        lambda signals: [replace(one, label="three") for one in signals],
    ],
)
def test_whoever_breaks_or_says_otherwise_while_places_are_sought_changes_nothing(finds) -> None:
    odd = Odd(both, finds)
    measured = measure_all(PromptText("a red b"), [odd]).signals
    assert locate_all(PromptText("a red b"), [odd], measured).signals == measured


def test_a_classifier_without_places_of_its_own_gives_what_it_gave() -> None:
    measured = measure_all(PromptText("x"), [Odd(both)]).signals
    assert locate_all(PromptText("x"), [Odd(both)], measured).signals == measured
