"""Pages that anyone may open: the login, the description of the API. The verifier's is in verifying.py."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from console.auth import Visitor, check_form, give_seed, new_seed, seed_of, sign_in, sign_out
from console.openapi import operations
from console.rendering import page
from console.room import In
from pipeline.people import Person, Role

entrance = APIRouter(include_in_schema=False)


@entrance.get("/")
def start(who: Visitor) -> Response:
    """The public comes to verify, members to their work."""
    return RedirectResponse(_home(who) if who else "/verify", status_code=303)


@entrance.get("/login")
def login(request: Request, who: Visitor, onward: Annotated[str, Query(alias="next")] = "") -> Response:
    """Where the token is entered."""
    if who:
        return RedirectResponse(_home(who), status_code=303)
    return _login_page(request, onward)


@entrance.post("/login")
def logged_in(
    request: Request,
    room: In,
    token: Annotated[str, Form(max_length=500)] = "",
    form_token: Annotated[str, Form()] = "",
    onward: Annotated[str, Form()] = "",
) -> Response:
    """Begin a session, for the right token."""
    check_form(request, room, form_token)
    answer = RedirectResponse(_here_only(onward), status_code=303)
    if not sign_in(request, answer, token, room):
        return _login_page(request, onward, failed=True)
    return answer


@entrance.post("/logout")
def logout(request: Request, room: In, form_token: Annotated[str, Form()] = "") -> Response:
    """End the session."""
    check_form(request, room, form_token)
    answer = RedirectResponse("/verify", status_code=303)
    sign_out(answer)
    return answer


@entrance.get("/docs")
def docs(request: Request) -> Response:
    """The API, from its own OpenAPI description."""
    described = request.app.openapi()
    return page(request, "docs.html", groups=operations(described), info=described["info"])


def _login_page(request: Request, onward: str, *, failed: bool = False) -> Response:
    seed = seed_of(request) or new_seed()
    answer = page(request, "login.html", status=401 if failed else 200, onward=onward, failed=failed, seed=seed)
    give_seed(request, answer, seed)
    return answer


def _home(who: Person) -> str:
    return "/queue" if who.has(Role.MODERATOR) else "/cases"


def _here_only(address: str) -> str:
    """Never to another site, whatever the link that led here said."""
    safe = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if safe else "/"
