"""Figures of moderation and the log of decisions over a ledger in memory, read from its events."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from core.case import Phase
from core.events import (
    Appealed,
    Claimed,
    EngineDeclined,
    Event,
    Judged,
    Recalled,
    Resumed,
    Reversed,
    Ruled,
    StageFailed,
    ViewSealed,
    Waiting,
    Withdrawn,
)
from core.ports import RecordedEvent
from core.recalls import APPEAL_GRANTED
from core.verdicts import Decision
from pipeline.moderation.quality.decision_log import DecisionFilter, DecisionPage, LoggedDecision, parse_place
from pipeline.moderation.quality.moderation_figures import (
    RULES_COUNTED,
    AppealCount,
    HeldFigures,
    PersonCount,
    RulingCount,
    by_age,
)
from pipeline.moderation.reversal_desk import SLIP
from pipeline.testing.memory_ledger import MemoryLedger

_ALL = 1_000_000
_SAYS_NOTHING = (Waiting, StageFailed, Resumed, ViewSealed, Withdrawn, Claimed)
"""Events after which what was last decided is still the last."""


def _now() -> datetime:
    return datetime.now(UTC)


class MemoryDecisionLog:
    """DecisionLog for one process."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger

    def page(self, wanted: DecisionFilter, *, after: str = "", limit: int = 50) -> DecisionPage:
        """As DecisionLog.page."""
        behind = parse_place(after) if after else None
        rows = [row for row in self.stream(wanted) if behind is None or _place(row) < behind]
        return DecisionPage(rows=rows[:limit], following=rows[limit - 1].place if len(rows) > limit else "")

    def stream(self, wanted: DecisionFilter) -> Iterator[LoggedDecision]:
        """As DecisionLog.stream."""
        rows = [row for case in self._ledger.list(limit=_ALL) for row in _decisions(self._ledger, case.id)]
        yield from sorted((row for row in rows if _fits(row, wanted)), key=_place, reverse=True)


class MemoryModerationFigures:
    """ModerationFigures for one process. `clock` gives aware datetimes."""

    def __init__(self, ledger: MemoryLedger, clock: Callable[[], datetime] = _now) -> None:
        self._ledger, self._clock, self._log = ledger, clock, MemoryDecisionLog(ledger)

    def held(self) -> HeldFigures:
        """As ModerationFigures.held."""
        cases = self._ledger.list(phase=Phase.HELD, limit=_ALL, oldest=True)
        since = {case.id: self._ledger.history(case.id)[-1].at for case in cases}
        appeals = [case for case in cases if case.verdict and case.verdict.decision is Decision.REFUSE]
        counts = Counter(rule for case in cases[:RULES_COUNTED] if case.verdict for rule in case.verdict.rules)
        return HeldFigures(
            total=len(cases),
            by_age=by_age(self._clock() - moment for moment in since.values()),
            by_rule=dict(sorted(counts.items(), key=lambda one: (-one[1], one[0]))),
            counted=min(len(cases), RULES_COUNTED),
            oldest=min(since.values(), default=None),
            appeals=len(appeals),
            oldest_appeal=min((since[case.id] for case in appeals), default=None),
        )

    def rulings(self, since: datetime, *, hourly: bool, person: str = "") -> Sequence[RulingCount]:
        """As ModerationFigures.rulings."""
        counts: dict[datetime, Counter[str]] = defaultdict(Counter)
        for row in self._ruled(since):
            if person in ("", row.person):
                begin = row.at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
                counts[begin if hourly else begin.replace(hour=0)][row.decision] += 1
        return tuple(
            RulingCount(at=at, allowed=counts[at]["allow"], refused=counts[at]["refuse"]) for at in sorted(counts)
        )

    def kinds(self, since: datetime) -> Mapping[str, int]:
        """As ModerationFigures.kinds."""
        return dict(sorted(Counter(row.kind for row in self._standing(since)).items()))

    def waits(self, since: datetime) -> tuple[int, ...]:
        """As ModerationFigures.waits."""
        return by_age(timedelta(seconds=row.waited) for row in self._ruled(since) if row.waited is not None)

    def people(self, since: datetime) -> Sequence[PersonCount]:
        """As ModerationFigures.people."""
        rows: dict[str, list[LoggedDecision]] = defaultdict(list)
        for row in self._ruled(since):
            rows[row.person].append(row)
        found = [
            PersonCount(
                person=person,
                allowed=sum(row.decision == "allow" for row in theirs),
                refused=sum(row.decision == "refuse" for row in theirs),
                mean_wait=sum(row.waited or 0.0 for row in theirs) / len(theirs),
            )
            for person, theirs in rows.items()
        ]
        return tuple(sorted(found, key=lambda one: (-one.count, one.person)))

    def appeals(self, since: datetime) -> Sequence[AppealCount]:
        """As ModerationFigures.appeals."""
        answered: Counter[str] = Counter()
        overturned: Counter[str] = Counter()
        granted = [row for row in self._standing(since) if row.kind == "reversed" and row.code == APPEAL_GRANTED]
        for row in (*granted, *(row for row in self._ruled(since) if row.answers_appeal)):
            for rule in ("", *row.rules):
                answered[rule] += 1
                overturned[rule] += row.decision == "allow" or row.kind == "reversed"
        names = ["", *sorted((rule for rule in answered if rule), key=lambda rule: (-answered[rule], rule))]
        return tuple(AppealCount(rule=rule, answered=answered[rule], overturned=overturned[rule]) for rule in names)

    def _ruled(self, since: datetime) -> list[LoggedDecision]:
        return [row for row in self._standing(since) if row.kind == "ruled"]

    def _standing(self, since: datetime) -> list[LoggedDecision]:
        """What happened, without the rulings that were taken back before they took effect."""
        rows = list(self._log.stream(DecisionFilter()))
        undone = {(row.case_id, row.reverses) for row in rows if row.kind == "undone"}
        return [row for row in rows if row.at > since and (row.case_id, row.revision) not in undone]


def _place(row: LoggedDecision) -> tuple[datetime, str, int]:
    return row.at, row.case_id, row.revision


def _fits(row: LoggedDecision, wanted: DecisionFilter) -> bool:
    return (
        (wanted.since is None or row.at >= wanted.since)
        and (wanted.until is None or row.at < wanted.until)
        and wanted.kind in ("", row.kind)
        and wanted.person in ("", row.person)
        and (not wanted.rule or wanted.rule in row.rules)
        and wanted.decision in ("", row.decision)
        and wanted.gate in ("", row.gate)
        and wanted.case_id in ("", row.case_id)
    )


def _decisions(ledger: MemoryLedger, case_id: str) -> Iterator[LoggedDecision]:
    """The rows that a case's events come to, as the database makes them (069_decisions.sql)."""
    before: RecordedEvent | None = None
    word: RecordedEvent | None = None
    refusals: list[int] = []
    verdict, appealed, recall = None, False, None
    for entry in ledger.history(case_id):
        event = entry.event
        if isinstance(event, Judged):
            verdict = event.verdict
        if isinstance(event, Reversed) and recall is not None:
            word = recall  # whatever was said of it in between: what is undone is the recall
        recall = entry if isinstance(event, Recalled) else None if isinstance(event, Reversed) else recall
        kind = _kind(event, word)
        if kind:
            ruling = event.ruling if isinstance(event, Ruled) else None
            refused = kind in ("refused", "declined")
            rules = ruling.over if ruling else verdict.rules if verdict and kind != "declined" else ()
            yield LoggedDecision(
                case_id=case_id,
                revision=entry.revision,
                at=entry.at,
                kind=kind,
                person=ruling.moderator if ruling else getattr(event, "by", ""),
                decision=ruling.decision.name.lower() if ruling else "refuse" if refused else "",
                gate=ruling.gate.value if ruling else verdict.gate.value if verdict else "",
                rules=rules,
                code=ruling.code if ruling else getattr(event, "code", ""),
                waited=(entry.at - before.at).total_seconds() if ruling and before else None,
                answers_appeal=bool(ruling) and appealed,
                reverses=_reversed_by(kind, word, refusals),
            )
        if isinstance(event, Ruled) and event.ruling.decision is Decision.REFUSE:
            refusals.append(entry.revision)
        elif kind == "undone" and word and word.revision in refusals:
            refusals.remove(word.revision)
        if isinstance(event, Appealed):
            appealed = True
        elif (isinstance(event, Judged) and event.verdict.decision is not Decision.HOLD) or (
            isinstance(event, Reversed) and event.code != SLIP
        ):
            appealed = False
        before = entry
        word = word if isinstance(event, _SAYS_NOTHING) else entry


def _reversed_by(kind: str, word: RecordedEvent | None, refusals: Sequence[int]) -> int | None:
    """The revision that a reversal undoes: what was last decided, of a refusal the ruling that it came from."""
    if kind not in ("undone", "reversed") or word is None:
        return None
    if isinstance(word.event, (Ruled, Recalled)):
        return word.revision
    return refusals[-1] if refusals else None


def _kind(event: Event, word: RecordedEvent | None) -> str:
    match event:
        case Ruled():
            return "ruled"
        case Recalled():
            return "recalled"
        case Appealed():
            return "appealed"
        case EngineDeclined():
            return "declined"
        case Reversed():
            return "undone" if word is not None and isinstance(word.event, Ruled) else "reversed"
        case ViewSealed(sealed=sealed):
            return "sealed" if sealed else "unsealed"
        case Judged(verdict=verdict) if verdict.decision is Decision.REFUSE:
            return "" if word is not None and isinstance(word.event, Ruled) else "refused"
    return ""
