"""Remembers what was found about a sound or a picture for as long as that lives: each question is answered once."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TypeVar
from weakref import WeakKeyDictionary

from classifiers.models import Models

_Thing = TypeVar("_Thing")
_Answer = TypeVar("_Answer")


def remember(ask: Callable[[_Thing, Models], _Answer]) -> Callable[[_Thing, Models], _Answer]:
    """`ask`, whose answer is kept with the thing that it is about, and goes when that goes.

    The thing is told by its identity. Asked with other models it is asked anew; what was raised is not kept.
    """
    known: WeakKeyDictionary[_Thing, tuple[Models, _Answer]] = WeakKeyDictionary()
    lock = Lock()

    def once(thing: _Thing, models: Models) -> _Answer:
        with lock:
            held = known.get(thing)
        if held is not None and held[0] == models:
            return held[1]
        answer = ask(thing, models)
        with lock:
            known[thing] = models, answer
        return answer

    once.__doc__, once.__name__, once.__module__ = ask.__doc__, ask.__name__, ask.__module__
    return once
