"""What is hashed of an event: a few lines of text. Its SHA-256 is the event's hash, and the next event names it.

The record holds the digest of the event's JSON and not the JSON, so that a log of records can be handed to anybody. No
text of a person is in either: an event holds random ids of texts, and erasing a text changes no record. Postgres
computes the same in `pipeline/ledgers/sql/055_event_hashes.sql`.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_FORMAT = "assay-event/1"
_RECORD = re.compile(
    rf"{_FORMAT}\n(?P<previous>[0-9a-f]{{64}})\n(?P<content>[0-9a-f]{{64}})\n(?P<revision>[1-9][0-9]*)"
    r"\n(?P<at>-?[0-9]+)\n(?P<case_id>.+)",
    re.DOTALL,
)
NO_PREVIOUS = bytes(32)
"""Stands for the hash before a case's first event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """An event as it is hashed. `at` is in microseconds since 1970 (UTC); `content` the SHA-256 of its JSON."""

    case_id: str
    revision: int
    at: int
    content: bytes
    previous: bytes

    @property
    def text(self) -> str:
        """The record's lines. The case is last, so that no id can be mistaken for another line."""
        lines = (_FORMAT, self.previous.hex(), self.content.hex(), str(self.revision), str(self.at), self.case_id)
        return "\n".join(lines)

    @property
    def hash(self) -> bytes:
        """SHA-256 of the text: 32 bytes."""
        return hashlib.sha256(self.text.encode()).digest()


def record_event(case_id: str, revision: int, *, at: int, body: str, previous: bytes) -> EventRecord:
    """The record of an event whose JSON, as Postgres writes it, is `body`."""
    content = hashlib.sha256(body.encode()).digest()
    return EventRecord(case_id=case_id, revision=revision, at=at, content=content, previous=previous)


def parse_event_record(text: str) -> EventRecord | None:
    """The record that a text is; None where it is none, or is not written as it would be."""
    found = _RECORD.fullmatch(text)
    if found is None:
        return None
    record = EventRecord(
        case_id=found["case_id"],
        revision=int(found["revision"]),
        at=int(found["at"]),
        content=bytes.fromhex(found["content"]),
        previous=bytes.fromhex(found["previous"]),
    )
    return record if record.text == text else None
