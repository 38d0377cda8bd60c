"""The log as a folder of files, for outsiders: C2SP tlog-tiles, every signed head, and on request the events' JSON.

checkpoint                   the newest signed head
checkpoints/<size>           every one before
log.pub                      the log's key; whoever checks should have it from elsewhere
tile/<level>/<n>[.p/<w>]     hashes, and tile/entries/… the records themselves
bodies.jsonl                 with bodies: a line for each entry, its JSON as text
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from core.errors import BadInput
from pipeline.audit.audit_walk import AuditBreak, AuditReport, check_record_chains, walk_log
from pipeline.audit.event_record import parse_event_record
from pipeline.audit.merkle import hash_leaf, tree_root
from pipeline.audit.signed_note import NoteKey
from pipeline.audit.transparency_log import TransparencyLog
from pipeline.ledgers.audited_events import event_body
from pipeline.ledgers.database import Database

_WIDTH = 256  # hashes in a full tile
_LENGTH = 2  # bytes that say how long an entry is
_BODIES_FILE = "bodies.jsonl"


def export_log(database: Database, keys_folder: Path, key: NoteKey, folder: Path, *, with_bodies: bool) -> int:
    """Write the log into an empty folder; how many entries. Raises BadInput where it is not empty."""
    if folder.exists() and any(folder.iterdir()):
        raise BadInput(f"{folder} is not empty")
    log = TransparencyLog(database, keys_folder)
    notes = log.checkpoints()
    if not notes:
        raise BadInput("nothing is anchored yet: `assay audit anchor` first")
    entries = [entry for entry, _ in zip(log.entries(), range(notes[-1][0]), strict=False)]
    files = {f"checkpoints/{size}": note.encode() for size, note in notes}
    files |= {"checkpoint": notes[-1][1].encode(), "log.pub": f"{key.text}\n".encode()}
    for name, content in {**files, **tlog_tiles(entries)}.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    if with_bodies:
        with (folder / _BODIES_FILE).open("w") as stream:
            stream.writelines(_body_lines(database, entries))
    return len(entries)


def verify_export(folder: Path, key: NoteKey, *, kept: Mapping[str, str]) -> AuditReport:
    """What an outsider can check of an exported log, with nothing but the files and the log's key. Raises BadInput."""
    try:
        notes = _notes(folder)
        entries = _entries(folder, notes[-1][0])
        report, records = walk_log(entries, notes, key, kept)
        breaks = [*check_record_chains(records), *_body_breaks(folder, entries), *report.breaks]
        breaks += [
            AuditBreak(case_id="", revision=0, says=f"the file {name} is not what the entries make it")
            for name, content in tlog_tiles(entries).items()
            if not (folder / name).is_file() or (folder / name).read_bytes() != content
        ]
    except OSError as error:
        raise BadInput(f"this is no exported log: {error}") from error
    return replace(
        report,
        events=sum(len(case) for case in records.values()),
        cases=len(records),
        breaks=tuple(sorted(breaks, key=lambda one: (not one.case_id, one.case_id, one.revision))),
    )


def tlog_tiles(entries: Sequence[str]) -> dict[str, bytes]:
    """Every tile and entry bundle of the log, by its path (C2SP tlog-tiles)."""
    hashes = [hash_leaf(entry.encode()) for entry in entries]
    files = dict(_cut("entries", [len(raw).to_bytes(_LENGTH) + raw for raw in map(str.encode, entries)]))
    level = 0
    while hashes:
        files |= _cut(str(level), hashes)
        full = len(hashes) // _WIDTH
        hashes = [tree_root(hashes[n * _WIDTH : (n + 1) * _WIDTH]) for n in range(full)]
        level += 1
    return files


def _cut(level: str, parts: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    for start in range(0, len(parts), _WIDTH):
        tile = parts[start : start + _WIDTH]
        yield _tile_path(level, start // _WIDTH, len(tile)), b"".join(tile)


def _tile_path(level: str, number: int, width: int) -> str:
    digits = f"{number:0{-(-len(str(number)) // 3) * 3}d}"
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    return f"tile/{level}/{path}" + (f".p/{width}" if width < _WIDTH else "")


def _notes(folder: Path) -> list[tuple[int, str]]:
    sizes = sorted(int(file.name) for file in (folder / "checkpoints").iterdir() if file.name.isdigit())
    if not sizes:
        raise BadInput("this export has no signed heads")
    notes = [(size, (folder / "checkpoints" / str(size)).read_text()) for size in sizes]
    if (folder / "checkpoint").read_text() != notes[-1][1]:
        raise BadInput("the export's checkpoint is not the newest of its heads")
    return notes


def _entries(folder: Path, size: int) -> list[str]:
    entries: list[str] = []
    for number in range(-(-size // _WIDTH)):
        width = min(_WIDTH, size - number * _WIDTH)
        bundle = (folder / _tile_path("entries", number, width)).read_bytes()
        while bundle:
            length = int.from_bytes(bundle[:_LENGTH])
            entries.append(bundle[_LENGTH : _LENGTH + length].decode(errors="replace"))
            bundle = bundle[_LENGTH + length :]
    return entries


def _body_lines(database: Database, entries: Sequence[str]) -> Iterator[str]:
    for entry in entries:
        record = parse_event_record(entry)
        with database.connection() as connection:
            body = event_body(connection, record.case_id, record.revision) if record else None
        yield json.dumps(body, ensure_ascii=False) + "\n"


def _body_breaks(folder: Path, entries: Sequence[str]) -> Iterator[AuditBreak]:
    file = folder / _BODIES_FILE
    if not file.exists():
        return
    lines = file.read_text().split("\n")
    if len(lines) != len(entries) + 1 or lines[-1]:
        yield AuditBreak(
            case_id="", revision=0, says=f"{_BODIES_FILE} has another number of lines than the log entries"
        )
    for line, entry in zip(lines, entries, strict=False):
        record = parse_event_record(entry)
        if record and not _is_body(line, record.content):
            says = "its JSON is not that of which the log has the digest"
            yield AuditBreak(case_id=record.case_id, revision=record.revision, says=says)


def _is_body(line: str, digest: bytes) -> bool:
    try:
        body = json.loads(line)
    except ValueError:
        return False
    return (
        isinstance(body, str)
        and json.dumps(body, ensure_ascii=False) == line
        and hashlib.sha256(body.encode()).digest() == digest
    )
