"""Errors as responses: for programs JSON, for clients of OpenAI's API its format, for people a page."""

from __future__ import annotations

import logging
import math
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount

from console.languages.page_language import language_of
from console.web.http_errors import (
    MethodNotAllowed,
    NotSignedIn,
    RangeNotSatisfiable,
    TooLarge,
    TooSlow,
    code_of,
    message_of,
    status_of,
)
from console.web.rendering import render_page
from console.web.security_headers import SECRET_PATHS
from console.web.translations import ENGLISH, Language
from core.errors import AssayError, BadInput, NotFound

log = logging.getLogger("assay.console")

CREATOR_PATH = "/my-video/"
"""Where a link leads that a platform passes on to whoever wanted a video: what follows opens it."""

_API_PREFIXES = ("/api/", "/v1/", "/c2pa/", "/.well-known/", "/healthz", "/readyz", "/openapi.json")


class ErrorDetail(BaseModel):
    """What went wrong, for programs (`code`) and for people (`message`)."""

    code: str
    message: str


class ErrorBody(BaseModel):
    """The body of every refusal."""

    error: ErrorDetail


class OpenAIErrorDetail(ErrorDetail):
    """The same in OpenAI's words; `param` is the field that it is about, or null."""

    type: str
    param: str | None = None


class OpenAIErrorBody(BaseModel):
    """The body of every refusal under /v1."""

    error: OpenAIErrorDetail


def add_exception_handlers(app: FastAPI) -> None:
    """Answer every error from one place."""
    for kind in (AssayError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, _handle_exception)


def _handle_exception(request: Request, raised: Exception) -> Response:
    error = _as_assay_error(raised)
    status = status_of(error)
    if status == 500:
        log.error("%s %s broke", request.method, _logged_path(request), exc_info=raised)
    if not _wants_html(request):
        body = _body(request, error, status, _language_of_program(request))
        return JSONResponse(body, status_code=status, headers=_error_headers(error))
    if isinstance(error, NotSignedIn) and request.method == "GET":
        return RedirectResponse(f"/login?next={quote(_path(request), safe='')}", status_code=303)
    if isinstance(error, MethodNotAllowed) and request.method == "GET":  # what a form sends to, opened again
        return RedirectResponse(_return_address(request), status_code=303)
    return render_page(request, "error.html", status=status, message=message_of(error), back=_return_address(request))


def _as_assay_error(raised: Exception) -> Exception:
    match raised:
        case RequestValidationError():
            first = raised.errors()[0]
            where = ".".join(str(part) for part in first["loc"][1:])
            return BadInput(f"{where or 'the body'}: {first['msg'].lower()}", param=where)
        case HTTPException(status_code=404):
            return NotFound("there is nothing under this address")
        case HTTPException(status_code=405):
            return MethodNotAllowed(allowed=(raised.headers or {}).get("Allow", ""))
        case HTTPException(status_code=408):
            return TooSlow()
        case HTTPException(status_code=413):
            return TooLarge()
        case HTTPException() if raised.status_code < 500:
            return BadInput("the request cannot be read")
    return raised


def _body(request: Request, error: Exception, status: int, language: Language) -> dict[str, object]:
    told: dict[str, object] = {"code": code_of(error), "message": language(message_of(error))}
    if request.url.path.startswith("/v1/"):
        told |= {"type": _openai_type(status), "param": (error.param or None) if isinstance(error, BadInput) else None}
    return {"error": told}


def _openai_type(status: int) -> str:
    if status >= 500:
        return "server_error"
    return {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}.get(
        status, "invalid_request_error"
    )


def _error_headers(error: Exception) -> dict[str, str]:
    headers: dict[str, str] = {}
    match error:
        case NotSignedIn():
            headers["WWW-Authenticate"] = "Bearer"
        case MethodNotAllowed():
            headers["Allow"] = error.allowed
        case RangeNotSatisfiable():
            headers["Content-Range"] = f"bytes */{error.size}"
    if (wait := getattr(error, "retry_after", None)) is not None:  # seconds
        headers["Retry-After"] = str(math.ceil(wait))
    if not getattr(error, "worth_retrying", True):  # OpenAI's clients heed this, and give up at once
        headers["X-Should-Retry"] = "false"
    return headers


def _wants_html(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(_API_PREFIXES)


def _path(request: Request) -> str:
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


def _language_of_program(request: Request) -> Language:
    """The script of the verifier's page is answered in the reader's language; every other program in English."""
    return language_of(request) if request.url.path.split("/")[1] == "verify" else ENGLISH


def _logged_path(request: Request) -> str:
    """The path, without what opens a link to whoever reads the log."""
    path = request.url.path
    return next((f"{secret}…" for secret in SECRET_PATHS if path.startswith(secret)), path)


def _return_address(request: Request) -> str:
    """From what failed, back to the nearest page above it: a form stands on one, and what it sends goes below."""
    parts = request.url.path.rstrip("/").split("/")
    if parts[1:2] == ["verify"]:
        return "/verify"
    above = ("/".join(parts[:count]) for count in range(len(parts) - 1, 1, -1))
    return next((path for path in above if _is_page(request, path)), "/")


def _is_page(request: Request, path: str) -> bool:
    """Whether somebody can open it."""
    scope = {**request.scope, "path": path, "method": "GET"}
    routes = (route for route in request.app.router.routes if not isinstance(route, Mount))
    return any(route.matches(scope)[0] is Match.FULL for route in routes)
