"""Reads and writes hash lists as the open-source tools of ThreatExchange write them, and as plain CSV.

Formats (`FORMATS`), each told by its first line or its suffix where none is named:

- `csv`: a header with `id,algorithm,hash`, and any of `time,view,tags,source,reason`; one hash a line. Lines of one id
  and algorithm `vpdq` or `sound` that follow one another are one video or one sound.
- `threatexchange`: what `threatexchange dataset -P --csv` prints: `signal_type,signal_str,collab,category,tags`. What
  is of the category NEGATIVE_CLASS is taken into banks of harmless footage only, and nothing else into those.
- `signals`: `TYPE HASH` a line, as `threatexchange hash` prints and its `local_file` reads; a line of 64 hexadecimal
  digits alone is a PDQ hash.
- `vpdq`: one video: the JSON list of `"hash,quality,seconds"` of its signal type, the older JSON object by frame
  number, or lines of `frame,quality,hash,seconds` as `vpdq-hash-video` writes them. Its id is the file's name.
- `descriptors`: JSON of ThreatExchange's API: `data` with `indicator`, `type` HASH_PDQ, and tags.

Types that are no hashes of Assay's (MD5, text) are left out and counted; anything else that cannot be read is refused
by its line, and then nothing is taken.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from core.errors import BadInput
from registry.banks.bank_entries import WHOLE_VIEW, BankEntry, StoredEntry

FORMATS = ("csv", "threatexchange", "signals", "vpdq", "descriptors")
EXPORT_FORMATS = ("csv", "threatexchange", "signals")
MIN_FRAME_QUALITY = 50
"""Frames of a lower quality (of 100) are left out: their hashes mean nothing."""

_SHOWN_ERRORS = 10
_PLAIN = ("id", "algorithm", "hash", "time", "view", "tags", "source", "reason")
_EXCHANGE = ("signal_type", "signal_str", "collab", "category", "tags")
_CATEGORIES = ("POSITIVE_CLASS", "TRUE_POSITIVE", "INVESTIGATION_SEED", "WORTH_INVESTIGATING", "DISPUTED")
_NEGATIVE = ("NEGATIVE_CLASS", "FALSE_POSITIVE")
_OTHER_TYPES = {"DEBUG_STRING", "HASH_MD5", "HASH_VIDEO_MD5", "HASH_SHA256", "HASH_VIDEO_SHA256", "HASH_TMK", "URI"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HashList:
    """What a list holds. `left_out` counts by reason what is no hash of Assay's, or not for this kind of bank."""

    entries: tuple[BankEntry, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)


class _Reading:
    """Entries and errors, as a list is read."""

    def __init__(self) -> None:
        self.entries: list[BankEntry] = []
        self.errors: list[str] = []
        self.left_out: Counter[str] = Counter()

    def refuse(self, where: str, why: object) -> None:
        self.errors.append(f"{where}: {why}")

    def finished(self) -> HashList:
        if self.errors:
            more = len(self.errors) - _SHOWN_ERRORS
            rest = f"; and {more} more" if more > 0 else ""
            raise BadInput(f"nothing was taken: {'; '.join(self.errors[:_SHOWN_ERRORS])}{rest}")
        unique = {(one.id, one.algorithm, one.digest): one for one in self.entries}
        return HashList(entries=tuple(unique.values()), left_out=dict(self.left_out))


def read_hash_list(text: str, *, name: str, kind: str, named_format: str = "") -> HashList:
    """The entries of a list for a bank of this kind. `name` is the file's, without folder and suffix.

    Raises BadInput, with every line that cannot be read, up to ten.
    """
    if named_format and named_format not in FORMATS:
        raise BadInput(f"{named_format!r} is no format: one of {', '.join(FORMATS)}")
    read = {"csv": _plain, "threatexchange": _exchange, "signals": _signals, "vpdq": _vpdq, "descriptors": _descriptors}
    reading = _Reading()
    read[named_format or _told_format(text)](text, name, kind, reading)
    return reading.finished()


def write_hash_list(entries: Sequence[StoredEntry], format_name: str) -> tuple[str, int]:
    """The list as text, and how many entries the format cannot say (phash and sound, in ThreatExchange's).

    Crops that only Assay keeps are left out of those too. Raises BadInput for a format that is only read.
    """
    if format_name not in EXPORT_FORMATS:
        raise BadInput(f"{format_name!r} cannot be written: one of {', '.join(EXPORT_FORMATS)}")
    out = io.StringIO()
    if format_name == "csv":
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(_PLAIN)
        for one in entries:
            writer.writerows(_plain_rows(one.entry))
        return out.getvalue(), 0
    told = [one for one in entries if one.entry.algorithm in ("pdq", "vpdq")]
    if format_name == "signals":
        out.writelines(f"{one.entry.algorithm} {_signal_text(one.entry)}\n" for one in told)
    else:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(_EXCHANGE)
        for one in told:
            category = _NEGATIVE[0] if one.kind == "known_harmless" else _CATEGORIES[0]
            row = [one.entry.algorithm, _signal_text(one.entry), one.bank, category, " ".join(one.entry.tags)]
            writer.writerow(row)
    return out.getvalue(), len(entries) - len(told)


def _told_format(text: str) -> str:
    start = text.lstrip("\ufeff \r\n\t")
    first = start.partition("\n")[0].strip()
    if first.startswith("["):
        return "vpdq"
    if first.startswith("{"):
        return "descriptors" if '"data"' in start[:2000] or '"indicator"' in start[:2000] else "vpdq"
    columns = [column.strip() for column in first.split(",")]
    if columns[:2] == list(_EXCHANGE[:2]):
        return "threatexchange"
    if {"id", "algorithm", "hash"} <= set(columns):
        return "csv"
    if len(columns) == 4 and columns[0].isdigit() and len(columns[2]) == 64:
        return "vpdq"
    return "signals"


def _plain(text: str, _name: str, _kind: str, reading: _Reading) -> None:
    rows = _table(text, reading)
    grouped = groupby(rows, key=lambda row: (row[1].get("id"), row[1].get("algorithm"), _several(row[1]) or row[0]))
    for (known_id, algorithm, _), group in grouped:
        hashes: list[tuple[bytes, float, int]] = []
        lines = list(group)
        for number, row in lines:
            try:
                hashes.append((_hex(row["hash"]), float(row.get("time") or 0), int(row.get("view") or WHOLE_VIEW)))
            except (BadInput, ValueError) as error:
                reading.refuse(f"line {number}", error)
        number, first = lines[0]
        if len(hashes) == len(lines):
            tags = tuple((first.get("tags") or "").split())
            origin = {"source": first.get("source") or "", "reason": first.get("reason") or ""}
            _bank(reading, f"line {number}", known_id or "", algorithm or "", hashes, tags, **origin)


def _several(row: Mapping[str, str]) -> bool:
    """Whether hashes of one id that follow one another are one entry."""
    return row.get("algorithm") in ("vpdq", "sound")


def _exchange(text: str, _name: str, kind: str, reading: _Reading) -> None:
    for number, row in _table(text, reading):
        category = row.get("category") or _CATEGORIES[0]
        if category not in (*_CATEGORIES, *_NEGATIVE):
            reading.refuse(f"line {number}", f"{category!r} is no category")
        elif (category in _NEGATIVE) is not (kind == "known_harmless"):
            reading.left_out[f"category {category}"] += 1
        else:
            tags = tuple((row.get("tags") or "").split())
            _signal(f"line {number}", row.get("signal_type") or "", row.get("signal_str") or "", tags, reading)


def _signals(text: str, _name: str, _kind: str, reading: _Reading) -> None:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            first, _, rest = line.strip().partition(" ")
            type_name, signal = (first, rest.strip()) if rest else ("pdq", first)
            _signal(f"line {number}", type_name, signal, (), reading)


def _signal(where: str, type_name: str, signal: str, tags: tuple[str, ...], reading: _Reading) -> None:
    if type_name.lower() not in ("pdq", "vpdq"):
        if not type_name.replace("_", "").isalnum():
            reading.refuse(where, "it begins with no type of signal")
        else:
            reading.left_out[f"type {type_name}"] += 1
        return
    try:
        if type_name.lower() == "pdq":
            hashes = [(_hex(signal, 32), 0.0, WHOLE_VIEW)]
        else:
            hashes = _compact_features(json.loads(signal))
    except (BadInput, ValueError) as error:
        reading.refuse(where, "not JSON" if isinstance(error, json.JSONDecodeError) else error)
        return
    _bank(reading, where, "", type_name.lower(), hashes, tags)


def _vpdq(text: str, name: str, _kind: str, reading: _Reading) -> None:
    start = text.lstrip("\ufeff \r\n\t")
    try:
        if start.startswith("["):
            hashes = _compact_features(json.loads(start))
        elif start.startswith("{"):
            hashes = _frames_by_number(json.loads(start))
        else:
            hashes = _frame_lines(start, reading)
    except (BadInput, ValueError) as error:
        reading.refuse(f"line {getattr(error, 'lineno', 1)}", error)
        return
    if not reading.errors:
        _bank(reading, "line 1", name, "vpdq", hashes, ())


def _descriptors(text: str, _name: str, kind: str, reading: _Reading) -> None:
    try:
        data = json.loads(text.lstrip("\ufeff"))
        records = data["data"] if isinstance(data, dict) and "data" in data else data
        records = [records] if isinstance(records, dict) else list(records)
    except (ValueError, KeyError, TypeError) as error:
        reading.refuse(f"line {getattr(error, 'lineno', 1)}", "not the JSON of ThreatExchange")
        return
    for number, record in enumerate(records, 1):
        where = f"record {number}"
        if not isinstance(record, dict) or not isinstance(record.get("indicator"), str | dict):
            reading.refuse(where, "it has no indicator")
            continue
        indicator = record["indicator"]
        value = indicator.get("indicator") if isinstance(indicator, dict) else indicator
        type_name = str(record.get("type") or (indicator.get("type") if isinstance(indicator, dict) else "") or "")
        if type_name != "HASH_PDQ":
            if type_name not in _OTHER_TYPES and not type_name.isupper():
                reading.refuse(where, "it has no type")
            else:
                reading.left_out[f"type {type_name}"] += 1
            continue
        harmless = record.get("status") == "NON_MALICIOUS"
        if record.get("should_delete") or harmless is not (kind == "known_harmless"):
            reading.left_out["status NON_MALICIOUS" if harmless else "deleted or of another status"] += 1
            continue
        try:
            hashes = [(_hex(str(value), 32), 0.0, WHOLE_VIEW)]
        except (BadInput, ValueError) as error:
            reading.refuse(where, error)
            continue
        _bank(reading, where, str(record.get("id") or ""), "pdq", hashes, _descriptor_tags(record))


def _descriptor_tags(record: Mapping[str, Any]) -> tuple[str, ...]:
    tags = record.get("tags") or ()
    if isinstance(tags, Mapping):
        tags = [one.get("text", "") for one in tags.get("data", ()) if isinstance(one, Mapping)]
    return tuple(str(tag) for tag in tags if tag)


def _compact_features(listed: object) -> list[tuple[bytes, float, int]]:
    """Of `"hash,quality,seconds"`; frames that mean nothing are left out."""
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise BadInput('a vPDQ signal is a list of "hash,quality,seconds"')
    found = []
    for one in listed:
        parts = one.split(",")
        if len(parts) != 3:
            raise BadInput(f"{one[:80]!r} is not hash,quality,seconds")
        found.append((_hex(parts[0], 32), _quality(parts[1]), float(parts[2])))
    return _usable(found)


def _frames_by_number(listed: object) -> list[tuple[bytes, float, int]]:
    if not isinstance(listed, dict) or not all(isinstance(one, dict) for one in listed.values()):
        raise BadInput("a vPDQ object has frames by their number")
    try:
        frames = [
            (_hex(str(one["hash"]), 32), _quality(one["quality"]), float(one["timestamp"])) for one in listed.values()
        ]
    except (KeyError, TypeError) as error:
        raise BadInput("a frame has a quality, a hash and a timestamp") from error
    return _usable(frames)


def _frame_lines(text: str, reading: _Reading) -> list[tuple[bytes, float, int]]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            _, quality, bits, seconds = line.split(",")
            found.append((_hex(bits, 32), _quality(quality), float(seconds)))
        except (BadInput, ValueError) as error:
            reading.refuse(f"line {number}", error if isinstance(error, BadInput) else "not frame,quality,hash,seconds")
    return [] if reading.errors else _usable(found)


def _usable(frames: Sequence[tuple[bytes, int, float]]) -> list[tuple[bytes, float, int]]:
    kept = [(bits, seconds, WHOLE_VIEW) for bits, quality, seconds in frames if quality >= MIN_FRAME_QUALITY]
    if not kept:
        raise BadInput(f"no frame has a quality of {MIN_FRAME_QUALITY}")
    return kept


def _quality(given: object) -> int:
    quality = int(str(given))
    if not 0 <= quality <= 100:
        raise BadInput(f"{quality} is no quality: 0 to 100")
    return quality


def _hex(given: str, size: int = 0) -> bytes:
    try:
        bits = bytes.fromhex(given.strip())
    except ValueError:
        raise BadInput(f"{given[:80]!r} is no hash") from None
    if size and len(bits) != size:
        raise BadInput(f"a hash has {size * 2} hexadecimal digits, and this has {len(bits) * 2}")
    return bits


def _table(text: str, reading: _Reading) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows by the names of their columns, with the line on which each ends."""
    csv.field_size_limit(1 << 27)  # a long video is one field
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff")))
    try:
        header = [name.strip() for name in next(reader, [])]
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                reading.refuse(f"line {reader.line_num}", f"it has {len(row)} columns, and the header {len(header)}")
            else:
                yield reader.line_num, dict(zip(header, (cell.strip() for cell in row), strict=True))
    except csv.Error as error:
        reading.refuse(f"line {reader.line_num}", error)


def _bank(
    reading: _Reading,
    where: str,
    known_id: str,
    algorithm: str,
    hashes: Sequence[tuple[bytes, float, int]],
    tags: tuple[str, ...],
    *,
    source: str = "",
    reason: str = "",
) -> None:
    bits = b"".join(one for one, _, _ in hashes)
    try:
        entry = BankEntry(
            id=known_id or f"{algorithm}-{hashlib.sha256(bits).hexdigest()[:16]}",
            algorithm=algorithm,
            bits=bits,
            times=tuple(time for _, time, _ in hashes),
            views=tuple(view for _, _, view in hashes),
            tags=tags,
            source=source,
            reason=reason,
        )
    except BadInput as error:
        reading.refuse(where, error)
    else:
        reading.entries.append(entry)


def _plain_rows(entry: BankEntry) -> Iterator[list[object]]:
    for bits, time, view in zip(entry.hashes, entry.times, entry.views, strict=True):
        seconds = f"{time:.3f}".rstrip("0").rstrip(".")
        origin = (entry.source, entry.reason)
        yield [entry.id, entry.algorithm, bits.hex(), seconds, view, " ".join(entry.tags), *origin]


def _signal_text(entry: BankEntry) -> str:
    if entry.algorithm == "pdq":
        return entry.bits.hex()
    rows = zip(entry.hashes, entry.times, entry.views, strict=True)
    return json.dumps([f"{bits.hex()},100,{time:.3f}" for bits, time, view in rows if view == WHOLE_VIEW])
