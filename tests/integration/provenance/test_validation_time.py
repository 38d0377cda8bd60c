"""Time stamps, with a real RFC 3161 authority on loopback (`openssl ts`): whom to believe about when."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from provenance.c2pa.manifest_definition import build_manifest_definition
from provenance.c2pa.reader import read_credentials_report
from provenance.c2pa.signers import certificates as profile
from provenance.c2pa.signers.signer import FileSigner, chain_expiry
from provenance.c2pa.trust_store import TrustList, TrustStore
from provenance.c2pa.writer import sign_file
from tests.unit.provenance.conftest import make_order

NOW = datetime.now(UTC)


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


@pytest.fixture(scope="module")
def short_lived(tmp_path_factory, clip, tsa_url):
    """A file stamped while its signer's certificate was good, read after it ran out; and the signer's root."""
    root = profile.make_root_ca(NOW)
    issuing = profile.make_issuing_ca(root, NOW)
    leaf = profile.make_signer_certificate(issuing, datetime.now(UTC), days=304 / 86400)  # begins 300 s ago
    signer = FileSigner(chain=pem(leaf.certificate) + pem(issuing.certificate), key=leaf.key, tsa_url=tsa_url)
    path = tmp_path_factory.mktemp("stamped") / "a.mp4"
    trust = TrustStore(signers=(TrustList(name="urn:signers", pem=pem(root.certificate)),))
    claim = build_manifest_definition(make_order(), payload="01" * 12, has_parent=False)
    sign_file(clip, path, claim, signer, trust=trust)
    time.sleep(max(0.0, (chain_expiry(signer) - datetime.now(UTC)).total_seconds()) + 1.1)
    return path, trust


def test_a_trusted_time_keeps_a_file_trusted_after_its_signers_certificate_ran_out(short_lived, tsa_root):
    path, trust = short_lived
    both = replace(trust, timestamp_authorities=(TrustList(name="urn:tsas", pem=pem(tsa_root.certificate)),))
    reading = read_credentials_report(path, both)
    assert (reading.credentials.state, reading.trust_list, reading.time_trusted) == ("trusted", "urn:signers", True)
    assert reading.credentials.signed_at


def test_without_a_list_of_authorities_the_same_file_is_invalid(short_lived):
    path, trust = short_lived
    reading = read_credentials_report(path, trust)
    assert reading.credentials.state == "invalid"
    assert not reading.time_trusted
    assert "signingCredential.expired" in reading.credentials.issues


def test_an_authority_that_is_only_on_the_signers_list_is_not_believed_about_time(short_lived, tsa_root):
    path, trust = short_lived
    mixed = replace(trust, signers=(*trust.signers, TrustList(name="urn:more", pem=pem(tsa_root.certificate))))
    reading = read_credentials_report(path, mixed)
    assert reading.credentials.state == "invalid"
    assert not reading.time_trusted
    assert "signingCredential.expired" in reading.credentials.issues
