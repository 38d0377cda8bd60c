"""What stands beside a case in words: notes of rulings, appeals and recalls, and what was heard and seen in footage."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.case import Case
from core.errors import Erased
from core.events import Appealed, Event, Recalled, Reversed, Ruled, ViewSealed
from core.ports import RecordedEvent, TextStore
from core.roles import Principal
from pipeline.disclosure import sees_everything


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseNote:
    """A note to the event of this revision. `text` is None where it was erased; `is_appeal`: the author's own words."""

    revision: int
    at: datetime
    by: str
    text: str | None
    is_appeal: bool


def case_notes(who: Principal, history: Iterable[RecordedEvent], texts: TextStore) -> tuple[CaseNote, ...]:
    """All notes for a moderator, in order; for others those that they wrote themselves."""
    found = []
    for entry in history:
        by, text_id = _written(entry.event)
        if text_id and (sees_everything(who) or by == who.id):
            found.append(
                CaseNote(
                    revision=entry.revision,
                    at=entry.at,
                    by=by,
                    text=_read(text_id, texts),
                    is_appeal=isinstance(entry.event, Appealed),
                )
            )
    return tuple(found)


def footage_words(who: Principal, case: Case, texts: TextStore) -> list[dict[str, Any]]:
    """What is said and written in what was measured last, as classifiers.passages has it; for moderators, nothing for
    others. Raises Erased.
    """
    return [] if not sees_everything(who) else [one for text in case.words for one in json.loads(texts.read(text))]


def _written(event: Event) -> tuple[str, str]:
    """Who wrote a note, and the id of its text; both empty for an event without one."""
    match event:
        case Ruled():
            return event.ruling.moderator, event.ruling.note
        case Appealed() | Recalled():
            return event.by, event.note
        case Reversed() | ViewSealed():
            return event.by, event.note
    return "", ""


def _read(text_id: str, texts: TextStore) -> str | None:
    try:
        return texts.read(text_id)
    except Erased:
        return None
