"""Whom an owner knows, and whom they block, as a page. Nobody else is shown either."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from starlette.background import BackgroundTask

from console.moderation.form_guard import require_csrf_token
from console.web.auth import SessionUser
from console.web.context import ContextDep
from console.web.rendering import render_page
from core.errors import BadInput

people_pages_router = APIRouter(prefix="/people", include_in_schema=False)

AccountField = Annotated[str, Form(max_length=100)]


@people_pages_router.get("")
def people_page(request: Request, principal: SessionUser, context: ContextDep, done: str = "") -> Response:
    """Both lists."""
    portal = context.service.cameos.portal
    return render_page(
        request, "people.html", known=portal.known(principal), blocked=portal.blocked(principal), done=done
    )


@people_pages_router.post("/{action}", dependencies=[Depends(require_csrf_token)])
def change_people(action: str, principal: SessionUser, context: ContextDep, account: AccountField) -> Response:
    """Say that you know an account, block one, or take either back."""
    service, name, carry_on = context.service.cameos, account.strip(), None
    if action == "know":
        service.know(principal, name)
    elif action == "forget":
        service.know(principal, name, known=False, wait=False)
        carry_on = BackgroundTask(service.portal.run_takedowns)
    elif action == "block":
        service.portal.block(principal, name, wait=False)
        carry_on = BackgroundTask(service.portal.run_takedowns)
    elif action == "unblock":
        service.portal.unblock(principal, name)
    else:
        raise BadInput("accounts are known or blocked, or that is taken back")
    return RedirectResponse(f"/people?done={action}", status_code=303, background=carry_on)
