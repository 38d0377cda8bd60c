"""Facts about the files that a video is made from: their credentials, and whether they were sealed here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.assets import Asset
from core.case import Case, Phase
from core.errors import NotFound
from core.ports import BlobStore, Ledger
from core.verdicts import Facts
from pipeline.settings import Settings
from pipeline.stages.stage_context import FactSource
from pipeline.tempdirs import temp_folder
from provenance.c2pa.reader import read_credentials_report
from provenance.c2pa.signers.keys_folder import load_keys
from provenance.c2pa.trust_list_files import with_trust_lists
from provenance.c2pa.trust_store import TrustStore

_DAMAGED = ("invalid", "unreadable")


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsWithParents:
    """The facts of `inner`, and two more.

    `damaged_parents`: how many of the case's references, and its rendered file, have credentials that do not hold, or
    hold over others that do not. `reference_sealed_here`: every reference is the sealed file of the parent, published.
    """

    inner: FactSource
    ledger: Ledger
    settings: Settings
    blob_store: BlobStore
    workdir: Path

    def facts(self, case: Case) -> Facts:
        """As FactSource.facts."""
        rendered = [case.rendered.asset] if case.rendered else []
        assets = [*case.request.references, *rendered]
        trust = (
            with_trust_lists(load_keys(self.settings.keys_folder).trust, self.settings.trust)
            if assets
            else TrustStore()
        )
        damaged = sum(_damaged(asset, trust, self.blob_store, self.workdir) for asset in assets)
        sealed = self._references_are_the_parent(case)
        return {**self.inner.facts(case), "damaged_parents": damaged, "reference_sealed_here": sealed}

    def _references_are_the_parent(self, case: Case) -> bool:
        """Whether all that the engine is given has passed the gate for videos, unchanged since."""
        references, parent = case.request.references, case.request.parent
        if not references or not parent:
            return False
        try:
            source = self.ledger.load(parent)
        except NotFound:
            return False
        published = source.sealed.asset.digest if source.sealed and source.phase is Phase.PUBLISHED else ""
        return all(one.digest == published for one in references)


def _damaged(asset: Asset, trust: TrustStore, blob_store: BlobStore, workdir: Path) -> bool:
    with temp_folder(workdir) as folder:
        reading = read_credentials_report(blob_store.fetch(asset, folder / asset.digest), trust)
    return reading.credentials.state in _DAMAGED or bool(reading.broken_ingredients)
