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
from pipeline.ledgers.database import Database

_BATCH = 5000
_MICROSECOND = timedelta(microseconds=1)

_EVENTS = """
SELECT e.case_id, e.revision, (extract(epoch FROM e.at) * 1000000)::bigint, e.body::text, e.hash, l.entry
FROM events e LEFT JOIN audit_log l ON l.case_id = e.case_id AND l.revision = e.revision
WHERE (e.case_id, e.revision) > (%s, %s) ORDER BY e.case_id, e.revision LIMIT %s
"""
_WITHOUT_EVENT = """
SELECT l.case_id, l.revision FROM audit_log l LEFT JOIN events e USING (case_id, revision)
WHERE e.case_id IS NULL ORDER BY l.case_id, l.revision LIMIT 100
"""
# A case that is appended to meanwhile has both or neither.
_CASES = """
SELECT coalesce(c.id, e.case_id), coalesce(c.revision, 0), coalesce(e.last, 0)
FROM cases c FULL JOIN (SELECT case_id, max(revision) AS last FROM events GROUP BY case_id) e ON e.case_id = c.id
WHERE c.revision IS DISTINCT FROM e.last ORDER BY 1 LIMIT 100
"""
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
    walk.walk(_events(database))
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


def _events(database: Database) -> Iterator[StoredEvent]:
    after: tuple[str, int] = ("", 0)
    while True:
        with database.connection() as connection:
            rows = connection.execute(_EVENTS, [*after, _BATCH]).fetchall()
        for case_id, revision, at, body, digest, entry in rows:
            yield StoredEvent(
                case_id=case_id, revision=revision, at=at, body=body, hash=bytes(digest or b""), entry=entry
            )
        if len(rows) < _BATCH:
            return
        after = rows[-1][0], rows[-1][1]


def _lacking(database: Database) -> Iterator[AuditBreak]:
    with database.connection() as connection:
        for case_id, revision in connection.execute(_WITHOUT_EVENT).fetchall():
            yield AuditBreak(case_id=case_id, revision=revision, says="the log has it, and the event is not there")
        for case_id, known, last in connection.execute(_CASES).fetchall():
            says = f"the table of cases knows {known} events, and {last} are there"
            yield AuditBreak(case_id=case_id, revision=min(known, last) + 1, says=says)


def _known_key(keys_folder: Path) -> NoteKey | None:
    try:
        return load_log_key(keys_folder).public
    except NotFound:
        return None
