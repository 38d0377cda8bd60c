"""The operators' pages of the policy: what is in force, what is tried on how many cases, and the way back."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from console.moderation.form_guard import require_csrf_token
from console.web.auth import SessionUser
from console.web.context import ContextDep, RequestContext
from console.web.rendering import render_page
from core.errors import BadInput, PolicyError, Unavailable
from core.roles import Principal, Role
from core.verdicts import Gate
from pipeline.policy_rollout.policy_drafts import PolicyDraft
from pipeline.policy_rollout.policy_service import PolicyService
from pipeline.policy_rollout.rollout import rollback_path
from pipeline.policy_rollout.rule_book import LISTED_DAYS, RuleEntry

policy_pages_router = APIRouter(prefix="/policy", include_in_schema=False)

_SUBJECT_TEXTS = {
    "author": "who asks",
    "prompt": "the prompt",
    "reference": "references",
    "video": "the video",
    "enrol": "the person",
}
_GATES = tuple(Gate)
_CSRF_PROTECTED = [Depends(require_csrf_token)]
StepCountField = Annotated[int, Form(description="How many steps the page showed.")]
RuleNameField = Annotated[str, Form(max_length=200)]
RuleTextField = Annotated[str, Form(max_length=20_000)]
DigestField = Annotated[str, Form(max_length=64)]


@policy_pages_router.get("")
def policy_page(
    *,
    request: Request,
    who: SessionUser,
    context: ContextDep,
    compare: bool = False,
    done: str = "",
    q: Annotated[str, Query(max_length=100)] = "",
    state: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """The rules in force, versions, the share of the candidate, how each decided, and the steps so far."""
    desk = _policy_service(context)
    try:
        rules, problem = [entry for entry in desk.rule_book.rules(who) if _fits(entry, q, state)], ""
    except PolicyError as error:  # so that an operator can go back from a policy that no longer loads
        rules, problem = [], str(error)
    by_subject = sorted(rules, key=lambda entry: (_GATES.index(entry.rule.gate), entry.subject, entry.rule.name))
    return render_page(
        request,
        "policy.html",
        now=desk.status(who),
        decided=desk.count_verdicts(who),
        compared=desk.compared(who) if compare else None,
        replays=desk.jobs.latest(who),
        groups=[
            (key, list(group)) for key, group in groupby(by_subject, lambda entry: (entry.rule.gate, entry.subject))
        ],
        subjects=_SUBJECT_TEXTS,
        problem=problem,
        before=desk.policy_before(who),
        days=LISTED_DAYS,
        q=q,
        state=state,
        done=done,
    )


@policy_pages_router.get("/preview")
def preview_step(
    *,
    request: Request,
    who: SessionUser,
    context: ContextDep,
    digest: Annotated[str, Query(max_length=64)],
    act: Annotated[str, Query(pattern="^(stage|promote|rollback)$")] = "stage",
) -> Response:
    """What a kept policy would change, before a step is taken."""
    desk = _policy_service(context)
    return _preview(request, desk, who, desk.draft_kept(who, digest), act=act)


@policy_pages_router.get("/rules/{name}")
def rule_page(request: Request, name: str, who: SessionUser, context: ContextDep) -> Response:
    """One rule in words and as source, and what it did. Moderators may read it too."""
    return _rule_page(request, _policy_service(context), who, name)


@policy_pages_router.post("/rules/{name}/draft", dependencies=_CSRF_PROTECTED)
def draft_rule(request: Request, name: str, who: SessionUser, context: ContextDep, text: RuleTextField) -> Response:
    """What another text of a rule would change, or why it is none: nothing is stored and nothing decided by it."""
    desk = _policy_service(context)
    try:
        draft = desk.draft_rule(who, name, text)
    except BadInput as error:
        return _rule_page(request, desk, who, name, problem=str(error), text=text)
    return _preview(request, desk, who, draft, act="stage", rule=name, text=text)


@policy_pages_router.post("/stage", dependencies=_CSRF_PROTECTED)
def stage_policy(
    *,
    who: SessionUser,
    context: ContextDep,
    seen: StepCountField,
    expected: DigestField,
    share: Annotated[float, Form(ge=0, le=100)],
    rule: RuleNameField = "",
    text: RuleTextField = "",
) -> Response:
    """Let what was previewed decide about a share of the cases."""
    desk = _policy_service(context)
    draft = _draft(desk, who, rule, text, expected)
    desk.stage(who, draft, share=share, seen=seen, digest=expected)
    return RedirectResponse("/policy?done=staged", status_code=303)


@policy_pages_router.post("/replay", dependencies=_CSRF_PROTECTED)
def start_replay(
    who: SessionUser, context: ContextDep, expected: DigestField, rule: RuleNameField = "", text: RuleTextField = ""
) -> Response:
    """Judge past cases by what was previewed, beside everything else."""
    desk = _policy_service(context)
    record = desk.replay(who, _draft(desk, who, rule, text, expected))
    return RedirectResponse(f"/policy/replays/{record.id}", status_code=303)


@policy_pages_router.get("/replays/{replay_id}")
def replay_page(request: Request, replay_id: str, who: SessionUser, context: ContextDep) -> Response:
    """How far a replay is, and what it found so far."""
    record = _policy_service(context).jobs.record(who, replay_id)
    return render_page(request, "policy_replay.html", record=record, sees_cases=who.has(Role.MODERATOR))


@policy_pages_router.post("/replays/{replay_id}/resume", dependencies=_CSRF_PROTECTED)
def resume_replay(replay_id: str, who: SessionUser, context: ContextDep) -> Response:
    """Go on with a replay that was interrupted."""
    _policy_service(context).resume_replay(who, replay_id)
    return RedirectResponse(f"/policy/replays/{replay_id}", status_code=303)


@policy_pages_router.post("/rollback", dependencies=_CSRF_PROTECTED)
def roll_back_policy(who: SessionUser, context: ContextDep, seen: StepCountField, to: DigestField = "") -> Response:
    """Withdraw the candidate, or undo the last promotion, or return to a kept policy."""
    _policy_service(context).roll_back(who, seen=seen, to=to)
    return RedirectResponse("/policy?done=back", status_code=303)


@policy_pages_router.post("/promote", dependencies=_CSRF_PROTECTED)
def promote_candidate(who: SessionUser, context: ContextDep, seen: StepCountField) -> Response:
    """Put the candidate in force for every case."""
    _policy_service(context).promote(who, seen=seen)
    return RedirectResponse("/policy?done=promoted", status_code=303)


def _rule_page(
    request: Request, desk: PolicyService, who: Principal, name: str, *, problem: str = "", text: str = ""
) -> Response:
    page, may_change, status = desk.rule_book.rule(who, name), who.has(Role.OPERATOR), 400 if problem else 200
    return render_page(
        request, "policy_rule.html", status=status, page=page, may_change=may_change, problem=problem, text=text
    )


def _preview(
    request: Request,
    desk: PolicyService,
    who: Principal,
    draft: PolicyDraft,
    *,
    act: str,
    rule: str = "",
    text: str = "",
) -> Response:
    now = desk.status(who)
    stagers = [step.by for step in now.steps if step.candidate == draft.stored.digest]
    on_path = draft.stored.digest in rollback_path(now.steps)
    return render_page(
        request,
        "policy_preview.html",
        draft=draft,
        now=now,
        act=act,
        rule=rule,
        text=text,
        on_path=on_path,
        needs_another=bool(draft.weakened) and not {*stagers} - {who.id} and not (act == "rollback" and on_path),
    )


def _draft(desk: PolicyService, who: Principal, rule: str, text: str, digest: str) -> PolicyDraft:
    return desk.draft_rule(who, rule, text) if rule else desk.draft_kept(who, digest)


def _gate_and_subject(entry: RuleEntry) -> tuple[Gate, str]:
    return entry.rule.gate, entry.subject


def _fits(entry: RuleEntry, q: str, state: str) -> bool:
    rule = entry.rule
    words = f"{rule.name} {rule.name.replace('_', ' ')} {rule.reason} {rule.owner} {' '.join(entry.labels)}".casefold()
    return (not state or rule.mode == state) and all(word in words for word in q.casefold().split())


def _policy_service(context: RequestContext) -> PolicyService:
    if context.service.policy_service is None:
        raise Unavailable("no policy is rolled out here")
    return context.service.policy_service
