"""A stripped file, its manifest fetched from a repository: what belongs to it, what is turned away, what differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import BadInput
from core.finding import FindingVerdict as V
from provenance.c2pa.ingredients import build_ingredients
from provenance.c2pa.reader import read_credentials_report
from provenance.c2pa.signers.keys_folder import ProvenanceKeys
from provenance.c2pa.trust_list_files import load_trust_lists, with_trust_lists
from provenance.c2pa.trust_store import TrustStore
from provenance.seal import seal
from provenance.verification.recovery import SimilarVideo, StoredManifest
from provenance.verification.verify import verify
from tests.unit.provenance.conftest import CASE, StandInWatermark, make_order, remux

RECORD = {"engine": "wan", "source_type": "trainedAlgorithmicMedia"}


def sealed_as(
    folder: Path, clip: Path, keys: ProvenanceKeys, case: str, *, parent: Path | None = None
) -> tuple[Path, StoredManifest]:
    stand_in, path = StandInWatermark(), folder / f"{case}.mp4"
    order, sources = replace(make_order(), case_id=case), build_ingredients(parent=parent)
    report = seal(clip, path, order, keys=keys, mark=stand_in.mark, detect=stand_in.detect, sources=sources)
    stored = StoredManifest(
        manifest_id=report.manifest_id,
        manifest=report.manifest.read_bytes(),
        stored_at="2026-11-20T12:00:00+00:00",
        case_id=case,
        size=path.stat().st_size,
        duration=1.2,
        width=160,
        height=96,
    )
    return path, stored


@pytest.fixture(scope="module")
def ours(tmp_path_factory, clip, keys):
    return sealed_as(tmp_path_factory.mktemp("ours"), clip, keys, CASE)


@pytest.fixture(scope="module")
def another(tmp_path_factory, clip, keys):
    return sealed_as(tmp_path_factory.mktemp("another"), clip, keys, "f" * 16)


@dataclass(frozen=True)
class Holding:
    """A ManifestLookup that answers the same whatever it is asked."""

    entries: Sequence[StoredManifest]
    alike: Sequence[SimilarVideo]

    def stored(self, _payload):
        return self.entries

    def similar(self, _path):
        return self.alike


class NeverAsked:
    """A ManifestLookup that fails the test."""

    def stored(self, _payload):
        raise AssertionError("the repository was asked")

    similar = stored


def look(path: Path, keys: ProvenanceKeys, *entries: StoredManifest, record=RECORD, similar=(), **options):
    return verify(
        path,
        trust=keys.trust,
        keys=[keys.watermark_key],
        detect=StandInWatermark().detect,
        look_up=lambda case_id: record if case_id == CASE else None,
        repository=Holding(entries, similar),
        **options,
    )


def piece(finding, kind):
    return next(one for one in finding.evidence if one.kind == kind)


def test_the_recovered_credentials_name_their_signer_and_how_the_bytes_differ(tmp_path, ours, keys):
    sealed, stored = ours
    finding = look(remux(sealed, tmp_path / "again.mkv"), keys, stored)
    assert finding.verdict is V.RECOVERED_BY_WATERMARK
    assert "recovered, signed by" in finding.summary and "Matroska or WebM instead of MP4" in finding.summary
    told = piece(finding, "recovered").says
    assert "urn:assay:development:signers" in told and "bytes instead of" in told


def test_the_history_of_a_stripped_remix_is_told_as_that_of_its_original(tmp_path, another, clip, keys):
    sealed, stored = sealed_as(tmp_path, clip, keys, CASE, parent=another[0])
    finding = look(remux(sealed, tmp_path / "again.mp4"), keys, stored)
    told = [(one.kind, one.says.split(":")[0]) for one in finding.evidence if one.kind.startswith("lineage")]
    assert told == [("lineage.0", "the original"), ("lineage.1", "it was made from")]
    assert not [one for one in look(remux(sealed, tmp_path / "b.mp4"), keys).evidence if one.kind.startswith("lineage")]


def test_a_manifest_alone_recovers_even_where_the_ledger_does_not_answer_for_the_case(tmp_path, ours, keys):
    sealed, stored = ours
    finding = look(remux(sealed, tmp_path / "again.mp4"), keys, stored, record=None)
    assert (finding.verdict, finding.case) == (V.RECOVERED_BY_WATERMARK, None)


def test_a_manifest_swapped_in_the_repository_lends_its_history_to_nobody(tmp_path, ours, another, keys):
    finding = look(remux(ours[0], tmp_path / "again.mp4"), keys, another[1])
    assert finding.verdict is V.WATERMARK_ONLY
    assert "names another watermark" in piece(finding, "recovered.rejected").says
    assert "another file" in finding.summary


def test_of_several_manifests_the_newest_that_belongs_is_told(tmp_path, ours, another, keys):
    finding = look(remux(ours[0], tmp_path / "again.mp4"), keys, another[1], ours[1])
    assert finding.verdict is V.RECOVERED_BY_WATERMARK
    assert {"recovered", "recovered.rejected"} <= {one.kind for one in finding.evidence}


def test_a_manifest_changed_in_the_repository_is_turned_away(tmp_path, ours, keys):
    sealed, stored = ours
    changed = bytearray(stored.manifest)
    changed[changed.index(b"trainedAlgorithmicMedia") + 3] ^= 1
    for manifest in (bytes(changed), b"", b"\x00" * 100, stored.manifest[:200]):
        finding = look(remux(sealed, tmp_path / "again.mp4"), keys, replace(stored, manifest=manifest))
        assert finding.verdict is V.WATERMARK_ONLY
        assert "signature does not hold" in piece(finding, "recovered.rejected").says


def test_whole_credentials_need_no_repository(ours, keys):
    finding = verify(
        ours[0],
        trust=keys.trust,
        keys=[keys.watermark_key],
        detect=StandInWatermark().detect,
        look_up=lambda _: RECORD,
        repository=NeverAsked(),
    )
    assert finding.verdict is V.AI_MADE_TRUSTED


def test_a_likeness_is_evidence_and_no_verdict(clip, keys):
    alike = SimilarVideo(case_id=CASE, share=0.9, seconds=9, sealed_at="2026-11-20")
    assert (
        "more than once (first in case" in look(clip, keys, similar=[alike, replace(alike, case_id="b" * 16)]).summary
    )
    finding = look(clip, keys, similar=[alike])
    assert finding.verdict is V.NO_INFORMATION
    assert CASE in finding.summary and "does not mean" in finding.summary
    assert "90%" in piece(finding, "fingerprint").says


def test_after_its_certificate_ran_out_a_file_without_a_trusted_time_is_unconfirmed_and_not_called_changed(ours, keys):
    later = datetime.now(UTC) + timedelta(days=800)
    assert look(ours[0], keys).verdict is V.AI_MADE_TRUSTED
    finding = look(ours[0], keys, at=later)
    assert finding.verdict is V.CREDENTIALS_UNCONFIRMED
    assert finding.credentials.causes[0] == "certificate_expired"
    assert "has run out" in finding.summary and "was changed" not in finding.summary.replace("that anything was", "")
    assert "signingCredential.expired" in finding.credentials.issues
    with pytest.raises(BadInput, match="time zone"):
        read_credentials_report(ours[0], keys.trust, at=datetime(2028, 1, 1))  # noqa: DTZ001


def test_lists_from_a_folder_say_their_name_and_never_mix_signers_with_time(tmp_path, ours, keys):
    (tmp_path / "c2pa-2026-08.pem").write_text(keys.trust.signers[0].pem)
    reading = read_credentials_report(ours[0], with_trust_lists(TrustStore(), tmp_path))
    assert (reading.credentials.state, reading.trust_list) == ("trusted", "urn:list:c2pa-2026-08")
    (tmp_path / "c2pa-2026-08.pem").rename(tmp_path / "C2PA-TSA-2026-08.pem")
    assert read_credentials_report(ours[0], with_trust_lists(TrustStore(), tmp_path)).credentials.state == "valid"
    (tmp_path / "broken.pem").write_text("nothing")
    with pytest.raises(BadInput, match=r"broken\.pem"):
        load_trust_lists(tmp_path)
    with pytest.raises(BadInput, match="not a folder"):
        load_trust_lists(tmp_path / "nowhere")
