"""The pack that decisions are timed with is one that the policy accepts."""

from __future__ import annotations

import random
from pathlib import Path

from core.verdicts import Gate
from evals.policy.decision_latency import SIGNAL_GENERATORS, write_generated_pack
from pipeline.policy_rollout.policy_loading import policy_vocabulary
from policy.decide import decide
from policy.pack import load


def test_the_pack_of_generated_rules_loads_and_decides(tmp_path: Path) -> None:
    rng = random.Random(1)
    policy = load(write_generated_pack(tmp_path, 20, rng), policy_vocabulary())
    assert len(policy.rules) == 22
    for draw in SIGNAL_GENERATORS.values():
        assert decide(Gate.PROMPT, draw(rng), {}, (), policy).policy == policy.digest
