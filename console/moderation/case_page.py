"""Everything that the page of a case shows: to moderators why it is here, to authors what became of it."""

from __future__ import annotations

from typing import Any

from console.appeals.claimed_video import claim_against
from console.inspection.timeline_page import timeline_page
from console.moderation.case_queue import case_queue_view
from console.moderation.case_views import case_view, highlight_prompt
from console.moderation.exposure_pages import own_exposure, record_step
from console.moderation.told_preview import preview_told, reply_templates
from console.moderation.work_match_pages import audible_sounds, shown_matches
from console.web import display_text
from console.web.context import RequestContext
from core.case import Case
from core.errors import AssayError, Erased
from core.ports import RecordedEvent
from core.roles import Principal, Role
from core.signals import Signal
from pipeline.actions import Action
from pipeline.case_notes import case_notes
from pipeline.case_record import case_record
from pipeline.disclosure import disclosed_case, disclosed_history
from pipeline.inspection.inspections import inspect_case, reference_words
from pipeline.moderation.author_context import AuthorContext, author_context
from pipeline.moderation.case_reasons import rules_in_view
from pipeline.moderation.exposure import Step, severity_of
from pipeline.moderation.reversal_desk import REVERSAL_CODES
from pipeline.moderation.ruling_codes import ALLOW_CODES, REFUSE_CODES
from pipeline.moderation.sealed_hold import is_sealed
from pipeline.rights.named_works import named_works
from pipeline.service import CaseService

_DECIDING = {Action.ALLOW, Action.REFUSE, Action.RESUME}
_SEALING, _LIFTING = ("suspected_abuse", "illegal_to_view", "court_order"), ("mistake", "cleared_by_authority")


def case_page(context: RequestContext, who: Principal, case: Case, *, show: str) -> dict[str, Any]:
    """The values of the template case.html, for this person. With `show` "prompt" the words are shown, and recorded."""
    service, history = context.service, context.service.history(who, case.id)
    sealed = is_sealed(case, service.house_rules.sealed_rules)
    with_words = show == "prompt" and not sealed
    may, conflict = service.actions(who, case), service.conflict(who, case)
    reviewer = service.reviews.open(who, case) if may & _DECIDING else ""
    inspected = inspect_case(service, who, case, with_words=with_words)
    return {
        "view": case_view(disclosed_case(who, case), disclosed_history(who, history), who, may, conflict=conflict),
        "page": timeline_page(inspected) if inspected else None,
        "sealed": sealed,
        "with_words": with_words,
        "notes": case_notes(who, history, service.context.texts),
        "reviewer": "" if reviewer == who.id else reviewer,
        "reply": case_record(case, history, service.context.texts).reply,
        "bundle": context.installation.record is not None and context.installation.record.has_bundle(who, case.id),
        "claim_against": claim_against(case, history) if case.request.author == who.id else "",
        "severity": severity_of(case),
        "queue": case_queue_view(context, who, case),
        **_texts(service, who, case, with_words=with_words),
        **_for_moderators(context, who, case, history, sealed=sealed),
        **_choices(),
    }


def undoable_ruling(service: CaseService, who: Principal, case_id: str) -> Case | None:
    """The case that this person ruled on last, while the ruling can be taken back."""
    try:
        case = service.case(who, case_id) if case_id else None
    except AssayError:
        return None
    return case if case and Action.UNDO in service.actions(who, case) else None


def _texts(service: CaseService, who: Principal, case: Case, *, with_words: bool) -> dict[str, Any]:
    """The words of the request in pieces. None where they are not shown, empty where they were erased."""
    if not with_words:
        return {"prompt": None, "other_texts": [], "words": []}
    record_step(service, who, case, Step.WORDS)
    try:
        texts = service.parameter_texts(who, case.id)
        return {
            "prompt": highlight_prompt(service.prompt(who, case.id), case.signals),
            "other_texts": [(name, highlight_prompt(text, case.signals, name)) for name, text in texts.items()],
            "words": reference_words(service, who, case),
        }
    except Erased:
        return {"prompt": (), "other_texts": [], "words": []}


def _for_moderators(
    context: RequestContext, who: Principal, case: Case, history: Any, *, sealed: bool
) -> dict[str, Any]:
    """What is a moderator's business and nobody else's; empty for others."""
    service = context.service
    if not who.has(Role.MODERATOR):
        return {"why": (), "told": (), "replies": (), "author": None, "matches": (), "banked": (), "moment": 0.0} | {
            "exposure": None,
            "named": (),
            "audible": frozenset(),
        }
    matches = () if sealed else shown_matches(context, who, case)
    return {
        "why": rules_in_view(case, service.context.policy),
        "told": () if sealed else _told(service, who, case, history),
        "replies": reply_templates(case),
        "author": _author(service, who, case),
        "matches": matches,
        "audible": audible_sounds(context, matches),
        "named": named_works(context.installation.rights_desk, who, case, service.context.texts),
        "banked": tuple(one for one in case.signals if one.evidence and (one.score or 0.0) > 0.0),
        "moment": _telling_moment(case),
        "exposure": own_exposure(service, who),
    }


def _told(service: CaseService, who: Principal, case: Case, history: list[RecordedEvent]) -> Any:
    try:
        return preview_told(service, who, case, history)
    except AssayError:  # the policy of then is gone: the gate will say so when it judges
        return ()


def _author(service: CaseService, who: Principal, case: Case) -> AuthorContext | None:
    try:
        itself = service.blind.true_id(case.id) if service.blind else case.id
        return author_context(who, case, service.ledger, service.context.facts.facts(case), itself=itself)
    except AssayError:
        return None


def _telling_moment(case: Case) -> float:
    """The second of the video in which most was found: there its still is taken."""
    timed = [one for one in case.signals if one.at and one.at.unit == "s" and one.subject.value == "video"]
    strongest: Signal | None = max(timed, key=lambda one: one.score or 0.0, default=None)
    return strongest.at.start if strongest and strongest.at else 0.0


def _choices() -> dict[str, Any]:
    return {
        "allowing": {code: display_text.RULING_TEXTS[code] for code in ALLOW_CODES},
        "refusing": {code: display_text.RULING_TEXTS[code] for code in REFUSE_CODES},
        "skips": display_text.SKIP_TEXTS,
        "recalls": display_text.RECALL_TEXTS,
        "reversals": {code: display_text.REVERSAL_TEXTS[code] for code in REVERSAL_CODES},
        "sealing": {code: display_text.SEAL_TEXTS[code] for code in _SEALING},
        "lifting": {code: display_text.SEAL_TEXTS[code] for code in _LIFTING},
        "note_texts": display_text.NOTE_TEXTS,
        "ruling_texts": display_text.RULING_TEXTS,
        "phase_texts": display_text.PHASE_TEXTS,
    }
