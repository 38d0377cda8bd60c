"""What rules did, and replays of policies, of an installation in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from core.errors import NotFound
from core.events import Judged, Reversed, Ruled
from core.ports import RecordedEvent
from core.verdicts import Decision, Ruling
from pipeline.ledgers.policy_replays import ReplayRecord
from pipeline.ledgers.rule_activity import RuleCounts, RuleDay, RuleFiring
from pipeline.moderation.reversal_desk import SLIP
from pipeline.testing.memory_ledger import MemoryLedger


class MemoryRuleActivity:
    """RuleActivity of a ledger in memory."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger

    def counts(self, since: datetime) -> Mapping[str, RuleCounts]:
        """As RuleActivity.counts."""
        found: dict[str, RuleCounts] = {}
        since = since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        for rule, firing in self._firings(since):
            before = found.get(rule, RuleCounts())
            hits, shadow = before.hits + (not firing.shadow), before.shadow + firing.shadow
            found[rule] = RuleCounts(hits=hits, shadow=shadow)
        return found

    def by_day(self, rule: str, since: datetime) -> Sequence[RuleDay]:
        """As RuleActivity.by_day."""
        fired = [firing for name, firing in self._firings(since) if name == rule]
        days = sorted({firing.at.date() for firing in fired})
        return [
            RuleDay(
                day=day,
                hits=sum(not firing.shadow for firing in fired if firing.at.date() == day),
                shadow=sum(firing.shadow for firing in fired if firing.at.date() == day),
            )
            for day in days
        ]

    def ruled(self, rule: str, since: datetime) -> tuple[int, int]:
        """As RuleActivity.ruled."""
        latest = []
        for _, history in self._histories(since):
            rulings: list[Ruling] = []
            for entry in history:
                if isinstance(entry.event, Ruled):
                    rulings.append(entry.event.ruling)
                elif isinstance(entry.event, Reversed) and entry.event.code == SLIP:
                    rulings.pop()
            latest.append([ruling for ruling in rulings if rule in ruling.over])
        last = [rulings[-1].decision for rulings in latest if rulings]
        return sum(decision > Decision.ALLOW for decision in last), last.count(Decision.ALLOW)

    def examples(self, rule: str, since: datetime, limit: int) -> Sequence[RuleFiring]:
        """As RuleActivity.examples."""
        fired = [firing for name, firing in self._firings(since) if name == rule]
        return sorted(fired, key=lambda firing: firing.at, reverse=True)[:limit]

    def _firings(self, since: datetime) -> Iterator[tuple[str, RuleFiring]]:
        for case_id, history in self._histories(since):
            for entry in history:
                if not isinstance(entry.event, Judged):
                    continue
                verdict = entry.event.verdict
                for shadow, rules in ((False, verdict.rules), (True, verdict.shadow)):
                    for rule in rules:
                        at = RuleFiring(case_id=case_id, at=entry.at, decision=verdict.decision, shadow=shadow)
                        yield rule, at

    def _histories(self, since: datetime) -> Iterator[tuple[str, Sequence[RecordedEvent]]]:
        for case in self._ledger.list(limit=1_000_000):
            yield case.id, [entry for entry in self._ledger.history(case.id) if entry.at >= since]


class MemoryPolicyReplays:
    """PolicyReplays for one process."""

    def __init__(self) -> None:
        self._kept: dict[str, ReplayRecord] = {}

    def begin(self, name: str, policy: str, by: str, total: int) -> None:
        """As PolicyReplays.begin."""
        now = datetime.now(UTC)
        self._kept[name] = ReplayRecord(
            id=name, policy=policy, by=by, started=now, touched=now, total=total, state="running", tally={}
        )

    def update(self, name: str, tally: Mapping[str, object], state: str) -> None:
        """As PolicyReplays.update."""
        self._kept[name] = replace(self._kept[name], tally=dict(tally), state=state, touched=datetime.now(UTC))

    def get(self, name: str) -> ReplayRecord:
        """As PolicyReplays.get."""
        if name not in self._kept:
            raise NotFound("there is no such replay")
        return self._kept[name]

    def latest(self, limit: int) -> Sequence[ReplayRecord]:
        """As PolicyReplays.latest."""
        return sorted(self._kept.values(), key=lambda record: record.started, reverse=True)[:limit]
