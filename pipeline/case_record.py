"""A case as the account that asked for it reads it: what it is now, everything that happened to it, and its prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.case import Case
from core.errors import Erased
from core.events import Published
from core.ports import RecordedEvent, TextStore


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRecord:
    """A case with its history. `prompt` is None where it was erased."""

    case: Case
    history: Sequence[RecordedEvent]
    prompt: str | None

    @property
    def created(self) -> datetime:
        """When it was asked for."""
        return self.history[0].at

    @property
    def published(self) -> datetime | None:
        """When it was published last; None where it never was."""
        return next((entry.at for entry in reversed(self.history) if isinstance(entry.event, Published)), None)


def case_record(case: Case, history: Sequence[RecordedEvent], texts: TextStore) -> CaseRecord:
    """The record of a case that was just read."""
    try:
        prompt = texts.read(case.request.prompt)
    except Erased:
        prompt = None
    return CaseRecord(case=case, history=history, prompt=prompt)
