"""What happens to a file, and what the reader says of it (reference: provenance §1.4)."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import c2pa
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from core.errors import BadMedia, SealBroken
from provenance.c2pa.library_settings import reading_settings, signing_settings
from provenance.c2pa.reader import read_credentials, read_credentials_report
from provenance.c2pa.signers import certificates as profile
from provenance.c2pa.signers.keys_folder import ProvenanceKeys
from provenance.c2pa.signers.signer import chain_expiry
from provenance.c2pa.trust_store import ACCEPTED_EXTENDED_KEY_USAGES, TrustList, TrustStore
from provenance.c2pa.writer import sign_file
from tests.integration.provenance.signing_helpers import (
    PAYLOAD,
    change_file,
    flip_bit_at,
    make_signer,
    manifest_definition,
    pem,
)
from tests.unit.provenance.conftest import remux

# As signed


def test_a_signed_file_reads_as_trusted_every_time(signed: Path, keys: ProvenanceKeys):
    reading = read_credentials_report(signed, keys.trust, times=3)
    assert reading.credentials.state == "trusted"
    assert reading.credentials.issues == ()
    assert reading.credentials.ai is True
    assert reading.credentials.source_type == "trainedAlgorithmicMedia"
    assert reading.credentials.generator == "Assay 0.1.0"
    assert reading.credentials.manifest_id.startswith("urn:c2pa:")
    assert "DEVELOPMENT" in reading.credentials.signer
    assert reading.trust_list == "urn:assay:development:signers"
    assert [(one.algorithm, one.value) for one in reading.soft_bindings] == [("com.assay.lattice.1", PAYLOAD)]


def test_the_manifest_that_came_back_from_signing_is_the_one_in_the_file(
    tmp_path: Path, clip: Path, keys: ProvenanceKeys
):
    manifest = sign_file(clip, tmp_path / "a.mp4", manifest_definition(), keys.signer, trust=keys.trust)
    assert manifest in (tmp_path / "a.mp4").read_bytes()
    settings = reading_settings(keys.trust.signers, (), ACCEPTED_EXTENDED_KEY_USAGES)
    context = c2pa.Context(c2pa.Settings.from_dict(settings))
    with (tmp_path / "a.mp4").open("rb") as stream, c2pa.Reader("video/mp4", stream, manifest, context) as reader:
        assert reader.get_validation_state() == "Trusted"


def test_the_name_of_the_file_does_not_matter(tmp_path: Path, signed: Path, keys: ProvenanceKeys):
    for name in ("photo.jpg", "nothing"):
        assert read_credentials(change_file(signed, tmp_path / name, lambda _: None), keys.trust).state == "trusted"


# Tampered with


@pytest.mark.parametrize(
    ("treatment", "change", "state", "issue"),
    [
        ("a flip in the pictures", flip_bit_at(b"mdat", 500), "invalid", "assertion.bmffHash.mismatch"),
        ("a flip in moov", flip_bit_at(b"mvhd", 12), "invalid", "assertion.bmffHash.mismatch"),
        ("a foreign box", lambda c: c + b"\0\0\0\x18uuid" + b"a" * 16, "invalid", "assertion.bmffHash.mismatch"),
        ("an assertion's text", flip_bit_at(b"trainedAlgorithmicMedia", 3), "invalid", "assertion.hashedURI.mismatch"),
        ("another case", flip_bit_at(b"00112233445566aa", 3), "invalid", "assertion.hashedURI.mismatch"),
        ("the claim's CBOR", flip_bit_at(b"claim_generator_info", -1), "unreadable", "Decoding"),
        ("appended bytes that are no box", lambda c: c + b"junk" * 20, "unreadable", "Other"),
    ],
)
def test_a_change_after_signing_is_seen(tmp_path, signed, keys, treatment, change, state, issue):
    found = read_credentials(change_file(signed, tmp_path / "changed.mp4", change), keys.trust)
    assert found.state == state, treatment
    assert any(issue in one for one in found.issues), treatment


def test_of_credentials_that_do_not_hold_nothing_is_attributed_to_anyone(
    tmp_path: Path, signed: Path, keys: ProvenanceKeys
):
    found = read_credentials(change_file(signed, tmp_path / "changed.mp4", flip_bit_at(b"mdat", 500)), keys.trust)
    assert found.ai is True  # the file still says so; nobody vouches for it
    assert found.signer == ""


def test_a_certificate_that_was_changed_breaks_the_signature(tmp_path: Path, signed: Path, keys: ProvenanceKeys):
    leaf = x509.load_pem_x509_certificate(keys.signer.chain.encode()).public_bytes(Encoding.DER)
    found = read_credentials(
        change_file(signed, tmp_path / "changed.mp4", flip_bit_at(leaf, len(leaf) - 20)), keys.trust
    )
    assert found.state == "invalid"


def test_a_truncated_file_is_not_trusted(tmp_path: Path, signed: Path, keys: ProvenanceKeys):
    size = signed.stat().st_size
    for keep in (size - 1, size * 3 // 4, size // 2, 3000):
        found = read_credentials(change_file(signed, tmp_path / "cut.mp4", lambda c, keep=keep: c[:keep]), keys.trust)
        assert found.state in ("invalid", "unreadable"), keep


def test_a_manifest_transplanted_into_another_video_does_not_hold(
    tmp_path: Path, signed: Path, clip: Path, keys: ProvenanceKeys
):
    other = remux(clip, tmp_path / "other.mp4", comment="another video altogether")
    donor, body = signed.read_bytes(), other.read_bytes()
    box = donor.index(bytes.fromhex("d8fec3d61b0e483c92975828877ec481")) - 8
    size = int.from_bytes(donor[box : box + 4], "big")
    ftyp = int.from_bytes(body[:4], "big")
    (tmp_path / "transplant.mp4").write_bytes(body[:ftyp] + donor[box : box + size] + body[ftyp:])
    found = read_credentials(tmp_path / "transplant.mp4", keys.trust)
    assert (found.state, found.issues) == ("invalid", ("assertion.bmffHash.mismatch",))


def test_a_change_where_the_specification_does_not_look_stays_trusted(
    tmp_path: Path, signed: Path, keys: ProvenanceKeys
):
    assert (
        read_credentials(change_file(signed, tmp_path / "a.mp4", flip_bit_at(b"ftyp", 4)), keys.trust).state
        == "trusted"
    )


# Gone, elsewhere, or never there


def test_saving_it_again_drops_the_credentials_and_that_is_not_called_tampering(tmp_path, signed, keys):
    assert read_credentials(remux(signed, tmp_path / "again.mp4"), keys.trust).state == "none"
    assert read_credentials(remux(signed, tmp_path / "again.mov"), keys.trust).state == "none"


def test_a_container_that_cannot_carry_credentials_is_unsupported_not_empty(
    tmp_path: Path, signed: Path, keys: ProvenanceKeys
):
    assert read_credentials(remux(signed, tmp_path / "again.mkv"), keys.trust).state == "unsupported"


def test_a_broken_file_without_credentials_is_not_said_to_have_any(tmp_path: Path, clip: Path, keys: ProvenanceKeys):
    assert read_credentials(clip, keys.trust).state == "none"
    assert (
        read_credentials(change_file(clip, tmp_path / "a.mp4", lambda c: c + b"junk" * 20), keys.trust).state
        == "unsupported"
    )


@pytest.mark.parametrize("content", [b"", b"hello " * 100])
def test_what_is_no_video_is_unsupported(tmp_path: Path, keys: ProvenanceKeys, content: bytes):
    (tmp_path / "a.mp4").write_bytes(content)
    assert read_credentials(tmp_path / "a.mp4", keys.trust).state == "unsupported"


def test_a_path_without_a_file_is_bad_media(tmp_path: Path, keys: ProvenanceKeys):
    for path in (tmp_path / "nothing.mp4", tmp_path):
        with pytest.raises(BadMedia, match="no such file"):
            read_credentials(path, keys.trust)


def test_credentials_that_lie_elsewhere_are_not_fetched(tmp_path: Path, clip: Path, keys: ProvenanceKeys):
    remote = tmp_path / "remote.mp4"
    native = c2pa.Signer.from_callback(keys.signer.sign, c2pa.C2paSigningAlg.ES256, keys.signer.chain)
    context = c2pa.Context(c2pa.Settings.from_dict(signing_settings(keys.trust)))
    with (
        c2pa.Builder(manifest_definition(), context=context) as builder,
        native,
        clip.open("rb") as source,
        remote.open("w+b") as target,
    ):
        builder.set_no_embed()
        builder.set_remote_url("http://127.0.0.1:9/manifest.c2pa")
        builder.sign(native, "video/mp4", source, target)
    assert read_credentials(remote, keys.trust).state == "remote"


# Whom to believe


def test_a_signer_whose_root_is_on_no_list_is_valid_and_not_trusted(signed: Path):
    found = read_credentials(signed, TrustStore())
    assert (found.state, found.issues) == ("valid", ("signingCredential.untrusted",))


def test_a_root_on_the_time_stamping_list_alone_makes_no_trusted_signer(signed: Path, keys: ProvenanceKeys):
    swapped = TrustStore(timestamp_authorities=(TrustList(name="urn:tsa", pem=keys.trust.signers[0].pem),))
    found = read_credentials(signed, swapped)
    assert (found.state, found.issues) == ("valid", ("signingCredential.untrusted",))


def test_a_root_on_both_lists_is_reported_under_the_signers_list_every_time(signed: Path, keys: ProvenanceKeys):
    both = replace(keys.trust, timestamp_authorities=(TrustList(name="urn:tsa", pem=keys.trust.signers[0].pem),))
    for _ in range(4):
        reading = read_credentials_report(signed, both)
        assert (reading.credentials.state, reading.trust_list) == ("trusted", "urn:assay:development:signers")
        assert not reading.time_trusted


def test_an_expired_leaf_cannot_sign(tmp_path: Path, clip: Path):
    long_ago = datetime.now(UTC) - timedelta(days=400)
    root = profile.make_root_ca(long_ago)
    issuing = profile.make_issuing_ca(root, long_ago)
    signer = make_signer(profile.make_signer_certificate(issuing, long_ago), issuing)
    trust = TrustStore(signers=(TrustList(name="urn:x", pem=pem(root.certificate)),))
    with pytest.raises(SealBroken):
        sign_file(clip, tmp_path / "a.mp4", manifest_definition(), signer, trust=trust)
    assert list(tmp_path.iterdir()) == []


def test_a_leaf_that_ran_out_since_makes_the_file_invalid(tmp_path: Path, clip: Path):
    now = datetime.now(UTC)
    root = profile.make_root_ca(now)
    issuing = profile.make_issuing_ca(root, now)
    signer = make_signer(profile.make_signer_certificate(issuing, now, days=303 / 86400), issuing)  # begins 300 s ago
    trust = TrustStore(signers=(TrustList(name="urn:x", pem=pem(root.certificate)),))
    sign_file(clip, tmp_path / "a.mp4", manifest_definition(), signer, trust=trust)
    assert read_credentials(tmp_path / "a.mp4", trust).state == "trusted"
    time.sleep(max(0.0, (chain_expiry(signer) - datetime.now(UTC)).total_seconds()) + 1.1)
    found = read_credentials(tmp_path / "a.mp4", trust)
    assert found.state == "invalid"
    assert "signingCredential.expired" in found.issues
