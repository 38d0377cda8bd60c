"""Faces, hashes and leases, in memory or in a database."""

from __future__ import annotations

from dataclasses import dataclass

from registry.bank import MemoryBank, PostgresBank
from registry.gallery import MemoryGallery, PostgresGallery
from registry.leases import MemoryLeases, PostgresLeases


@dataclass(frozen=True)
class Registry:
    """The three of one kind; `other` is what another process would have."""

    gallery: MemoryGallery | PostgresGallery
    bank: MemoryBank | PostgresBank
    leases: MemoryLeases | PostgresLeases
