"""A ledger in which the process is killed around the append of a chosen event, once in the life of an installation."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, cast

from core.case import Case
from core.events import Event
from core.ports import Ledger

When = Literal["before", "after"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """Kill -9 before or after an event of this type is appended. `mark` is a file that says that it has happened."""

    when: When
    event: str
    mark: Path

    @classmethod
    def parse(cls, text: str, folder: Path) -> Strike:
        """From `after:Rendered`."""
        when, _, event = text.partition(":")
        return cls(when=cast("When", when), event=event, mark=folder / f"struck-{when}-{event}")

    def now(self) -> None:
        """The process ends here, unless another one ended here before it."""
        try:
            self.mark.touch(exist_ok=False)
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)


class StruckLedger:
    """A Ledger that strikes; all else is the ledger's that it is over."""

    def __init__(self, inner: Ledger, strikes: Sequence[Strike], kill: Callable[[Strike], None] = Strike.now) -> None:
        """`kill` ends what is at work here."""
        self._inner, self._strikes, self._kill = inner, strikes, kill

    def append(self, case: Case, events: Sequence[Event], *, rest: timedelta = timedelta(0)) -> Case:
        """As Ledger.append."""
        self._strike("before", events)
        after = self._inner.append(case, events, rest=rest)
        self._strike("after", events)
        return after

    def __getattr__(self, name: str) -> Any:
        """Whatever else is asked of a ledger."""
        return getattr(self._inner, name)

    def _strike(self, when: When, events: Sequence[Event]) -> None:
        kinds = {type(event).__name__ for event in events}
        for strike in self._strikes:
            if strike.when == when and strike.event in kinds:
                self._kill(strike)
