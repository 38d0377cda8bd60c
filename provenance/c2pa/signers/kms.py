"""Signers whose key is in a key management service and is reached over HTTP: ours, Vault's, Azure's, Google's, AWS's.

A digest goes out (to AWS the signed structure itself, which holds hashes and no content), a signature comes back, and
it is checked against the certificate before it is used.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from core.errors import AssayError, BadInput, Unavailable
from provenance.c2pa.signers.signatures import (
    certificate_public_key,
    signature_algorithm,
    signing_digest,
    verified_signature,
)
from provenance.c2pa.signers.signer import CertificateSigner
from provenance.c2pa.signers.signer_config import SignerConfig, SignerFiles

_MAX_RESPONSE_BYTES = 1 << 16  # bytes; a signature with its envelope has less than 1 KiB
_AWS_MAX_RAW_BYTES = 4096  # bytes that AWS hashes itself; a claim to be signed has about 2200


@dataclass(frozen=True, slots=True, kw_only=True)
class KmsApi:
    """How one service is asked. `path` is filled with the key's name and the digest's (`sha256`)."""

    path: str
    header: tuple[str, str]
    body: Callable[[str, str, str, bytes], Mapping[str, Any]]
    signature: Callable[[Mapping[str, Any]], bytes]


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _from_b64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# (key, algorithm, digest's name, digest) -> body. Vault: API, Transit, Sign data. Azure: Key Vault 7.4, keys/sign.
# Google: Cloud KMS v1, cryptoKeyVersions.asymmetricSign.
KMS_APIS: Mapping[str, KmsApi] = {
    "http": KmsApi(
        path="",
        header=("Authorization", "Bearer {}"),
        body=lambda key, algorithm, _name, digest: {"key": key, "algorithm": algorithm, "digest": _b64(digest)},
        signature=lambda answer: base64.b64decode(answer["signature"], validate=True),
    ),
    "vault": KmsApi(
        path="/v1/transit/sign/{key}/{vault_digest}",
        header=("X-Vault-Token", "{}"),
        body=lambda _key, _algorithm, _name, digest: {
            "input": _b64(digest),
            "prehashed": True,
            "marshaling_algorithm": "asn1",
            "signature_algorithm": "pss",
            "salt_length": "hash",
        },
        signature=lambda answer: base64.b64decode(answer["data"]["signature"].rsplit(":", 1)[-1], validate=True),
    ),
    "azure": KmsApi(
        path="/keys/{key}/sign?api-version=7.4",
        header=("Authorization", "Bearer {}"),
        body=lambda _key, algorithm, _name, digest: {"alg": algorithm.upper(), "value": _b64url(digest)},
        signature=lambda answer: _from_b64url(answer["value"]),
    ),
    "google": KmsApi(
        path="/v1/{key}:asymmetricSign",
        header=("Authorization", "Bearer {}"),
        body=lambda _key, _algorithm, name, digest: {"digest": {name: _b64(digest)}},
        signature=lambda answer: base64.b64decode(answer["signature"], validate=True),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpKmsSigner(CertificateSigner):
    """Asks the service at `url` to sign with `key`. `timeout` in seconds counts for each step of the exchange."""

    url: str
    key: str
    token: str = field(repr=False)
    kms_api: str = "http"
    timeout: float = 10.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
            raise BadInput("signer_url must begin with https:// (http:// is for this machine only)")

    def sign(self, data: bytes) -> bytes:
        """Raises Unavailable if the service does not answer as it should, SealBroken for another key's signature."""
        key, api = certificate_public_key(self.chain), KMS_APIS[self.kms_api]
        name, digest = signing_digest(key, data)
        path = api.path.format(key=quote(self.key, safe="/"), vault_digest=f"sha2-{name[3:]}")
        header, value = api.header
        try:
            answer = httpx.post(
                self.url.rstrip("/") + path,
                json=api.body(self.key, signature_algorithm(key), name, digest),
                headers={header: value.format(self.token)},
                timeout=self.timeout,
            )
            answer.raise_for_status()
            signature = api.signature(answer.json()) if len(answer.content) <= _MAX_RESPONSE_BYTES else b""
        except httpx.HTTPStatusError as error:
            raise Unavailable(f"the key service answered {error.response.status_code} and did not sign") from None
        except httpx.HTTPError as error:
            raise Unavailable(f"the key service did not answer ({type(error).__name__})") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unavailable("the key service answered with something that is no signature") from error
        return verified_signature(key, data, signature)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsKmsSigner(CertificateSigner):
    """Asks AWS KMS, with the credentials that boto3 finds by itself. `url` is for another endpoint than AWS's own."""

    key: str
    url: str = ""
    timeout: float = 10.0

    def sign(self, data: bytes) -> bytes:
        """Raises Unavailable if AWS does not sign, SealBroken for another key's signature."""
        key = certificate_public_key(self.chain)
        name, digest = signing_digest(key, data)
        scheme = "RSASSA_PSS" if signature_algorithm(key) == "ps256" else "ECDSA"
        message, kind = (data, "RAW") if len(data) <= _AWS_MAX_RAW_BYTES else (digest, "DIGEST")
        try:
            answer = self._client().sign(
                KeyId=self.key, Message=message, MessageType=kind, SigningAlgorithm=f"{scheme}_SHA_{name[3:]}"
            )
        except AssayError:
            raise
        except Exception as error:  # botocore makes its exceptions while it runs
            raise Unavailable(f"AWS KMS did not sign ({type(error).__name__})") from error
        return verified_signature(key, data, bytes(answer["Signature"]))

    def _client(self) -> Any:
        try:
            import boto3
            from botocore.config import Config
        except ImportError as error:
            raise Unavailable("signer = aws needs boto3: install assay[kms]") from error
        config = Config(connect_timeout=self.timeout, read_timeout=self.timeout, retries={"total_max_attempts": 2})
        return boto3.client("kms", endpoint_url=self.url or None, config=config)


def kms_signer(config: SignerConfig, files: SignerFiles) -> HttpKmsSigner:
    """For each service of KMS_APIS. Raises BadInput if the key is not named or the address is none."""
    return HttpKmsSigner(
        chain=files.chain,
        url=config.url,
        key=files.require_key_id(config.kind),
        token=config.secret,
        kms_api=config.kind,
        timeout=config.timeout,
        tsa_url=config.tsa_url,
    )


def aws_signer(config: SignerConfig, files: SignerFiles) -> AwsKmsSigner:
    """Raises BadInput if the key is not named."""
    return AwsKmsSigner(
        chain=files.chain,
        key=files.require_key_id(config.kind),
        url=config.url,
        timeout=config.timeout,
        tsa_url=config.tsa_url,
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
