"""The page of a platform: its first video, keys, usage, webhooks with their last deliveries, and what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Any

from anyio import from_thread
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.allowed_hosts import stated_address
from console.languages.page_language import language_of
from console.moderation.form_guard import require_csrf_token
from console.platform.keys_api import account_service
from console.platform.usage_api import month_costs
from console.platform.webhooks_api import webhook_service
from console.web.auth import SessionUser
from console.web.context import ContextDep, RequestContext
from console.web.http_errors import status_of
from console.web.rendering import render_page
from console.web.translations import Language
from core.case import Case, Phase
from core.errors import AssayError, BadInput
from core.roles import STAFF_ROLES, Principal, Role, Scope, UsageLimits
from pipeline.access.key_lifetimes import ends_soon
from pipeline.access.usage import limit_of
from pipeline.webhooks.endpoints import EVENT_TYPES, secret_hint

platform_pages_router = APIRouter(prefix="/platform", include_in_schema=False)

_CSRF_PROTECTED = [Depends(require_csrf_token)]
_TROUBLE_PHASES = (Phase.HELD, Phase.REFUSED, Phase.FAILED, Phase.RECALLED, Phase.WITHDRAWN)
_TROUBLE_SHOWN, _DELIVERIES_SHOWN = 8, 5
_LIFETIMES = ("default", "30", "90", "365", "never")  # days, or as the settings say
_DONE = {
    "revoked": "The key is revoked.",
    "added": "The webhook is registered.",
    "removed": "The webhook is deleted.",
    "replayed": "It will be sent again.",
}

LangQuery = str

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOnce:
    """A secret that this answer shows and no other: of what kind, of which name, and the secret itself."""

    kind: str
    name: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormOutcome:
    """What came of a form: a secret to show, a sentence, or what went wrong and what had been `given`."""

    shown: ShownOnce | None = None
    done: str = ""
    wrong: str = ""
    status: int = 200
    given: Mapping[str, str] = field(default_factory=dict)


@platform_pages_router.get("")
def platform_page(
    request: Request, who: SessionUser, context: ContextDep, lang: LangQuery = "", done: str = ""
) -> Response:
    """Everything that a platform needs to begin, and to see how it goes."""
    return _page(request, who, context, lang, FormOutcome(done=_DONE.get(done, "")))


@platform_pages_router.post("/keys", dependencies=_CSRF_PROTECTED)
def create_platform_key(
    *,
    request: Request,
    who: SessionUser,
    context: ContextDep,
    lang: LangQuery = "",
    name: Annotated[str, Form()] = "",
    scope: Annotated[list[str] | None, Form()] = None,
    days: Annotated[str, Form()] = "default",
    videos_per_day: Annotated[str, Form()] = "",
) -> Response:
    """Make a key. Its token stands on the answer, and nowhere after."""

    def create() -> ShownOnce:
        lifetime = None if days in ("default", "never") else _number(days)
        key, token = account_service(context).create_key(
            who,
            name,
            scopes=_scopes(scope or []),
            expires=datetime.now(UTC) + timedelta(days=min(lifetime, 3650)) if lifetime else None,
            never=days == "never",
            limits=UsageLimits(videos_per_day=_number(videos_per_day)),
        )
        return ShownOnce(kind="key", name=key.name, secret=token)

    given = {"key_name": name, "key_videos": videos_per_day}
    return _showing_once(request, who, context, lang, create, given)


@platform_pages_router.post("/keys/{key_id}/rotate", dependencies=_CSRF_PROTECTED)
def rotate_platform_key(
    request: Request,
    key_id: str,
    who: SessionUser,
    context: ContextDep,
    lang: LangQuery = "",
    overlap_hours: Annotated[str, Form()] = "0",
) -> Response:
    """A new token in a key's place."""

    def rotate() -> ShownOnce:
        overlap = timedelta(hours=min(_number(overlap_hours) or 0, 10**6))
        key, token = account_service(context).rotate_key(who, key_id, overlap=overlap)
        return ShownOnce(kind="key", name=key.name, secret=token)

    return _showing_once(request, who, context, lang, rotate)


@platform_pages_router.post("/keys/{key_id}/revoke", dependencies=_CSRF_PROTECTED)
def revoke_platform_key(
    request: Request, key_id: str, who: SessionUser, context: ContextDep, lang: LangQuery = ""
) -> Response:
    """End a key. Whoever revokes the one they signed in with is signed out."""
    return _going_back(request, who, context, lang, lambda: account_service(context).revoke_key(who, key_id), "revoked")


@platform_pages_router.post("/webhooks", dependencies=_CSRF_PROTECTED)
def create_platform_webhook(
    *,
    request: Request,
    who: SessionUser,
    context: ContextDep,
    lang: LangQuery = "",
    name: Annotated[str, Form()] = "",
    url: Annotated[str, Form()] = "",
    event: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Register an endpoint. Its secret stands on the answer, and nowhere after."""

    def create() -> ShownOnce:
        made = webhook_service(context).create(who, name=name, url=url.strip(), event_types=event or [])
        return ShownOnce(kind="webhook", name=made.name, secret=made.secret)

    return _showing_once(request, who, context, lang, create, {"hook_name": name, "hook_url": url})


@platform_pages_router.post("/webhooks/{endpoint_id}/rotate", dependencies=_CSRF_PROTECTED)
def rotate_platform_webhook(
    request: Request, endpoint_id: str, who: SessionUser, context: ContextDep, lang: LangQuery = ""
) -> Response:
    """A new secret; the former one signs too for a day."""

    def rotate() -> ShownOnce:
        made = webhook_service(context).rotate_secret(who, endpoint_id, keep_former=True)
        return ShownOnce(kind="webhook", name=made.name, secret=made.secret)

    return _showing_once(request, who, context, lang, rotate)


@platform_pages_router.post("/webhooks/{endpoint_id}/test", dependencies=_CSRF_PROTECTED)
def send_platform_test_event(
    request: Request, endpoint_id: str, who: SessionUser, context: ContextDep, lang: LangQuery = ""
) -> Response:
    """Send a sample event, and say how the receiver answered."""
    try:
        status = from_thread.run(webhook_service(context).send_test, who, endpoint_id, EVENT_TYPES[0])
    except AssayError as error:
        return _failed(request, who, context, lang, error)
    return _page(request, who, context, lang, FormOutcome(done=f"The receiver answered {status}."))


@platform_pages_router.post("/webhooks/{endpoint_id}/replay", dependencies=_CSRF_PROTECTED)
def replay_platform_delivery(
    request: Request,
    endpoint_id: str,
    who: SessionUser,
    context: ContextDep,
    lang: LangQuery = "",
    delivery: Annotated[str, Form()] = "",
) -> Response:
    """Send an event again."""
    return _going_back(
        request,
        who,
        context,
        lang,
        lambda: webhook_service(context).replay(who, endpoint_id, _number(delivery) or 0),
        "replayed",
    )


@platform_pages_router.post("/webhooks/{endpoint_id}/delete", dependencies=_CSRF_PROTECTED)
def delete_platform_webhook(
    request: Request, endpoint_id: str, who: SessionUser, context: ContextDep, lang: LangQuery = ""
) -> Response:
    """Send nothing more there."""
    return _going_back(
        request, who, context, lang, lambda: webhook_service(context).delete(who, endpoint_id), "removed"
    )


def _showing_once(
    request: Request,
    who: Principal,
    context: RequestContext,
    lang: str,
    act: Callable[[], ShownOnce],
    given: Mapping[str, str] = _NOTHING,
) -> Response:
    """The page with the secret that `act` makes; where it fails, with what was `given` still in its form."""
    try:
        shown = act()
    except AssayError as error:
        return _failed(request, who, context, lang, error, given)
    return _page(request, who, context, lang, FormOutcome(shown=shown))


def _going_back(
    request: Request, who: Principal, context: RequestContext, lang: str, act: Callable[[], object], done: str
) -> Response:
    try:
        act()
    except AssayError as error:
        return _failed(request, who, context, lang, error)
    return RedirectResponse(f"/platform?lang={_language(request, lang).code}&done={done}", status_code=303)


def _failed(
    request: Request,
    who: Principal,
    context: RequestContext,
    lang: str,
    error: AssayError,
    given: Mapping[str, str] = _NOTHING,
) -> Response:
    """The page again, with what went wrong, in the words of the error."""
    if (status := status_of(error)) == 500:
        raise error
    return _page(request, who, context, lang, FormOutcome(wrong=str(error), status=status, given=given))


def _page(request: Request, who: Principal, context: RequestContext, lang: str, came: FormOutcome) -> Response:
    language, now = _language(request, lang), datetime.now(UTC)
    service, defaults = context.service, context.installation.settings.usage_limits
    keys = account_service(context).keys(who)
    return render_page(
        request,
        "platform.html",
        status=came.status,
        language=language,
        base=stated_address(request, context.installation.settings),
        came=came,
        keys=sorted(keys, key=lambda key: (not key.works(now), -key.created.timestamp())),
        working=lambda key: key.works(now),
        ending=lambda key: key.works(now) and ends_soon(key.expires, now),
        own_key=who.key,
        scopes=sorted(who.scopes if who.has(*STAFF_ROLES) else who.scopes - {Scope.MODERATE}),
        all_scopes=len(Scope),
        lifetimes=_LIFETIMES,
        usage=service.usage.account_usage(who.id, who.account_limits),
        costs=month_costs(who, context),
        requests_per_minute=limit_of(who.account_limits, defaults, "requests_per_minute"),
        endpoints=_endpoints(who, context),
        event_types=EVENT_TYPES,
        troubles=_troubles(who, context),
    )


def _endpoints(who: Principal, context: RequestContext) -> list[dict[str, Any]] | None:
    """Each endpoint with its last deliveries; None where no webhooks are sent."""
    service = context.service.webhooks
    if service is None:
        return None
    return [
        {
            "is": one,
            "hint": secret_hint(one.secret),
            "deliveries": service.deliveries(who, one.id, limit=_DELIVERIES_SHOWN),
        }
        for one in service.endpoints(who)
    ]


def _troubles(who: Principal, context: RequestContext) -> list[tuple[Case, str]]:
    """The account's last videos that did not come about, and why, the latest first."""
    if not who.scopes & {Scope.READ, Scope.MODERATE}:
        return []
    owner = replace(who, roles=frozenset({Role.PLATFORM}))  # the account's own only, moderators' as well
    found = [
        case for phase in _TROUBLE_PHASES for case in context.service.cases(owner, phase=phase, limit=_TROUBLE_SHOWN)
    ]
    at = {case.id: context.service.history(who, case.id)[-1].at for case in found}
    found.sort(key=lambda case: at[case.id], reverse=True)
    return [(case, _reason(case)) for case in found[:_TROUBLE_SHOWN]]


def _reason(case: Case) -> str:
    if case.recalled is not None:
        return "It was recalled."
    if case.phase is Phase.FAILED and case.failed is not None:
        return f"The engine could not make it ({case.failed.code})."
    if case.phase is Phase.REFUSED and case.declined is not None:
        return "The engine declined to make it."
    return case.verdict.reason if case.verdict else ""


def _language(request: Request, requested: str) -> Language:
    return language_of(request, requested)


def _scopes(given: list[str]) -> frozenset[Scope]:
    if not given:
        raise BadInput("choose what the key may do")
    try:
        return frozenset(map(Scope, given))
    except ValueError:
        raise BadInput("there is no such scope") from None


def _number(given: str) -> int | None:
    """A whole number of a form; None for an empty field. Raises BadInput."""
    text = given.strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadInput("write whole numbers in digits")
    return int(text)
