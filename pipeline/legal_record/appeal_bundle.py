"""Everything about a decision and its appeal as one document, for a body that settles disputes out of court.

It holds what the author of the case may see: the statement of reasons, the rules in their words, the places in the
prompt or the video that they are about, what the author wrote and was answered, all times, and the proof that the
events are as they were written. It holds nothing of others: no moderator, no other account, nobody's likeness, and of a
notice only what kind it was and when. Scores and thresholds are not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.case import Case
from core.codec import dump
from core.errors import Erased, Forbidden, NotFound
from core.events import (
    Appealed,
    Claimed,
    EngineDeclined,
    Event,
    Judged,
    Published,
    Recalled,
    Rendered,
    Reversed,
    Ruled,
    Submitted,
    Withdrawn,
)
from core.ports import RecordedEvent, TextStore
from core.recalls import recall_appealed
from core.roles import Principal
from pipeline.case_record import CaseRecord, case_record
from pipeline.claims.claim import Claim
from pipeline.legal_record.case_proof import ProveCase
from pipeline.legal_record.restriction import RestrictionLog
from pipeline.legal_record.statement_maker import StatementMaker
from pipeline.service import CaseService

FORMAT = "assay-appeal-bundle/1"

ClaimsOfCase = Callable[[str], Sequence[Claim]]
_DECISIONS = {0: "allowed", 1: "held", 2: "refused"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleMaker:
    """Makes bundles. What the service does not show to somebody, they get no bundle of."""

    service: CaseService
    restrictions: RestrictionLog
    statements: StatementMaker
    texts: TextStore
    claims_of: ClaimsOfCase
    prove: ProveCase
    service_name: str

    def make(self, who: Principal, case_id: str, now: datetime) -> dict[str, object]:
        """The bundle. Raises NotFound and Forbidden as the service does, NotFound where nothing was restricted."""
        case = self.service.case(who, case_id)
        record = case_record(case, self.service.ledger.history(case_id), self.texts)
        sealed = self._sealed(record)
        restrictions = self.restrictions.of_case(case_id)
        if not restrictions:
            raise NotFound("nothing was decided against this video that could be appealed")
        return {
            "format": FORMAT,
            "made": now.isoformat(timespec="seconds"),
            "service": self.service_name,
            "case": {
                "id": case_id,
                "asked": record.created.isoformat(),
                "state": record.case.phase.value,
                "language": record.case.language,
            },
            "statements": [
                {
                    "statement": self.statements.of(one),
                    "decided": one.at.isoformat(),
                    "lifted": one.lifted.isoformat() if one.lifted else None,
                }
                for one in restrictions
            ],
            "request": None if sealed else record.prompt,
            "reasons": self._reasons(record, sealed=sealed),
            "events": [
                {"revision": entry.revision, "at": entry.at.isoformat(), **told}
                for entry in record.history
                if (told := _told(entry.event))
            ],
            "appeals": [
                self._appeal(entry.event, record.history[: at + 1], record.history[at + 1 :])
                for at, entry in enumerate(record.history)
                if isinstance(entry.event, Appealed)
            ],
            "notices": [
                {
                    "kind": one.kind.value,
                    "law": one.law,
                    "received": one.received_at.isoformat(),
                    "decided": one.decided_at.isoformat() if one.decided_at else None,
                    "decision": one.decision.value if one.decision else None,
                    "answer": bool(one.answers),
                }
                for one in self.claims_of(case_id)
            ],
            "proof": dump(self.prove(case_id)),
        }

    def _sealed(self, record: CaseRecord) -> bool:
        """Whether nobody may view the case: then no words of its prompt are told either."""
        try:
            self.service.viewable(record.case)
        except Forbidden:
            return True
        return False

    def _reasons(self, record: CaseRecord, *, sealed: bool) -> object:
        """Each rule with its sentence, and the words and seconds that it is about; of earlier refusals the sentence."""
        found = None if sealed else self.service.explanation(record)
        if found is not None and found.reasons:
            return dump(found.reasons)
        verdicts = [entry.event.verdict for entry in record.history if isinstance(entry.event, Judged)]
        return [
            {"rules": list(one.rules), "text": one.reason, "policy": one.policy} for one in verdicts if one.decision > 0
        ]

    def _appeal(
        self, event: Appealed, until: Sequence[RecordedEvent], after: Sequence[RecordedEvent]
    ) -> dict[str, object]:
        """An appeal, what its author wrote, and what came of it, with the reply that the author was sent."""
        down = recall_appealed(Case(id="").apply(one.event for one in until))
        settles = _settles_recall if down else _settles
        settled = next((one for one in after if settles(one.event)), None)
        replies = [
            one.event.ruling.reply
            for one in after
            if isinstance(one.event, Ruled)
            and one.event.ruling.reply
            and (settled is None or one.revision <= settled.revision)
        ]
        outcome = _outcome(settled.event) if settled is not None else ""
        return {
            "submitted": until[-1].at.isoformat(),
            "words": self._text(event.note) if event.note else "",
            "answered": settled.at.isoformat() if settled else None,
            "outcome": outcome,
            "reply": self._text(replies[-1]) if replies else "",
        }

    def _text(self, text_id: str) -> str | None:
        try:
            return self.texts.read(text_id)
        except (Erased, NotFound):
            return None


def _settles(event: Event) -> bool:
    return isinstance(event, Recalled) or (isinstance(event, Judged) and event.verdict.decision != 1)


def _settles_recall(event: Event) -> bool:
    return isinstance(event, Reversed | Ruled)


def _outcome(event: Event) -> str:
    match event:
        case Judged():
            return _DECISIONS[int(event.verdict.decision)]
        case Reversed():
            return "restored"
        case Ruled():
            return "upheld"
    return "ended"


def _told(event: Event) -> dict[str, object] | None:
    """What happened, in codes; None for what says nothing about a decision. Nobody is named."""
    match event:
        case Submitted():
            return {"what": "asked for"}
        case Judged(verdict=verdict):
            return {
                "what": _DECISIONS[int(verdict.decision)],
                "gate": verdict.gate.value,
                "rules": list(verdict.rules),
                "policy": verdict.policy,
            }
        case Ruled(ruling=ruling):
            return {
                "what": "a person ruled",
                "decision": _DECISIONS[int(ruling.decision)],
                "rules": list(ruling.over),
                "code": ruling.code,
                "on_appeal": ruling.on_appeal,
            }
        case EngineDeclined():
            return {"what": "declined by the engine"}
        case Rendered():
            return {"what": "made"}
        case Published():
            return {"what": "published"}
        case Appealed():
            return {"what": "appealed"}
        case Recalled(code=code):
            return {"what": "taken down", "code": code}
        case Withdrawn():
            return {"what": "withdrawn from the public"}
        case Reversed(code=code):
            return {"what": "reversed", "code": code}
        case Claimed(kind=kind, law=law, step=step, decision=decision):
            return {"what": "notice", "kind": kind, "law": law, "step": step, "decision": decision}
    return None
