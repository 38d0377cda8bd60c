"""The manifest repository: finding a signed manifest again, by a mark, by a file, by its id; and keeping others'.

Manifests of sealed cases are here already, since the ledger and the blob store have them. Reading is open to anyone,
and reveals no more than a copy of the video does; writing needs an account.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.assets import Asset
from core.errors import BadInput, Forbidden, NotFound
from core.ports import BlobStore, Ledger
from core.roles import Principal, Role, require_role
from pipeline.manifest_repository.issued_marks import IssuedMarks
from pipeline.manifest_repository.similar_videos import SimilarVideoSearch
from pipeline.tempdirs import temp_folder
from provenance.c2pa import jumbf

if TYPE_CHECKING:  # what looks at pictures takes half a second to import, and most commands look at none
    from media.search_hashes import Modality
    from provenance.verification.recovery import SimilarVideo, StoredManifest
    from registry.manifests.manifest_index import ManifestEntry
    from registry.manifests.manifest_receipts import ManifestReceipt

MANIFEST_MEDIA_TYPE = "application/c2pa"
MAX_MANIFEST_BYTES = 16 << 20
VIDEO_FINGERPRINT_ALGORITHM = "com.assay.pdq.1"
AUDIO_FINGERPRINT_ALGORITHM = "com.assay.sound.1"
_FINGERPRINTS: Mapping[str, Modality] = {VIDEO_FINGERPRINT_ALGORITHM: "looks", AUDIO_FINGERPRINT_ALGORITHM: "sound"}
RESERVED_PREFIX = "com.assay."
"""Before the names of our own algorithms, those to come included: nobody else binds values under them."""

REPOSITORY_OWNER = "repository"
_MAX_NEAR_DUPLICATES = 1000  # of footage that was sealed more often than this, the first sealed are found


class ManifestIndex(Protocol):
    """The index: which manifests there are (registry.manifests.manifest_index)."""

    def by_id(self, manifest_id: str, *, most: int = 10) -> Sequence[ManifestEntry]:
        """The manifests with this id, newest first."""

    def by_binding(self, algorithm: str, value: str, *, most: int = 10) -> Sequence[ManifestEntry]:
        """The manifests bound to a value, newest first."""

    def store(self, manifest_id: str, digest: str, size: int, *, by: str) -> ManifestReceipt:
        """Take one in."""

    def is_handed_in_by(self, manifest_id: str, account: str) -> bool:
        """Whether this account handed one in."""

    def bind(self, algorithm: str, value: str, manifest_id: str, *, by: str, bound: bool = True) -> bool:
        """Bind a value to one, or no longer; whether that changed anything."""

    def delete(self, manifest_id: str, *, by: str, reason: str) -> Sequence[ManifestReceipt]:
        """Hand one out no more."""

    def receipts(self, manifest_id: str) -> Sequence[ManifestReceipt]:
        """What was done to one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestMatchScore:
    """A manifest that belongs to what was asked about. `score` in [0, 100]; 100 for an exact match."""

    manifest_id: str
    score: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRepository:
    """Over the ledger, which knows what was sealed, and an index that knows what others handed in.

    `algorithms` are the soft bindings of our own marks, the present one first.
    """

    ledger: Ledger
    blob_store: BlobStore
    manifests: ManifestIndex
    similar_videos: SimilarVideoSearch
    marks: IssuedMarks
    algorithms: tuple[str, ...]
    workdir: Path

    # -- looking, open to anyone

    def by_binding(self, algorithm: str, value: str, *, most: int = 10) -> list[ManifestMatchScore]:
        """The manifests bound to a value (hex): nothing for an algorithm or a value that is not known here."""
        entries = self.manifests.by_binding(algorithm, value, most=most)
        return [
            ManifestMatchScore(manifest_id=manifest_id) for manifest_id in dict.fromkeys(entry.id for entry in entries)
        ]

    def by_content(self, path: Path, *, algorithm: str = "", most: int = 10) -> list[ManifestMatchScore]:
        """The manifests of what a file is a copy of: by its mark, and if it has none, by how it looks and sounds.

        All that are like it come back, not only the one it was made from: the nearest first, and of those that are
        equally near the one that was sealed first. `algorithm` asks for one of the three only. Raises BadMedia, and
        BadInput for an algorithm that is not ours.
        """
        from provenance.verification.evaluate import watermark_payload

        if algorithm and algorithm not in (*self.algorithms, *_FINGERPRINTS):
            raise BadInput(f"{algorithm[:60]!r} is not looked for here")
        if algorithm not in _FINGERPRINTS:
            if payload := watermark_payload(self.marks.detect(path)):
                return self.by_binding(self.algorithms[0], payload, most=most)
            if algorithm:
                return []
        alike = self.similar_videos.find(path, limit=_MAX_NEAR_DUPLICATES, modality=_FINGERPRINTS.get(algorithm))
        best: dict[str, ManifestMatchScore] = {}
        for found in (found for one in alike for found in self._of_case(one)):
            best.setdefault(found.manifest_id, found)  # the nearer of its looks and its sound
        return list(best.values())[:most]

    def manifest(self, manifest_id: str, *, active_only: bool = False) -> bytes:
        """The manifest store with this id, or its active manifest alone; bytes as they were signed. Raises NotFound."""
        for entry in self.manifests.by_id(manifest_id, most=1):
            return jumbf.extract_active_manifest(self._bytes(entry)) if active_only else self._bytes(entry)
        raise NotFound("there is no such manifest")

    def receipts(self, manifest_id: str) -> Sequence[ManifestReceipt]:
        """What was done to manifests with this id: stored, deleted. Raises NotFound where nothing was."""
        receipts = self.manifests.receipts(manifest_id)
        if not receipts:
            raise NotFound("there is no receipt for such a manifest")
        return receipts

    # -- for the verifier

    def stored(self, payload: str) -> Sequence[StoredManifest]:
        """All manifests bound to a payload of our mark, newest first, with what is known of the signed file."""
        entries = self.manifests.by_binding(self.algorithms[0], payload)
        return [self._stored(entry) for entry in entries]

    def similar(self, path: Path) -> Sequence[SimilarVideo]:
        """Sealed videos that this file looks or sounds like, nearest first. Raises BadMedia."""
        return self.similar_videos.find(path)

    # -- writing, with an account

    def deposit(self, who: Principal, manifest: bytes) -> ManifestReceipt:
        """Keep a manifest made elsewhere, unchanged. Raises Forbidden, and BadInput for what is none."""
        from provenance.verification.recovery import read_manifest_id

        require_role(who, Role.PLATFORM)
        if len(manifest) > MAX_MANIFEST_BYTES:
            raise BadInput(f"a manifest has at most {MAX_MANIFEST_BYTES >> 20} MiB")
        manifest_id = read_manifest_id(manifest)
        with temp_folder(self.workdir) as folder:
            path = folder / "manifest.c2pa"
            path.write_bytes(manifest)
            asset = self.blob_store.put(path, media_type=MANIFEST_MEDIA_TYPE, owner=REPOSITORY_OWNER)
        self.blob_store.confirm(asset.digest)  # before it is listed: what is pending may be swept away
        try:
            return self.manifests.store(manifest_id, asset.digest, asset.size, by=who.id)
        except BadInput:  # deleted before, or another's id: nothing of it stays
            self._discard(asset.digest, manifest_id)
            raise

    def bind(self, principal: Principal, algorithm: str, value: str, manifest_id: str) -> None:
        """Bind a value (hex) to a manifest that this account handed in. Raises Forbidden, NotFound.

        Values of our own algorithms are bound by sealing and by nothing else. Raises BadInput for their names.
        """
        require_role(principal, Role.PLATFORM)
        if is_reserved_algorithm(algorithm, self.algorithms):
            raise BadInput(f"{algorithm} is bound by sealing only")
        self._require_own(principal, manifest_id)
        self.manifests.bind(algorithm, value, manifest_id, by=principal.id)

    def unbind(self, principal: Principal, algorithm: str, values: Sequence[str], manifest_id: str) -> None:
        """Take back what was bound to a manifest that this account handed in. Raises Forbidden, NotFound.

        `values` (hex) are those that one value may mean; NotFound where none of them is bound.
        """
        require_role(principal, Role.PLATFORM)
        self._require_own(principal, manifest_id)
        undone = [self.manifests.bind(algorithm, value, manifest_id, by=principal.id, bound=False) for value in values]
        if not any(undone):
            raise NotFound("this value is not bound to this manifest")

    def delete(self, principal: Principal, manifest_id: str, *, reason: str = "") -> Sequence[ManifestReceipt]:
        """Hand a manifest out no more. Bytes that no case needs are deleted as well. Raises Forbidden, NotFound."""
        require_role(principal, Role.OPERATOR)
        entries = self.manifests.by_id(manifest_id, most=1000)
        receipts = self.manifests.delete(manifest_id, by=principal.id, reason=reason[:200])
        for digest in {entry.digest for entry in entries}:
            self._discard(digest, manifest_id)
        return receipts

    # -- private

    def _require_own(self, principal: Principal, manifest_id: str) -> None:
        if not self.manifests.is_handed_in_by(manifest_id, principal.id):
            raise Forbidden("only the account that handed a manifest in binds values to it")

    def _discard(self, digest: str, manifest_id: str) -> None:
        listed = {entry.digest for entry in self.manifests.by_id(manifest_id, most=1000)}
        if digest not in listed and not self.ledger.is_referenced(digest):
            self.blob_store.discard(digest)

    def _of_case(self, video: SimilarVideo) -> list[ManifestMatchScore]:
        sealed = self.ledger.load(video.case_id).sealed
        if sealed is None or not self.manifests.by_id(sealed.manifest_id, most=1):
            return []
        return [ManifestMatchScore(manifest_id=sealed.manifest_id, score=round(100 * video.share))]

    def _bytes(self, entry: ManifestEntry) -> bytes:
        asset = Asset(digest=entry.digest, media_type=MANIFEST_MEDIA_TYPE, size=entry.size)
        with temp_folder(self.workdir) as folder:
            read = self.blob_store.fetch(asset, folder / "manifest.c2pa").read_bytes()
        if hashlib.sha256(read).hexdigest() != entry.digest:
            raise NotFound("there is no such manifest")
        return read

    def _stored(self, entry: ManifestEntry) -> StoredManifest:
        from provenance.verification.recovery import StoredManifest

        case = self.ledger.load(entry.case_id) if entry.case_id else None
        sealed, rendered = (case.sealed, case.rendered) if case else (None, None)
        same = sealed is not None and sealed.manifest_id == entry.id
        return StoredManifest(
            manifest_id=entry.id,
            manifest=self._bytes(entry),
            stored_at=entry.at.isoformat(timespec="seconds"),
            case_id=entry.case_id,
            digest=sealed.asset.digest if sealed and same else "",
            size=sealed.asset.size if sealed and same else 0,
            duration=rendered.duration if rendered and same else 0.0,
            width=rendered.width if rendered and same else 0,
            height=rendered.height if rendered and same else 0,
        )


def is_reserved_algorithm(algorithm: str, ours: Sequence[str]) -> bool:
    """Whether a name is one of our own, or could be mistaken for one: in other letters, or with blanks around it."""
    name = algorithm.strip().casefold()
    return name.startswith(RESERVED_PREFIX) or name in {own.casefold() for own in ours}
