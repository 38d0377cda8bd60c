"""What a permission is where its owner says no more: narrow. What is wide has to be confirmed, in these words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from registry.consent.lease_terms import BANNED_TOPICS, LeaseTerms
from registry.consent.leases import EVERYONE, MUTUALS, Lease

DEFAULT_LEASE_DAYS = 30
"""How long a permission holds where its owner names no end."""
DEFAULT_PURPOSES = ("personal", "parody", "education", "news")
"""What a permission is for where its owner names no purpose: nothing that sells, and no politics."""
DEFAULT_BANS = BANNED_TOPICS

_LONGEST_UNASKED = timedelta(days=366)
_FOR_GAIN = {"commercial": "business", "advertising": "advertising", "political": "politics"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseScope:
    """What makes a permission wide or narrow."""

    holder: str
    until: datetime | None
    terms: LeaseTerms
    owner: str


def default_end(now: datetime | None = None) -> datetime:
    """When a permission ends whose owner named no end."""
    return (now or datetime.now(UTC)) + timedelta(days=DEFAULT_LEASE_DAYS)


def asks_each_time(holder: str) -> bool:
    """Whether its owner sees each draft first where they do not say: of a permission to more than one account."""
    return holder in (EVERYONE, MUTUALS)


def wide_points(scope: LeaseScope) -> Sequence[str]:
    """What the owner has to say they mean, a sentence each; empty for a narrow permission, and to themselves."""
    if scope.holder == scope.owner:
        return ()
    return (*_audience(scope), *_end(scope), *_purposes(scope), *_topics(scope))


def lease_scope(lease: Lease, owner: str) -> LeaseScope:
    """Of a permission that was given."""
    return LeaseScope(holder=lease.holder, until=lease.until, terms=lease.terms, owner=owner)


def _audience(scope: LeaseScope) -> list[str]:
    if scope.terms.approval:
        return []
    if scope.holder == EVERYONE:
        return ["Anyone with an account here may make videos of you, and you do not see them first."]
    if scope.holder == MUTUALS:
        return ["Everyone you know who knows you may make videos of you, and you do not see them first."]
    return []


def _end(scope: LeaseScope) -> list[str]:
    if scope.until is None:
        return ["It has no end: it holds until you take it back."]
    if scope.until - datetime.now(UTC) > _LONGEST_UNASKED:
        return ["It holds for more than a year."]
    return []


def _purposes(scope: LeaseScope) -> list[str]:
    if not scope.terms.purposes:
        return ["It allows every purpose: advertising, business and politics too."]
    return [f"It allows {name}." for code, name in _FOR_GAIN.items() if code in scope.terms.purposes]


def _topics(scope: LeaseScope) -> list[str]:
    if scope.terms.bans or scope.terms.words:
        return []
    return ["No topic is ruled out: politics, alcohol, romance and revealing clothes may all come up."]
