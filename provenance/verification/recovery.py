"""Recovering: from a mark that was read to the manifest that was signed, and in what these bytes differ from it.

A manifest is only believed to be this file's if every soft binding in it names the mark that was read here (C2PA 2.2,
soft binding resolution): an entry swapped or forged in the repository must not lend its history to another video.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from core.errors import BadInput, BadMedia
from media.probe import probe
from media.sandbox import client
from media.sandbox.limits import MIB, ProcessLimits
from media.search_hashes import Modality
from media.still_image import sample_image
from media.video import VideoInfo
from provenance.c2pa.credentials_report import CredentialsReport
from provenance.c2pa.library_settings import reading_settings
from provenance.c2pa.reader import read_detached_manifest
from provenance.c2pa.trust_store import ACCEPTED_EXTENDED_KEY_USAGES, TrustStore

_BOUNDS = ProcessLimits(memory=1024 * MIB, cpu=20, wall=20.0, written=MIB)
_CONTAINER_NAMES = {"mp4": "MP4", "matroska": "Matroska or WebM", "avi": "AVI", "mpegts": "MPEG-TS", "gif": "GIF"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredManifest:
    """What the repository holds for a mark. Of the signed file: SHA-256, bytes, seconds, pixels; 0 where not known."""

    manifest_id: str
    manifest: bytes
    stored_at: str = ""
    case_id: str = ""
    digest: str = ""
    size: int = 0
    duration: float = 0.0
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredManifest:
    """A manifest from the repository, read again. `mismatch_reason` says why it does not belong to this file, if it
    does not.

    `report` is what it says, its state being that of the signature apart from the bytes it was made for. `same_bytes`
    is whether those bytes are these; `describe_differences` names in words how they differ.
    """

    stored: StoredManifest
    report: CredentialsReport
    mismatch_reason: str = ""
    same_bytes: bool = False
    differences: tuple[str, ...] = ()

    @property
    def matches_watermark(self) -> bool:
        """Whether every soft binding in it names the mark that was read."""
        return not self.mismatch_reason


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarVideo:
    """A sealed video that looks or sounds like this one. `share` of this file's seconds in (0, 1] were found in it.

    `seconds_found` are those of the seconds that were looked at.
    """

    case_id: str
    share: float
    seconds: int
    sealed_at: str = ""
    modality: Modality = "looks"
    seconds_found: tuple[int, ...] = ()


class ManifestLookup(Protocol):
    """What is known elsewhere of a file that carries no whole credentials (pipeline.manifest_repository)."""

    def stored(self, payload: str) -> Sequence[StoredManifest]:
        """All manifests that are bound to a mark's payload (hex), the newest first. Raises Unavailable."""

    def similar(self, path: Path) -> Sequence[SimilarVideo]:
        """The sealed videos that look or sound like a file, nearest first. Raises BadMedia, Unavailable."""


def read_recovered_manifests(
    path: Path, payload: str, entries: Sequence[StoredManifest], trust: TrustStore, *, at: datetime | None = None
) -> tuple[RecoveredManifest, ...]:
    """Each entry read against the file. Raises Unavailable if no process starts."""
    if not entries:
        return ()
    file = _InspectedFile(path=path, digest=_digest(path), info=_probe_media(path))
    return tuple(file.against(entry, payload, trust, at) for entry in entries)


def read_manifest_id(manifest: bytes) -> str:
    """The id of a manifest store's active manifest. Raises BadInput for what is no manifest store."""
    arguments = {
        "manifest": base64.b64encode(manifest).decode(),
        "settings": reading_settings((), (), ACCEPTED_EXTENDED_KEY_USAGES),
    }
    try:
        name = client.run_sandboxed("provenance.c2pa.detached_manifest:read_active_label", arguments, limits=_BOUNDS)
    except BadMedia:
        name = ""
    if not name:
        raise BadInput("this is no C2PA manifest store (JUMBF)")
    return str(name)


def mismatch_reason(reading: CredentialsReport, payload: str) -> str:
    """Why a manifest with this reading does not belong to a mark with this payload, or nothing."""
    if reading.credentials.state not in ("trusted", "valid"):
        return f"its own signature does not hold ({', '.join(reading.credentials.issues[:3])})"
    bindings = [binding for binding in reading.soft_bindings if binding.depth == 0]
    if not bindings:
        return "it names no watermark"
    if any(binding.value != payload for binding in bindings):
        return "it names another watermark than the one in this file"
    return ""


def describe_differences(stored: StoredManifest, digest: str, size: int, info: VideoInfo | None) -> tuple[str, ...]:
    """In words, how a file of this SHA-256 and size differs from the signed one; nothing where it is the same."""
    if digest == stored.digest:
        return ()
    differences = []
    if stored.size and size != stored.size:
        differences.append(f"{size:,} bytes instead of {stored.size:,}")
    if info is None:
        return (*differences, "it is not a video any more")
    if stored.width and (info.width, info.height) != (stored.width, stored.height):
        differences.append(f"{info.width}×{info.height} pixels instead of {stored.width}×{stored.height}")
    if stored.duration and abs(info.duration - stored.duration) > 0.2:
        differences.append(f"{info.duration:.1f} s long instead of {stored.duration:.1f} s")
    if info.container != "mp4":
        differences.append(f"{_CONTAINER_NAMES.get(info.container, info.container)} instead of MP4")
    if info.codec != "h264":
        differences.append(f"compressed as {info.codec} instead of h264")
    return tuple(differences) or ("only the bytes: same length, same picture size, same kind of file",)


@dataclass(frozen=True, slots=True, kw_only=True)
class _InspectedFile:
    path: Path
    digest: str
    info: VideoInfo | None

    def against(self, entry: StoredManifest, payload: str, trust: TrustStore, at: datetime | None) -> RecoveredManifest:
        reading, same = read_detached_manifest(self.path, entry.manifest, trust, at=at)
        size = self.path.stat().st_size
        return RecoveredManifest(
            stored=entry,
            report=reading,
            mismatch_reason=mismatch_reason(reading, payload),
            same_bytes=same,
            differences=() if same else describe_differences(entry, self.digest, size, self.info),
        )


def _probe_media(path: Path) -> VideoInfo | None:
    for read_info in (probe, lambda file: sample_image(file).info):
        try:
            return read_info(path)
        except BadMedia:
            continue
    return None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
