"""What the author of a case would be told after a ruling: the gate is asked as it will be, and answers as it will."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.gateway.video_object import video_object
from core.case import Case
from core.ports import RecordedEvent
from core.roles import Principal, Role
from core.verdicts import Decision
from pipeline.actions import actions
from pipeline.case_record import CaseRecord
from pipeline.creator_texts.catalogs import creator_catalog
from pipeline.creator_texts.sentences import REPLIES
from pipeline.moderation.ruling_preview import record_after_ruling
from pipeline.service import CaseService

_REPLIES_TO = {Decision.ALLOW: ("fine", "too_strict"), Decision.REFUSE: ("change_it", "ask_them", "appeal_read")}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPreview:
    """What would be told. `status` is the API's; `sentences` in the author's language, the reasons first.

    `holds_again` says that this ruling alone does not let it pass.
    """

    decision: str
    status: str
    sentences: tuple[str, ...]
    holds_again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyTemplate:
    """A reply that can be chosen: `text` in the language of the author, `meaning` in English."""

    decision: str
    code: str
    text: str
    meaning: str


def reply_templates(case: Case) -> tuple[ReplyTemplate, ...]:
    """The replies that fit each decision, in the language of the prompt."""
    catalog = creator_catalog(case.language)
    return tuple(
        ReplyTemplate(
            decision=decision.name.lower(), code=code, text=catalog.text(REPLIES[code]), meaning=REPLIES[code]
        )
        for decision, codes in _REPLIES_TO.items()
        for code in codes
    )


def preview_told(
    service: CaseService, who: Principal, case: Case, history: Sequence[RecordedEvent]
) -> tuple[ToldPreview, ...]:
    """What each decision of this moderator would tell the author; empty where there is nothing to rule on."""
    if not who.has(Role.MODERATOR):
        return ()
    records = {
        decision: record_after_ruling(who, case, history, decision, service.context)
        for decision in (Decision.ALLOW, Decision.REFUSE)
    }
    return tuple(_preview(service, record, decision) for decision, record in records.items() if record is not None)


def _preview(service: CaseService, record: CaseRecord, decision: Decision) -> ToldPreview:
    case = record.case
    author = Principal(id=case.request.author, roles=frozenset({Role.PLATFORM}))
    told = video_object(record, explanation=service.explanation(record), may=actions(author, case, conflict=""))
    passed = case.verdict is not None and case.verdict.decision is Decision.ALLOW
    return ToldPreview(
        decision=decision.name.lower(),
        status=told["status"],
        sentences=_sentences(told),
        holds_again=decision is Decision.ALLOW and not passed,
    )


def _sentences(told: Mapping[str, Any]) -> tuple[str, ...]:
    error, assay = told["error"] or {}, told["assay"]
    explanation = assay["explanation"] or {"reasons": [], "change": [], "appeal": None}
    said = [error.get("message") or assay["reason"] or ""]
    said += [reason["text"] for reason in explanation["reasons"] if reason["text"] not in said[0]]
    said += explanation["change"]
    said += [explanation["appeal"]["text"]] if explanation["appeal"] else []
    return tuple(one for one in dict.fromkeys(said) if one)
