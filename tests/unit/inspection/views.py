"""A view with a bit of everything, whatever its labels are called."""

from __future__ import annotations

from collections.abc import Sequence

from core.signals import Signal, Span, Subject
from core.verdicts import Decision, Gate, Verdict
from pipeline.inspection.build_inspection import build_inspection
from pipeline.inspection.inspection_view import FootageFacts, Inspection
from policy.rule import Mode
from policy.rule_description import LabelThreshold, RuleDescription

FACTS = FootageFacts(name="clip.mp4", seconds=10.0, width=640, height=360, has_audio=True)
HOSTILE = "\u202e</script><img src=x onerror=alert(1)>"
WORDS = [
    {"kind": "seen", "text": HOSTILE, "at": {"start": 4.0, "end": 5.0}, "certainty": 0.9, "box": [0.1, 0.2, 0.5, 0.4]},
    {"kind": "heard", "text": "hello there", "at": {"start": 0.0, "end": 1.0}, "certainty": 0.8, "language": "en"},
    {
        "kind": "heard",
        "text": "I will find you",
        "at": {"start": 6.0, "end": 7.0},
        "certainty": 0.8,
        "speaker": 2,
        "doubt": "noise",
        "odd": [],
        "none": "",
    },
]


def signal(label: str, score: float | None, at: tuple[float, float] | None = None, **more: object) -> Signal:
    span = Span(start=at[0], end=at[1]) if at else None
    return Signal(**{"subject": Subject.VIDEO, "label": label, "score": score, "source": "test/1", "at": span, **more})


def rule(name: str, label: str, *, at: float = 0.5, mode: Mode = Mode.ENFORCE) -> RuleDescription:
    return RuleDescription(
        name=name,
        mode=mode,
        then=Decision.HOLD,
        if_missing=Decision.HOLD,
        reason=f"It seems to be {label}.",
        labels=frozenset({label}),
        thresholds=(LabelThreshold(label=label, score=at),),
    )


SIGNALS = (
    signal("never_seen_before", 0.9, (2.0, 3.0)),
    signal("never_seen_before", 0.6, (1.0, 1.0)),
    signal("heard_threat", 0.7, (6.0, 7.0)),
    signal("unknown_thing", None, note="missing_model"),
    signal("shadowed", None, note="failed"),
    signal("harmless", 0.02, (0.0, 1.0)),
    signal("whole_file", 0.3),
    signal("prompt_only", 0.9, subject=Subject.PROMPT),
)
RULES = (
    rule("video_new", "never_seen_before"),
    rule("video_threat", "heard_threat"),
    rule("video_unknown", "unknown_thing"),
    rule("video_shadowed", "shadowed", mode=Mode.SHADOW),
)
VERDICT = Verdict(
    gate=Gate.VIDEO,
    decision=Decision.HOLD,
    rules=("video_new", "video_threat", "video_unknown"),
    missing=("video_unknown",),
    shadow=("video_shadowed",),
    policy="0123456789abcdef0123",
    reason="It seems to be so.",
)


def view(
    signals: Sequence[Signal] = SIGNALS, verdict: Verdict | None = VERDICT, rules: Sequence[RuleDescription] = RULES
) -> Inspection:
    return build_inspection(FACTS, signals, verdict, rules, passages=WORDS)
