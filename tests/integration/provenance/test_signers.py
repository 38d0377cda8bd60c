"""Signers whose key lies in a PKCS#11 token (SoftHSM)."""

from __future__ import annotations

import logging
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from cryptography.hazmat.primitives.serialization import load_der_public_key

from core.errors import SealBroken, Unavailable
from provenance.c2pa.signers.keys_folder import load_keys
from provenance.c2pa.signers.signer import check_signer
from provenance.c2pa.signers.signer_config import SignerConfig
from tests.integration.provenance.external_signer_keys import authority, certify, make_keys_folder, sign_and_read_state

__all__ = ["authority"]
MODULE = next(
    (p for p in map(Path, ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so")) if p.is_file()),
    None,
)
needs_token = pytest.mark.skipif(MODULE is None, reason="SoftHSM is not installed (Debian: softhsm2)")
PIN, TOKEN = "4921-secret", "assay-test"


# PKCS#11


@pytest.fixture(scope="module")
def token(tmp_path_factory):
    """A token in a folder of its own, opened for making keys."""
    folder = tmp_path_factory.mktemp("token")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        command = [
            "softhsm2-util",
            "--init-token",
            "--free",
            "--label",
            TOKEN,
            "--pin",
            PIN,
            "--so-pin",
            "0000-officer",
        ]
        subprocess.run(command, check=True, capture_output=True)
        import pkcs11

        lib = pkcs11.lib(str(MODULE))
        lib.reinitialize()
        yield lib.get_token(token_label=TOKEN)


def key_in(token, kind: str, number: int):
    """Makes a key pair in the token; gives its public key."""
    from pkcs11 import Attribute, KeyType
    from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters
    from pkcs11.util.rsa import encode_rsa_public_key

    with token.open(rw=True, user_pin=PIN) as session:
        if kind == "rsa":
            public, _ = session.generate_keypair(KeyType.RSA, 2048, store=True, id=bytes([number]), label="assay")
            return load_der_public_key(_spki(encode_rsa_public_key(public)))
        curve = b"\x13\x0cedwards25519" if kind == "edwards25519" else encode_named_curve_parameters(kind)
        of = KeyType.EC_EDWARDS if kind == "edwards25519" else KeyType.EC
        parameters = session.create_domain_parameters(of, {Attribute.EC_PARAMS: curve}, local=True)
        public, _ = parameters.generate_keypair(store=True, id=bytes([number]), label="assay")
        if kind == "edwards25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(public[Attribute.EC_POINT][-32:])
        return load_der_public_key(encode_ec_public_key(public))


def _spki(rsa_public: bytes) -> bytes:
    from asn1crypto.keys import PublicKeyInfo, RSAPublicKey

    return PublicKeyInfo.wrap(RSAPublicKey.load(rsa_public), "rsa").dump()


def in_token(**changes) -> SignerConfig:
    return SignerConfig(**{"kind": "pkcs11", "module": MODULE, "token": TOKEN, "secret": PIN, **changes})


@needs_token
@pytest.mark.parametrize(
    ("kind", "algorithm", "number"),
    [("secp256r1", "es256", 1), ("secp384r1", "es384", 2), ("rsa", "ps256", 3), ("edwards25519", "ed25519", 4)],
)
def test_a_key_that_never_leaves_a_token_signs_what_reads_as_trusted(
    token, authority, clip, tmp_path, kind, algorithm, number
):
    folder = make_keys_folder(tmp_path / "keys", authority, key_in(token, kind, number))
    keys = load_keys(folder, in_token())
    assert keys.signer.algorithm == algorithm
    assert sign_and_read_state(keys, clip, tmp_path / "signed.mp4") == "trusted"


@needs_token
def test_a_new_key_in_the_token_signs_as_soon_as_its_certificate_lies_in_the_folder(token, authority, tmp_path):
    first, second = key_in(token, "secp256r1", 10), key_in(token, "secp256r1", 11)
    folder = make_keys_folder(tmp_path / "keys", authority, first)
    check_signer(load_keys(folder, in_token()).signer)
    certify(folder, authority, second)
    signer = load_keys(folder, in_token()).signer
    signature = signer.sign(b"after the change")
    r, s = (int.from_bytes(signature[at : at + 32], "big") for at in (0, 32))
    second.verify(utils.encode_dss_signature(r, s), b"after the change", ec.ECDSA(hashes.SHA256()))


@needs_token
def test_several_threads_sign_in_one_token(token, authority, tmp_path):
    signer = load_keys(
        make_keys_folder(tmp_path / "keys", authority, key_in(token, "secp256r1", 15)), in_token()
    ).signer
    with ThreadPoolExecutor(4) as pool:
        assert len(list(pool.map(signer.sign, [bytes([n]) * 50 for n in range(12)]))) == 12


@needs_token
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"secret": "0000-wrong"}, "did not sign"),
        ({"token": "nobody"}, "did not sign"),
        ({"module": Path("/nowhere.so")}, "no PKCS#11 library"),
    ],
)
def test_a_token_that_cannot_be_used_says_why_without_its_pin(token, authority, clip, tmp_path, wrong, words, caplog):
    folder = make_keys_folder(tmp_path / "keys", authority, key_in(token, "secp256r1", 20))
    with caplog.at_level(logging.DEBUG), pytest.raises(SealBroken, match=words) as caught:
        sign_and_read_state(load_keys(folder, in_token(**wrong)), clip, tmp_path / "signed.mp4")
    assert PIN not in caplog.text + str(caught.value) and "0000-wrong" not in caplog.text + str(caught.value)
    assert not (tmp_path / "signed.mp4").exists()


@needs_token
def test_a_token_without_the_certificates_key_does_not_sign(token, authority, tmp_path):
    elsewhere = ec.generate_private_key(ec.SECP256R1()).public_key()
    signer = load_keys(make_keys_folder(tmp_path / "keys", authority, elsewhere), in_token()).signer
    with pytest.raises(Unavailable, match="no key that belongs to the certificate"):
        signer.sign(b"anything")
