"""Faces, hashes and leases, in memory or in a database."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.testing.memory_leases import MemoryLeases
from registry.banks.hash_bank import MemoryHashBank, PostgresHashBank
from registry.banks.protected_gallery import MemoryGallery, PostgresGallery
from registry.consent.leases import PostgresLeases


@dataclass(frozen=True)
class RegistryBackend:
    """The three of one kind; `other` is what another process would have."""

    gallery: MemoryGallery | PostgresGallery
    bank: MemoryHashBank | PostgresHashBank
    leases: MemoryLeases | PostgresLeases
