"""The same office, clip and stand-in as the unit tests of provenance have; and a real RFC 3161 authority on loopback."""

from __future__ import annotations

import subprocess
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from provenance.c2pa.manifest_definition import build_manifest_definition
from provenance.c2pa.signers import certificates as profile
from provenance.c2pa.signers.keys_folder import ProvenanceKeys
from provenance.c2pa.writer import sign_file
from tests.integration.provenance.signing_helpers import PAYLOAD, seal_order
from tests.unit.provenance.conftest import clip, keys, order, watermark

__all__ = ["clip", "keys", "order", "watermark"]

NOW = datetime.now(UTC)
CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
"""


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def make_tsa(root: profile.CertificateWithKey) -> profile.CertificateWithKey:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "DEVELOPMENT time stamps")]))
        .issuer_name(root.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(minutes=5))
        .not_valid_after(NOW + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .add_extension(profile._usage(certificates=False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key()), critical=False)
        .sign(root.key, hashes.SHA384())
    )
    return profile.CertificateWithKey(certificate=certificate, key=key)


@pytest.fixture(scope="session")
def tsa_root() -> profile.CertificateWithKey:
    return profile.make_root_ca(NOW)


@pytest.fixture(scope="session")
def tsa_url(tsa_root: profile.CertificateWithKey, tmp_path_factory: pytest.TempPathFactory):
    folder, tsa = tmp_path_factory.mktemp("tsa"), make_tsa(tsa_root)
    (folder / "tsa.pem").write_text(pem(tsa.certificate))
    (folder / "tsa.key").write_bytes(tsa.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "serial").write_text("01")
    (folder / "tsa.conf").write_text(CONFIG.format(folder=folder))

    class Authority(BaseHTTPRequestHandler):
        def do_POST(self):
            (folder / "query").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            command = ["openssl", "ts", "-reply", "-config", "tsa.conf", "-queryfile", "query", "-out", "reply"]
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write((folder / "reply").read_bytes())

        def log_message(self, *_args):
            pass

    with HTTPServer(("127.0.0.1", 0), Authority) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory, clip: Path, keys: ProvenanceKeys) -> Path:
    path = tmp_path_factory.mktemp("signed") / "signed.mp4"
    sign_file(
        clip,
        path,
        build_manifest_definition(seal_order(), payload=PAYLOAD, has_parent=False),
        keys.signer,
        trust=keys.trust,
    )
    return path
