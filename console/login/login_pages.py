"""Pages that anyone may open: the login, the description of the API. The verifier's is in verify_pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from console.languages.page_language import language_of
from console.login.sign_in import key_of_token, needs_second_factor
from console.web.auth import (
    OptionalSessionUser,
    begin_session,
    check_csrf_token,
    csrf_seed_of,
    new_csrf_seed,
    optional_session_user,
    set_csrf_seed,
    sign_out,
)
from console.web.context import ContextDep, RequestContext, client_address
from console.web.http_errors import status_of
from console.web.openapi import operations_by_tag
from console.web.rendering import render_page
from core.errors import AssayError, Unavailable
from core.roles import Principal, Role
from pipeline.access.second_factors import TooManyCodes, WrongCode
from pipeline.accounts import AccountKey, KeyKind

login_router = APIRouter(include_in_schema=False)

_UNKNOWN_TOKEN = "This token is not known here."  # noqa: S105 - a sentence
_TOO_LATE = "That took too long: sign in again."

LangQuery = Annotated[str, Query(max_length=20)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _CodeForm:
    """A code of an authenticator app, and the sign-in that it goes on with."""

    pending: Annotated[str, Form(max_length=500)] = ""
    code: Annotated[str, Form(max_length=100)] = ""
    form_token: Annotated[str, Form()] = ""
    onward: Annotated[str, Form()] = ""


CodeForm = Annotated[_CodeForm, Depends()]


@login_router.get("/")
def redirect_home(principal: OptionalSessionUser) -> Response:
    """The public comes to verify, members to their work."""
    return RedirectResponse(_home(principal) if principal else "/verify", status_code=303)


@login_router.get("/login")
def login_page(
    request: Request,
    principal: OptionalSessionUser,
    context: ContextDep,
    onward: Annotated[str, Query(alias="next")] = "",
    lang: LangQuery = "",
) -> Response:
    """Where the token is entered."""
    if principal:
        return RedirectResponse(_home(principal), status_code=303)
    return render_login(request, context, lang, onward=onward)


@login_router.post("/login")
def submit_login(
    *,
    request: Request,
    context: ContextDep,
    token: Annotated[str, Form(max_length=500)] = "",
    form_token: Annotated[str, Form()] = "",
    onward: Annotated[str, Form()] = "",
    lang: LangQuery = "",
) -> Response:
    """Begin a session, for the right token; where a second factor is needed, ask for that first."""
    check_csrf_token(request, context, form_token)
    key = key_of_token(request, context, token)
    if key is None:
        return render_login(request, context, lang, onward=onward, status=401, wrong=_UNKNOWN_TOKEN)
    return continue_sign_in(request, context, key, onward, lang)


@login_router.post("/login/code")
def submit_login_code(request: Request, context: ContextDep, form: CodeForm, lang: LangQuery = "") -> Response:
    """Begin a session, for the right code after the right token."""
    key = _key_of_begun_sign_in(request, context, form)
    if key is None:
        return render_login(request, context, lang, onward=form.onward, status=401, wrong=_TOO_LATE)
    try:
        context.installation.second_factors.check(key.account, form.code)
    except (WrongCode, TooManyCodes) as error:
        context.failed_logins.record_failure(client_address(request))
        return _render_code(request, context, key, form.onward, lang, wrong=error)
    answer = RedirectResponse(local_address(form.onward), status_code=303)
    begin_session(request, answer, context, key, second_factor=True)
    return answer


@login_router.post("/login/enrol")
def submit_login_enrolment(request: Request, context: ContextDep, form: CodeForm, lang: LangQuery = "") -> Response:
    """Add the authenticator that the account's roles require, and begin a session; shows the recovery codes."""
    key = _key_of_begun_sign_in(request, context, form)
    if key is None:
        return render_login(request, context, lang, onward=form.onward, status=401, wrong=_TOO_LATE)
    try:
        codes = context.installation.second_factors.confirm(key.account, form.code)
    except AssayError as error:
        context.failed_logins.record_failure(client_address(request))
        return _render_enrolment(request, context, key, form.onward, lang, wrong=error)
    answer = render_page(
        request, "recovery_codes.html", codes=codes, onward=local_address(form.onward), **localised(request, lang)
    )
    begin_session(request, answer, context, key, second_factor=True)
    return answer


@login_router.post("/logout")
def logout(request: Request, context: ContextDep, form_token: Annotated[str, Form()] = "") -> Response:
    """End the session."""
    check_csrf_token(request, context, form_token)
    provider = _provider_logout(request, context)
    answer: Response = RedirectResponse("/verify", status_code=303)
    if provider:
        answer = render_page(request, "signed_out.html", who=None, provider=provider, **localised(request, ""))
    sign_out(request, answer, context)
    return answer


@login_router.get("/docs")
def docs(request: Request) -> Response:
    """The API, from its own OpenAPI description."""
    described = request.app.openapi()
    return render_page(request, "docs.html", groups=operations_by_tag(described), info=described["info"])


def _key_of_begun_sign_in(request: Request, context: RequestContext, form: _CodeForm) -> AccountKey | None:
    """Whose token was right a moment ago; None where that is too long ago. Raises where too many codes were wrong."""
    check_csrf_token(request, context, form.form_token)
    key = context.sessions.held_key(form.pending)
    if key is not None:
        context.failed_logins.check(client_address(request))
    return key


def continue_sign_in(request: Request, context: RequestContext, key: AccountKey, onward: str, lang: str) -> Response:
    """After the first factor: a session, or the page that asks for the second one."""
    if needs_second_factor(context, key):
        if context.installation.second_factors.is_enrolled(key.account):
            return _render_code(request, context, key, onward, lang)
        return _render_enrolment(request, context, key, onward, lang)
    answer = RedirectResponse(local_address(onward), status_code=303)
    begin_session(request, answer, context, key, second_factor=False)
    return answer


def localised(request: Request, lang: str) -> dict[str, Any]:
    """What a page needs to speak the language that a form was filled in."""
    return {"language": language_of(request, lang)}


def render_login(
    request: Request, context: RequestContext, lang: str, *, onward: str, status: int = 200, wrong: str = ""
) -> Response:
    """The login page, with what went wrong before."""
    offered = {"passkeys": context.installation.passkeys.offered, "oidc": context.installation.oidc.offered}
    return _render_signed_out(request, "login.html", lang, status=status, onward=onward, wrong=wrong, **offered)


def _render_code(
    request: Request,
    context: RequestContext,
    key: AccountKey,
    onward: str,
    lang: str,
    *,
    wrong: AssayError | None = None,
) -> Response:
    return _render_signed_out(
        request,
        "second_factor.html",
        lang,
        status=status_of(wrong) if wrong else 200,
        onward=onward,
        pending=context.sessions.hold(key),
        wrong=str(wrong or ""),
    )


def _render_enrolment(
    request: Request,
    context: RequestContext,
    key: AccountKey,
    onward: str,
    lang: str,
    *,
    wrong: AssayError | None = None,
) -> Response:
    return _render_signed_out(
        request,
        "enrol_authenticator.html",
        lang,
        status=status_of(wrong) if wrong else 200,
        onward=onward,
        pending=context.sessions.hold(key),
        wrong=str(wrong or ""),
        authenticator=context.installation.second_factors.begun(key.account),
        action="/login/enrol",
    )


def _render_signed_out(request: Request, template: str, lang: str, *, status: int = 200, **variables: Any) -> Response:
    seed = csrf_seed_of(request) or new_csrf_seed()
    answer = render_page(request, template, status=status, seed=seed, **variables, **localised(request, lang))
    set_csrf_seed(request, answer, seed)
    return answer


def _provider_logout(request: Request, context: RequestContext) -> str:
    """Where a session that began at an OpenID provider is ended there too; empty for others, and where it is away."""
    who = optional_session_user(request, context)
    found = context.installation.accounts.by_key_id(who.key) if who else None
    client = context.installation.oidc.client
    if found is None or found[1].kind is not KeyKind.OIDC or client is None:
        return ""
    try:
        return client.logout_address()
    except Unavailable:
        return ""  # the session here ends all the same


def _home(principal: Principal) -> str:
    if principal.has(Role.MODERATOR):
        return "/queue"
    if principal.has(Role.LEAD):
        return "/overview"
    if principal.roles == {Role.RIGHTS_HOLDER}:
        return "/works"
    return "/policy" if principal.roles == {Role.OPERATOR} else "/cases"


def local_address(address: str) -> str:
    """Never to another site, whatever the link that led here said."""
    safe = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if safe else "/"
