"""The audit of an installation's own database: every event, every case, the log and its heads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from core.errors import NotFound
from pipeline.audit.audit_walk import AuditBreak, AuditReport, ChainWalk, StoredEvent, walk_log
from pipeline.audit.log_key import load_log_key
from pipeline.audit.signed_note import NoteKey
from pipeline.audit.transparency_log import UNSEEN_FOR, TransparencyLog
from pipeline.ledgers.audited_events import all_events, entries_without_event, miscounted_cases
from pipeline.ledgers.database import Database

_MICROSECOND = timedelta(microseconds=1)

_SIGNED = "SELECT (extract(epoch FROM max(through)) * 1000000)::bigint FROM audit_checkpoints"
_BEGAN = "SELECT at, events FROM event_chain_begin ORDER BY at LIMIT 1"


def audit_installation(
    database: Database, keys_folder: Path, *, kept: Mapping[str, str], key: NoteKey | None = None
) -> AuditReport:
    """Look at everything. `kept` are signed heads that somebody kept, by name; `key` is the one in the keys folder
    unless another is given. Raises Unavailable where the database is away.
    """
    log = TransparencyLog(database, keys_folder)
    report, _ = walk_log(log.entries(), log.checkpoints(), key or _known_key(keys_folder), kept)
    with database.connection() as connection:
        signed = connection.execute(_SIGNED).fetchone()
        began = connection.execute(_BEGAN).fetchone()
    required_before = signed[0] - UNSEEN_FOR // _MICROSECOND if signed and signed[0] else 0
    walk = ChainWalk(required_before=required_before)
    walk.walk(StoredEvent(**row._asdict()) for row in all_events(database))
    breaks = [*walk.breaks, *_lacking(database), *report.breaks]
    return replace(
        report,
        events=walk.events,
        cases=walk.cases,
        waiting=walk.waiting,
        chained_since=began[0].isoformat() if began else "",
        chained_later=began[1] if began else 0,
        breaks=tuple(sorted(breaks, key=lambda one: (not one.case_id, one.case_id, one.revision))),
    )


def _lacking(database: Database) -> Iterator[AuditBreak]:
    with database.connection() as connection:
        for case_id, revision in entries_without_event(connection):
            yield AuditBreak(case_id=case_id, revision=revision, says="the log has it, and the event is not there")
        for case_id, known, last in miscounted_cases(connection):
            says = f"the table of cases knows {known} events, and {last} are there"
            yield AuditBreak(case_id=case_id, revision=min(known, last) + 1, says=says)


def _known_key(keys_folder: Path) -> NoteKey | None:
    try:
        return load_log_key(keys_folder).public
    except NotFound:
        return None
