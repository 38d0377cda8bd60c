"""What commands share: the house they work in, who is asking, and how they print."""

from __future__ import annotations

import json
import logging
import os
import pwd
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from core import codec
from core.case import Case
from core.errors import NotNow
from core.events import Event as CaseEvent
from pipeline.advance import Told
from pipeline.people import Person, Role
from pipeline.runners.local import LocalRunner
from pipeline.settings import Settings, load_settings

if TYPE_CHECKING:
    from pipeline.wiring import House

Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output, nothing else.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Tell what happens, and details of errors.")]

out = Console()
err = Console(stderr=True)


def operator() -> Person:
    """Whoever can run commands over the house's own database is its operator."""
    try:  # by the system's word and not the environment's: one person must not count as two moderators
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    return Person(id=f"local:{name}", roles=frozenset({Role.OPERATOR, Role.PLATFORM, Role.MODERATOR}))


@contextmanager
def house(
    *, verbose: bool = False, tell: Told | None = None, mending: bool = False, **given: object
) -> Iterator[House]:
    """The house that the settings describe; closed afterwards. `mending`: also where its policy does not load."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.ERROR, stream=sys.stderr, format="%(name)s: %(message)s"
    )
    if verbose:
        logging.getLogger("assay").setLevel(logging.DEBUG)
    with _heard() as asked:
        built = house_of(load_settings(**given), tell=_stopping(asked, tell), mending=mending)
        try:
            yield built
        finally:
            built.close()


@contextmanager
def _heard() -> Iterator[Event]:
    """Ctrl-C interrupts as ever, and is remembered: a library that calls back into Python may swallow it."""
    asked = Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        asked.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


def _stopping(asked: Event, tell: Told | None) -> Told:
    def stop_or_tell(case: Case, events: Sequence[CaseEvent]) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        if tell:
            tell(case, events)

    return stop_or_tell


def house_of(settings: Settings, *, tell: Told | None = None, mending: bool = False) -> House:
    """The house that these settings describe."""
    from pipeline.wiring import build

    return build(settings, tell=tell, mending=mending)


def runner_of(at: House) -> LocalRunner:
    """The house's own runner. Raises NotNow where Kafka's workers move its cases."""
    if at.runner is None:
        raise NotNow("with ASSAY_BUS=kafka cases are moved by `assay worker`")
    return at.runner


def print_json(value: Any) -> None:
    """A record, as one JSON object on a line."""
    sys.stdout.write(json.dumps(codec.dump(value), ensure_ascii=False) + "\n")
    sys.stdout.flush()
