"""The page on which an account sees and changes how it signs in: its authenticator and recovery codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.login.login_pages import LangQuery, localised
from console.moderation.form_guard import require_csrf_token
from console.web.auth import SessionUser, begin_session
from console.web.context import ContextDep, RequestContext
from console.web.http_errors import status_of
from console.web.rendering import render_page
from core.errors import AssayError, Conflict
from core.roles import Principal

security_router = APIRouter(prefix="/security", include_in_schema=False)

_CSRF_PROTECTED = [Depends(require_csrf_token)]
_DONE = {
    "removed": "The authenticator is removed.",
    "passkey_added": "The passkey is added: from now on you can sign in with it.",
    "passkey_removed": "The passkey is removed.",
}

CodeForm = Annotated[str, Form(max_length=100)]


@security_router.get("")
def security_page(
    request: Request, who: SessionUser, context: ContextDep, lang: LangQuery = "", done: str = ""
) -> Response:
    """How this account signs in."""
    return _page(request, who, context, lang, done=_DONE.get(done, ""))


@security_router.post("/authenticator", dependencies=_CSRF_PROTECTED)
def begin_authenticator(request: Request, who: SessionUser, context: ContextDep, lang: LangQuery = "") -> Response:
    """Show the secret of a new authenticator."""
    return attempt(request, who, context, lang, lambda: _enrolment(request, who, context, lang))


@security_router.post("/authenticator/confirm", dependencies=_CSRF_PROTECTED)
def confirm_authenticator(
    request: Request, who: SessionUser, context: ContextDep, lang: LangQuery = "", code: CodeForm = ""
) -> Response:
    """Ask for its codes from now on, once one was given; shows the recovery codes."""
    factors = context.installation.second_factors
    try:
        codes = factors.confirm(who.id, code)
    except AssayError as error:
        wrong = error
        return attempt(request, who, context, lang, lambda: _enrolment(request, who, context, lang, wrong=wrong))
    answer = _recovery_codes(request, codes, lang)
    if found := context.installation.accounts.by_key_id(who.key):  # this session has given a code, others have not
        begin_session(request, answer, context, found[1], second_factor=True)
    return answer


@security_router.post("/authenticator/codes", dependencies=_CSRF_PROTECTED)
def renew_recovery_codes(
    request: Request, who: SessionUser, context: ContextDep, lang: LangQuery = "", code: CodeForm = ""
) -> Response:
    """New recovery codes in place of the former ones."""

    def renew() -> Response:
        return _recovery_codes(request, context.installation.second_factors.new_recovery_codes(who.id, code), lang)

    return attempt(request, who, context, lang, renew)


@security_router.post("/authenticator/remove", dependencies=_CSRF_PROTECTED)
def remove_authenticator(
    request: Request, who: SessionUser, context: ContextDep, lang: LangQuery = "", code: CodeForm = ""
) -> Response:
    """Ask for no codes any more, where the account's roles do not require them."""

    def remove() -> Response:
        if context.sessions.needs_second_factor(who):
            raise Conflict("your role needs a second factor: it cannot be removed")
        context.installation.second_factors.remove(who.id, code)
        return RedirectResponse(f"/security?lang={localised(request, lang)['language'].code}&done=removed", 303)

    return attempt(request, who, context, lang, remove)


def attempt(
    request: Request, who: Principal, context: RequestContext, lang: str, act: Callable[[], Response]
) -> Response:
    """What `act` answers; where it fails, the page again with what went wrong."""
    try:
        return act()
    except AssayError as error:
        if (status := status_of(error)) == 500:
            raise
        return _page(request, who, context, lang, wrong=str(error), status=status)


def _page(
    request: Request,
    who: Principal,
    context: RequestContext,
    lang: str,
    *,
    done: str = "",
    wrong: str = "",
    status: int = 200,
) -> Response:
    factors = context.installation.second_factors
    values: dict[str, Any] = {
        "enrolled": factors.is_enrolled(who.id),
        "codes_left": factors.recovery_codes_left(who.id),
        "required": context.sessions.needs_second_factor(who),
        "passkeys": context.installation.passkeys.passkeys(who),
        "passkeys_offered": context.installation.passkeys.offered,
        "done": done,
        "wrong": wrong,
    }
    return render_page(request, "security.html", status=status, **values, **localised(request, lang))


def _enrolment(
    request: Request, who: Principal, context: RequestContext, lang: str, *, wrong: AssayError | None = None
) -> Response:
    return render_page(
        request,
        "enrol_authenticator.html",
        status=status_of(wrong) if wrong else 200,
        authenticator=context.installation.second_factors.begun(who.id),
        action="/security/authenticator/confirm",
        pending="",
        onward="",
        wrong=str(wrong or ""),
        **localised(request, lang),
    )


def _recovery_codes(request: Request, codes: tuple[str, ...], lang: str) -> Response:
    return render_page(request, "recovery_codes.html", codes=codes, onward="/security", **localised(request, lang))
