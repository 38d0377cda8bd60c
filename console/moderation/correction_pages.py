"""Forms that correct what was decided: a ruling is taken back, a decision reversed, a case sealed or opened again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse, Response

from console.moderation.form_guard import require_csrf_token
from console.web.auth import SessionUser
from console.web.context import ContextDep

correction_router = APIRouter(include_in_schema=False, dependencies=[Depends(require_csrf_token)])

_Revision = Annotated[int, Form()]
_Code = Annotated[str, Form()]
_Note = Annotated[str, Form(max_length=4000)]


@correction_router.post("/cases/{case_id}/undo")
def undo(case_id: str, who: SessionUser, context: ContextDep, revision: _Revision) -> Response:
    """Take one's own ruling back while it has not taken effect."""
    context.service.reversals.undo(who, case_id, revision=revision)
    return _back(case_id, "undone")


@correction_router.post("/cases/{case_id}/reverse")
def reverse(
    *, case_id: str, who: SessionUser, context: ContextDep, revision: _Revision, code: _Code, note: _Note = ""
) -> Response:
    """Undo a refusal by a moderator, or a recall, and what followed from it."""
    context.service.reversals.reverse(who, case_id, code=code, revision=revision, note=note)
    return _back(case_id, "reversed")


@correction_router.post("/cases/{case_id}/seal")
def seal(
    *, case_id: str, who: SessionUser, context: ContextDep, revision: _Revision, code: _Code, note: _Note = ""
) -> Response:
    """From now on nobody may view this case."""
    context.service.reversals.seal(who, case_id, code=code, revision=revision, note=note)
    return _back(case_id, "sealed")


@correction_router.post("/cases/{case_id}/lift-seal")
def lift_seal(
    *, case_id: str, who: SessionUser, context: ContextDep, revision: _Revision, code: _Code, note: _Note = ""
) -> Response:
    """The case may be viewed again; for safety officers."""
    context.service.reversals.lift_seal(who, case_id, code=code, revision=revision, note=note)
    return _back(case_id, "opened")


def _back(case_id: str, done: str) -> Response:
    return RedirectResponse(f"/cases/{case_id}?done={done}", status_code=303)
