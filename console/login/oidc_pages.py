"""Signing in with the OpenID provider of an organisation.

The browser keeps what has to come back in a signed cookie for ten minutes. It comes back from another site, so that
cookie goes with navigation from there; the session's cookie does not, which is why a page of ours leads on.
"""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from itsdangerous import BadData

from console.login.login_pages import LangQuery, continue_sign_in, local_address, localised, render_login
from console.login.sign_in import needs_second_factor
from console.web.auth import begin_session
from console.web.context import ContextDep, RequestContext, client_address
from console.web.cookies import delete_cookie, read_cookie, set_cookie
from console.web.http_errors import NotOffered, status_of
from console.web.rendering import render_page
from core.errors import AssayError
from pipeline.access.oidc_client import OidcClient, OidcRefused

oidc_router = APIRouter(prefix="/login/oidc", include_in_schema=False)

_COOKIE = "assay_oidc"
_SECONDS = 600  # seconds in which somebody signs in at the provider

TextQuery = Annotated[str, Query(max_length=4000)]


@oidc_router.get("")
def begin_oidc_login(
    request: Request, context: ContextDep, onward: Annotated[str, Query(alias="next")] = "", lang: LangQuery = ""
) -> Response:
    """Send the browser to the provider."""
    context.failed_logins.check(client_address(request))
    try:
        asked = _client(context).begin()
    except AssayError as error:
        return render_login(request, context, lang, onward=onward, status=status_of(error), wrong=str(error))
    sent = RedirectResponse(asked.address, status_code=303)
    language = localised(request, lang)["language"].code
    kept = context.sessions.timed_serializer("assay.oidc").dumps(
        [asked.state, asked.nonce, asked.verifier, local_address(onward)[:1000], language]
    )
    set_cookie(request, sent, _COOKIE, kept, seconds=_SECONDS, from_other_sites=True)
    return sent


@oidc_router.get("/callback")
def finish_oidc_login(
    *,
    request: Request,
    context: ContextDep,
    code: TextQuery = "",
    state: TextQuery = "",
    iss: TextQuery = "",
    error: TextQuery = "",
) -> Response:
    """Begin a session, for whoever comes back from the provider with what this browser was sent with."""
    context.failed_logins.check(client_address(request))
    onward, lang = "/", ""
    try:
        known_state, nonce, verifier, onward, lang = _kept(request, context)
        client = _client(context)
        wrong_issuer = bool(iss) and iss != client.settings.issuer
        if not secrets.compare_digest(known_state.encode(), state.encode()) or wrong_issuer or error or not code:
            raise OidcRefused
        key = context.installation.oidc.sign_in(client.finish(code, nonce=nonce, verifier=verifier))
        context.account_logins.consume(key.account)
    except AssayError as refused:
        if isinstance(refused, OidcRefused):
            context.failed_logins.record_failure(client_address(request))
        answer = render_login(request, context, lang, onward=onward, status=status_of(refused), wrong=str(refused))
    else:
        if needs_second_factor(context, key):
            answer = continue_sign_in(request, context, key, onward, lang)
        else:
            answer = render_page(request, "signed_in.html", onward=onward, **localised(request, lang))
            begin_session(request, answer, context, key, second_factor=False)
    delete_cookie(request, answer, _COOKIE)
    return answer


def _kept(request: Request, context: RequestContext) -> list[str]:
    """State, nonce, verifier, where to go on and the language, of this browser. Raises OidcRefused."""
    try:
        kept: list[str] = context.sessions.timed_serializer("assay.oidc").loads(
            read_cookie(request, _COOKIE) or "", max_age=_SECONDS
        )
    except BadData:
        raise OidcRefused from None
    return kept


def _client(context: RequestContext) -> OidcClient:
    client = context.installation.oidc.client
    if client is None:
        raise NotOffered
    return client
