"""What policy is told beside signals: about the author, the people named, and the request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from core.case import Case
from pipeline.stages.tools import Leased
from registry.leases import Standing, Use


class Leases(Protocol):
    """Looked up anew each time, so that a revocation counts at once."""

    def standing(self, handle: str, account: str, at: datetime, *, use: Use = Use.FACE) -> Standing:
        """Whether the account may use this cameo now. Only GRANTED is permission."""


class Authors(Protocol):
    """What the ledger knows of an author."""

    def author_facts(self, author: str) -> dict[str, int]:
        """Strikes, submissions and refusals in windows of time, and cases that wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Facts about a case as they are at this moment.

    `unstated_minor`: whether an account of which the platform does not say if it is a minor's is taken for one. A
    region or a tier that is not stated is not known.
    """

    leases: Leases
    authors: Authors
    engine: str
    monitor_asked: bool = False
    unstated_minor: bool = False

    def leased(self, case: Case) -> tuple[str, ...]:
        """The cameos that this case names and whose face it may use now."""
        now, asked = datetime.now(UTC), case.request
        granted = (c for c in asked.cameos if self.leases.standing(c, asked.author, now) is Standing.GRANTED)
        return tuple(sorted(granted))

    def voices_leased(self, case: Case) -> tuple[str, ...]:
        """The cameos that this case names and whose voice it may use now."""
        now, asked = datetime.now(UTC), case.request
        standing = {c: self.leases.standing(c, asked.author, now, use=Use.VOICE) for c in asked.cameos}
        return tuple(sorted(cameo for cameo, one in standing.items() if one is Standing.GRANTED))

    def may_appear(self, case: Case) -> Leased:
        """Both, as measuring wants them."""
        return Leased(faces=self.leased(case), voices=self.voices_leased(case))

    def facts(self, case: Case) -> Mapping[str, bool | int | float | str]:
        """Every fact that rules may speak of (policy.vocabulary.FACTS), but for `damaged_parents`."""
        asked = case.request
        length = case.rendered.duration if case.rendered else asked.seconds
        return {
            **self.authors.author_facts(asked.author),
            "cameos_named": len(asked.cameos),
            "cameos_unleased": len(set(asked.cameos)) - len(set(self.leased(case))),
            "seconds": float(length or 0.0),
            "has_reference": bool(asked.references),
            "audience": asked.audience,
            "account_minor": self.unstated_minor if asked.account_minor is None else asked.account_minor,
            **({"region": asked.region} if asked.region else {}),
            **({"tier": asked.tier} if asked.tier else {}),
            "engine": self.engine,
            "monitor_asked": self.monitor_asked,
        }
