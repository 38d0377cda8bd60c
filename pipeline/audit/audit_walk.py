"""Walks all events and the log, and says where they are not as they were written.

1. Each event's hash is that of its record, which names the hash of the one before.
2. No event is missing between two others, and none at the end of a case.
3. Each event that was there when the log was last signed is in it, as it is; nothing in the log has no event.
4. The log's heads are signed by its key and are the roots over its entries, those that others kept included.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from core.errors import BadInput
from pipeline.audit.event_record import NO_PREVIOUS, EventRecord, parse_event_record, record_event
from pipeline.audit.merkle import EMPTY_ROOT, MerkleFrontier, hash_leaf
from pipeline.audit.signed_note import NoteKey, read_log_head


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """An event as it stands in the database. `at` in microseconds since 1970; `entry` its line in the log, if any."""

    case_id: str
    revision: int
    at: int
    body: str
    hash: bytes
    entry: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class AuditBreak:
    """Something that is not as it was written: at which event, or at which entry of the log (case_id is empty then)."""

    case_id: str
    revision: int
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What was looked at, and what is wrong, the first by case and revision first. Nothing wrong: `intact`."""

    events: int = 0
    cases: int = 0
    waiting: int = 0
    log_size: int = 0
    checkpoints: int = 0
    compared: tuple[int, ...] = ()
    chained_since: str = ""
    chained_later: int = 0
    breaks: tuple[AuditBreak, ...] = ()

    @property
    def intact(self) -> bool:
        """Whether everything is as it was written."""
        return not self.breaks


@dataclass(slots=True)
class ChainWalk:
    """Steps 1 to 3 over events in the order of case and revision."""

    required_before: int = 0
    """Events of before this moment (microseconds since 1970) have to be in the log."""
    events: int = 0
    cases: int = 0
    waiting: int = 0
    breaks: list[AuditBreak] = field(default_factory=list)
    _last: StoredEvent | None = None

    def walk(self, events: Iterable[StoredEvent]) -> None:
        """Look at these, which follow those that were looked at before."""
        for event in events:
            self._step(event)

    def _step(self, event: StoredEvent) -> None:
        last = self._last if self._last and self._last.case_id == event.case_id else None
        expected = last.revision + 1 if last else 1
        self.events += 1
        self.cases += last is None
        if event.revision != expected:
            self._broken(event, f"event {expected} is missing before it")
        record = record_event(
            event.case_id, event.revision, at=event.at, body=event.body, previous=last.hash if last else NO_PREVIOUS
        )
        if record.hash != event.hash:
            self._broken(event, "its hash is not that of its content, time and place after the event before")
        if event.entry is not None:
            if event.entry != record.text:
                self._broken(event, "the log has another record of it")
        elif event.at < self.required_before:
            self._broken(event, "it is not in the log, and is older than the log's newest head")
        else:
            self.waiting += 1
        self._last = event

    def _broken(self, event: StoredEvent, says: str) -> None:
        self.breaks.append(AuditBreak(case_id=event.case_id, revision=event.revision, says=says))


def walk_log(
    entries: Iterable[str], notes: Sequence[tuple[int, str]], key: NoteKey | None, kept: Mapping[str, str]
) -> tuple[AuditReport, dict[str, dict[int, EventRecord]]]:
    """Step 4: what the log says, and the records in it by case and revision.

    `notes` are the signed heads with the size under which each is stored, `kept` those that somebody kept, by name.
    """
    breaks: list[AuditBreak] = []
    wanted = _heads(notes, key, breaks)
    compared = _kept_heads(kept, key, breaks)
    records: dict[str, dict[int, EventRecord]] = {}
    frontier = MerkleFrontier()
    _compare(0, EMPTY_ROOT, wanted, compared, breaks)
    for entry in entries:
        frontier = frontier.add(hash_leaf(entry.encode()))
        record = parse_event_record(entry)
        if record is None:
            breaks.append(_log_break(f"entry {frontier.size - 1} is no record of an event"))
        elif record.revision in records.setdefault(record.case_id, {}):
            breaks.append(_break_at(record, "the log has it twice"))
        else:
            records[record.case_id][record.revision] = record
        if frontier.size in wanted or frontier.size in compared:
            _compare(frontier.size, frontier.root, wanted, compared, breaks)
    for size in sorted({*wanted, *compared} - set(range(frontier.size + 1))):
        breaks.append(_log_break(f"a signed head has {size} entries, and the log only {frontier.size}"))
    if frontier.size > max(wanted, default=0):
        breaks.append(_log_break(f"the log has {frontier.size} entries, and its newest signed head fewer"))
    report = AuditReport(
        log_size=frontier.size, checkpoints=len(notes), compared=tuple(sorted(compared)), breaks=tuple(breaks)
    )
    return report, records


def check_record_chains(records: Mapping[str, Mapping[int, EventRecord]]) -> list[AuditBreak]:
    """Steps 1 and 2 by the log alone, as an outsider has it: each record names the hash of the one before."""
    return list(_chain_breaks(records))


def _chain_breaks(records: Mapping[str, Mapping[int, EventRecord]]) -> Iterator[AuditBreak]:
    for case_id in sorted(records):
        case = records[case_id]
        for revision in sorted(case):
            before = case.get(revision - 1)
            if revision > 1 and before is None:
                yield _break_at(case[revision], f"event {revision - 1} is missing before it")
            elif case[revision].previous != (before.hash if before else NO_PREVIOUS):
                yield _break_at(case[revision], "it does not name the hash of the event before")


def _heads(notes: Sequence[tuple[int, str]], key: NoteKey | None, breaks: list[AuditBreak]) -> dict[int, bytes]:
    heads: dict[int, bytes] = {}
    for size, note in notes:
        if key is None:
            breaks.append(_log_break("the log has signed heads, and its key is not there"))
            return heads
        try:
            head = read_log_head(note, key)
        except BadInput as error:
            breaks.append(_log_break(f"head of {size} entries: {error}"))
            continue
        if head.size != size:
            breaks.append(_log_break(f"the head of {size} entries says that it has {head.size}"))
        heads[head.size] = head.root
    return heads


def _kept_heads(
    kept: Mapping[str, str], key: NoteKey | None, breaks: list[AuditBreak]
) -> dict[int, list[tuple[str, bytes]]]:
    heads: dict[int, list[tuple[str, bytes]]] = {}
    for name, note in kept.items():
        if key is None:
            breaks.append(_log_break(f"{name} cannot be compared: the log's key is not there"))
            continue
        try:
            head = read_log_head(note, key)
        except BadInput as error:
            breaks.append(_log_break(f"{name}: {error}"))
            continue
        heads.setdefault(head.size, []).append((name, head.root))
    return heads


def _compare(
    size: int,
    root: bytes,
    wanted: Mapping[int, bytes],
    compared: Mapping[int, Sequence[tuple[str, bytes]]],
    breaks: list[AuditBreak],
) -> None:
    if wanted.get(size, root) != root:
        breaks.append(_log_break(f"the first {size} entries are not those that were signed"))
    for name, kept in compared.get(size, ()):
        if kept != root:
            breaks.append(_log_break(f"the first {size} entries are not those of which {name} was kept"))


def _log_break(says: str) -> AuditBreak:
    return AuditBreak(case_id="", revision=0, says=f"the log: {says}")


def _break_at(record: EventRecord, says: str) -> AuditBreak:
    return AuditBreak(case_id=record.case_id, revision=record.revision, says=says)
