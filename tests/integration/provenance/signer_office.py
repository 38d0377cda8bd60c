"""An office whose certificates are for a key that lies elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from provenance import certificates as profile
from provenance.claims import definition
from provenance.dev_keys import make_dev_keys
from provenance.keys import CHAIN, SIGNER_KEY, SIGNERS
from provenance.read import read_fully
from provenance.sign import sign
from tests.unit.provenance.conftest import make_order

NOW = datetime.now(UTC)


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
