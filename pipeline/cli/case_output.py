"""How cases look in a terminal: tables for people, plain lines in a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.status import Status
from rich.table import Table
from rich.text import Text

from core import codec
from core.case import WAITED_TOO_LONG, Case, Phase
from core.events import (
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
    Ruled,
    Sealed,
    StageFailed,
    Waiting,
)
from core.ports import RecordedEvent
from core.signals import Signal
from core.verdicts import Decision, Verdict
from pipeline.actions import Action
from pipeline.advance import EventListener, NoListener
from pipeline.case_notes import CaseNote
from pipeline.cli.cli_common import err, out
from pipeline.creator_texts.catalogs import ENGLISH_CATALOG, creator_catalog

_COLOURS = {
    Phase.PUBLISHED: "green",
    Phase.REFUSED: "red",
    Phase.FAILED: "red",
    Phase.HELD: "yellow",
    Phase.WITHDRAWN: "magenta",
}
_SURELY_SEEN = 0.5
"""A score that says something although not all that measure its label could."""
_MOST_UNASKED = 3
"""Rules that are named although they only fired because something was not measured."""
_NEXT_STEP = {
    Phase.SUBMITTED: "screening the prompt",
    Phase.SCREENED: "judging the prompt",
    Phase.ADMITTED: "ordering the video",
    Phase.COMMISSIONED: "waiting for the engine",
    Phase.RENDERED: "inspecting the video",
    Phase.INSPECTED: "judging the video",
    Phase.CLEARED: "marking and signing",
    Phase.SEALED: "publishing",
    Phase.RECALLED: "taking it down",
}


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[EventListener]:
    """What to tell while cases move: a spinner on a terminal, plain lines in a pipe, nothing where quiet."""
    if quiet:
        yield NoListener()
    elif err.is_terminal:
        # On the console that tables go to, where that is a terminal too: else the two would write over each other.
        with (out if out.is_terminal else err).status("reading the prompt") as status:
            yield _SpinnerProgress(status=status)
    else:
        yield LineProgress()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineProgress:
    """A line on standard error for each step: which case is where."""

    def on_events(self, case: Case, events: Sequence[Event]) -> None:  # noqa: ARG002 - listeners are given both
        """As EventListener.on_events."""
        err.print(f"{case.id} {case.phase.value}", highlight=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _SpinnerProgress:
    status: Status

    def on_events(self, case: Case, events: Sequence[Event]) -> None:  # noqa: ARG002 - listeners are given both
        self.status.update(_NEXT_STEP.get(case.phase, case.phase.value))


def case_table(case: Case, entries: Sequence[RecordedEvent]) -> Table:
    """A case's history: each phase, how long it took, what was measured and which rules fired."""
    table = Table(title=f"case {case.id}", title_justify="left", expand=False)
    for name in ("phase", "took", "what happened"):
        table.add_column(name, justify="right" if name == "took" else "left", overflow="fold")
    before, folded = None, Case(id=case.id)
    for entry in entries:
        folded = folded.apply([entry.event])
        elapsed = "" if before is None else f"{(entry.at - before).total_seconds():.2f} s"
        table.add_row(_coloured(folded.phase), elapsed, describe_event(entry.event))
        before = entry.at
    return table


def case_line(case: Case, may: frozenset[Action]) -> str:
    """Where a case is, in a sentence, what the creator is told of it, and the commands for what is allowed."""
    return "\n".join([_where(case), *_told(case), *_advice(case, may)])


def _told(case: Case) -> Iterator[str]:
    """The reason in the language of the prompt, where there is a catalog for it."""
    verdict, catalog = case.verdict, creator_catalog(case.language)
    stopped = case.phase in (Phase.HELD, Phase.REFUSED) and not case.last_failure and not case.declined
    if verdict and stopped and verdict.decision is not Decision.ALLOW and catalog is not ENGLISH_CATALOG:
        yield f"the creator is told ({catalog.code}): {catalog.reason(verdict.reason)}"


def _advice(case: Case, may: frozenset[Action]) -> Iterator[str]:
    if Action.RESUME in may:
        condition = "mend it, then" if case.last_failure else "once it can be measured"
        yield f"{condition}: assay resume {case.id}"
    if rulings := [str(action) for action in (Action.ALLOW, Action.REFUSE) if action in may]:
        yield f"rule on it with: assay rule {case.id} {'|'.join(rulings)} --code …"
    if Action.APPEAL in may:
        yield f"have a person look at it with: assay appeal {case.id}"


def _where(case: Case) -> str:
    where = f"case {case.id} is {case.phase.value}"
    if case.phase is Phase.HELD and case.last_failure:
        why = "it waited for too long" if case.last_failure.kind == WAITED_TOO_LONG else "three times a stage broke"
        return f"{where}: {why} ({case.last_failure.error})"
    if case.phase is Phase.HELD:
        return f"{where}: {_reason(case)}{_moderators_needed(case)}"
    if case.phase is Phase.REFUSED:
        declined = f"the engine declined to make it ({case.declined.code})" if case.declined else _reason(case)
        return f"{where}: {declined}"
    if case.phase is Phase.FAILED and case.failed:
        return f"{where}: the engine could not make it ({case.failed.code})"
    if case.waiting:
        return f"{where} and waits since {case.waiting.since:%H:%M}: {case.waiting.reason}"
    if case.phase is Phase.PUBLISHED and case.published:
        return f"{where}: {case.published.url}"
    if case.phase is Phase.WITHDRAWN:
        return f"{where}: the public copy is gone"
    return f"{where}; it goes on with the next `assay submit`, or with `assay worker`"


def queue_table(cases: Sequence[Case]) -> Table:
    """The held cases, in the order of the queue."""
    table = Table(title="held", title_justify="left")
    for name in ("case", "at", "because", "rules", "people", "revision"):
        table.add_column(name, overflow="fold")
    for case in cases:
        because = case.last_failure.error if case.last_failure else _reason(case)
        rules = "" if case.last_failure or not case.verdict else ", ".join(case.verdict.rules)
        table.add_row(
            case.id, case.held_at or "", because, rules, _moderators_needed(case).strip(" ()"), str(case.revision)
        )
    return table


def _moderators_needed(case: Case) -> str:
    """How many moderators it takes, where one is not enough or none is."""
    verdict = None if case.last_failure else case.verdict
    if verdict is None or not (verdict.final or verdict.two_person):
        return ""
    if verdict.final:
        return f" (no ruling lifts {', '.join(verdict.final)})"
    return " (needs a second moderator)" if verdict.awaiting else " (needs two moderators)"


def describe_event(event: Event) -> str:
    """One event in words."""
    match event:
        case Measured():
            return measured_line(event.signals)
        case Judged():
            return verdict_line(event.verdict)
        case Commissioned():
            return f"{event.engine} {event.engine_version} took the order: {event.job}"
        case Rendered():
            origin = "" if event.synthetic else ", served and not made"
            return f"{event.width}x{event.height}, {event.duration:.1f} s from {event.engine}{origin}"
        case EngineDeclined():
            return f"{event.engine} declined: {event.code}"
        case EngineFailed():
            return f"{event.engine} could not make it: {event.code}"
        case Waiting():
            return f"waits: {event.reason}" if event.reason else "what it waited for is back"
        case Sealed():
            return f"watermark {event.payload}; signed by {event.signer}, both read back"
        case Published():
            return event.url
        case StageFailed():
            return f"broke: {event.error}"
        case Ruled():
            return f"{event.ruling.moderator} ruled {event.ruling.decision.name.lower()} ({event.ruling.code})"
        case Recalled():
            return f"recalled: {event.code}"
    return _claim_line(event) if isinstance(event, Claimed) else type(event).__name__.lower()


def _claim_line(event: Claimed) -> str:
    return f"claim {event.claim} ({event.kind}) {event.step}: {event.decision} {event.code}".rstrip(": ")


def measured_line(signals: Sequence[Signal], most: int = 6) -> str:
    """The highest score of each label, and what could not be measured, or not by all that measure it."""
    best: dict[str, float] = {}
    for signal in signals:
        if signal.score is not None:
            best[signal.label] = max(best.get(signal.label, 0.0), signal.score)
    missing = sorted({signal.label for signal in signals if signal.score is None})
    known = [(label, score) for label, score in best.items() if label not in missing or score >= _SURELY_SEEN]
    top = sorted(known, key=lambda item: -item[1])[:most]
    scores = ", ".join(f"{label} {score:.2f}" for label, score in top)
    remainder = f" and {len(known) - most} lower" if len(known) > most else ""
    unknown = f"not measured: {', '.join(missing)}" if missing else ""
    return "; ".join(part for part in (f"{scores}{remainder}", unknown) if part)


def verdict_line(verdict: Verdict) -> str:
    """A verdict in words. Rules that fired because something was not measured are counted, where they are many."""
    unnamed = unnamed_rules(verdict)
    fired = [rule for rule in verdict.rules if rule not in unnamed]
    because = f" by {', '.join(fired)}" if fired else ""
    if unnamed:
        because += f"{';' if fired else ':'} {len(unnamed)} rules ask about what was not measured"
    because = because or ", no rule fired"
    lifted = f"; lifted: {', '.join(verdict.lifted)}" if verdict.lifted else ""
    shadow = f"; in shadow: {', '.join(verdict.shadow)}" if verdict.shadow else ""
    return f"{verdict.decision.name.lower()}{because}{lifted}{shadow}"


def unnamed_rules(verdict: Verdict) -> frozenset[str]:
    """Those that only fired because something was not measured, where they are too many to be read."""
    return frozenset(verdict.missing if len(verdict.missing) > _MOST_UNASKED else ())


def history_as_json(entries: Sequence[RecordedEvent]) -> list[dict[str, object]]:
    """A history as plain JSON values."""
    return [{"revision": e.revision, "at": e.at.isoformat(), **codec.dump_event(e.event)} for e in entries]


def published_url(case: Case) -> str | None:
    """The published file, where there is one."""
    return case.published.url if case.phase is Phase.PUBLISHED and case.published else None


def _reason(case: Case) -> str:
    verdict = case.verdict
    return verdict.reason if verdict and verdict.decision is not Decision.ALLOW else "a person has to look at it"


def _coloured(phase: Phase) -> Text:
    return Text(phase.value, style=_COLOURS.get(phase, ""))


def passage_line(passage: Mapping[str, Any]) -> str:
    """What is said or written in footage, and when."""
    what = "code" if passage["is_code"] else passage["kind"]
    # words that an older Assay kept lack the last two
    about = [passage["language"], f"voice {passage['speaker']}" if passage.get("speaker") else "", passage.get("doubt")]
    about.append(f"known bad host {passage['bad_host']}" if passage.get("bad_host") else "")
    beside = "".join(f", {one}" for one in about if one)
    at = passage["at"]
    return f"{what} {at['start']:.1f} to {at['end']:.1f} s{beside}: {_printable(passage['text'])}"


def note_line(note: CaseNote) -> str:
    """What somebody wrote to an event."""
    kind = "appeal" if note.is_appeal else "note"
    said = "erased" if note.text is None else _printable(note.text)
    return f"{kind} of {note.by} to revision {note.revision}: {said}"


def _printable(text: str) -> str:
    """The text without what moves a terminal's cursor or turns the direction of writing: those as their numbers."""
    return "".join(one if one.isprintable() else f"⟦U+{ord(one):04X}⟧" for one in text)
