"""The whole of it with the real watermark: sealed, stripped and re-encoded, laundered, somebody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import BadMedia
from core.finding import FindingVerdict as V
from media.transcode import Encoding, reencode
from provenance.c2pa.signers.dev_keys import make_dev_keys
from provenance.c2pa.signers.keys_folder import ProvenanceKeys
from provenance.c2pa.source_types import source_type_uri
from provenance.c2pa.writer import sign_file
from provenance.seal import seal
from provenance.seal_result import SealReport
from provenance.verification.verify import exit_code, verify
from provenance.watermark import detect_file, mark_file
from tests.unit.provenance.conftest import CASE, make_order

pytestmark = pytest.mark.slow
RECORD = {"engine": "wan", "source_type": "trainedAlgorithmicMedia"}


@pytest.fixture(scope="module")
def sealed(
    two_seconds: Path, keys: ProvenanceKeys, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, SealReport]:
    path = tmp_path_factory.mktemp("sealed") / "sealed.mp4"
    return path, seal(two_seconds, path, make_order(), keys=keys, mark=mark_file, detect=detect_file)


@pytest.fixture(scope="module")
def copy(sealed: tuple[Path, SealReport], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Encoded anew at CRF 28, with nothing left in the container."""
    path = tmp_path_factory.mktemp("copy") / "copy.mp4"
    reencode(sealed[0], path, encoding=Encoding(crf=28))
    return path


def look(path: Path, keys: ProvenanceKeys):
    return verify(
        path,
        trust=keys.trust,
        keys=[keys.watermark_key],
        detect=detect_file,
        look_up=lambda case_id: RECORD if case_id == CASE else None,
    )


def test_a_sealed_video_is_trusted_and_its_mark_and_manifest_agree(sealed, keys):
    path, report = sealed
    finding = look(path, keys)
    assert (finding.verdict, exit_code(finding)) == (V.AI_MADE_TRUSTED, 0)
    assert finding.watermark.payload == report.payload
    assert finding.credentials.manifest_id == report.manifest_id


def test_a_stripped_file_is_still_traced_to_its_case(copy, keys):
    finding = look(copy, keys)
    assert finding.credentials.state == "none"
    assert (finding.verdict, exit_code(finding)) == (V.RECOVERED_BY_WATERMARK, 0)
    assert finding.watermark.case_id == CASE and finding.case == RECORD


def test_a_video_laundered_as_a_photograph_is_a_conflict(copy, keys, tmp_path):
    created = {"action": "c2pa.created", "digitalSourceType": source_type_uri("digitalCapture")}
    claim = {
        "claim_generator_info": [{"name": "Camera", "version": "1"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
    }
    sign_file(copy, tmp_path / "photo.mp4", claim, keys.signer, trust=keys.trust)
    finding = look(tmp_path / "photo.mp4", keys)
    assert finding.credentials.state == "trusted"
    assert (finding.verdict, exit_code(finding)) == (V.CLAIMS_CONFLICT, 2)


def test_another_office_reads_no_mark_of_ours(copy, tmp_path):
    other = make_dev_keys(tmp_path / "other").keys
    finding = look(copy, other)
    assert not finding.watermark.detected
    assert (finding.verdict, exit_code(finding)) == (V.NO_INFORMATION, 1)


def test_footage_that_was_never_sealed_gives_no_information(two_seconds, keys):
    finding = look(two_seconds, keys)
    assert (finding.verdict, exit_code(finding)) == (V.NO_INFORMATION, 1)


@pytest.mark.parametrize("content", [b"", b"not a video at all\n" * 50])
def test_what_cannot_be_read_is_bad_media_and_not_no_information(tmp_path, keys, content):
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(BadMedia):
        look(tmp_path / "a.mp4", keys)
