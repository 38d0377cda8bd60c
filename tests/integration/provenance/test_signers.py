"""Signers whose key lies elsewhere: in a PKCS#11 token (SoftHSM), in a key service over HTTP, in AWS KMS (moto)."""

from __future__ import annotations

import base64
import json
import logging
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key

from core.errors import AssayError, BadInput, SealBroken, Unavailable
from provenance import certificates as profile
from provenance.claims import definition
from provenance.dev_keys import make_dev_keys
from provenance.keys import CHAIN, KEY_ID, SIGNER_KEY, SIGNERS, load_keys
from provenance.kms import DIALECTS, AwsSigner, HttpSigner
from provenance.read import read_fully
from provenance.seal import seal
from provenance.sign import sign
from provenance.signer_choice import SignerChoice
from provenance.signers import try_out
from tests.unit.provenance.conftest import make_order

NOW = datetime.now(UTC)
MODULE = next(
    (p for p in map(Path, ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so")) if p.is_file()),
    None,
)
needs_token = pytest.mark.skipif(MODULE is None, reason="SoftHSM is not installed (Debian: softhsm2)")
PIN, TOKEN = "4921-secret", "assay-test"


@pytest.fixture(scope="module")
def authority() -> tuple[profile.Issued, profile.Issued]:
    root = profile.make_root(NOW)
    return root, profile.make_issuing(root, NOW)


def pem(certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def office(folder: Path, authority, public_key) -> Path:
    """A keys folder whose certificates are for a key that is not in it."""
    root, _ = authority
    made = make_dev_keys(folder).folder
    (made / SIGNER_KEY).unlink()
    (made / SIGNERS).write_text(pem(root.certificate))
    certify(made, authority, public_key)
    return made


def certify(folder: Path, authority, public_key) -> None:
    _, issuing = authority
    (folder / CHAIN).write_text(pem(profile.certify(issuing, public_key, NOW)) + pem(issuing.certificate))


def signed_by(keys, clip: Path, path: Path) -> str:
    claim = definition(make_order(), payload="01" * 12)
    sign(clip, path, claim, keys.signer, trust=keys.trust)
    return read_fully(path, keys.trust).credentials.state


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


def in_token(**changes) -> SignerChoice:
    return SignerChoice(**{"kind": "pkcs11", "module": MODULE, "token": TOKEN, "secret": PIN, **changes})


@needs_token
@pytest.mark.parametrize(
    ("kind", "algorithm", "number"),
    [("secp256r1", "es256", 1), ("secp384r1", "es384", 2), ("rsa", "ps256", 3), ("edwards25519", "ed25519", 4)],
)
def test_a_key_that_never_leaves_a_token_signs_what_reads_as_trusted(
    token, authority, clip, tmp_path, kind, algorithm, number
):
    folder = office(tmp_path / "keys", authority, key_in(token, kind, number))
    keys = load_keys(folder, in_token())
    assert keys.signer.algorithm == algorithm
    assert signed_by(keys, clip, tmp_path / "signed.mp4") == "trusted"


@needs_token
def test_a_new_key_in_the_token_signs_as_soon_as_its_certificate_lies_in_the_folder(token, authority, tmp_path):
    first, second = key_in(token, "secp256r1", 10), key_in(token, "secp256r1", 11)
    folder = office(tmp_path / "keys", authority, first)
    try_out(load_keys(folder, in_token()).signer)
    certify(folder, authority, second)
    signer = load_keys(folder, in_token()).signer
    signature = signer.sign(b"after the change")
    r, s = (int.from_bytes(signature[at : at + 32], "big") for at in (0, 32))
    second.verify(utils.encode_dss_signature(r, s), b"after the change", ec.ECDSA(hashes.SHA256()))


@needs_token
def test_several_threads_sign_in_one_token(token, authority, tmp_path):
    signer = load_keys(office(tmp_path / "keys", authority, key_in(token, "secp256r1", 15)), in_token()).signer
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
    folder = office(tmp_path / "keys", authority, key_in(token, "secp256r1", 20))
    with caplog.at_level(logging.DEBUG), pytest.raises(SealBroken, match=words) as caught:
        signed_by(load_keys(folder, in_token(**wrong)), clip, tmp_path / "signed.mp4")
    assert PIN not in caplog.text + str(caught.value) and "0000-wrong" not in caplog.text + str(caught.value)
    assert not (tmp_path / "signed.mp4").exists()


@needs_token
def test_a_token_without_the_certificates_key_does_not_sign(token, authority, tmp_path):
    elsewhere = ec.generate_private_key(ec.SECP256R1()).public_key()
    signer = load_keys(office(tmp_path / "keys", authority, elsewhere), in_token()).signer
    with pytest.raises(Unavailable, match="no key that belongs to the certificate"):
        signer.sign(b"anything")


# Over HTTP


class Service(BaseHTTPRequestHandler):
    """Speaks all four dialects; signs the digest it is given and never sees more. Its key is on the server."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.path, dict(self.headers), body))
        said = self.headers.get("X-Vault-Token") or self.headers.get("Authorization", "").removeprefix("Bearer ")
        if said != "the-token":
            return self._answer(403, {"error": "no"})
        if self.server.instead is not None:
            return self._answer(200, self.server.instead)
        return self._answer(200, self._signed(body))

    def _signed(self, body):
        if "/transit/" in self.path:
            der = self._sign(base64.b64decode(body["input"]))
            return {"data": {"signature": "vault:v3:" + base64.b64encode(der).decode()}}
        if ":asymmetricSign" in self.path:
            return {"signature": base64.b64encode(self._sign(base64.b64decode(body["digest"]["sha256"]))).decode()}
        if self.path.startswith("/keys/"):
            digest = base64.urlsafe_b64decode(body["value"] + "==")
            raw = self._sign(digest)
            if isinstance(self.server.key, ec.EllipticCurvePrivateKey):
                r, s = utils.decode_dss_signature(raw)
                raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
            return {"value": base64.urlsafe_b64encode(raw).decode().rstrip("=")}
        return {"signature": base64.b64encode(self._sign(base64.b64decode(body["digest"]))).decode()}

    def _sign(self, digest: bytes) -> bytes:
        how = utils.Prehashed(hashes.SHA256())
        if isinstance(self.server.key, rsa.RSAPrivateKey):
            return self.server.key.sign(digest, padding.PSS(padding.MGF1(hashes.SHA256()), 32), how)
        return self.server.key.sign(digest, ec.ECDSA(how))

    def _answer(self, code, value):
        self.send_response(code)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def log_message(self, *_args):
        pass


@pytest.fixture
def service():
    with HTTPServer(("127.0.0.1", 0), Service) as server:
        server.key, server.seen, server.instead = ec.generate_private_key(ec.SECP256R1()), [], None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def over_http(service, **changes) -> SignerChoice:
    url = f"http://127.0.0.1:{service.server_port}"
    return SignerChoice(**{"kind": "http", "url": url, "secret": "the-token", "timeout": 2.0, **changes})


def served_office(folder: Path, authority, service) -> Path:
    made = office(folder, authority, service.key.public_key())
    (made / KEY_ID).write_text("video-signing/7\n")
    return made


@pytest.mark.parametrize("kind", sorted(DIALECTS))
@pytest.mark.parametrize("of", ["P-256", "RSA"])
def test_a_key_service_signs_what_reads_as_trusted_and_sees_a_digest_only(service, authority, clip, tmp_path, kind, of):
    if of == "RSA":
        service.key = rsa.generate_private_key(65537, 2048)
    keys = load_keys(served_office(tmp_path / "keys", authority, service), over_http(service, kind=kind))
    assert signed_by(keys, clip, tmp_path / "signed.mp4") == "trusted"
    [(path, _, body)] = service.seen
    assert "video-signing/7" in path + json.dumps(body)
    assert len(json.dumps(body)) < 300


def test_a_file_is_sealed_by_a_key_service(service, authority, clip, order, watermark, tmp_path):
    keys = load_keys(served_office(tmp_path / "keys", authority, service), over_http(service))
    seal(clip, tmp_path / "a.mp4", order, keys=keys, mark=watermark.mark, detect=watermark.detect)
    assert read_fully(tmp_path / "a.mp4", keys.trust).credentials.state == "trusted"


@pytest.mark.parametrize(
    ("instead", "words"),
    [
        ({"signature": "AAAA"}, "no signature"),
        ({"signature": base64.b64encode(bytes(64)).decode()}, "not the certificate's"),
        ({"nothing": 1}, "no signature"),
        ([], "no signature"),
        ({"signature": "A" * 100_000}, "no signature"),
    ],
)
def test_an_answer_that_is_no_signature_leaves_no_file(service, authority, clip, tmp_path, instead, words):
    service.instead = instead
    keys = load_keys(served_office(tmp_path / "keys", authority, service), over_http(service))
    with pytest.raises(SealBroken, match=words):
        signed_by(keys, clip, tmp_path / "signed.mp4")
    assert not (tmp_path / "signed.mp4").exists()


def test_a_key_that_was_changed_without_its_certificate_leaves_no_file(service, authority, clip, tmp_path):
    keys = load_keys(served_office(tmp_path / "keys", authority, service), over_http(service))
    service.key = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(SealBroken, match="change the two together"):
        signed_by(keys, clip, tmp_path / "signed.mp4")
    certify(tmp_path / "keys", authority, service.key.public_key())
    again = load_keys(tmp_path / "keys", over_http(service))
    assert signed_by(again, clip, tmp_path / "signed.mp4") == "trusted"


def test_a_service_that_never_answers_is_given_up(authority, tmp_path):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        key = ec.generate_private_key(ec.SECP256R1()).public_key()
        folder = office(tmp_path / "keys", authority, key)
        chain = (folder / CHAIN).read_text()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Unavailable, match="did not answer"):
            HttpSigner(chain=chain, url=url, key="a", token="t", timeout=0.3).sign(b"anything")


def test_the_token_is_in_no_message_and_no_log(service, authority, clip, tmp_path, caplog):
    wrong = over_http(service, secret="a-secret-that-is-wrong")
    keys = load_keys(served_office(tmp_path / "keys", authority, service), wrong)
    with caplog.at_level(logging.DEBUG), pytest.raises(SealBroken, match="answered 403") as caught:
        signed_by(keys, clip, tmp_path / "signed.mp4")
    shown = caplog.text + str(caught.value) + repr(keys) + repr(keys.signer) + repr(wrong)
    assert "a-secret" not in shown


def test_a_token_does_not_travel_in_the_clear():
    with pytest.raises(BadInput, match="https"):
        HttpSigner(chain="", url="http://kms.example", key="a", token="t")


def test_a_service_without_the_name_of_its_key_is_refused(service, authority, tmp_path):
    folder = office(tmp_path / "keys", authority, service.key.public_key())
    with pytest.raises(BadInput, match=r"signer\.key-id"):
        load_keys(folder, over_http(service))


# AWS


@pytest.fixture
def aws(monkeypatch):
    from moto import mock_aws

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        import boto3

        yield boto3.client("kms")


@pytest.mark.parametrize("spec", ["ECC_NIST_P256", "ECC_NIST_P384"])
def test_aws_kms_signs_what_reads_as_trusted(aws, authority, clip, tmp_path, spec):
    key = aws.create_key(KeyUsage="SIGN_VERIFY", KeySpec=spec)["KeyMetadata"]["KeyId"]
    public = serialization.load_der_public_key(aws.get_public_key(KeyId=key)["PublicKey"])
    folder = office(tmp_path / "keys", authority, public)
    (folder / KEY_ID).write_text(key)
    assert signed_by(load_keys(folder, SignerChoice(kind="aws")), clip, tmp_path / "signed.mp4") == "trusted"


def test_aws_kms_without_such_a_key_does_not_sign(aws, authority, tmp_path):
    folder = office(tmp_path / "keys", authority, ec.generate_private_key(ec.SECP256R1()).public_key())
    with pytest.raises(Unavailable, match="NotFoundException"):
        AwsSigner(chain=(folder / CHAIN).read_text(), key="alias/nobody").sign(b"anything")


# No key at all


def test_an_office_without_a_signing_key_can_verify_and_not_sign(authority, clip, tmp_path, keys):
    folder = office(tmp_path / "keys", authority, ec.generate_private_key(ec.SECP256R1()).public_key())
    without = load_keys(folder)
    assert read_fully(clip, without.trust).credentials.state == "none"
    with pytest.raises(SealBroken, match="no signing key here"):
        sign(clip, tmp_path / "a.mp4", definition(make_order(), payload="01" * 12), without.signer, trust=keys.trust)


def test_trying_a_signer_out_finds_a_key_of_another_certificate(keys):
    try_out(keys.signer)
    other = replace(keys.signer, key=ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(AssayError, match="not the certificate's"):
        try_out(other)
