"""The keys of an installation: who signs, whom it trusts, and the secret of its watermark, in one folder.

Private files are readable by their owner only; anything else is refused. Nothing here is ever logged or shown.
Where the signing key is elsewhere (an HSM, a KMS), the folder has its certificates and, as `signer.key-id`, its name
there: the two are changed together, and the next seal uses both.
"""

from __future__ import annotations

import json
import os
import re
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import BadInput, Unavailable
from provenance.c2pa.signers.signer import Signer, UnavailableSigner, chain_expiry, file_signer
from provenance.c2pa.signers.signer_config import SignerConfig, SignerFiles, make_signer
from provenance.c2pa.trust_store import TrustList, TrustStore

if TYPE_CHECKING:
    from provenance.watermark.key import WatermarkKey

CHAIN_FILE = "chain.pem"
SIGNER_KEY_FILE = "signer.key.pem"
TRUSTED_SIGNERS_FILE = "trusted-signers.pem"
TRUSTED_TSAS_FILE = "trusted-tsas.pem"
INSTALLATION_FILE = "office.json"  # the name under which installations have stored it since 0.1.0
WATERMARK_SECRET_FILE = "watermark.secret"  # noqa: S105 - a file name
KEY_ID_FILE = "signer.key-id"
DEV_KEY_FILES = (CHAIN_FILE, SIGNER_KEY_FILE, TRUSTED_SIGNERS_FILE, INSTALLATION_FILE, WATERMARK_SECRET_FILE)
_REQUIRED_FILES = (CHAIN_FILE, TRUSTED_SIGNERS_FILE, INSTALLATION_FILE, WATERMARK_SECRET_FILE)
ISSUER_BITS = 24  # bits of a payload that name the issuer
SECRET_BYTES = 32  # bytes of a new watermark secret: 256 bits, as HMAC-SHA-256 can use
EXPIRY_WARNING_PERIOD = timedelta(days=30)

_WATERMARK_KEY_ID = re.compile(r"[0-9a-z-]{1,32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenanceKeys:
    """All that an installation needs to seal and to verify. `issuer` is its number in the watermark, 24 bits, not 0.

    `development` says that no authority vouches for these keys.
    """

    signer: Signer = field(repr=False)
    trust: TrustStore = field(repr=False)
    watermark_key: WatermarkKey = field(repr=False)
    issuer: int
    expires: datetime
    development: bool

    def warning(self, now: datetime | None = None) -> str:
        """One line if the certificates have run out or do so within 30 days, else nothing."""
        remaining = self.expires - (now or datetime.now(UTC))
        if remaining <= timedelta(0):
            return f"the signing certificate ran out on {self.expires:%Y-%m-%d}: nothing can be sealed"
        if remaining <= EXPIRY_WARNING_PERIOD:
            return f"the signing certificate runs out on {self.expires:%Y-%m-%d}, in {remaining.days} days"
        return ""


def load_keys(folder: Path, signer_config: SignerConfig | None = None) -> ProvenanceKeys:
    """The keys in a folder, with the signer that was chosen: by default the key file next to the certificates.

    Raises Unavailable if they are not there, BadInput if one is damaged or others than its owner can read it.
    Without a signing key files can still be verified, and nothing is signed. Certificates that ran out do not stop
    this either: see `ProvenanceKeys.warning`.
    """
    from provenance.watermark.key import WatermarkKey

    missing = [name for name in _REQUIRED_FILES if not (folder / name).is_file()]
    if missing:
        raise Unavailable(f"there are no keys in {folder} ({missing[0]} is missing): run `assay keys dev`")
    signer = _signer(folder, signer_config or SignerConfig())
    issuer, mark_id, development = _read_installation(folder / INSTALLATION_FILE)
    return ProvenanceKeys(
        signer=signer,
        trust=_trust(folder, development=development),
        watermark_key=WatermarkKey(id=mark_id, secret=read_watermark_secret(folder / WATERMARK_SECRET_FILE)),
        issuer=issuer,
        expires=chain_expiry(signer),
        development=development,
    )


def has_key_files(folder: Path) -> bool:
    """Whether any of the files that keys consist of is here: then load_keys() returns them, or says what is wrong."""
    return any((folder / name).exists() for name in (*_REQUIRED_FILES, SIGNER_KEY_FILE, KEY_ID_FILE))


def _signer(folder: Path, signer_config: SignerConfig) -> Signer:
    key_id_file = folder / KEY_ID_FILE
    files = SignerFiles(
        folder=folder,
        chain=(folder / CHAIN_FILE).read_text(),
        key_id=key_id_file.read_text().strip() if key_id_file.is_file() else "",
    )
    return make_signer(signer_config, files)


def keys_folder_signer(config: SignerConfig, files: SignerFiles) -> Signer:
    """The key file next to the certificates; without one a signer that signs nothing."""
    key = files.folder / SIGNER_KEY_FILE
    if key.is_file():
        return file_signer(_read_private_file(key), files.chain, tsa_url=config.tsa_url)
    return UnavailableSigner(chain=files.chain)


def _read_private_file(path: Path) -> bytes:
    """The bytes of a private file, checked and read through one handle so that it cannot be swapped between."""
    with path.open("rb") as stream:
        if stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & 0o077:
            raise BadInput(f"{path} can be read by others than its owner: run `chmod 600` on it")
        return stream.read()


def read_watermark_secret(path: Path) -> bytes:
    """The secret of a watermark in a file of its owner's. Raises BadInput if it is damaged or others can read it."""
    try:
        secret = bytes.fromhex(_read_private_file(path).decode("ascii").strip())
    except ValueError as error:
        raise BadInput(f"{path} is damaged: restore it, do not make a new one, or old marks are lost") from error
    if len(secret) != SECRET_BYTES:
        raise BadInput(f"{path} holds {len(secret)} bytes, not {SECRET_BYTES}: restore it")
    return secret


def _read_installation(path: Path) -> tuple[int, str, bool]:
    try:
        fields = json.loads(path.read_text())
        issuer, mark_id, development = int(fields["issuer"], 16), fields["watermark_key"], fields["development"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path} is damaged: restore it") from error
    if (
        not 0 < issuer < 1 << ISSUER_BITS
        or not _WATERMARK_KEY_ID.fullmatch(mark_id)
        or not isinstance(development, bool)
    ):
        raise BadInput(f"{path} is damaged: restore it")
    return issuer, mark_id, development


def _trust(folder: Path, *, development: bool) -> TrustStore:
    kind = "development" if development else "office"
    timestamps = folder / TRUSTED_TSAS_FILE
    return TrustStore(
        signers=(TrustList(name=f"urn:assay:{kind}:signers", pem=(folder / TRUSTED_SIGNERS_FILE).read_text()),),
        timestamp_authorities=(TrustList(name=f"urn:assay:{kind}:tsas", pem=timestamps.read_text()),)
        if timestamps.is_file()
        else (),
    )
