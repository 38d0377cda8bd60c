"""Why a case is held or was refused, for whoever asked for it: in which words, in which seconds.

No score and no threshold is in it, and no rule that did not count.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.case import Phase
from core.errors import BadInput, NotFound, PolicyError
from core.signals import Signal, Subject
from core.verdicts import Decision, Verdict
from pipeline.case_record import CaseRecord
from pipeline.stages.stage_context import PolicyGate
from policy.explain import Reason

log = logging.getLogger("assay.service")

_SHARE = 0.5  # a place at least half as telling as the most telling one of its label counts
_NEAR_SECONDS = 0.5  # places nearer to each other than this are one


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedReason:
    """A rule that counted, and where: `words` of the prompt, `seconds` as (from, to) in the video or the reference.

    `missing`: it counted because something could not be measured. `whole_prompt`: it was found in the prompt, and no
    words alone carry it. `dsa` is a category of the EU's DSA.
    """

    rule: str
    text: str
    words: tuple[str, ...] = ()
    seconds: tuple[tuple[float, float], ...] = ()
    missing: bool = False
    whole_prompt: bool = False
    dsa: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseExplanation:
    """Why. Empty where the policy that gave the verdict is gone; its sentences stand in the verdict."""

    reasons: tuple[ExplainedReason, ...]


def explain_case(record: CaseRecord, policy: PolicyGate) -> CaseExplanation | None:
    """None where nothing is held or refused by policy."""
    case, verdict = record.case, record.case.verdict
    stopped = case.phase in (Phase.HELD, Phase.REFUSED) and not case.declined and not case.held_by_failure
    if verdict is None or not stopped or verdict.decision is Decision.ALLOW:
        return None
    try:
        found = _telling(policy.explain(verdict, case.signals), verdict)
    except (PolicyError, NotFound, BadInput) as error:  # the policy of then is gone; its sentence stands in the verdict
        log.warning("a verdict cannot be explained: %s", error, extra={"case": case.id})
        found = []
    return CaseExplanation(reasons=explained(found, record.prompt or "", case.signals))


def explained(found: Iterable[Reason], text: str, signals: Sequence[Signal]) -> tuple[ExplainedReason, ...]:
    """The reasons with the words of `text` and the seconds that they point at."""
    return tuple(
        ExplainedReason(
            rule=one.rule,
            text=one.text,
            words=tuple(dict.fromkeys(text[start:end] for start, end in one.spans if text[start:end].strip())),
            seconds=() if one.missing else _seconds(one, signals),
            missing=one.missing,
            whole_prompt=not one.missing and not one.spans and _found_in_prompt(one, signals),
            dsa=one.dsa,
        )
        for one in found
    )


def _found_in_prompt(reason: Reason, signals: Iterable[Signal]) -> bool:
    """Whether what the reason found most of was measured in the prompt itself, and not in what came with it."""
    highest = max(
        (s for s in signals if s.label == reason.category and s.score),
        key=lambda signal: signal.score or 0.0,
        default=None,
    )
    return highest is not None and highest.subject is Subject.PROMPT and not highest.field


def _telling(found: Sequence[Reason], verdict: Verdict) -> list[Reason]:
    """The reasons that the verdict gives: of what is refused not also those that alone would have held it."""
    return [one for one in found if one.text in verdict.reason] or list(found)


def _seconds(reason: Reason, signals: Sequence[Signal]) -> tuple[tuple[float, float], ...]:
    mine = [s for s in signals if s.label == reason.category and s.at and s.at.unit == "s" and s.score]
    strongest = max((s.score or 0.0 for s in mine), default=0.0)
    places = sorted((s.at.start, s.at.end) for s in mine if s.at and (s.score or 0.0) >= _SHARE * strongest)
    merged: list[tuple[float, float]] = []
    for start, end in places:
        if merged and start <= merged[-1][1] + _NEAR_SECONDS:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple((round(start, 2), round(end, 2)) for start, end in merged)
