"""Signers whose key lies in a key service over HTTP or in AWS KMS (moto); and no key at all."""

from __future__ import annotations

import base64
import json
import logging
import socket
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from core.errors import AssayError, BadInput, SealBroken, Unavailable
from provenance.c2pa.manifest_definition import build_manifest_definition
from provenance.c2pa.reader import read_credentials_report
from provenance.c2pa.signers.keys_folder import CHAIN_FILE, KEY_ID_FILE, load_keys
from provenance.c2pa.signers.kms import KMS_APIS, AwsKmsSigner, HttpKmsSigner
from provenance.c2pa.signers.signer import check_signer
from provenance.c2pa.signers.signer_config import SignerConfig
from provenance.c2pa.writer import sign_file
from provenance.seal import seal
from tests.integration.provenance.external_signer_keys import authority, certify, make_keys_folder, sign_and_read_state
from tests.unit.provenance.conftest import make_order

__all__ = ["authority"]


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


def over_http(service, **changes) -> SignerConfig:
    url = f"http://127.0.0.1:{service.server_port}"
    return SignerConfig(**{"kind": "http", "url": url, "secret": "the-token", "timeout": 2.0, **changes})


def served_office(folder: Path, authority, service) -> Path:
    made = make_keys_folder(folder, authority, service.key.public_key())
    (made / KEY_ID_FILE).write_text("video-signing/7\n")
    return made


@pytest.mark.parametrize("kind", sorted(KMS_APIS))
@pytest.mark.parametrize("of", ["P-256", "RSA"])
def test_a_key_service_signs_what_reads_as_trusted_and_sees_a_digest_only(service, authority, clip, tmp_path, kind, of):
    if of == "RSA":
        service.key = rsa.generate_private_key(65537, 2048)
    keys = load_keys(served_office(tmp_path / "keys", authority, service), over_http(service, kind=kind))
    assert sign_and_read_state(keys, clip, tmp_path / "signed.mp4") == "trusted"
    [(path, _, body)] = service.seen
    assert "video-signing/7" in path + json.dumps(body)
    assert len(json.dumps(body)) < 300


def test_a_file_is_sealed_by_a_key_service(service, authority, clip, order, watermark, tmp_path):
    keys = load_keys(served_office(tmp_path / "keys", authority, service), over_http(service))
    seal(clip, tmp_path / "a.mp4", order, keys=keys, mark=watermark.mark, detect=watermark.detect)
    assert read_credentials_report(tmp_path / "a.mp4", keys.trust).credentials.state == "trusted"


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
        sign_and_read_state(keys, clip, tmp_path / "signed.mp4")
    assert not (tmp_path / "signed.mp4").exists()


def test_a_key_that_was_changed_without_its_certificate_leaves_no_file(service, authority, clip, tmp_path):
    keys = load_keys(served_office(tmp_path / "keys", authority, service), over_http(service))
    service.key = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(SealBroken, match="change the two together"):
        sign_and_read_state(keys, clip, tmp_path / "signed.mp4")
    certify(tmp_path / "keys", authority, service.key.public_key())
    again = load_keys(tmp_path / "keys", over_http(service))
    assert sign_and_read_state(again, clip, tmp_path / "signed.mp4") == "trusted"


def test_a_service_that_never_answers_is_given_up(authority, tmp_path):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        key = ec.generate_private_key(ec.SECP256R1()).public_key()
        folder = make_keys_folder(tmp_path / "keys", authority, key)
        chain = (folder / CHAIN_FILE).read_text()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Unavailable, match="did not answer"):
            HttpKmsSigner(chain=chain, url=url, key="a", token="t", timeout=0.3).sign(b"anything")


def test_the_token_is_in_no_message_and_no_log(service, authority, clip, tmp_path, caplog):
    wrong = over_http(service, secret="a-secret-that-is-wrong")
    keys = load_keys(served_office(tmp_path / "keys", authority, service), wrong)
    with caplog.at_level(logging.DEBUG), pytest.raises(SealBroken, match="answered 403") as caught:
        sign_and_read_state(keys, clip, tmp_path / "signed.mp4")
    shown = caplog.text + str(caught.value) + repr(keys) + repr(keys.signer) + repr(wrong)
    assert "a-secret" not in shown


def test_a_token_does_not_travel_in_the_clear():
    with pytest.raises(BadInput, match="https"):
        HttpKmsSigner(chain="", url="http://kms.example", key="a", token="t")


def test_a_service_without_the_name_of_its_key_is_refused(service, authority, tmp_path):
    folder = make_keys_folder(tmp_path / "keys", authority, service.key.public_key())
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
    folder = make_keys_folder(tmp_path / "keys", authority, public)
    (folder / KEY_ID_FILE).write_text(key)
    assert sign_and_read_state(load_keys(folder, SignerConfig(kind="aws")), clip, tmp_path / "signed.mp4") == "trusted"


def test_aws_kms_without_such_a_key_does_not_sign(aws, authority, tmp_path):
    folder = make_keys_folder(tmp_path / "keys", authority, ec.generate_private_key(ec.SECP256R1()).public_key())
    with pytest.raises(Unavailable, match="NotFoundException"):
        AwsKmsSigner(chain=(folder / CHAIN_FILE).read_text(), key="alias/nobody").sign(b"anything")


# No key at all


def test_an_office_without_a_signing_key_can_verify_and_not_sign(authority, clip, tmp_path, keys):
    folder = make_keys_folder(tmp_path / "keys", authority, ec.generate_private_key(ec.SECP256R1()).public_key())
    without = load_keys(folder)
    assert read_credentials_report(clip, without.trust).credentials.state == "none"
    with pytest.raises(SealBroken, match="no signing key here"):
        sign_file(
            clip,
            tmp_path / "a.mp4",
            build_manifest_definition(make_order(), payload="01" * 12),
            without.signer,
            trust=keys.trust,
        )


def test_trying_a_signer_out_finds_a_key_of_another_certificate(keys):
    check_signer(keys.signer)
    other = replace(keys.signer, key=ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(AssayError, match="not the certificate's"):
        check_signer(other)
