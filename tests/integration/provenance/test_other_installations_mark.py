"""Two installations: what one marked is found by the other that has its key, in a bare file and as an engine's output."""

from pathlib import Path

import pytest

from core.finding import FindingVerdict as V
from media.transcode import Encoding, reencode
from pipeline.settings import Settings
from pipeline.verification.other_installations_table import load_other_installations
from pipeline.verification.verifier import StandaloneVerifier
from provenance.c2pa.reader import read_credentials_report
from provenance.c2pa.signers.dev_keys import make_dev_keys
from provenance.seal import seal
from provenance.verification.verify import exit_code
from provenance.watermark import detect_file, mark_file
from provenance.watermark.payload import Payload
from tests.unit.provenance.conftest import CASE, make_order

pytestmark = pytest.mark.slow
THEIRS = "f" * 16


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """The other installation's keys, and where they lie."""
    folder = tmp_path_factory.mktemp("other") / "keys"
    return make_dev_keys(folder).keys, folder


@pytest.fixture(scope="module")
def bare(two_seconds, other, tmp_path_factory) -> Path:
    """A video that the other installation marked, encoded anew, without any credentials."""
    keys, _ = other
    folder = tmp_path_factory.mktemp("marked")
    mark_file(
        two_seconds, folder / "marked.mp4", payload=Payload(issuer=keys.issuer, case_id=THEIRS), key=keys.watermark_key
    )
    reencode(folder / "marked.mp4", folder / "bare.mp4", encoding=Encoding(crf=26))
    return folder / "bare.mp4"


def settings(home, other=None, **entry) -> Settings:
    if other is not None:
        keys, folder = other
        entry = {"issuer": f"{keys.issuer:06x}", "url": "https://b.example/verify"}
        entry["watermark_key"] = str(folder / "watermark.secret")
    return Settings(home=home, other_installations={"Studio B": entry} if entry else "")


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    make_dev_keys(folder / "keys")
    return folder


def test_the_verifier_finds_and_names_the_mark_of_another_installation_with_its_key(home, other, bare):
    finding = StandaloneVerifier(settings=settings(home, other)).verify(bare)
    assert (finding.verdict, exit_code(finding)) == (V.WATERMARK_ONLY, 0)
    mark = finding.other_installation
    assert (mark.name, mark.url, mark.case_id, mark.by) == ("Studio B", "https://b.example/verify", THEIRS, "key")
    assert mark.issuer == f"{other[0].issuer:06x}" and mark.p_value < 1e-6
    assert "Studio B" in finding.summary and THEIRS in finding.summary
    assert not finding.watermark.detected and finding.unexamined == ()


def test_without_its_key_nothing_tells_of_it(home, bare):
    finding = StandaloneVerifier(settings=settings(home, issuer="abcdef")).verify(bare)
    assert (finding.verdict, finding.other_installation) == (V.NO_INFORMATION, None)


def test_a_file_without_a_mark_has_none_of_another_installation(home, other, two_seconds):
    finding = StandaloneVerifier(settings=settings(home, other)).verify(two_seconds)
    assert (finding.verdict, finding.other_installation) == (V.NO_INFORMATION, None)


def test_its_key_finds_it_where_this_machine_has_no_keys_of_its_own(tmp_path, other, bare):
    finding = StandaloneVerifier(settings=settings(tmp_path / "empty", other)).verify(bare)
    assert finding.other_installation.name == "Studio B"


def test_an_engines_output_that_it_marked_is_kept_as_the_parent_and_named_in_the_manifest(
    home, other, bare, keys, tmp_path
):
    others = load_other_installations(settings(home, other))
    sealed = tmp_path / "sealed.mp4"
    report = seal(bare, sealed, make_order(), keys=keys, mark=mark_file, detect=detect_file, others=others)
    assert report.earlier_mark == f"{other[0].issuer:06x}"
    said = f"marked by Studio B (found with its key, case {THEIRS})"
    assert any(said in warning for warning in report.warnings)
    assert said.encode() in report.manifest.read_bytes()
    reading = read_credentials_report(sealed, keys.trust)
    assert reading.credentials.state == "trusted" and reading.case_id == CASE and reading.credentials.ai
