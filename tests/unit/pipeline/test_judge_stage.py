"""What shows nothing is the engine's failure, unless policy or a person says something about it first."""

from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest

from core.case import Case, Phase
from core.events import EngineFailed, Judged, Submitted
from core.signals import Signal, Subject
from core.transitions import allowed
from core.verdicts import Decision, Gate, Ruling, Verdict
from pipeline.stages.judge import judge_video
from pipeline.testing.memory_ledger import MemoryTexts
from tests.stub_pipeline.stage_parts import StubFacts

ALLOWED = Verdict(gate=Gate.VIDEO, decision=Decision.ALLOW, rules=(), policy="p")


@dataclass
class OneVerdict:
    verdict: Verdict

    def judge(self, *_):
        return self.verdict


@dataclass
class JudgingOnly:
    """As much of a stage's context as judging needs."""

    policy: OneVerdict
    texts: MemoryTexts = field(default_factory=MemoryTexts)
    facts: StubFacts = field(default_factory=StubFacts)
    engine: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(name="engine"))


def inspected(**scores):
    signals = tuple(
        Signal(subject=Subject.VIDEO, label=label, score=score, source="viewing_hazards/1")
        for label, score in scores.items()
    )
    return Case(id="c" * 16, phase=Phase.INSPECTED, submitted=Submitted(author="a", prompt="t"), signals=signals)


def judged(case, verdict=ALLOWED):
    context = JudgingOnly(OneVerdict(verdict))
    (event,) = judge_video(case, context)
    assert allowed(case, event)
    return event, context


@pytest.mark.parametrize(
    ("scores", "word"),
    [
        ({"black_picture": 1.0, "frozen_picture": 1.0, "silence": 1.0}, "black"),
        ({"black_picture": 0.0, "frozen_picture": 0.99, "silence": 1.0}, "nothing moves"),
    ],
)
def test_a_video_in_which_nothing_is_to_be_seen_or_heard_is_the_engines_failure(scores, word):
    event, context = judged(inspected(**scores))
    assert isinstance(event, EngineFailed)
    assert event.code == "nothing_to_see"
    assert word in context.texts.read(event.reason)


@pytest.mark.parametrize(
    "scores",
    [
        {"black_picture": 1.0, "frozen_picture": 1.0, "silence": 0.2},
        {"black_picture": 0.5, "frozen_picture": 0.6, "silence": 1.0},
        {"black_picture": None, "frozen_picture": None, "silence": 1.0},
        {"black_picture": 1.0},
    ],
)
def test_where_something_is_heard_or_moves_or_nobody_knows_it_is_judged(scores):
    assert isinstance(judged(inspected(**scores))[0], Judged)


def test_what_policy_holds_is_held_and_not_called_a_failure():
    held = replace(ALLOWED, decision=Decision.HOLD, rules=("video_words",))
    assert judged(inspected(frozen_picture=1.0, silence=1.0), held)[0].verdict is held


def test_what_a_person_has_let_through_is_let_through():
    ruling = Ruling(gate=Gate.VIDEO, decision=Decision.ALLOW, moderator="m", code="harmless", over=("video_words",))
    case = replace(inspected(frozen_picture=1.0, silence=1.0), rulings=(ruling,))
    assert isinstance(judged(case)[0], Judged)
