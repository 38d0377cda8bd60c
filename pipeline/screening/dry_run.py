"""What Assay thinks of a text or a file that is no case. Keeps nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.case import Case
from core.events import Submitted
from core.verdicts import Decision, Gate, Verdict
from pipeline.stages.stage_context import FactSource, Measurements, PolicyGate
from policy.explain import Reason
from policy.stopped_labels import stopped_labels


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRunVerdict:
    """Measurements, the verdict they lead to, and why. `language` is a text's (ISO 639-1), None where it is unknown.

    `stopped` are the labels of which its rules found enough.
    """

    measured: Measurements
    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    stopped: frozenset[str] = frozenset()
    language: str | None = None


def dry_run(
    gate: Gate,
    measured: Measurements,
    *,
    policy: PolicyGate,
    facts: FactSource,
    locate: Callable[[Measurements], Measurements] | None = None,
) -> DryRunVerdict:
    """The verdict that a case of nobody's with these measurements would get.

    `locate` finds the places that carry what was measured; it is asked where the verdict does not allow.
    """
    nobodys = Case(id="0" * 16, submitted=Submitted(author="", prompt=""), signals=measured.signals)
    verdict = policy.judge(gate, measured.signals, facts.facts(nobodys), ())
    passes = verdict.decision is Decision.ALLOW
    if locate is not None and not passes:
        measured = locate(measured)
    return DryRunVerdict(
        measured=measured,
        verdict=verdict,
        reasons=tuple(policy.explain(verdict, measured.signals)),
        stopped=frozenset() if passes else stopped_labels(verdict, measured.signals, policy.describe(verdict)),
        language=measured.language or None,
    )
