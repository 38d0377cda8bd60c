"""What commands share: the installation they work in, who is asking, and how they print."""

from __future__ import annotations

import json
import logging
import os
import pwd
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from core import codec
from core.case import Case
from core.errors import NotNow
from core.events import Event as CaseEvent
from core.roles import Principal, Role
from pipeline.advance import EventListener, NoListener
from pipeline.observability.json_logs import JsonFormatter
from pipeline.runners.local_runner import LocalRunner
from pipeline.settings import Settings, load_settings

if TYPE_CHECKING:
    from pipeline.wiring import Installation

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output, nothing else.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Tell what happens, and details of errors.")]

out = Console()
err = Console(stderr=True)


def local_operator() -> Principal:
    """Whoever can run commands over the installation's own database has every role: that database is open to them."""
    try:  # by the system's word and not the environment's: one person must not count as two moderators
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    return Principal(id=f"local:{name}", roles=frozenset({Role.OPERATOR, Role.PLATFORM, Role.MODERATOR, Role.LEAD}))


def configure_logging(*, verbose: bool, log_format: str = "text") -> None:
    """Errors to standard error; with `verbose` everything that is logged. As "json", a JSON object a line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else logging.Formatter("%(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, handlers=[handler])
    if verbose:
        logging.getLogger("assay").setLevel(logging.DEBUG)


@contextmanager
def open_installation(
    *, verbose: bool = False, listener: EventListener | None = None, allow_broken_policy: bool = False, **given: object
) -> Iterator[Installation]:
    """The installation that the settings describe; closed afterwards. `allow_broken_policy`: also where its policy
    does not
    load.
    """
    settings = load_settings(**given)
    configure_logging(verbose=verbose, log_format=settings.log_format)
    with _remember_interrupt() as asked:
        built = build_cli_installation(
            settings,
            listener=_InterruptibleListener(asked=asked, listener=listener or NoListener()),
            allow_broken_policy=allow_broken_policy,
        )
        try:
            yield built
        finally:
            built.close()


@contextmanager
def _remember_interrupt() -> Iterator[Event]:
    """Ctrl-C interrupts as ever, and is remembered: a library that calls back into Python may swallow it."""
    interrupted = Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        interrupted.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


@dataclass(frozen=True, slots=True, kw_only=True)
class _InterruptibleListener:
    asked: Event
    listener: EventListener

    def on_events(self, case: Case, events: Sequence[CaseEvent]) -> None:
        if self.asked.is_set():
            raise KeyboardInterrupt
        self.listener.on_events(case, events)


def build_cli_installation(
    settings: Settings, *, listener: EventListener | None = None, allow_broken_policy: bool = False
) -> Installation:
    """The installation that these settings describe."""
    from pipeline.wiring import build_installation

    return build_installation(settings, listener=listener, allow_broken_policy=allow_broken_policy)


def runner_of(installation: Installation) -> LocalRunner:
    """The installation's local runner. Raises NotNow where Kafka workers move its cases."""
    if installation.runner is None:
        raise NotNow("with ASSAY_BUS=kafka cases are moved by `assay worker`")
    return installation.runner


def print_json(value: object) -> None:
    """A record, as one JSON object on a line."""
    sys.stdout.write(json.dumps(codec.dump(value), ensure_ascii=False) + "\n")
    sys.stdout.flush()
