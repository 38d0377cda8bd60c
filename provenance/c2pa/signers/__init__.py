"""Who signs claims: keys in files, hardware modules and key management services. One file a kind of place."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

BUNDLED_SIGNERS: Mapping[str, str] = MappingProxyType(
    {
        "file": "provenance.c2pa.signers.keys_folder:file_signer_from_config",
        "pkcs11": "provenance.c2pa.signers.hsm:signer_from_config",
        "http": "provenance.c2pa.signers.kms:signer_from_config",
        "vault": "provenance.c2pa.signers.kms:signer_from_config",
        "azure": "provenance.c2pa.signers.kms:signer_from_config",
        "google": "provenance.c2pa.signers.kms:signer_from_config",
        "aws": "provenance.c2pa.signers.kms:aws_signer_from_config",
    }
)
"""Functions from a SignerConfig and SignerFiles to a Signer; pyproject declares the same."""
