"""Replays a policy over what was measured of past cases: which verdicts would be others, and by which rules.

No model runs. Each verdict in the ledger is stored with the signals, the facts and the rulings that it weighed; the
policy judges those again. A verdict from before facts were kept with it cannot be judged again: it is counted apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.case import Case, signals_of
from core.errors import BadInput
from core.events import NEGATIVE_PROMPT, Event, Judged
from core.verdicts import Decision, Verdict
from pipeline.ledgers.case_histories import CaseEvents, CaseHistories
from pipeline.stages.judge import GATE_SUBJECTS
from policy.decide import decide
from policy.pack import Policy

PAGE_SIZE = 200
_COUNTERS = ("changes", "rules", "shadow", "fired_before", "fires")


@dataclass(slots=True, kw_only=True)
class ReplayTally:
    """What a replay found so far. `after` is the last case looked at: from there it can go on.

    `changes` counts verdicts by gate, what they were and what they would be; `rules` the same with each rule that now
    fires (+) or no longer does (-); `shadow` those that rules in shadow would have fired at. `fired_before` and `fires`
    count for each rule the verdicts in which it fired, and in which it would.
    """

    policy: str
    since: str = ""
    after: str = ""
    cases: int = 0
    verdicts: int = 0
    same: int = 0
    without_facts: int = 0
    unreadable: int = 0
    changes: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    shadow: Counter[str] = field(default_factory=Counter)
    fired_before: Counter[str] = field(default_factory=Counter)
    fires: Counter[str] = field(default_factory=Counter)
    sample: list[dict[str, object]] = field(default_factory=list)

    def as_json_object(self) -> dict[str, object]:
        """As JSON."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {name: dict(getattr(self, name).most_common()) for name in _COUNTERS}


def resume_tally(stored: Mapping[str, Any], policy: str, since: str) -> ReplayTally:
    """The tally of a replay that was interrupted. Raises BadInput where it was of another policy or other cases."""
    if (stored.get("policy"), stored.get("since")) != (policy, since):
        raise BadInput("that replay was of another policy or other cases: name another file, or remove this one")
    counts = {name: stored[name] for name in ReplayTally.__slots__ if name in stored}
    return ReplayTally(**counts | {name: Counter(stored.get(name, {})) for name in _COUNTERS})


def replay_policy(
    policy: Policy,
    stories: CaseHistories,
    tally: ReplayTally,
    *,
    since: datetime | None = None,
    samples: int = 20,
    max_cases: int | None = None,
) -> Iterator[ReplayTally]:
    """Go through the cases after `tally.after`, `max_cases` of them if given; the tally after each page."""
    cases_before = tally.cases
    while max_cases is None or tally.cases - cases_before < max_cases:
        limit = PAGE_SIZE if max_cases is None else min(PAGE_SIZE, max_cases - (tally.cases - cases_before))
        page = stories.page(after=tally.after, since=since, limit=limit)
        if not page:
            return
        for story in page:
            _replay_case(policy, story, tally, samples)
        yield tally


def _replay_case(policy: Policy, story: CaseEvents, tally: ReplayTally, samples: int) -> None:
    tally.after, tally.cases = story.case_id, tally.cases + 1
    if story.events is None:
        tally.unreadable += 1
        return
    for was, would in _verdicts(policy, story.case_id, story.events):
        tally.verdicts += 1
        if would is None:
            tally.without_facts += 1
            continue
        tally.shadow.update(would.shadow)
        tally.fired_before.update(was.rules)
        tally.fires.update(would.rules)
        if was.decision is would.decision:
            tally.same += 1
            continue
        _count_change(tally, story.case_id, was, would, samples)


def _verdicts(policy: Policy, case_id: str, events: Sequence[Event]) -> Iterator[tuple[Verdict, Verdict | None]]:
    """Each verdict as it was and as it would be; None where it was given before its facts were kept."""
    case = Case(id=case_id)
    for event in events:
        if isinstance(event, Judged):
            gate = event.verdict.gate
            signals = signals_of(case, *GATE_SUBJECTS[gate])
            rulings = [ruling for ruling in case.rulings if ruling.gate is gate]
            facts = _later_facts(case) | event.facts
            yield event.verdict, decide(gate, signals, facts, rulings, policy) if event.facts else None
        case = case.apply([event])


def _later_facts(case: Case) -> dict[str, bool | int | float | str]:
    """Facts that rules did not speak of yet when older verdicts were given, as far as the case itself tells them."""
    asked = case.submitted
    return {
        "end_user_known": bool(asked and asked.end_user),
        "has_negative_prompt": bool(asked and NEGATIVE_PROMPT in asked.parameter_texts),
    }


def _count_change(tally: ReplayTally, case_id: str, was: Verdict, would: Verdict, samples: int) -> None:
    change = f"{was.gate}: {_word(was.decision)} -> {_word(would.decision)}"
    added, dropped = sorted(set(would.rules) - set(was.rules)), sorted(set(was.rules) - set(would.rules))
    tally.changes[change] += 1
    tally.rules.update(f"{change} {sign}{rule}" for sign, rules in (("+", added), ("-", dropped)) for rule in rules)
    if len(tally.sample) < samples:
        tally.sample.append({"case": case_id, "change": change, "fires": added, "no_longer": dropped})


def _word(decision: Decision) -> str:
    return decision.name.lower()
