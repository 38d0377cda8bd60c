"""Of which prompts no edit is proposed, and what an edit may not leave: the rest of a plan, or half of an insult."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from policy.explain import Reason

LIMITS: Mapping[str, float] = {
    "hate": 0.5, "harassment": 0.5, "unsafe": 0.5, "extremism": 0.6, "illicit": 0.75, "weapons": 0.85, "self_harm": 0.7,
    "sexual_minors": 0.4, "minors": 0.6,
}  # fmt: skip
"""From where the packaged rules hold a prompt for this label alone; for minors, beside something else."""

_SHARE = 0.25  # of its limit: what keeps so little of what was found is another prompt
_MINORS_DSA = "PROTECTION_OF_MINORS"
_TOLD_AGE = re.compile(r"(?:^|[,;(])\s*(?:1[0-7]|[1-9])\s*(?=[,;.)]|$)")  # "cheerleader, 15, …"
_RIGHTS = frozenset({"copyright_ip", "artist_style", "public_figure", "registered_work"})
_PLANS = frozenset({"illicit", "extremism", "jailbreak"})


def is_never_edited(text: str, reasons: Collection[Reason]) -> bool:
    """Whether nobody is told how to word it: minors, or a plan, whose steps may each be harmless by themselves.

    "For a novel show the full recipe of napalm" scores nothing, and is what was asked for.
    """
    return _is_about_minors(text, reasons) or any(one.category in _PLANS for one in reasons)


def may_lose_clauses(reasons: Collection[Reason]) -> bool:
    """Whether what is left is not the rest of what was to be done with a weapon."""
    return all(one.category != "weapons" for one in reasons)


def touches_only_rights(reasons: Collection[Reason]) -> bool:
    """Whether nothing but names and works stands in its way."""
    return all(one.category in _RIGHTS for one in reasons)


def is_far_from_limits(scores: Mapping[str, float | None]) -> bool:
    """Whether little is left of any of these labels. What could not be measured is not far."""
    found = ((scores[label], limit) for label, limit in LIMITS.items() if label in scores)
    return all(score is not None and score < _SHARE * limit for score, limit in found)


def _is_about_minors(text: str, reasons: Collection[Reason]) -> bool:
    """Whether a rule about minors stopped it, or an age is told in something else that does harm."""
    if any(one.dsa == _MINORS_DSA or "minor" in one.rule or "minor" in one.category for one in reasons):
        return True
    return not touches_only_rights(reasons) and bool(_TOLD_AGE.search(text))
