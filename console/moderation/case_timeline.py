"""A case's history as sentences, read from top to bottom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from console.web import display_text
from core.events import (
    Appealed,
    Claimed,
    Commissioned,
    EngineDeclined,
    EngineFailed,
    Event,
    Judged,
    Measured,
    Published,
    Recalled,
    Rendered,
    Resumed,
    Reversed,
    Ruled,
    Sealed,
    StageFailed,
    Submitted,
    ViewSealed,
    Waiting,
    Withdrawn,
)
from core.ports import RecordedEvent
from core.signals import Signal
from core.verdicts import Decision, Gate, Ruling, Verdict
from pipeline.claims.claim_codes import CLAIM_CODE_TEXTS

_DECIDED = {Decision.ALLOW: "let it pass", Decision.HOLD: "held it for a person", Decision.REFUSE: "refused it"}
_GATES = {
    Gate.PROMPT: "The gate before the engine",
    Gate.VIDEO: "The gate before the public",
    Gate.ENROL: "The enrolment",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One event as a sentence. `tone` is allow, hold, refuse or plain; `details` holds what is worth a second line."""

    revision: int
    at: datetime
    text: str
    tone: str = "plain"
    details: tuple[str, ...] = ()


def timeline_entry(entry: RecordedEvent) -> TimelineEntry:
    """An event in words."""
    says, tone, details = _describe(entry.event)
    return TimelineEntry(revision=entry.revision, at=entry.at, text=says, tone=tone, details=details)


def _describe(event: Event) -> tuple[str, str, tuple[str, ...]]:
    match event:
        case Submitted():
            return f"{event.author} asked for a video.", "plain", _request_details(event)
        case Measured():
            return _describe_signals(event.signals), "plain", ()
        case Judged():
            return _describe_verdict(event.verdict)
        case Ruled():
            return _describe_ruling(event.ruling)
        case StageFailed():
            return f"A part broke after “{event.phase}”: {event.error}", "hold", ()
        case Waiting(reason=""):
            return "What it waited for is back.", "plain", ()
        case Waiting():
            return f"It waits for what is away, after “{event.phase}”: {event.reason}", "hold", ()
        case Resumed():
            return f"{event.by} sent it on. That approves nothing.", "plain", ()
        case Appealed():
            return f"{event.by} appealed: a person looks at it.", "hold", ()
        case Recalled():
            return (
                f"{event.by} recalled it: {display_text.ALL_RECALL_TEXTS.get(event.code, event.code).lower()}.",
                "refuse",
                (),
            )
        case Withdrawn():
            return "The public copy was taken down.", "refuse", ()
    if isinstance(event, Reversed | ViewSealed | Claimed):
        return _describe_correction(event)
    return _describe_production(event)


def _describe_correction(event: Reversed | ViewSealed | Claimed) -> tuple[str, str, tuple[str, ...]]:
    if isinstance(event, Claimed):
        return _describe_claim(event)
    if isinstance(event, Reversed):
        code = (display_text.REVERSAL_TEXTS | display_text.CLAIM_REVERSAL_TEXTS).get(event.code, event.code).lower()
        return f"{event.by} undid what was decided last: {code}.", "hold", ()
    code = display_text.SEAL_TEXTS.get(event.code, event.code).lower()
    if event.sealed:
        return f"{event.by} sealed it, so that nobody may view it: {code}.", "refuse", ()
    return f"{event.by} lifted the seal: {code}.", "plain", ()


def _describe_claim(event: Claimed) -> tuple[str, str, tuple[str, ...]]:
    kind, because = display_text.readable_code(event.kind), CLAIM_CODE_TEXTS.get(event.code)
    about = (*([because] if because else []), f"claim {event.claim}", *([f"law {event.law}"] if event.law else []))
    steps = {
        "paused": (f"A claim ({kind}) came, and the video is hidden until it is decided.", "hold"),
        "countered": (f"The author answered a claim ({kind}) with a counter-notice.", "hold"),
        "kept_down": (f"A claim ({kind}) keeps it down: copies of it are stopped where they come again.", "refuse"),
        "released": (f"A claim ({kind}) no longer keeps it down: copies of it are not stopped any more.", "plain"),
        "restored": (f"A claim ({kind}) no longer keeps it down.", "allow"),
    }
    decisions = {
        "upheld": (f"A claim ({kind}) was upheld by {event.by}.", "refuse"),
        "partly": (f"A claim ({kind}) was upheld in part by {event.by}.", "refuse"),
        "rejected": (f"A claim ({kind}) was rejected by {event.by}.", "plain"),
        "withdrawn": (f"A claim ({kind}) was taken back.", "plain"),
    }
    says, tone = steps.get(event.step) or decisions.get(event.decision) or (f"A claim ({kind}) moved on.", "plain")
    return says, tone, about


def _describe_production(
    event: Commissioned | Rendered | EngineDeclined | EngineFailed | Sealed | Published,
) -> tuple[str, str, tuple[str, ...]]:
    match event:
        case Commissioned():
            return f"{event.engine} {event.engine_version} took the order.", "plain", (f"job {event.job}",)
        case Rendered():
            size = f"{event.width}×{event.height}, {event.duration:.1f} s"
            origin = "made a video" if event.synthetic else "served footage that it did not make"
            return f"{event.engine} {origin} ({size}).", "plain", ()
        case EngineDeclined():
            return f"{event.engine} declined to make this ({event.code}).", "refuse", ()
        case EngineFailed():
            return f"{event.engine} could not make this ({event.code}).", "refuse", ()
        case Sealed():
            signer = f" by {event.signer}" if event.signer else ""
            says = f"Watermarked, signed{signer}, and both read back from the finished file."
            return says, "allow", (f"watermark {event.payload}", f"manifest {event.manifest_id}")
        case Published():
            return "Published.", "allow", ()
    assert_never(event)


def _request_details(event: Submitted) -> tuple[str, ...]:
    parts = (
        f"model {event.model}" if event.model else "",
        f"{event.seconds:g} s" if event.seconds else "",
        event.size,
        f"cameos {', '.join(event.cameos)}" if event.cameos else "",
        "with a reference" if event.references else "",
        "from a minor's account" if event.account_minor else "",
        f"for {event.audience}" if event.audience not in ("", "general") else "",
        f"region {event.region}" if event.region else "",
        f"tier {event.tier}" if event.tier else "",
        f"for user {event.end_user[:8]}" if event.end_user else "",
    )
    return tuple(part for part in parts if part)


def _describe_signals(signals: tuple[Signal, ...]) -> str:
    if not signals:  # nothing was found, or it is not for whoever reads this
        return "Measured."
    missing = sum(1 for s in signals if s.score is None)
    left_out = f"; {missing} could not be measured" if missing else ""
    subjects = " and ".join(sorted({s.subject.value for s in signals})) or "nothing"
    count = "1 signal" if len(signals) == 1 else f"{len(signals)} signals"
    return f"Measured the {subjects}: {count}{left_out}."


def _describe_verdict(verdict: Verdict) -> tuple[str, str, tuple[str, ...]]:
    details = (
        f"rules that fired: {', '.join(verdict.rules)}" if verdict.rules else "",
        f"could not be measured: {', '.join(verdict.missing)}" if verdict.missing else "",
        f"no ruling lifts: {', '.join(verdict.final)}" if verdict.final else "",
        f"two moderators have to allow: {', '.join(verdict.two_person)}" if verdict.two_person else "",
        f"wait for the second one: {', '.join(verdict.awaiting)}" if verdict.awaiting else "",
        f"lifted by a ruling: {', '.join(verdict.lifted)}" if verdict.lifted else "",
        f"in shadow: {', '.join(verdict.shadow)}" if verdict.shadow else "",
        f"“{verdict.reason}”" if verdict.reason else "",
    )
    says = f"{_GATES[verdict.gate]} {_DECIDED[verdict.decision]}."
    return says, display_text.DECISION_TONES[verdict.decision], tuple(part for part in details if part)


def _describe_ruling(ruling: Ruling) -> tuple[str, str, tuple[str, ...]]:
    if ruling.on_appeal and ruling.decision is Decision.REFUSE and not ruling.over:
        code = display_text.RULING_TEXTS.get(ruling.code, ruling.code).lower()
        return f"{ruling.moderator} read the appeal, and what was decided stands: {code}.", "refuse", ()
    verb = "allow it" if ruling.decision is Decision.ALLOW else "refuse it"
    code = display_text.RULING_TEXTS.get(ruling.code, ruling.code).lower()
    over = (f"over: {', '.join(ruling.over)}",) if ruling.over else ()
    return (
        f"{ruling.moderator} ruled to {verb}: {code}. The gate weighs that.",
        display_text.DECISION_TONES[ruling.decision],
        over,
    )
