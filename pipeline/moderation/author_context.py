"""What a moderator knows of an author: a pseudonym, what became of their other cases, how often they were refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.case import Case, Phase
from core.ports import Ledger
from core.roles import Principal, Role, require_role
from core.verdicts import Facts

_LOOKED_AT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRuling:
    """A ruling about another case of the author."""

    case_id: str
    decision: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorContext:
    """`pseudonym` is an opaque account, `end_user` the start of the pseudonym of whom it asks for, or empty.

    `cases` counts the author's latest by phase; `strikes` are refusals that stood within 30 days, `waiting` their held
    cases, `today` what they asked for within a day; None where that is not told. `rulings` are of other cases.
    """

    pseudonym: str
    end_user: str
    cases: tuple[tuple[Phase, int], ...]
    strikes: int | None
    waiting: int | None
    today: int | None
    rulings: tuple[PastRuling, ...]


def author_context(who: Principal, case: Case, ledger: Ledger, facts: Facts, *, itself: str = "") -> AuthorContext:
    """Of the author of this case, for moderators. `facts` are those that policy is told about the case.

    `itself` is the case's own id, where it is shown under another: what became of it is told to nobody who is to rule.
    """
    require_role(who, Role.MODERATOR)
    others = [
        one for one in ledger.list(author=case.request.author, limit=_LOOKED_AT) if one.id not in (case.id, itself)
    ]
    return AuthorContext(
        pseudonym=case.request.author,
        end_user=case.request.end_user[:8],
        cases=tuple(Counter(one.phase for one in others).most_common()),
        strikes=_count(facts, "author_strikes"),
        waiting=_count(facts, "author_waiting"),
        today=_count(facts, "author_day"),
        rulings=_rulings(others)[:6],
    )


def _rulings(cases: Sequence[Case]) -> tuple[PastRuling, ...]:
    return tuple(
        PastRuling(case_id=one.id, decision=ruling.decision.name.lower(), code=ruling.code)
        for one in cases
        for ruling in reversed(one.rulings)
    )


def _count(facts: Facts, name: str) -> int | None:
    value = facts.get(name)
    return int(value) if isinstance(value, int | float) else None
