"""Trust lists from a folder: PEM files as the C2PA publishes them, with own lists added.

A file whose name has `tsa` in it lists time-stamping authorities, any other lists signers: the two are never mixed.
The name of a list is its file's, so a dated file (`c2pa-2026-08.pem`) says in every answer which list it was.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from cryptography import x509

from core.errors import BadInput
from provenance.c2pa.trust_store import TrustList, TrustStore

_TSA_FILE_NAME = re.compile(r"(^|[^a-z])tsas?([^a-z]|$)", re.IGNORECASE)


def with_trust_lists(trust: TrustStore, folder: Path | None) -> TrustStore:
    """This trust and the lists of a folder. Raises BadInput for a folder or a file that cannot be used."""
    if folder is None:
        return trust
    signers, timestamps = load_trust_lists(folder)
    return replace(
        trust, signers=(*trust.signers, *signers), timestamp_authorities=(*trust.timestamp_authorities, *timestamps)
    )


def load_trust_lists(folder: Path) -> tuple[tuple[TrustList, ...], tuple[TrustList, ...]]:
    """The lists of signers and those of time-stamping authorities in a folder. Raises BadInput."""
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder of trust lists")
    files = sorted(folder.glob("*.pem"))
    if not files:
        raise BadInput(f"there is no trust list (*.pem) in {folder}")
    signers = tuple(_load_trust_list(file) for file in files if not _TSA_FILE_NAME.search(file.stem))
    return signers, tuple(_load_trust_list(file) for file in files if _TSA_FILE_NAME.search(file.stem))


def _load_trust_list(file: Path) -> TrustList:
    pem = file.read_bytes()
    try:
        x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise BadInput(f"{file.name} is no list of certificates in PEM: {error}") from error
    return TrustList(name=f"urn:list:{file.stem}", pem=pem.decode("utf-8", "replace"))
