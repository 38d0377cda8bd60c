"""Events and cases as they are stored, the same for every ledger."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any

from core.case import Case
from core.codec import dump_event, load, load_event
from core.errors import BadInput, Unavailable
from core.events import Event

log = logging.getLogger("assay.ledger")

# Postgres cannot hold these in a text; an event must be stored all the same.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def event_rows(events: Sequence[Event]) -> list[dict[str, Any]]:
    """The events as JSON that can be stored. Whether they may follow is core.transitions' part."""
    return [_replace_unstorable(dump_event(event)) for event in events]


def referenced_digests(case: Case, events: Sequence[Event]) -> list[str]:
    """The bytes that the case refers to, or referred to at any of these events."""
    digests = {asset.digest for asset in case.assets()}
    for event in events:
        case = case.apply([event])
        digests |= {asset.digest for asset in case.assets()}
    return sorted(digests)


def parse_events(case_id: str, bodies: Sequence[dict[str, Any]]) -> list[Event]:
    """Stored events. Raises Unavailable where a newer Assay wrote what this one does not know."""
    try:
        return [load_event(body) for body in bodies]
    except (TypeError, ValueError) as error:
        raise Unavailable(f"case {case_id} cannot be read: {error}") from error


def readable_case(case_id: str, body: object) -> Case | None:
    """A stored case; None, which is logged, where a newer Assay wrote what this one does not know."""
    try:
        case: Case = load(Case, body)
    except (TypeError, ValueError) as error:
        log.error("a case cannot be read and is left out: %s", error, extra={"case": case_id})
        return None
    return case


def require_storable_text(text: str) -> str:
    """The text itself. Raises BadInput for characters that no text has: NUL, half of a surrogate pair."""
    if _UNSTORABLE.search(text):
        raise BadInput("the text contains a character that cannot be stored")
    return text


def _replace_unstorable(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_replace_unstorable(item) for item in value]
    if isinstance(value, dict):
        return {_replace_unstorable(key): _replace_unstorable(item) for key, item in value.items()}
    return value
