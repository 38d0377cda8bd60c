"""Banks in Postgres: who added what and why, idempotent lists, removal that keeps the record."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from classifiers.image.frame_hashes import FrameHashes
from classifiers.models import PACKAGED_MODELS
from core.errors import BadInput, Forbidden
from core.roles import Principal, Role
from core.signals import Subject
from media.lookup.bank_hashes import FrameViews
from media.sampling import sample_video
from media.video import Frame
from pipeline.known_footage.bank_service import BankService
from registry.banks.bank_entries import Bank, BankEntry, Provenance
from registry.banks.hash_bank import PostgresHashBank
from tests.conftest import ROOT

CLIP = ROOT / "deploy" / "demo" / "bunny.mp4"
pytestmark = pytest.mark.postgres
ONE = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
ASKING = Principal(id="olga", roles=frozenset({Role.OPERATOR}))


@pytest.fixture
def bank(database):
    with database.owner_connection() as connection:
        connection.execute("TRUNCATE bank_entries CASCADE")
        connection.execute("DELETE FROM banks WHERE created_by <> 'assay'")
    return PostgresHashBank(database)


@pytest.fixture
def service(bank) -> BankService:
    return BankService(banks=bank.banks, models=PACKAGED_MODELS)


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / "partner.txt"
    path.write_text(f"pdq {ONE}\npdq {ONE[::-1]}\n")
    return path


def test_a_list_is_taken_once_and_the_same_list_again_changes_nothing(service, listed) -> None:
    into = service.resolve("partner", "known_listed")
    first = service.add_list(ASKING, listed, into, source="a partner", reason="agreed on")
    assert (first.added, first.known) == (2, 0)
    again = service.add_list(ASKING, listed, service.resolve("partner", ""), source="somebody else")
    assert (again.added, again.known) == (0, 2)
    (one, _) = service.entries(ASKING, bank="partner")
    (added,) = one.history
    assert (added.change, added.by, added.source, added.reason) == ("added", "olga", "a partner", "agreed on")


def test_what_was_removed_stays_so_keeps_its_record_and_comes_back_only_when_that_is_asked(
    service, bank, listed
) -> None:
    into = service.resolve("partner", "known_listed")
    service.add_list(ASKING, listed, into)
    (one, _) = service.entries(ASKING, bank="partner")
    assert service.remove(ASKING, one.id, reason="a mistake") == 1
    assert service.remove(ASKING, one.id) == 0 and bank.size == 1
    assert service.add_list(ASKING, listed, into).removed_before == 1 and bank.size == 1
    service.add_list(ASKING, listed, into, restore=True)
    assert bank.size == 2
    (kept,) = service.entries(ASKING, known_id=one.id)
    assert [(change.change, change.reason) for change in kept.history] == [
        ("added", ""),
        ("removed", "a mistake"),
        ("restored", ""),
    ]


def test_a_list_with_a_bad_line_leaves_the_bank_as_it_was(service, bank, listed) -> None:
    listed.write_text(listed.read_text() + "pdq nothing\n")
    with pytest.raises(BadInput, match="line 3"):
        service.add_list(ASKING, listed, service.resolve("partner", "known_listed"))
    assert bank.size == 0 and "partner" not in {one.name for one in service.list_banks(ASKING)}


def test_a_bank_is_of_one_kind(service, bank) -> None:
    bank.banks.add(Bank(name="partner", kind="known_bad"), [], Provenance(by="x"))
    with pytest.raises(BadInput, match="of the kind known_bad"):
        service.resolve("partner", "known_work")
    with pytest.raises(BadInput, match="of the kind known_bad"):
        bank.banks.add(Bank(name="partner", kind="known_work"), [], Provenance(by="x"))
    with pytest.raises(BadInput, match="give its kind"):
        service.resolve("nowhere", "")


def test_an_entry_is_found_by_the_next_search_and_not_after_it_was_removed(bank) -> None:
    entry = BankEntry(id="a", algorithm="pdq", bits=bytes.fromhex(ONE))
    bank.banks.add(Bank(name="partner", kind="known_work"), [entry], Provenance(by="x"))
    asked = [FrameViews(pdq=np.frombuffer(entry.bits, np.uint8)[None])]
    (hit,) = bank.frame_hits(asked)
    assert (hit.bank, hit.kind, hit.id, hit.score) == ("partner", "known_work", "a", 1.0)
    bank.banks.change([int(hit.entry)], "removed", Provenance(by="x"))
    assert bank.frame_hits(asked) == []


def test_the_record_cannot_be_changed(bank, database) -> None:
    bank.banks.add(
        Bank(name="partner", kind="known_work"),
        [BankEntry(id="a", algorithm="phash", bits=b"8" * 8)],
        Provenance(by="x"),
    )
    with pytest.raises(Exception, match="append-only"), database.owner_connection() as connection:
        connection.execute("DELETE FROM bank_changes")


def test_only_operators_keep_banks(service, listed) -> None:
    with pytest.raises(Forbidden):
        service.add_list(Principal(id="m", roles=frozenset({Role.MODERATOR})), listed, Bank(name="x", kind="known_bad"))


def test_a_video_is_banked_by_its_frames_and_a_mirrored_piece_of_it_is_found(service, bank) -> None:
    into = service.resolve("", "known_listed")
    assert service.add_file(ASKING, "bunny", CLIP, into, source="a report", reason="to try") > 10
    (frames, *_) = service.entries(ASKING, known_id="bunny")
    assert frames.algorithm == "vpdq" and frames.history[0].source == "a report"
    sample = sample_video(CLIP, every=0.5, max_side=320)
    mirrored = [Frame(at=frame.at, rgb=np.ascontiguousarray(frame.rgb[:, ::-1])) for frame in sample.frames[2:8]]
    piece = replace(sample, frames=tuple(mirrored))
    (signal,) = (s for s in FrameHashes(bank).measure(piece, Subject.VIDEO) if s.label == "known_listed")
    assert signal.score >= 0.5 and signal.evidence == str(frames.key)
