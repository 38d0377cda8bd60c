"""Official trust lists as dated files: fetched or copied, looked through, and put where the older ones were.

The older file goes into `superseded/` next to it: an authority that was removed from a list must not be trusted because
it is still on last year's. Nothing else fetches lists: trust changes when an operator says so.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from core.errors import BadInput
from pipeline.safe_fetch import SafeFetcher

_OFFICIAL = "https://raw.githubusercontent.com/c2pa-org/conformance-public/main/trust-list"
SIGNER_LIST_URL = f"{_OFFICIAL}/C2PA-TRUST-LIST.pem"
TSA_LIST_URL = f"{_OFFICIAL}/C2PA-TSA-TRUST-LIST.pem"
"""Where the C2PA publishes its lists."""
_LARGEST = 4 << 20
_DATED = re.compile(r"(.+)-\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustListFile:
    """A list: its file, how many certificates it has, which came and went by subject, and when the first runs out."""

    name: str
    certificates: int
    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()
    first_expiry: str = ""
    changed: bool = True


def fetch_trust_list(source: str, to: Path) -> None:
    """From an https:// address of a public server, or from a file. Raises BadInput."""
    if "://" in source:
        if not source.startswith("https://"):
            raise BadInput("a trust list is fetched over https:// only: whoever can change it decides who is believed")
        SafeFetcher(max_bytes=_LARGEST, ports=frozenset({443})).fetch(source, to)
        return
    file = Path(source)
    if not file.is_file() or file.stat().st_size > _LARGEST:
        raise BadInput(f"{source} is no trust list: name a file of at most {_LARGEST >> 20} MB, or an https:// address")
    to.write_bytes(file.read_bytes())


def update_trust_list(
    folder: Path, name: str, source: str, *, today: date, get: Callable[[str, Path], None] = fetch_trust_list
) -> TrustListFile:
    """Put the list as `<name>-<today>.pem` into the folder, in place of older ones of this name. Raises BadInput.

    Nothing is changed if it cannot be had, holds no certificate, or is the same as before.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = _dated(folder, name)
    known = {} if not before else _subjects(before[-1])
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as work:
        new = Path(work) / "list.pem"
        get(source, new)
        new_subjects = _subjects(new)
        if known == new_subjects and before:
            return _describe_list(before[-1], changed=False)
        target = folder / f"{name}-{today.isoformat()}.pem"
        new.replace(target)
    for old in before:
        if old != target:
            (folder / "superseded").mkdir(exist_ok=True)
            old.replace(folder / "superseded" / old.name)
    added = tuple(sorted(set(new_subjects.values()) - set(known.values())))
    removed = tuple(sorted(set(known.values()) - set(new_subjects.values())))
    return _describe_list(target, came=added, went=removed)


def read_trust_lists(folder: Path) -> Sequence[TrustListFile]:
    """Every list in a folder. Raises BadInput for one that cannot be read."""
    return [_describe_list(file) for file in sorted(folder.glob("*.pem"))]


def _dated(folder: Path, name: str) -> list[Path]:
    """Oldest first."""
    dated_files = [(file, _DATED.fullmatch(file.stem)) for file in sorted(folder.glob(f"{name}-*.pem"))]
    return [file for file, match in dated_files if match and match[1] == name]


def _subjects(file: Path) -> dict[str, str]:
    """The subjects of a list's certificates by their SHA-256."""
    return {
        certificate.fingerprint(hashes.SHA256()).hex(): certificate.subject.rfc4514_string()
        for certificate in _certificates(file)
    }


def _describe_list(
    file: Path, *, came: tuple[str, ...] = (), went: tuple[str, ...] = (), changed: bool = True
) -> TrustListFile:
    certificates = _certificates(file)
    return TrustListFile(
        name=file.stem,
        certificates=len(certificates),
        came=came,
        went=went,
        first_expiry=min(certificate.not_valid_after_utc for certificate in certificates).date().isoformat(),
        changed=changed,
    )


def _certificates(file: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except ValueError as error:
        raise BadInput(f"{file.name} holds no certificates in PEM") from error
