"""A verdict is a decision by policy; a ruling is a moderator's decision, which the policy weighs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

Facts = Mapping[str, bool | int | float | str]
"""What policy gets besides signals, by the names in policy.vocabulary."""


class Decision(IntEnum):
    """Ordered, so that the gravest of several decisions is their maximum."""

    ALLOW = 0
    HOLD = 1
    REFUSE = 2


class Gate(StrEnum):
    """Which question a verdict answers: may this be made, may this be shown, may this person be enrolled."""

    PROMPT = "prompt"
    VIDEO = "video"
    ENROL = "enrol"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A decision by policy over signals and facts.

    `rules` fired; `shadow` would have, were they in force; `missing` are those of `rules` that fired
    because what they ask about could not be measured; `lifted` fired and were overruled by a ruling.
    Of `rules` no ruling lifts those that are `final`, and two moderators have to allow those that are `two_person`;
    `awaiting` are those of them that one moderator has allowed. `policy` is the digest of all rules, `sources` are the
    classifiers with their versions whose signals were weighed. `reason` is in the words of the person concerned.
    """

    gate: Gate
    decision: Decision
    rules: tuple[str, ...] = ()
    shadow: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    lifted: tuple[str, ...] = ()
    policy: str
    reason: str = ""
    final: tuple[str, ...] = ()
    two_person: tuple[str, ...] = ()
    awaiting: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A moderator's decision about the rules that fired at one gate: evidence, not a way round it.

    A ruling to allow lifts the rules named in `over` and no other: what fires later holds again. A rule for two persons
    is lifted by the second moderator who allows it; one of them who refuses is enough to refuse.
    `code` is one of a closed list; `note` refers to an erasable text, and so does `reply`, which the author reads.
    `on_appeal`: it answers an appeal; false in events that were stored before it was kept.
    """

    gate: Gate
    decision: Decision
    moderator: str
    over: tuple[str, ...]
    code: str
    note: str = ""
    reply: str = ""
    on_appeal: bool = False
