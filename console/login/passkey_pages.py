"""Signing in with a passkey, and adding and removing passkeys under /security.

A script asks for a challenge, has the browser answer it, and sends the answer as a form. The challenge goes with the
page, signed and with its time; each is answered once.
"""

from __future__ import annotations

import base64
import json
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from itsdangerous import BadData

from console.login.login_pages import LangQuery, continue_sign_in, local_address, localised, render_login
from console.login.security_pages import attempt
from console.moderation.form_guard import require_csrf_token
from console.web.auth import SessionUser, begin_session, session_has_second_factor
from console.web.context import ContextDep, RequestContext, client_address
from console.web.http_errors import status_of
from core.errors import AssayError, Conflict
from core.roles import Principal
from pipeline.access.passkeys import CHALLENGE_LIFETIME, PasskeyChallenge, PasskeyRefused

passkey_router = APIRouter(include_in_schema=False)

_CSRF_PROTECTED = [Depends(require_csrf_token)]
_SIGN_IN = "sign-in"

StateForm = Annotated[str, Form(max_length=1000)]
AnswerForm = Annotated[str, Form(max_length=20_000)]


@passkey_router.post("/login/passkey/options", dependencies=_CSRF_PROTECTED)
def passkey_sign_in_options(request: Request, context: ContextDep) -> Response:
    """A challenge for whoever has a passkey for this site."""
    context.failed_logins.check(client_address(request))
    return _asked(context, context.installation.passkeys.sign_in_challenge(), _SIGN_IN)


@passkey_router.post("/login/passkey", dependencies=_CSRF_PROTECTED)
def submit_passkey_login(
    *,
    request: Request,
    context: ContextDep,
    state: StateForm = "",
    answer: AnswerForm = "",
    onward: Annotated[str, Form()] = "",
    lang: LangQuery = "",
) -> Response:
    """Begin a session, for a passkey that answers."""
    context.failed_logins.check(client_address(request))
    try:
        signed_in = context.installation.passkeys.sign_in(_challenge(context, state, _SIGN_IN), answer)
        context.account_logins.consume(signed_in.key.account)
    except AssayError as error:
        context.failed_logins.record_failure(client_address(request))
        return render_login(request, context, lang, onward=onward, status=status_of(error), wrong=str(error))
    if not signed_in.user_verified:
        return continue_sign_in(request, context, signed_in.key, onward, lang)
    sent = RedirectResponse(local_address(onward), status_code=303)
    begin_session(request, sent, context, signed_in.key, second_factor=True)
    return sent


@passkey_router.post("/security/passkeys/options", dependencies=_CSRF_PROTECTED)
def passkey_registration_options(request: Request, who: SessionUser, context: ContextDep) -> Response:
    """A challenge for a new passkey of this account."""
    _require_second_factor(request, who, context)
    return _asked(context, context.installation.passkeys.registration(who), who.id)


@passkey_router.post("/security/passkeys", dependencies=_CSRF_PROTECTED)
def add_passkey(
    *,
    request: Request,
    who: SessionUser,
    context: ContextDep,
    name: Annotated[str, Form(max_length=200)] = "",
    state: StateForm = "",
    answer: AnswerForm = "",
    lang: LangQuery = "",
) -> Response:
    """Add the passkey that answered."""

    def add() -> Response:
        _require_second_factor(request, who, context)
        context.installation.passkeys.register(who, name, _challenge(context, state, who.id), answer)
        return _back(request, lang, "passkey_added")

    return attempt(request, who, context, lang, add)


@passkey_router.post("/security/passkeys/{key_id}/remove", dependencies=_CSRF_PROTECTED)
def remove_passkey(
    request: Request, key_id: str, who: SessionUser, context: ContextDep, lang: LangQuery = ""
) -> Response:
    """End a passkey. Whoever removes the one they signed in with is signed out."""

    def remove() -> Response:
        context.installation.passkeys.remove(who, key_id)
        return _back(request, lang, "passkey_removed")

    return attempt(request, who, context, lang, remove)


def _require_second_factor(request: Request, who: Principal, context: RequestContext) -> None:
    """A passkey opens an account without a code, so that whoever adds one has given the account's code before."""
    if context.installation.second_factors.is_enrolled(who.id) and not session_has_second_factor(request, context):
        raise Conflict("sign in again with a code of your app first")


def _back(request: Request, lang: str, done: str) -> Response:
    return RedirectResponse(f"/security?lang={localised(request, lang)['language'].code}&done={done}", 303)


def _asked(context: RequestContext, asked: PasskeyChallenge, purpose: str) -> Response:
    signed = context.sessions.timed_serializer("assay.passkey").dumps(
        [purpose, base64.urlsafe_b64encode(asked.challenge).decode()]
    )
    return JSONResponse({"options": json.loads(asked.options), "state": signed})


def _challenge(context: RequestContext, state: str, purpose: str) -> bytes:
    """The challenge that was made here for this purpose, at most five minutes ago. Raises PasskeyRefused."""
    try:
        made_for, challenge = context.sessions.timed_serializer("assay.passkey").loads(
            state, max_age=int(CHALLENGE_LIFETIME.total_seconds())
        )
    except BadData:
        raise PasskeyRefused from None
    if made_for != purpose:
        raise PasskeyRefused
    return base64.urlsafe_b64decode(challenge)
