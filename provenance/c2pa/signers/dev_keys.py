"""Makes the keys of a development installation: real in shape, trusted by nobody, and every name says so."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from core.errors import BadInput
from provenance.c2pa.signers.certificate_checks import reads_by_default
from provenance.c2pa.signers.certificates import (
    CertificateWithKey,
    make_issuing_ca,
    make_root_ca,
    make_signer_certificate,
)
from provenance.c2pa.signers.keys_folder import (
    CHAIN_FILE,
    DEV_KEY_FILES,
    INSTALLATION_FILE,
    ISSUER_BITS,
    SECRET_BYTES,
    SIGNER_KEY_FILE,
    TRUSTED_SIGNERS_FILE,
    WATERMARK_SECRET_FILE,
    ProvenanceKeys,
    load_keys,
)

ROOT_KEY_FILE = "root.key.pem"
ISSUING_KEY_FILE = "issuing.key.pem"
ISSUING_CERTIFICATE_FILE = "issuing.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class DevKeys:
    """The keys, and what was done: made, kept, or renewed (a new leaf below the same root)."""

    keys: ProvenanceKeys
    folder: Path
    result: str


def make_dev_keys(folder: Path, *, now: datetime | None = None) -> DevKeys:
    """Keys for development in this folder; existing ones are kept, and a leaf that has expired is renewed.

    So is one that readers with default settings call invalid (made before 0.2.0): below the same root, with a new key.

    Raises BadInput if something else is in the folder, or the issuing authority has expired as well.
    """
    now = now or datetime.now(UTC)
    if all((folder / name).is_file() for name in DEV_KEY_FILES):
        return _reuse_or_renew(folder, now)
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".keys-"))  # mkdtemp: for its owner only
    try:
        _write_new_keys(new, now)
        _move_into_place(new, folder)
    except OSError as error:
        shutil.rmtree(new, ignore_errors=True)
        if all((folder / name).is_file() for name in DEV_KEY_FILES):
            return _reuse_or_renew(folder, now)
        raise BadInput(f"{folder} is not empty and holds no whole set of keys: name another folder") from error
    return DevKeys(keys=load_keys(folder), folder=folder, result="made")


def _move_into_place(new: Path, folder: Path) -> None:
    """Raises OSError where another process was faster, or something else is there already.

    Keys of other kinds (what wraps those of cases, what signs receipts) may be there before.
    """
    others = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    if not others or not all(path.suffix == ".key" or path.name.startswith("receipts-") for path in folder.iterdir()):
        new.rename(folder)  # atomic
        return
    for name in sorted((path.name for path in new.iterdir()), key=lambda name: name == INSTALLATION_FILE):
        os.link(new / name, folder / name)  # fails where there is one
    shutil.rmtree(new)


def _reuse_or_renew(folder: Path, now: datetime) -> DevKeys:
    keys = load_keys(folder)
    is_good = keys.expires > now and reads_by_default(keys.signer.chain)
    if is_good or not (folder / ISSUING_KEY_FILE).is_file():
        return DevKeys(keys=keys, folder=folder, result="kept")
    certificate = x509.load_pem_x509_certificate((folder / ISSUING_CERTIFICATE_FILE).read_bytes())
    if certificate.not_valid_after_utc <= now:
        raise BadInput(f"the issuing authority in {folder} ran out too: move the folder away and make new keys")
    key = load_pem_private_key((folder / ISSUING_KEY_FILE).read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise BadInput(f"{folder / ISSUING_KEY_FILE} is damaged: restore it")
    _write_leaf(folder, CertificateWithKey(certificate=certificate, key=key), now)
    return DevKeys(keys=load_keys(folder), folder=folder, result="renewed")


def _write_new_keys(folder: Path, now: datetime) -> None:
    root = make_root_ca(now)
    issuing = make_issuing_ca(root, now)
    _write(folder / TRUSTED_SIGNERS_FILE, _pem(root.certificate))
    _write(folder / ISSUING_CERTIFICATE_FILE, _pem(issuing.certificate))
    _write(folder / ROOT_KEY_FILE, _key_pem(root.key))
    _write(folder / ISSUING_KEY_FILE, _key_pem(issuing.key))
    _write(folder / WATERMARK_SECRET_FILE, secrets.token_bytes(SECRET_BYTES).hex().encode())
    installation = {
        "issuer": f"{1 + secrets.randbelow((1 << ISSUER_BITS) - 1):06x}",
        "watermark_key": f"dev-{secrets.token_hex(4)}",
        "development": True,
    }
    _write(folder / INSTALLATION_FILE, json.dumps(installation, indent=2).encode())
    _write_leaf(folder, issuing, now)


def _write_leaf(folder: Path, issuing: CertificateWithKey, now: datetime) -> None:
    leaf = make_signer_certificate(issuing, now)
    _write(folder / SIGNER_KEY_FILE, _key_pem(leaf.key))
    _write(folder / CHAIN_FILE, _pem(leaf.certificate) + _pem(issuing.certificate))


def _write(path: Path, data: bytes) -> None:
    """Atomic, and never readable by others, not even for a moment."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(data)
    part.replace(path)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
