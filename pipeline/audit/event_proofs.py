"""Proofs that single events are in the log: for a file that an outsider checks with `assay audit verify FILE`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadInput, NotFound, Unavailable
from pipeline.audit.event_record import parse_event_record
from pipeline.audit.log_key import load_log_key
from pipeline.audit.merkle import hash_children, hash_leaf, inclusion_holds
from pipeline.audit.signed_note import NoteKey, read_log_head
from pipeline.audit.transparency_log import TransparencyLog
from pipeline.ledgers.database import Database

_MOST_CASES = 1000  # of which a file has proofs: a proof takes about 2 kB
_LAST_ENTRIES = """
SELECT DISTINCT ON (case_id) position, entry FROM audit_log
WHERE case_id = ANY(%s) AND position < %s ORDER BY case_id, revision DESC
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventProofs:
    """Proofs of an installation's own log."""

    database: Database
    keys_folder: Path

    def prove(self, case_ids: Sequence[str]) -> dict[str, object]:
        """The log's key, its newest signed head, and a proof for the last entered event of each of these cases.

        `without_proof` counts cases of which no event is in the log yet, and those beyond a thousand. Reads the whole
        log once. Raises Unavailable.
        """
        log = TransparencyLog(self.database, self.keys_folder)
        notes = log.checkpoints()
        if not notes:
            return {"key": "", "checkpoint": "", "proofs": [], "without_proof": len(case_ids)}
        try:
            key = load_log_key(self.keys_folder).public
        except NotFound as error:
            raise Unavailable(str(error)) from error
        size, note = notes[-1]
        with self.database.connection() as connection:
            rows = connection.execute(_LAST_ENTRIES, [list(case_ids[:_MOST_CASES]), size]).fetchall()
        leaves = [hash_leaf(entry.encode()) for entry, _ in zip(log.entries(), range(size), strict=False)]
        paths = inclusion_paths(leaves, [int(position) for position, _ in rows])
        proofs = [
            {"position": int(position), "record": entry, "hashes": [one.hex() for one in path]}
            for (position, entry), path in zip(rows, paths, strict=True)
        ]
        return {"key": key.text, "checkpoint": note, "proofs": proofs, "without_proof": len(case_ids) - len(proofs)}


def inclusion_paths(leaves: Sequence[bytes], positions: Iterable[int]) -> list[tuple[bytes, ...]]:
    """The proof of inclusion (RFC 6962) of each of these leaves. Every node of the tree is hashed once."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        level = [hash_children(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)]
        levels.append(level + below[len(level) * 2 :])  # what has no sibling goes up as it is
    return [tuple(_path(levels, position)) for position in positions]


def check_event_proofs(log: object, key: NoteKey) -> int:
    """How many events are proven to be in the log that this key signed. Raises BadInput where one is not."""
    try:
        checkpoint, proofs = str(log["checkpoint"]), list(log["proofs"])  # type: ignore[index]
        head = read_log_head(checkpoint, key)
        for proof in proofs:
            record, position = str(proof["record"]), int(proof["position"])
            hashes = [bytes.fromhex(one) for one in proof["hashes"]]
            if parse_event_record(record) is None:
                raise BadInput(f"entry {position} is no record of an event")
            if not inclusion_holds(hash_leaf(record.encode()), position, head.size, hashes, head.root):
                raise BadInput(f"entry {position} is not in the log that was signed")
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput("the proofs in this file cannot be read") from error
    return len(proofs)


def _path(levels: Sequence[Sequence[bytes]], position: int) -> Iterable[bytes]:
    for level in levels[:-1]:
        sibling = position ^ 1
        if sibling < len(level):
            yield level[sibling]
        position //= 2
