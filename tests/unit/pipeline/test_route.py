"""The route comes from the law of transitions: its phases, and what each of its stages can say."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest

from core.case import Phase
from core.events import Claimed, Event, Recalled, Reversed, StageFailed, ViewSealed, Waiting
from core.transitions import TRANSITIONS, WORKING
from pipeline.runners.topics import WORKER_ROLES
from pipeline.stages import ROUTE
from tests.stub_pipeline.stages import ROUTE as TOYS

OF_OTHERS = (
    StageFailed,
    Waiting,
    Recalled,
    Reversed,
    ViewSealed,
    Claimed,
)  # what advance() says of a stage that broke or waits, and what people do


def said(stage: Callable[..., Any]) -> set[type[Event]]:
    """The events that this stage, and whatever it calls among the stages, make."""
    seen, found, fresh = set(), set(), [stage]
    while fresh:
        function = fresh.pop()
        if function in seen:
            continue
        seen.add(function)
        for name in _names(function.__code__):
            known = function.__globals__.get(name)
            if known in get_args(Event):
                found.add(known)
            elif isinstance(known, types.FunctionType) and known.__module__.startswith("pipeline.stages"):
                fresh.append(known)
    return found


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _names(inner)


def test_there_is_a_stage_for_each_phase_in_which_something_is_to_be_done_and_for_no_other() -> None:
    assert tuple(ROUTE) == tuple(TOYS) == WORKING


def test_each_of_these_phases_belongs_to_a_role_of_workers() -> None:
    assert sorted(phase for phases in WORKER_ROLES.values() for phase in phases) == sorted(WORKING)


@pytest.mark.parametrize("phase", WORKING)
def test_a_stage_says_what_may_follow_in_its_phase_and_all_of_that(phase: Phase) -> None:
    lawful = {row.event for row in TRANSITIONS if row.phase is phase} - set(OF_OTHERS)
    assert said(ROUTE[phase]) == lawful
