"""The proof that a case's events are as they were written: its chain, and that each link is in the signed log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from core.errors import NotFound, Unavailable
from pipeline.audit.event_record import parse_event_record
from pipeline.audit.log_key import load_log_key
from pipeline.audit.merkle import hash_leaf, prove_inclusion
from pipeline.audit.transparency_log import TransparencyLog

_ONE_AT_A_TIME = Lock()
_PATIENCE = 5.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenEvent:
    """An event as it stands in the log: its record, where, and the hashes (hex) that lead from it to the log's root."""

    revision: int
    position: int
    record: str
    inclusion: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseProof:
    """`checkpoint` is the signed head of the log (C2SP tlog-checkpoint), `key` the public key that it names.

    Events that are not entered yet are in none of it: they follow within minutes.
    """

    checkpoint: str
    key: str
    size: int
    events: tuple[ProvenEvent, ...]


ProveCase = Callable[[str], CaseProof | None]
"""The proof for a case; None where nothing is anchored yet."""


def prove_case(log: TransparencyLog, keys_folder: Path, case_id: str) -> CaseProof | None:
    """Read the log up to its newest head, and prove what it has of this case. Raises Unavailable while another is made.

    All entries are read for it, so one is made at a time.
    """
    if not _ONE_AT_A_TIME.acquire(timeout=_PATIENCE):
        raise Unavailable("another proof is being made: ask again in a moment")
    try:
        return _prove(log, keys_folder, case_id)
    finally:
        _ONE_AT_A_TIME.release()


def _prove(log: TransparencyLog, keys_folder: Path, case_id: str) -> CaseProof | None:
    notes = log.checkpoints()
    if not notes:
        return None
    size, checkpoint = notes[-1]
    try:
        key = load_log_key(keys_folder).public.text
    except NotFound:
        key = ""
    leaves: list[bytes] = []
    mine: list[tuple[int, str, int]] = []
    for position, entry in zip(range(size), log.entries(), strict=False):
        leaves.append(hash_leaf(entry.encode()))
        record = parse_event_record(entry)
        if record is not None and record.case_id == case_id:
            mine.append((position, entry, record.revision))
    events = tuple(
        ProvenEvent(
            revision=revision,
            position=position,
            record=entry,
            inclusion=tuple(one.hex() for one in prove_inclusion(leaves, position)),
        )
        for position, entry, revision in sorted(mine, key=lambda one: one[2])
    )
    return CaseProof(checkpoint=checkpoint, key=key, size=size, events=events)
