"""Who is asking. Programs send a Bearer token with every request; browsers have a session and sign their forms."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import Depends, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from console.refusals import FormExpired, NotSignedIn
from console.room import In, Room, address_of
from console.sessions import LASTS
from pipeline.accounts import person_of
from pipeline.people import Person

SESSION = "assay_session"
SEED = "assay_seed"  # stands in for the session in the one form that is filled in without one: the login
_BEARER = HTTPBearer(auto_error=False, description="A token from `assay account add`.")


def caller(room: In, sent: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]) -> Person:
    """Whose Bearer token this is. Sessions do not count here: no other site can make a browser send a Bearer token."""
    person = person_of(room.house.accounts, sent.credentials) if sent else None
    if person is None:
        raise NotSignedIn
    return person


def visitor(request: Request, room: In) -> Person | None:
    """Whose session this is; None for the public. The account is looked up anew each time."""
    session = request.cookies.get(SESSION)
    return room.sessions.person(session) if session else None


def member(who: Annotated[Person | None, Depends(visitor)]) -> Person:
    """Whose session this is. Raises NotSignedIn for the public."""
    if who is None:
        raise NotSignedIn
    return who


Caller = Annotated[Person, Depends(caller)]
Visitor = Annotated[Person | None, Depends(visitor)]
Member = Annotated[Person, Depends(member)]


def sign_in(request: Request, response: Response, token: str, room: Room) -> bool:
    """Begin a session on this response. False, and counted, for a token that is nobody's. Raises TooMany."""
    room.logins.check(address_of(request))
    session = room.sessions.begin(token.strip())
    if session is None:
        room.logins.failed(address_of(request))
        return False
    _set(request, response, SESSION, session)
    response.delete_cookie(SEED)
    return True


def sign_out(response: Response) -> None:
    """End the session in this browser."""
    response.delete_cookie(SESSION)


def seed_of(request: Request) -> str:
    """What form tokens of this browser are bound to: its session, or else the seed that the login page gave it."""
    return request.cookies.get(SESSION) or request.cookies.get(SEED) or ""


def give_seed(request: Request, response: Response, seed: str) -> None:
    """Let the browser keep the seed that its form was made with."""
    _set(request, response, SEED, seed)


def new_seed() -> str:
    """A seed for a browser that has neither session nor seed."""
    return secrets.token_urlsafe(16)


def check_form(request: Request, room: Room, token: str) -> None:
    """Raises FormExpired unless the form was made here for this browser."""
    if not room.sessions.form_is_ours(seed_of(request), token):
        raise FormExpired


def _set(request: Request, response: Response, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=LASTS, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
