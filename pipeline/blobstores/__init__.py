"""Bytes by their digest, and where the public finds what is published. One file a kind of place (a URL's scheme)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

BUNDLED_BLOBSTORES: Mapping[str, str] = MappingProxyType(
    {
        "file": "pipeline.blobstores.local_storage:local_storage",
        "s3": "pipeline.blobstores.s3_storage:S3Storage",
        "memory": "pipeline.blobstores.s3_storage:S3Storage",
    }
)
"""By scheme what makes a Storage of a URL and options; pyproject declares the same."""
