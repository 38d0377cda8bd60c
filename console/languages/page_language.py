"""The language of an answer: what its address asks for, else what was chosen before, else what the browser accepts."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response
from starlette.routing import Match

from console.web.cookies import read_cookie, set_cookie
from console.web.translations import Language, available_languages, negotiate_language

_COOKIE = "assay_language"
_KEPT_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageLink:
    """A language that a page is also there in, and its address."""

    code: str
    name: str
    address: str
    is_current: bool


def language_of(request: Request, requested: str = "") -> Language:
    """The language of the answer; `requested` is what a form asks for."""
    return negotiate_language(
        requested or request.query_params.get("lang", ""),
        request.headers.get("accept-language", ""),
        read_cookie(request, _COOKIE) or "",
    )


def keep_language(request: Request, response: Response) -> None:
    """Remember the language that a link asked for, a year long, and nothing else with it."""
    code = request.query_params.get("lang", "").lower()
    if request.method == "GET" and code in available_languages():
        set_cookie(request, response, _COOKIE, code, seconds=_KEPT_SECONDS, from_other_sites=True)


def language_links(request: Request, current: Language) -> list[LanguageLink]:
    """The languages of this installation, for the foot of a page."""
    address = (
        request.url.remove_query_params("lang")
        if _can_be_asked_for(request)
        else request.url.replace(path="/", query="")
    )
    return [
        LanguageLink(
            code=code,
            name=language.name,
            address=_local(str(address.include_query_params(lang=code).replace(scheme="", netloc=""))),
            is_current=code == current.code,
        )
        for code, language in available_languages().items()
    ]


def _can_be_asked_for(request: Request) -> bool:
    """Whether the page has an address: the answer to a form may have none."""
    if request.method == "GET":
        return True
    scope = {**request.scope, "method": "GET"}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)


def _local(address: str) -> str:
    return "/" + address.lstrip("/")
