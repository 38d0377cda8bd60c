"""Decides about prompts and clips as an installation does: its classifiers measure, its policy decides.

One installation in a temporary home, with nobody enrolled until a row enrols somebody; nothing is published, and no
case is opened.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from core.case import Case, new_case
from core.events import Submitted
from core.roles import Principal, Role
from core.verdicts import Decision, Gate, Verdict
from pipeline.release_card.card_record import RequestOutcomes
from pipeline.screening.dry_run import DryRunVerdict
from pipeline.screening.standalone import screen_standalone
from pipeline.settings import Settings, load_settings
from pipeline.stages.judge import shows_nothing
from pipeline.wiring import Installation, build_installation

OPERATOR = Principal(id="evals", roles=frozenset({Role.MODERATOR, Role.OPERATOR, Role.PLATFORM}))


class RequestOutcome(StrEnum):
    """What became of a request. What is `REFUSED` may also be an engine's failure that is not published."""

    PASSED = "passed"
    HELD = "held"
    REFUSED = "refused"


_OUTCOMES = {
    Decision.ALLOW: RequestOutcome.PASSED,
    Decision.HOLD: RequestOutcome.HELD,
    Decision.REFUSE: RequestOutcome.REFUSED,
}


@dataclass(kw_only=True)
class RequestDecisions:
    """Close it at the end: clips and cameos start an installation."""

    policy: str = ""
    _opened: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def settings(self) -> Settings:
        """Defaults, with a home of its own."""
        return load_settings(home=Path(self._opened.enter_context(tempfile.TemporaryDirectory(prefix="card-"))))

    @cached_property
    def installation(self) -> Installation:
        """Started where it is first asked for."""
        installation = build_installation(self.settings)
        self._opened.callback(installation.close)
        return installation

    def prompt(self, text: str) -> RequestOutcome:
        """Of nobody's prompt, by an installation in which nothing is registered."""
        return self._outcome(screen_standalone(self.settings, text, with_places=False).verdict)

    def request(self, text: str, cameos: Sequence[str] = (), *, account_minor: bool | None = None) -> RequestOutcome:
        """Of a prompt that somebody submits, with the cameos of these ids. Each is another author's first request."""
        context = self.installation.service.context
        case = new_case()
        submitted = Submitted(
            author=f"author-{case.id}",
            prompt=context.texts.put(text, case_id=case.id),
            cameos=tuple(cameos),
            account_minor=account_minor,
        )
        case = Case(id=case.id, submitted=submitted)
        signals = context.measure.text(text).signals
        return self._outcome(context.policy.judge(Gate.PROMPT, signals, context.facts.facts(case), (), case.id))

    def clip(self, path: Path) -> RequestOutcome:
        """Of a clip that an engine made. One that shows nothing is the engine's failure, and is not published."""
        found: DryRunVerdict = self.installation.service.opinions.inspect(OPERATOR, path)
        outcome = self._outcome(found.verdict)
        empty = outcome is RequestOutcome.PASSED and shows_nothing(found.measured.signals)
        return RequestOutcome.REFUSED if empty else outcome

    def close(self) -> None:
        """End the installation, and remove its home."""
        self._opened.close()

    def _outcome(self, verdict: Verdict) -> RequestOutcome:
        self.policy = verdict.policy
        return _OUTCOMES[verdict.decision]


def count_outcomes(outcomes: Iterable[RequestOutcome]) -> RequestOutcomes:
    """How many of each."""
    seen = list(outcomes)
    return RequestOutcomes(
        passed=seen.count(RequestOutcome.PASSED),
        held=seen.count(RequestOutcome.HELD),
        refused=seen.count(RequestOutcome.REFUSED),
    )
