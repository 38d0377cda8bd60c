"""The keys of an office, and the certificate profile they follow."""

from __future__ import annotations

import logging
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from core.errors import BadInput, Unavailable
from provenance.c2pa.signers import certificates as profile
from provenance.c2pa.signers.dev_keys import ROOT_KEY_FILE, make_dev_keys
from provenance.c2pa.signers.keys_folder import (
    CHAIN_FILE,
    SIGNER_KEY_FILE,
    TRUSTED_SIGNERS_FILE,
    WATERMARK_SECRET_FILE,
    ProvenanceKeys,
    load_keys,
)

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def chain() -> tuple[x509.Certificate, x509.Certificate, x509.Certificate]:
    root = profile.make_root_ca(NOW)
    issuing = profile.make_issuing_ca(root, NOW)
    return profile.make_signer_certificate(issuing, NOW).certificate, issuing.certificate, root.certificate


def test_each_certificate_is_issued_by_the_one_above(chain):
    leaf, issuing, root = chain
    leaf.verify_directly_issued_by(issuing)
    issuing.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)


def test_authorities_are_on_p384_and_the_issuing_one_may_only_issue_leaves(chain):
    _, issuing, root = chain
    for certificate in (issuing, root):
        assert isinstance(certificate.public_key().curve, ec.SECP384R1)
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert basic.critical and basic.value.ca
    assert issuing.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    assert issuing.not_valid_after_utc - issuing.not_valid_before_utc <= timedelta(days=1827)


def test_the_leaf_follows_the_claim_signing_profile(chain):
    leaf, issuing, _ = chain
    read = leaf.extensions
    assert isinstance(leaf.public_key().curve, ec.SECP256R1)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=366)
    usage = read.get_extension_for_class(x509.KeyUsage)
    assert usage.critical and usage.value.digital_signature and usage.value.content_commitment
    assert not usage.value.key_cert_sign and not usage.value.key_encipherment
    basic = read.get_extension_for_class(x509.BasicConstraints)
    assert basic.critical and not basic.value.ca
    purposes = [one.dotted_string for one in read.get_extension_for_class(x509.ExtendedKeyUsage).value]
    assert purposes == ["1.3.6.1.4.1.62558.2.1", "1.3.6.1.5.5.7.3.36", "1.3.6.1.5.5.7.3.4"]
    policies = read.get_extension_for_class(x509.CertificatePolicies).value
    assert [one.policy_identifier.dotted_string for one in policies] == ["1.3.6.1.4.1.62558.1.1"]
    access = read.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert [one.access_method.dotted_string for one in access] == ["1.3.6.1.5.5.7.48.1"]
    authority = read.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert authority == issuing.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def test_the_leaf_states_assurance_level_one_and_a_product(chain):
    read = chain[0].extensions
    level = read.get_extension_for_oid(profile.ASSURANCE_LEVEL).value.value
    assert level == bytes.fromhex("060a2b0601040183e85e030a")  # OBJECT IDENTIFIER 1.3.6.1.4.1.62558.3.10
    product = read.get_extension_for_oid(profile.PRODUCT_ID).value.value
    assert product[0] == 0x0C and product[1] == len(product) - 2 == 36


def test_every_name_says_that_it_is_for_development(chain):
    for certificate in chain:
        assert "DEVELOPMENT" in certificate.subject.rfc4514_string()


def test_private_files_are_for_their_owner_only(tmp_path: Path):
    folder = make_dev_keys(tmp_path / "keys").folder
    private = [path for path in folder.iterdir() if path.suffix in (".secret",) or path.name.endswith(".key.pem")]
    assert len(private) == 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_keys_that_are_there_are_kept_and_it_says_so(tmp_path: Path):
    first = make_dev_keys(tmp_path / "keys")
    before = {path.name: path.read_bytes() for path in first.folder.iterdir()}
    second = make_dev_keys(tmp_path / "keys")
    assert (first.result, second.result) == ("made", "kept")
    assert before == {path.name: path.read_bytes() for path in first.folder.iterdir()}
    assert second.keys.issuer == first.keys.issuer


def test_a_leaf_that_ran_out_is_renewed_below_the_same_root_with_the_same_watermark_key(tmp_path: Path):
    long_ago = datetime.now(UTC) - timedelta(days=400)
    old = make_dev_keys(tmp_path / "keys", now=long_ago)
    assert old.keys.warning().startswith("the signing certificate ran out")
    new = make_dev_keys(tmp_path / "keys")
    assert new.result == "renewed"
    assert new.keys.expires > datetime.now(UTC)
    assert new.keys.warning() == ""
    assert new.keys.trust == old.keys.trust
    assert new.keys.watermark_key == old.keys.watermark_key


def test_expiry_is_reported_a_month_ahead(keys: ProvenanceKeys):
    assert keys.warning(keys.expires - timedelta(days=31)) == ""
    assert "runs out" in keys.warning(keys.expires - timedelta(days=29))
    assert "nothing can be sealed" in keys.warning(keys.expires)


def test_missing_keys_say_what_to_run(tmp_path: Path):
    with pytest.raises(Unavailable, match="run `assay keys dev`"):
        load_keys(tmp_path)


@pytest.mark.parametrize("name", [SIGNER_KEY_FILE, WATERMARK_SECRET_FILE])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_private_file_that_others_can_read_is_refused(tmp_path: Path, name: str, mode: int):
    folder = make_dev_keys(tmp_path / "keys").folder
    (folder / name).chmod(mode)
    with pytest.raises(BadInput, match="chmod 600"):
        load_keys(folder)


def test_a_key_of_another_certificate_is_refused(tmp_path: Path):
    one, other = make_dev_keys(tmp_path / "one").folder, make_dev_keys(tmp_path / "other").folder
    (one / CHAIN_FILE).write_bytes((other / CHAIN_FILE).read_bytes())
    with pytest.raises(BadInput, match="does not belong"):
        load_keys(one)


@pytest.mark.parametrize("damage", ["", "zz", "00" * 31])
def test_a_damaged_watermark_secret_is_refused_and_not_replaced(tmp_path: Path, damage: str):
    folder = make_dev_keys(tmp_path / "keys").folder
    (folder / WATERMARK_SECRET_FILE).write_text(damage)
    with pytest.raises(BadInput, match="restore it"):
        make_dev_keys(folder)
    assert (folder / WATERMARK_SECRET_FILE).read_text() == damage


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path):
    (tmp_path / "holiday.jpg").write_text("mine")
    with pytest.raises(BadInput, match="not empty"):
        make_dev_keys(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]
    assert not list(tmp_path.parent.glob(".keys-*"))


def test_no_secret_is_shown_or_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG):
        made = make_dev_keys(tmp_path / "keys")
    shown = repr(made) + str(made.keys) + repr(made.keys.signer) + repr(made.keys.watermark_key) + caplog.text
    secret = (made.folder / WATERMARK_SECRET_FILE).read_text()
    assert secret not in shown and str(bytes.fromhex(secret)) not in shown
    for name in (SIGNER_KEY_FILE, ROOT_KEY_FILE):
        assert (made.folder / name).read_text().splitlines()[1] not in shown


def test_two_offices_share_no_secret_and_no_root(tmp_path: Path):
    one, other = make_dev_keys(tmp_path / "one"), make_dev_keys(tmp_path / "other")
    for name in (WATERMARK_SECRET_FILE, TRUSTED_SIGNERS_FILE, SIGNER_KEY_FILE):
        assert (one.folder / name).read_bytes() != (other.folder / name).read_bytes()
