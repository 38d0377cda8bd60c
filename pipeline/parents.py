"""What policy is told of the credentials of the files that a video is made from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.assets import Asset
from core.case import Case
from core.ports import Vault
from pipeline.scratch import scratch
from pipeline.settings import Settings
from pipeline.stages.tools import Facts
from provenance.keys import load_keys
from provenance.lists import with_lists
from provenance.read import read_fully
from provenance.trust import Trust

_DAMAGED = ("invalid", "unreadable")


def with_parents(
    facts: Callable[[Case], Facts], settings: Settings, vault: Vault, workdir: Path
) -> Callable[[Case], Facts]:
    """The facts and `damaged_parents`: how many of the case's references, and its rendered file, have credentials that
    do not hold, or hold over others that do not."""

    def known(case: Case) -> Facts:
        rendered = [case.rendered.asset] if case.rendered else []
        assets = [*case.request.references, *rendered]
        trust = with_lists(load_keys(settings.keys_folder).trust, settings.trust) if assets else Trust()
        return {**facts(case), "damaged_parents": sum(_damaged(one, trust, vault, workdir) for one in assets)}

    return known


def _damaged(asset: Asset, trust: Trust, vault: Vault, workdir: Path) -> bool:
    with scratch(workdir) as folder:
        reading = read_fully(vault.fetch(asset, folder / asset.digest), trust)
    return reading.credentials.state in _DAMAGED or bool(reading.broken_ingredients)
