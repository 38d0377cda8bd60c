"""Who signs claims: keys in files, hardware modules and key management services. One file a kind of place."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

BUNDLED_SIGNERS: Mapping[str, str] = MappingProxyType(
    {
        "file": "provenance.c2pa.signers.keys_folder:keys_folder_signer",
        "pkcs11": "provenance.c2pa.signers.hsm:hsm_signer",
        "http": "provenance.c2pa.signers.kms:kms_signer",
        "vault": "provenance.c2pa.signers.kms:kms_signer",
        "azure": "provenance.c2pa.signers.kms:kms_signer",
        "google": "provenance.c2pa.signers.kms:kms_signer",
        "aws": "provenance.c2pa.signers.kms:aws_signer",
    }
)
"""Functions from a SignerConfig and SignerFiles to a Signer; pyproject declares the same."""
