"""Pages that anyone may open: the login, the description of the API. The verifier's is in verifying.py."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from console.web.auth import (
    OptionalSessionUser,
    check_csrf_token,
    csrf_seed_of,
    new_csrf_seed,
    set_csrf_seed,
    sign_in,
    sign_out,
)
from console.web.context import ContextDep
from console.web.openapi import operations_by_tag
from console.web.rendering import render_page
from core.roles import Principal, Role

login_router = APIRouter(include_in_schema=False)


@login_router.get("/")
def redirect_home(principal: OptionalSessionUser) -> Response:
    """The public comes to verify, members to their work."""
    return RedirectResponse(_home(principal) if principal else "/verify", status_code=303)


@login_router.get("/login")
def login_page(
    request: Request, principal: OptionalSessionUser, onward: Annotated[str, Query(alias="next")] = ""
) -> Response:
    """Where the token is entered."""
    if principal:
        return RedirectResponse(_home(principal), status_code=303)
    return _render_login(request, onward)


@login_router.post("/login")
def submit_login(
    request: Request,
    context: ContextDep,
    token: Annotated[str, Form(max_length=500)] = "",
    form_token: Annotated[str, Form()] = "",
    onward: Annotated[str, Form()] = "",
) -> Response:
    """Begin a session, for the right token."""
    check_csrf_token(request, context, form_token)
    answer = RedirectResponse(_local_address(onward), status_code=303)
    if not sign_in(request, answer, token, context):
        return _render_login(request, onward, failed=True)
    return answer


@login_router.post("/logout")
def logout(request: Request, context: ContextDep, form_token: Annotated[str, Form()] = "") -> Response:
    """End the session."""
    check_csrf_token(request, context, form_token)
    answer = RedirectResponse("/verify", status_code=303)
    sign_out(request, answer, context)
    return answer


@login_router.get("/docs")
def docs(request: Request) -> Response:
    """The API, from its own OpenAPI description."""
    described = request.app.openapi()
    return render_page(request, "docs.html", groups=operations_by_tag(described), info=described["info"])


def _render_login(request: Request, onward: str, *, failed: bool = False) -> Response:
    seed = csrf_seed_of(request) or new_csrf_seed()
    answer = render_page(request, "login.html", status=401 if failed else 200, onward=onward, failed=failed, seed=seed)
    set_csrf_seed(request, answer, seed)
    return answer


def _home(principal: Principal) -> str:
    if principal.has(Role.MODERATOR):
        return "/queue"
    return "/policy" if principal.roles == {Role.OPERATOR} else "/cases"


def _local_address(address: str) -> str:
    """Never to another site, whatever the link that led here said."""
    safe = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if safe else "/"
