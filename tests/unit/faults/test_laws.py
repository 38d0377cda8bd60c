"""Each law fails where it is broken, and holds for a lawful story."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from core.case import Case, Phase
from core.events import Judged, Published, Sealed, Waiting
from core.verdicts import Decision, Gate
from evals.faults.laws import CaseStory, World, breaches
from tests.lawful import NOON, OTHER, VIDEO, WAY, judged

STORY = tuple(WAY[phase] for phase in Phase if phase in WAY)
PUBLISHED = STORY[: next(n for n, event in enumerate(STORY) if isinstance(event, Published)) + 1]


def story(*events, case_id="a" * 16):
    return CaseStory(case=Case(id=case_id).apply(events), events=events)


def world(*stories, shelf=None, orders=None, wrong=""):
    return World(
        stories=stories,
        shelf=shelf or {},
        orders=orders or {},
        never_allowed=lambda _story: "",
        examine=lambda _story, _file: wrong,
    )


def broken(found, **how):
    return {breach.law for breach in breaches(found, **how)}


def without(kind, gate=None):
    return tuple(e for e in PUBLISHED if not (isinstance(e, kind) and (gate is None or e.verdict.gate is gate)))


@pytest.mark.parametrize("events", [without(Sealed), without(Judged, Gate.PROMPT), without(Judged, Gate.VIDEO)])
def test_what_was_not_allowed_or_sealed_is_not_published(events):
    assert "allowed" in broken(world(story(*events)))


def test_a_later_refusal_counts():
    events = (*PUBLISHED[:-1], judged(Gate.VIDEO, Decision.REFUSE), PUBLISHED[-1])
    assert "allowed" in broken(world(story(*events)))


def test_what_is_published_twice_is_found_and_two_orders_of_one_case():
    twice = story(*PUBLISHED, PUBLISHED[-1])
    assert "once" in broken(world(twice))
    assert "once" in broken(world(story(*PUBLISHED), orders={"k": "a" * 16, "l": "a" * 16}))


def test_two_cases_with_one_mark_are_found():
    assert "once" in broken(world(story(*PUBLISHED), story(*PUBLISHED, case_id="b" * 16)))


def test_an_order_that_is_no_case_is_lost():
    assert broken(world(orders={"k": "c" * 16})) == {"none lost"}


def test_a_case_that_lies_still_without_a_reason_is_found_once_all_is_at_rest():
    still = story(*PUBLISHED[:1])
    assert broken(world(still)) == {"ended or waiting"}
    assert broken(world(still), settled=False) == set()
    waiting = Waiting(phase="submitted", reason="the engine is away", since=NOON)
    assert broken(world(story(*PUBLISHED[:1], waiting))) == set()


def test_a_public_file_is_the_sealed_one_of_a_published_case(tmp_path: Path):
    file = tmp_path / "video.mp4"
    file.write_bytes(b"other bytes")
    case = story(*PUBLISHED)
    assert broken(world(case)) == {"on the shelf"}
    assert broken(world(case, shelf={case.case.id: file})) == {"on the shelf"}
    assert broken(world(story(*PUBLISHED[:1]), shelf={case.case.id: file}), settled=False) == {"on the shelf"}
    assert broken(world(shelf={"d" * 16: file})) == {"on the shelf"}


def test_a_public_file_that_does_not_verify_is_found(tmp_path: Path):
    file = tmp_path / "video.mp4"
    file.write_bytes(b"sealed bytes")
    asset = replace(VIDEO, digest=hashlib.sha256(b"sealed bytes").hexdigest())
    events = tuple(replace(e, asset=asset) if isinstance(e, Sealed) else e for e in PUBLISHED)
    case = story(*events)
    assert broken(world(case, shelf={case.case.id: file})) == set()
    assert broken(world(case, shelf={case.case.id: file}, wrong="no mark")) == {"marked and signed"}


def test_a_case_that_is_not_the_fold_of_its_events_is_found():
    told = story(*PUBLISHED)
    changed = replace(told, case=replace(told.case, rendered=replace(told.case.rendered, asset=OTHER)))
    assert "the log is whole" in broken(world(changed))
