"""What policy is told of the credentials of the files that a video is made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.assets import Asset
from core.case import Case
from core.ports import Vault
from core.verdicts import Facts
from pipeline.scratch import scratch
from pipeline.settings import Settings
from pipeline.stages.tools import FactSource
from provenance.keys import load_keys
from provenance.lists import with_lists
from provenance.read import read_fully
from provenance.trust import Trust

_DAMAGED = ("invalid", "unreadable")


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsWithParents:
    """The facts of `inner`, and `damaged_parents`: how many of the case's references, and its rendered file, have
    credentials that do not hold, or hold over others that do not."""

    inner: FactSource
    settings: Settings
    vault: Vault
    workdir: Path

    def facts(self, case: Case) -> Facts:
        """As FactSource.facts."""
        rendered = [case.rendered.asset] if case.rendered else []
        assets = [*case.request.references, *rendered]
        trust = with_lists(load_keys(self.settings.keys_folder).trust, self.settings.trust) if assets else Trust()
        damaged = sum(_damaged(one, trust, self.vault, self.workdir) for one in assets)
        return {**self.inner.facts(case), "damaged_parents": damaged}


def _damaged(asset: Asset, trust: Trust, vault: Vault, workdir: Path) -> bool:
    with scratch(workdir) as folder:
        reading = read_fully(vault.fetch(asset, folder / asset.digest), trust)
    return reading.credentials.state in _DAMAGED or bool(reading.broken_ingredients)
