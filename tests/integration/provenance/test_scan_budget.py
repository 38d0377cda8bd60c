"""A stranger's file that costs much to look at is answered within its budget, and its credentials are read."""

from __future__ import annotations

import time
from pathlib import Path

from core.finding import Finding, FindingVerdict
from media.sandbox.scan import ScanBudget, scan_within
from provenance.c2pa.signers.keys_folder import ProvenanceKeys
from provenance.verification.verify import verify
from provenance.watermark_detection import detect_watermarks
from tests.unit.media.hostile_files import FILE_TYPE, box, gif


def verified(file: Path, keys: ProvenanceKeys, budget: ScanBudget | None = None) -> Finding:
    with scan_within(budget or ScanBudget()):
        return verify(file, trust=keys.trust, keys=[keys.watermark_key], detect=detect_watermarks, look_up=None)


def test_a_gif_of_twenty_thousand_pictures_is_answered_and_its_credentials_are_looked_for(
    tmp_path: Path, keys: ProvenanceKeys
) -> None:
    file = tmp_path / "frames.gif"
    file.write_bytes(gif(7680, 7680, 20_000))
    began = time.monotonic()
    finding = verified(file, keys)
    assert time.monotonic() - began < 30
    assert finding.verdict is FindingVerdict.NO_INFORMATION
    assert finding.credentials.state == "none"
    assert [left.part for left in finding.unexamined] == ["picture", "sound"]
    assert "pictures of 7680 × 7680 pixels would have to be decoded" in finding.unexamined[0].says
    assert "Not everything in this file was looked at" in finding.summary


def test_millions_of_boxes_are_answered_at_once(tmp_path: Path, keys: ProvenanceKeys) -> None:
    file = tmp_path / "boxes.mp4"
    file.write_bytes(FILE_TYPE + box(b"free") * 3_000_000)
    began = time.monotonic()
    finding = verified(file, keys)
    assert time.monotonic() - began < 30
    assert finding.credentials.state == "not_read"
    assert {left.part for left in finding.unexamined} == {"credentials", "picture", "sound"}


def test_credentials_are_read_where_the_pictures_take_too_long(signed: Path, keys: ProvenanceKeys) -> None:
    whole = verified(signed, keys)
    assert whole.credentials.state == "trusted" and whole.unexamined == ()
    few = verified(signed, keys, ScanBudget(max_decoded_pixels=1000))
    assert few.credentials == whole.credentials
    assert [left.part for left in few.unexamined] == ["picture"]
    assert few.verdict is whole.verdict
