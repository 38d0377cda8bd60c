"""Which signer an office uses: one place that knows them all."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from core.errors import BadInput
from provenance.c2pa.signers.hsm import HsmSigner
from provenance.c2pa.signers.kms import AwsKmsSigner, HttpKmsSigner
from provenance.c2pa.signers.signer import Signer

SignerKind = Literal["file", "pkcs11", "http", "vault", "azure", "google", "aws"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerConfig:
    """Where the signing key lies, and the time-stamping authority if one is used.

    `module`, `token` and `secret` (its PIN) are for pkcs11; `url`, `secret` (a bearer token) and `timeout` in seconds
    for services. Which of a service's keys is used stands in the keys folder, beside the certificates it belongs to.
    """

    kind: SignerKind = "file"
    module: Path | None = None
    token: str = ""
    url: str = ""
    secret: str = field(default="", repr=False)
    timeout: float = 10.0
    tsa_url: str | None = None


def remote_signer(config: SignerConfig, chain: str, key: str) -> Signer:
    """A signer whose key lies elsewhere; `key` is its name there. Raises BadInput for what is not said."""
    if config.kind == "pkcs11":
        if config.module is None or not config.token:
            raise BadInput("signer = pkcs11 needs pkcs11_module and pkcs11_token")
        return HsmSigner(
            chain=chain, module=config.module, token=config.token, pin=config.secret, tsa_url=config.tsa_url
        )
    if not key:
        raise BadInput(f"signer = {config.kind} needs the key's name there, in the keys folder as signer.key-id")
    if config.kind == "aws":
        return AwsKmsSigner(chain=chain, key=key, url=config.url, timeout=config.timeout, tsa_url=config.tsa_url)
    return HttpKmsSigner(
        chain=chain,
        url=config.url,
        key=key,
        token=config.secret,
        kms_api=config.kind,
        timeout=config.timeout,
        tsa_url=config.tsa_url,
    )
