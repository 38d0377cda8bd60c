"""What we sign, in a reader that knows nothing of this installation: c2pa-python with its default settings."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import c2pa
import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from core.finding import FindingVerdict
from pipeline.diagnostics.installation_checks import run_diagnostics
from pipeline.settings import load_settings
from provenance.c2pa.manifest_store import failure_codes
from provenance.c2pa.signers import certificates as profile
from provenance.c2pa.signers.certificate_checks import certificate_warnings
from provenance.c2pa.signers.dev_keys import make_dev_keys
from provenance.c2pa.signers.keys_folder import CHAIN_FILE, ProvenanceKeys
from provenance.c2pa.writer import sign_file
from provenance.verification.verify import verify
from tests.integration.provenance.signing_helpers import manifest_definition, pem
from tests.unit.provenance.conftest import StandInWatermark

NOW = datetime.now(UTC)
BEFORE = [profile.CLAIM_SIGNING, profile.DOCUMENT_SIGNING]  # usages of certificates made before 0.2.0


def read_plainly(path: Path) -> tuple[str, tuple[str, ...]]:
    """The state and the failures, with no settings at all."""
    with c2pa.Reader(str(path)) as reader:
        return reader.get_validation_state(), failure_codes(json.loads(reader.json()))


def with_usages(monkeypatch: pytest.MonkeyPatch, usages: list[x509.ObjectIdentifier]) -> None:
    make = x509.ExtendedKeyUsage
    monkeypatch.setattr(profile.x509, "ExtendedKeyUsage", lambda _usages: make(usages))


def test_what_we_sign_is_valid_and_merely_untrusted(signed: Path):
    assert read_plainly(signed) == ("Valid", ("signingCredential.untrusted",))


def test_development_keys_made_before_are_renewed_below_the_same_root(tmp_path, clip, monkeypatch):
    with monkeypatch.context() as patched:
        with_usages(patched, BEFORE)
        old = make_dev_keys(tmp_path / "keys").keys
    assert old.signer.chain == (tmp_path / "keys" / CHAIN_FILE).read_text()
    sign_file(clip, tmp_path / "old.mp4", manifest_definition(), old.signer, trust=old.trust)  # still works
    assert read_plainly(tmp_path / "old.mp4") == (
        "Invalid",
        ("signingCredential.untrusted", "signingCredential.invalid"),
    )
    renewed = make_dev_keys(tmp_path / "keys")
    assert renewed.result == "renewed" and renewed.keys.watermark_key == old.watermark_key
    sign_file(clip, tmp_path / "new.mp4", manifest_definition(), renewed.keys.signer, trust=old.trust)
    assert read_plainly(tmp_path / "new.mp4") == ("Valid", ("signingCredential.untrusted",))
    for name in ("old.mp4", "new.mp4"):
        assert look(tmp_path / name, renewed.keys).verdict is FindingVerdict.AI_MADE_TRUSTED


def look(path: Path, keys: ProvenanceKeys):
    return verify(path, trust=keys.trust, keys=[keys.watermark_key], detect=StandInWatermark().detect, look_up=None)


def test_the_doctor_says_how_to_renew(tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        with_usages(patched, BEFORE)
        make_dev_keys(tmp_path / "home" / "keys")
    settings = load_settings(home=tmp_path / "home")
    monkeypatch.setattr("pipeline.diagnostics.installation_checks._installation", lambda _settings: ())
    monkeypatch.setattr("pipeline.diagnostics.installation_checks._models", lambda _settings: ())
    lines = [result.says for result in run_diagnostics(settings)]
    assert any("emailProtection" in line and "`assay keys dev` renews it" in line for line in lines)
    make_dev_keys(settings.keys_folder)
    assert not any("emailProtection" in result.says for result in run_diagnostics(settings))


def test_a_chain_that_other_readers_refuse_is_told_line_by_line(monkeypatch):
    root = profile.make_root_ca(NOW)
    issuing = profile.make_issuing_ca(root, NOW)
    good = profile.make_signer_certificate(issuing, NOW).certificate
    assert certificate_warnings(pem(good) + pem(issuing.certificate)) == ()
    (told,) = certificate_warnings(pem(good) + pem(good))
    assert "may not issue certificates" in told
    for usages, word in (
        ([ExtendedKeyUsageOID.SERVER_AUTH], "no extended key usage"),
        ([profile.EMAIL_PROTECTION, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE], "any usage"),
        ([profile.EMAIL_PROTECTION, ExtendedKeyUsageOID.TIME_STAMPING], "time stamps or OCSP"),
    ):
        with monkeypatch.context() as patched:
            with_usages(patched, usages)
            leaf = profile.make_signer_certificate(issuing, NOW).certificate
        (told,) = certificate_warnings(pem(leaf))
        assert word in told
    told = " ".join(certificate_warnings(pem(root.certificate)))
    assert "digitalSignature" in told and "that of an authority" in told
