"""Who is asking. Programs send a Bearer token with every request; browsers have a session and sign their forms."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import Depends, Request, Response, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from console.web.context import ContextDep, RequestContext
from console.web.cookies import delete_cookie, read_cookie, set_cookie
from console.web.http_errors import FormExpired, NotSignedIn
from console.web.key_rates import count_request
from console.web.route_scopes import check_route_scope
from console.web.sessions import SESSION_SECONDS
from core.roles import Principal
from pipeline.access.second_factors import without_second_factor
from pipeline.accounts import AccountKey, authenticate

SESSION_COOKIE = "assay_session"
CSRF_SEED_COOKIE = "assay_seed"  # stands in for the session in the one form that is filled in without one: the login
_API_KEY = APIKeyHeader(name="x-api-key", auto_error=False, description="The same token, as LiteLLM sends it.")
_BEARER = HTTPBearer(auto_error=False, description="The token of a key: `assay account key create`.")


def bearer_user(
    request: Request,
    context: ContextDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
) -> Principal:
    """Whose Bearer token this is. Sessions do not count here: no other site can make a browser send a Bearer token.

    Roles for which a second factor is required are not opened by a token.

    Raises NotSignedIn, RateLimitExceeded, Forbidden where the key has not the scope for this route.
    """
    person = authenticate(context.installation.accounts, credentials.credentials) if credentials else None
    if person is None:
        raise NotSignedIn
    person = without_second_factor(person, context.sessions.second_factor_roles)
    count_request(request, context.key_rates, person, context.installation.settings.usage_limits)
    check_route_scope(person, request.method, request.url.path)
    return person


def api_key_user(
    request: Request,
    context: ContextDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
    api_key: Annotated[str | None, Security(_API_KEY)],
) -> Principal:
    """Whose token this is, as Bearer or in the header `x-api-key`, which LiteLLM sends."""
    if credentials is None and api_key:
        credentials = HTTPAuthorizationCredentials(scheme="Bearer", credentials=api_key)
    return bearer_user(request, context, credentials)


def optional_session_user(request: Request, context: ContextDep) -> Principal | None:
    """Whose session this is; None for the public. The account is looked up each time."""
    session = read_cookie(request, SESSION_COOKIE)
    return context.sessions.person(session) if session else None


def session_user(request: Request, who: Annotated[Principal | None, Depends(optional_session_user)]) -> Principal:
    """Whose session this is. Raises NotSignedIn for the public, Forbidden where its key has not the scope for this."""
    if who is None:
        raise NotSignedIn
    check_route_scope(who, request.method, request.url.path)
    return who


ApiKeyUser = Annotated[Principal, Depends(api_key_user)]
BearerUser = Annotated[Principal, Depends(bearer_user)]
OptionalSessionUser = Annotated[Principal | None, Depends(optional_session_user)]
SessionUser = Annotated[Principal, Depends(session_user)]


def begin_session(
    request: Request, response: Response, context: RequestContext, key: AccountKey, *, second_factor: bool
) -> None:
    """Begin a session on this response, for whoever has shown who they are."""
    session = context.sessions.begin(key, second_factor=second_factor)
    set_cookie(request, response, SESSION_COOKIE, session, seconds=SESSION_SECONDS)
    delete_cookie(request, response, CSRF_SEED_COOKIE)


def session_has_second_factor(request: Request, context: RequestContext) -> bool:
    """Whether a second factor was given when this browser's session began."""
    return context.sessions.has_second_factor(read_cookie(request, SESSION_COOKIE) or "")


def sign_out(request: Request, response: Response, context: RequestContext) -> None:
    """End the session, here and wherever its cookie was copied to."""
    if session := read_cookie(request, SESSION_COOKIE):
        context.sessions.end(session)
    delete_cookie(request, response, SESSION_COOKIE)


def csrf_seed_of(request: Request) -> str:
    """What form tokens of this browser are bound to: its session, or else the seed that the login page gave it."""
    return read_cookie(request, SESSION_COOKIE) or read_cookie(request, CSRF_SEED_COOKIE) or ""


def set_csrf_seed(request: Request, response: Response, seed: str) -> None:
    """Let the browser keep the seed that its form was made with."""
    set_cookie(request, response, CSRF_SEED_COOKIE, seed, seconds=SESSION_SECONDS)


def new_csrf_seed() -> str:
    """A seed for a browser that has neither session nor seed."""
    return secrets.token_urlsafe(16)


def check_csrf_token(request: Request, context: RequestContext, token: str) -> None:
    """Raises FormExpired unless the form was made here for this browser."""
    if not context.sessions.is_valid_csrf_token(csrf_seed_of(request), token):
        raise FormExpired
