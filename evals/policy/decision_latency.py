"""What a decision by a large policy costs: `python -m evals.policy.decision_latency [RULES]`, 500 rules by default.

Synthetic rules over the real vocabulary, drawn from the forms that the default pack has: one label, two labels, one of
several, a fact and labels, thresholds by audience, facts alone. CPU time of one thread, one decision at a time, both
gates' rules at the prompt gate. Writes evals/results/policy.json; goal: under 1 ms a decision.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypedDict

from core.signals import Signal, Subject
from core.verdicts import Gate, Verdict
from evals.bench.machine_info import machine_info
from pipeline.policy_rollout.policy_loading import policy_vocabulary
from pipeline.rights.work_facts import NO_WORKS
from policy.cel.rule_index import RuleIndex
from policy.decide import decide
from policy.evaluation_input import build_input
from policy.pack import DEFAULT_PACK, Policy, load

RESULT = Path(__file__).parents[1] / "results" / "policy.json"
DECISION_COUNT = 2000
"""Decisions on each kind of evidence."""
GOAL_MS = 1.0
"""Milliseconds a decision: the goal."""

SAMPLE_FACTS: dict[str, object] = {
    "author_strikes": 0,
    "author_recent": 3,
    "author_day": 9,
    "author_refused_hour": 0,
    "author_refused_day": 0,
    "author_waiting": 0,
    "account_refusals_last_minute": 0,
    "classifier_drift": 0.01,
    "cameos_named": 0,
    "cameos_unleased": 0,
    "seconds": 5.0,
    "has_reference": False,
    "damaged_parents": 0,
    **NO_WORKS,
    "audience": "general",
    "account_minor": False,
    "engine": "wan",
}

_RULE = """\
gate = "prompt"
when = "{when}"
then = "{then}"
{more}
reason = "This is one of many rules."
dsa_category = "OTHER_VIOLATION_TC"
owner = "evals"
version = 1
{audiences}
[[examples]]
scores = {fires}
facts = {facts}
gives = "{then}"

[[examples]]
scores = {quiet}
facts = {quiet_facts}
gives = "allow"
"""
_MINOR = "\n[[audiences]]\naccount_minor = true\nthreshold = {low}\n"


class DecisionLatency(TypedDict):
    """CPU milliseconds of one decision, of `n`."""

    n: int
    p50_ms: float
    p99_ms: float
    mean_ms: float


def main() -> None:
    """Measure and write."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    rng = random.Random(20261125)  # noqa: S311
    with TemporaryDirectory() as folder:
        began = time.process_time()
        policy = load(write_generated_pack(Path(folder), count, rng), policy_vocabulary())
        loading = time.process_time() - began
    result = {
        "rules": len(policy.rules),
        "goal_ms": GOAL_MS,
        "load_s": round(loading, 2),
        "always_asked": len(policy.index[Gate.PROMPT].always_evaluated),
        "decisions_each": DECISION_COUNT,
        "evidence": {name: _row(policy, draw, rng) for name, draw in SIGNAL_GENERATORS.items()},
        "default_pack": _row(load(DEFAULT_PACK, policy_vocabulary()), _harmless, rng),
        "machine": machine_info(),
        "command": f"python -m evals.policy.decision_latency {count}",
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


def write_generated_pack(folder: Path, count: int, rng: random.Random) -> Path:
    """The folder, with so many rules of all kinds at the prompt gate, and a guard at each of the others."""
    labels = sorted(name for name, subjects in policy_vocabulary().labels.items() if Subject.PROMPT in subjects)
    reference_labels = sorted(
        name for name, subjects in policy_vocabulary().labels.items() if Subject.REFERENCE in subjects
    )
    for number in range(count):
        (folder / f"r{number:04d}.toml").write_text(_rule(number, labels, reference_labels, rng), encoding="utf-8")
    for gate, label in ((Gate.VIDEO, "nudity"), (Gate.ENROL, "spoof")):  # a pack must guard every gate
        rule = _rule_text(f"{label} >= 0.5", [label], then="hold").replace('"prompt"', f'"{gate}"')
        (folder / f"{gate}_guard.toml").write_text(rule, encoding="utf-8")
    return folder


def _rule(number: int, labels: Sequence[str], reference_labels: Sequence[str], rng: random.Random) -> str:
    """Of ten rules four ask for one label, two for two, two for one of several, one for a fact too, one has audiences.

    Of those that ask for a fact half are about a reference. One rule in fifty is about facts alone.
    """
    a, b, c = rng.sample(labels, 3)
    limits = [f"{rng.uniform(0.4, 0.95):.2f}" for _ in range(3)]
    then = rng.choice(["hold", "hold", "hold", "refuse"])
    if number % 50 == 49:
        return _rule_text(f"author_day >= {100 + number}", [], then=then, facts=f"{{ author_day = {100 + number} }}")
    match number % 10:
        case 0 | 1 | 2 | 3:
            return _rule_text(f"{a} >= {limits[0]}", [a], then=then)
        case 4 | 5:
            return _rule_text(f"{a} >= {limits[0]} && {b} >= {limits[1]}", [a, b], then=then)
        case 6:
            return _rule_text(f"{a} >= {limits[0]} || {b} >= {limits[1]} || {c} >= {limits[2]}", [a, b, c], then=then)
        case 7:
            return _rule_text(f"0.5 * {a} + 0.5 * {b} >= {limits[0]}", [a, b], then=then)
        case 8 if number % 20 == 18:
            label = rng.choice(reference_labels)
            return _rule_text(
                f"has_reference && {label} >= {limits[0]}", [label], then=then, facts="{ has_reference = true }"
            )
        case 8:
            when = f"author_strikes >= 2 && ({a} >= {limits[0]} || {b} >= {limits[1]})"
            return _rule_text(when, [a, b], then=then, facts="{ author_strikes = 2 }")
    own = _MINOR.format(low=0.35)
    more = f"threshold = {limits[0]}"
    return _rule_text(f"{a} >= threshold", [a], then=then, facts="{ account_minor = true }", more=more, audiences=own)


def _rule_text(
    when: str, labels: Sequence[str], *, then: str, facts: str = "{ }", more: str = "", audiences: str = ""
) -> str:
    fires, quiet = ("{ " + ", ".join(f"{label} = {score}" for label in labels) + " }" for score in ("1.0", "0.0"))
    quiet_facts = "{ author_day = 1 }" if "author_day" in when else facts
    return _RULE.format(
        when=when,
        then=then,
        more=more,
        audiences=audiences,
        fires=fires,
        quiet=quiet,
        facts=facts,
        quiet_facts=quiet_facts,
    )


def _signals(score: Callable[[str], float | None]) -> tuple[Signal, ...]:
    named = sorted(name for name, of in policy_vocabulary().labels.items() if Subject.PROMPT in of)
    return tuple(Signal(subject=Subject.PROMPT, label=n, score=score(n), source="evals/1") for n in named)


def _harmless(rng: random.Random) -> tuple[Signal, ...]:
    return _signals(lambda _label: rng.betavariate(1, 12))


def _doubtful(rng: random.Random) -> tuple[Signal, ...]:
    hot = set(rng.sample(sorted(policy_vocabulary().labels), 3))
    return _signals(lambda label: rng.uniform(0.4, 1.0) if label in hot else rng.betavariate(1, 12))


def _everything(_rng: random.Random) -> tuple[Signal, ...]:
    return _signals(lambda _label: 1.0)


def _one_model_away(rng: random.Random) -> tuple[Signal, ...]:
    away = set(rng.sample(sorted(policy_vocabulary().labels), 4))
    return _signals(lambda label: None if label in away else rng.betavariate(1, 12))


def _nothing_measured(_rng: random.Random) -> tuple[Signal, ...]:
    return _signals(lambda _label: None)


SIGNAL_GENERATORS: dict[str, Callable[[random.Random], tuple[Signal, ...]]] = {
    "harmless": _harmless,
    "three labels doubtful": _doubtful,
    "four labels not measured": _one_model_away,
    "every label certain (worst case)": _everything,
    "nothing measured (worst case)": _nothing_measured,
}


def _row(policy: Policy, draw: Callable[[random.Random], tuple[Signal, ...]], rng: random.Random) -> dict[str, object]:
    samples = [draw(rng) for _ in range(DECISION_COUNT)]
    unindexed = replace(policy, index={gate: _index_of_all_rules(policy, gate) for gate in Gate})
    asked = [len(policy.index[Gate.PROMPT].candidates(_max_scores(policy, signals))) for signals in samples[:200]]
    same = all(_decide(policy, signals) == _decide(unindexed, signals) for signals in samples[:200])
    times = {
        "with the index": _timed(policy, samples),
        "asking every rule": _timed(unindexed, samples[: DECISION_COUNT // 4]),
    }
    return {"rules_asked_mean": round(sum(asked) / len(asked), 1), "same_verdicts": same, **times}


def _max_scores(policy: Policy, signals: Sequence[Signal]) -> Mapping[str, float]:
    return build_input(Gate.PROMPT, signals, SAMPLE_FACTS, policy.vocabulary).upper


def _index_of_all_rules(policy: Policy, gate: Gate) -> RuleIndex:
    clauses = policy.compiled_rules[gate]
    return RuleIndex(compiled_rules=clauses, always_evaluated=tuple(range(len(clauses))), scores={}, positions={})


def _decide(policy: Policy, signals: Sequence[Signal]) -> Verdict:
    return decide(Gate.PROMPT, signals, SAMPLE_FACTS, (), policy)


def _timed(policy: Policy, samples: Sequence[Sequence[Signal]]) -> DecisionLatency:
    _decide(policy, samples[0])
    milliseconds = []
    for signals in samples:
        began = time.thread_time_ns()
        _decide(policy, signals)
        milliseconds.append((time.thread_time_ns() - began) / 1e6)
    ordered = sorted(milliseconds)
    return {
        "n": len(ordered),
        "p50_ms": round(ordered[len(ordered) // 2], 4),
        "p99_ms": round(ordered[int(len(ordered) * 0.99)], 4),
        "mean_ms": round(sum(ordered) / len(ordered), 4),
    }


if __name__ == "__main__":
    main()
