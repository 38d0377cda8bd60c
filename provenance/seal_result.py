"""What sealing gives, apart from what makes it: whoever only names the record loads no codec and no library of C2PA."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class SealResult:
    """The finished file's name for the world, as read back from it.

    `payload` and `issuer` in hex, `manifest` the path of the manifest's bytes (JUMBF). `fingerprint` and `sound` have
    an entry a second, of how it looks and how it sounds.
    """

    payload: str
    manifest_id: str
    manifest: Path
    soft_binding: str
    fingerprint: tuple[str, ...]
    issuer: str
    signer: str
    sound: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SealReport(SealResult):
    """What was sealed, and how it came to be so.

    `parent` is the state of the credentials that the source came with, or nothing; `source_type` what the seal states;
    `trusted_timestamp` a trusted authority's time, or nothing; `warnings` are for the operator. `earlier_mark` is the
    issuer (6 hex digits) of another installation whose mark the source's credentials name or its key found, or nothing.
    """

    case_id: str
    parent: str = ""
    source_type: str = ""
    trusted_timestamp: str = ""
    warnings: tuple[str, ...] = ()
    earlier_mark: str = ""
