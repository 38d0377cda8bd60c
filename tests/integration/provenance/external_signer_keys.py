"""An office whose certificates are for a key that lies elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from provenance.c2pa.manifest_definition import build_manifest_definition
from provenance.c2pa.reader import read_credentials_report
from provenance.c2pa.signers import certificates as profile
from provenance.c2pa.signers.dev_keys import make_dev_keys
from provenance.c2pa.signers.keys_folder import CHAIN_FILE, SIGNER_KEY_FILE, TRUSTED_SIGNERS_FILE
from provenance.c2pa.writer import sign_file
from tests.unit.provenance.conftest import make_order

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def authority() -> tuple[profile.CertificateWithKey, profile.CertificateWithKey]:
    root = profile.make_root_ca(NOW)
    return root, profile.make_issuing_ca(root, NOW)


def pem(certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def make_keys_folder(folder: Path, authority, public_key) -> Path:
    """A keys folder whose certificates are for a key that is not in it."""
    root, _ = authority
    made = make_dev_keys(folder).folder
    (made / SIGNER_KEY_FILE).unlink()
    (made / TRUSTED_SIGNERS_FILE).write_text(pem(root.certificate))
    certify(made, authority, public_key)
    return made


def certify(folder: Path, authority, public_key) -> None:
    _, issuing = authority
    (folder / CHAIN_FILE).write_text(
        pem(profile.certify_signer_key(issuing, public_key, NOW)) + pem(issuing.certificate)
    )


def sign_and_read_state(keys, clip: Path, path: Path) -> str:
    claim = build_manifest_definition(make_order(), payload="01" * 12)
    sign_file(clip, path, claim, keys.signer, trust=keys.trust)
    return read_credentials_report(path, keys.trust).credentials.state
