"""Which signer an office uses: one place that knows them all."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from core.errors import BadInput
from provenance.hsm import HsmSigner
from provenance.kms import AwsSigner, HttpSigner
from provenance.signers import Signer

Kind = Literal["file", "pkcs11", "http", "vault", "azure", "google", "aws"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerChoice:
    """Where the signing key lies, and the time-stamping authority if one is used.

    `module`, `token` and `secret` (its PIN) are for pkcs11; `url`, `secret` (a bearer token) and `timeout` in seconds
    for services. Which of a service's keys is used stands in the keys folder, beside the certificates it belongs to.
    """

    kind: Kind = "file"
    module: Path | None = None
    token: str = ""
    url: str = ""
    secret: str = field(default="", repr=False)
    timeout: float = 10.0
    tsa_url: str | None = None


def remote_signer(choice: SignerChoice, chain: str, key: str) -> Signer:
    """A signer whose key lies elsewhere; `key` is its name there. Raises BadInput for what is not said."""
    if choice.kind == "pkcs11":
        if choice.module is None or not choice.token:
            raise BadInput("signer = pkcs11 needs pkcs11_module and pkcs11_token")
        return HsmSigner(
            chain=chain, module=choice.module, token=choice.token, pin=choice.secret, tsa_url=choice.tsa_url
        )
    if not key:
        raise BadInput(f"signer = {choice.kind} needs the key's name there, in the keys folder as signer.key-id")
    if choice.kind == "aws":
        return AwsSigner(chain=chain, key=key, url=choice.url, timeout=choice.timeout, tsa_url=choice.tsa_url)
    return HttpSigner(
        chain=chain,
        url=choice.url,
        key=key,
        token=choice.secret,
        dialect=choice.kind,
        timeout=choice.timeout,
        tsa_url=choice.tsa_url,
    )
