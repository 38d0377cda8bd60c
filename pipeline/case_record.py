"""A case as the account that asked for it reads it: what it is now, everything that happened to it, and its prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.case import Case, RecallAppeal
from core.errors import Erased
from core.events import Published, Ruled
from core.ports import RecordedEvent, TextStore


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRecord:
    """A case with its history. `prompt` is None where it was erased; `failure` is why the engine could not make it, in
    the engine's words, empty where it did not fail or they were erased. `reply` is what a moderator wrote to the author
    last; empty where nobody did, or it was erased.
    """

    case: Case
    history: Sequence[RecordedEvent]
    prompt: str | None
    failure: str = ""
    reply: str = ""

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
    failed = case.failed.reason if case.failed else ""
    return CaseRecord(
        case=case,
        history=history,
        prompt=_text(texts, case.request.prompt),
        failure=(_text(texts, failed) or "") if failed else "",
        reply=_appeal_reply(case, history, texts) or reply_of(case, texts),
    )


def reply_of(case: Case, texts: TextStore) -> str:
    """What a moderator wrote to the author of a case last; empty where nobody did, or it was erased."""
    replies = [ruling.reply for ruling in case.rulings if ruling.reply]
    return (_text(texts, replies[-1]) or "") if replies else ""


def _appeal_reply(case: Case, history: Sequence[RecordedEvent], texts: TextStore) -> str:
    """What was written to the author of a recall that was upheld; it is among no gate's rulings."""
    if case.recall_appeal is not RecallAppeal.UPHELD:
        return ""
    last = next(one.event.ruling for one in reversed(history) if isinstance(one.event, Ruled))
    return (_text(texts, last.reply) or "") if last.reply else ""


def _text(texts: TextStore, text_id: str) -> str | None:
    try:
        return texts.read(text_id)
    except Erased:
        return None
