"""Hypothesis strategies for the core's records."""

from __future__ import annotations

import dataclasses
import types
from datetime import UTC, datetime
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from core.assets import Asset
from core.case import Case
from core.events import Event
from core.signals import Signal, Span, Subject
from core.transitions import allowed
from tests.lawful import possible

texts = st.text(max_size=20)
digests = st.text(alphabet="0123456789abcdef", min_size=64, max_size=64)
assets = st.builds(Asset, digest=digests, media_type=texts, size=st.integers(0, 1 << 40))
spans = st.floats(0, 1e6).flatmap(lambda a: st.floats(a, 2e6).map(lambda b: Span(start=a, end=b)))
signals = st.builds(
    Signal,
    subject=st.sampled_from(Subject),
    label=st.sampled_from(["a", "b", "c"]),
    score=st.none() | st.floats(0, 1),
    source=st.just("test/1"),
    at=st.none() | spans,
)


def of(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that the core uses."""
    known = {
        str: texts,
        int: st.integers(0, 1 << 31),
        float: st.floats(0, 1e6),
        bool: st.booleans(),
        datetime: st.datetimes(timezones=st.just(UTC)),
        Asset: assets,
        Signal: signals,
    }
    if kind in known:
        return known[kind]
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return st.one_of(*(st.none() if a is type(None) else of(a) for a in args))
    if origin is tuple:
        return st.lists(of(args[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(texts, of(args[1]), max_size=3)
    if dataclasses.is_dataclass(kind):
        return st.builds(kind, **{name: of(hint) for name, hint in get_type_hints(kind).items()})
    return st.sampled_from(kind)


events = st.one_of(*(of(kind) for kind in get_args(Event)))


@st.composite
def walks(draw: st.DrawFn, longest: int = 30) -> list[Event]:
    """A random lawful story, from its submission on."""
    case, story = Case(id="x"), []
    for _ in range(draw(st.integers(1, longest))):
        lawful = [event for event in possible(case) if allowed(case, event)]
        if not lawful:
            break
        story.append(draw(st.sampled_from(lawful)))
        case = case.apply(story[-1:])
    return story
