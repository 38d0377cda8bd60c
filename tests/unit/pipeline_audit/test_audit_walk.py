"""Whatever is done to the rows of events, it is found; what was kept by an outsider cannot be contradicted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from pipeline.audit.audit_walk import AuditBreak, ChainWalk, StoredEvent, check_record_chains, walk_log
from pipeline.audit.event_record import NO_PREVIOUS, parse_event_record, record_event
from pipeline.audit.merkle import hash_leaf, tree_root
from pipeline.audit.signed_note import Checkpoint, _signed_by, note_key_of, parse_note_key, read_log_head, sign_log_head

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = note_key_of("example.org/log", PRIVATE)
LATE = 10**18


def chained(cases: int = 3, events: int = 4) -> list[StoredEvent]:
    rows = []
    for number in range(cases):
        previous = NO_PREVIOUS
        for revision in range(1, events + 1):
            case_id, body = f"case{number}", f'{{"type": "Event", "n": {revision * 10 + number}}}'
            record = record_event(case_id, revision, at=1000 + revision, body=body, previous=previous)
            previous = record.hash
            rows.append(
                StoredEvent(
                    case_id=case_id, revision=revision, at=record.at, body=body, hash=previous, entry=record.text
                )
            )
    return rows


def breaks(rows: list[StoredEvent]) -> list[AuditBreak]:
    walk = ChainWalk(required_before=LATE)
    walk.walk(sorted(rows, key=lambda row: (row.case_id, row.revision)))
    return walk.breaks


def test_what_nobody_touched_is_intact() -> None:
    assert breaks(chained()) == []


ROW = st.integers(0, 11)


@given(ROW, st.integers(0, 200), st.integers(1, 127), st.booleans())
def test_a_changed_byte_of_an_event_is_found_at_that_event(row: int, byte: int, flip: int, anchored: bool) -> None:
    rows = chained()
    body = bytearray(rows[row].body.encode())
    body[byte % len(body)] ^= flip
    rows[row] = replace(rows[row], body=body.decode("latin-1"))
    if not anchored:
        rows = [replace(one, entry=None) for one in rows]
        walk = ChainWalk()
        walk.walk(rows)
        first = walk.breaks[0]
    else:
        first = breaks(rows)[0]
    assert (first.case_id, first.revision) == (rows[row].case_id, rows[row].revision)


@given(ROW, st.sampled_from(["at", "hash", "case_id", "entry"]), st.integers(1, 255))
def test_a_changed_time_hash_case_or_entry_is_found(row: int, field: str, by: int) -> None:
    rows = chained()
    one = rows[row]
    changed = {
        "at": {"at": one.at + by},
        "hash": {"hash": bytes([one.hash[0] ^ by]) + one.hash[1:]},
        "case_id": {"case_id": f"case9{by}"},
        "entry": {"entry": f"{one.entry}{by}"},
    }[field]
    rows[row] = replace(one, **changed)  # type: ignore[arg-type]
    assert breaks(rows)


@given(ROW)
def test_a_missing_event_is_found_unless_it_was_a_cases_last(row: int) -> None:
    rows = chained()
    gone = rows.pop(row)
    assert bool(breaks(rows)) == (gone.revision != 4)  # the last of a case: the table of cases and the log tell


@given(ROW, ROW)
def test_two_events_that_changed_places_are_found(one: int, other: int) -> None:
    rows = chained()
    first, second = rows[one], rows[other]
    rows[one] = replace(first, body=second.body, hash=second.hash)
    rows[other] = replace(second, body=first.body, hash=first.hash)
    assert bool(breaks(rows)) == (one != other)


def test_an_event_that_was_put_in_is_found_even_with_a_chain_made_anew() -> None:
    rows = chained(cases=1)
    forged, previous = [], NO_PREVIOUS
    for revision, body in enumerate([rows[0].body, '{"type": "Forged"}', *[row.body for row in rows[1:]]], 1):
        record = record_event("case0", revision, at=1000 + revision, body=body, previous=previous)
        previous = record.hash
        entry = rows[revision - 1].entry if revision <= len(rows) else None
        forged.append(
            StoredEvent(case_id="case0", revision=revision, at=record.at, body=body, hash=previous, entry=entry)
        )
    assert (breaks(forged)[0].revision, breaks(forged)[0].says) == (2, "the log has another record of it")


def log_of(rows: list[StoredEvent]) -> tuple[list[str], str]:
    entries = [row.entry or "" for row in rows]
    root = tree_root([hash_leaf(entry.encode()) for entry in entries])
    return entries, sign_log_head(Checkpoint(origin=KEY.name, size=len(entries), root=root), PRIVATE)


def test_a_log_with_its_heads_is_intact_and_tells_its_records() -> None:
    entries, note = log_of(chained())
    report, records = walk_log(entries, [(12, note)], KEY, {"kept": note})
    assert (report.breaks, report.log_size, report.compared) == ((), 12, (12,))
    assert check_record_chains(records) == []


@given(ROW, st.sampled_from(["change", "remove", "swap", "insert"]))
def test_a_log_that_was_rewritten_is_found_and_signing_it_anew_does_not_help(row: int, deed: str) -> None:
    entries, kept = log_of(chained())
    if deed == "change":
        entries[row] = entries[row][:-1] + "X"
    elif deed == "remove":
        entries.pop(row)
    elif deed == "swap":
        entries[row], entries[row - 1] = entries[row - 1], entries[row]
    else:
        entries.insert(row, "assay-event/1")
    root = tree_root([hash_leaf(entry.encode()) for entry in entries])
    anew = sign_log_head(Checkpoint(origin=KEY.name, size=len(entries), root=root), PRIVATE)
    assert walk_log(entries, [(12, kept)], KEY, {})[0].breaks
    assert walk_log(entries, [(len(entries), anew)], KEY, {"kept": kept})[0].breaks


def test_a_head_that_another_key_signed_is_not_believed() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    _, note = log_of(chained())
    with pytest.raises(BadInput, match="not signed"):
        read_log_head(note, note_key_of(KEY.name, other))
    with pytest.raises(BadInput, match="no checkpoint of the log"):
        read_log_head(note, note_key_of("example.org/other", PRIVATE))


@given(st.integers(0, 400), st.integers(1, 255))
def test_no_byte_of_a_signed_head_can_be_changed_into_another_head(place: int, flip: int) -> None:
    _, note = log_of(chained())
    raw = bytearray(note.encode())
    raw[place % len(raw)] ^= flip
    try:
        head = read_log_head(raw.decode(), KEY)
    except (BadInput, UnicodeDecodeError):
        return
    assert head == read_log_head(note, KEY)


def test_a_key_is_read_from_the_text_of_the_specification_and_back() -> None:
    # From the example of golang.org/x/mod/sumdb/note, which C2SP signed-note describes.
    text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    key = parse_note_key(text)
    assert (key.name, key.text, len(key.public)) == ("PeterNeumann", text, 32)
    with pytest.raises(BadInput, match="do not belong together"):
        parse_note_key(text.replace("c74f20a3", "c74f20a4"))


def test_the_note_of_the_specification_is_signed_by_its_key() -> None:
    key = parse_note_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    note = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    with pytest.raises(BadInput, match="no signed checkpoint"):  # it is signed, and no head of a log
        read_log_head(note, key)
    text, _, line = note.partition("\n\n")
    assert _signed_by(key, line.strip("\n"), f"{text}\n")


def test_a_record_is_read_back_only_as_it_would_be_written() -> None:
    record = record_event("case\nid", 3, at=5, body="{}", previous=bytes(32))
    assert parse_event_record(record.text) == record
    assert parse_event_record(record.text.replace("\n5\n", "\n05\n")) is None
