"""What every form of a page asks for before anything is done."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Request

from console.web.auth import check_csrf_token
from console.web.context import ContextDep


def require_csrf_token(request: Request, context: ContextDep, form_token: Annotated[str, Form()] = "") -> None:
    """Raises FormExpired unless this form was made here for this session."""
    check_csrf_token(request, context, form_token)
