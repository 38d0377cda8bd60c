"""publish and withdraw: the public copy goes up, the public copy comes down."""

from __future__ import annotations

from collections.abc import Sequence

from core.case import Case
from core.errors import SealBroken
from core.events import Event, Published, Withdrawn
from core.verdicts import Gate
from pipeline.stages.judge import consent_withdrawn
from pipeline.stages.tools import Tools


def publish(case: Case, tools: Tools) -> Sequence[Event]:
    """Put the sealed file, and no other, where the public finds it."""
    if case.sealed is None:
        raise SealBroken("nothing was sealed, so nothing can be published")
    if judged := consent_withdrawn(case, Gate.VIDEO, tools):
        return judged
    with tools.scratch() as folder:
        url = tools.shelf.publish(case.id, tools.fetched(case.sealed.asset, folder))
    return [Published(url=url)]


def withdraw(case: Case, tools: Tools) -> Sequence[Event]:
    """Take the public copy down."""
    tools.shelf.withdraw(case.id)
    return [Withdrawn()]
