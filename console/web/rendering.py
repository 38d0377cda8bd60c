"""Renders pages. A name that a template does not know is an error, and everything is escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from console.languages.page_language import keep_language, language_links, language_of
from console.web import display_text
from console.web.auth import csrf_seed_of, optional_session_user
from console.web.context import context_of
from console.web.translations import ENGLISH, PAGE_LANGUAGE, Language

_BIDI_CONTROLS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
CONSOLE_FOLDER = Path(__file__).parents[1]


def render_page(request: Request, template: str, *, status: int = 200, **variables: Any) -> HTMLResponse:
    """A page, in the language that its reader chose or their browser asks for; every template knows who is looking,
    and can sign its forms.
    """
    context, path = context_of(request), request.url.path
    language = variables.get("language") or language_of(request)
    values: dict[str, Any] = (
        {"who": optional_session_user(request, context), "path": path, "seed": csrf_seed_of(request)}
        | {"language_links": language_links(request, language)}
        | {"transparent": context.installation.settings.transparency_page and context.installation.record is not None}
        | variables
    )
    values["form_token"] = context.sessions.csrf_token(values["seed"])
    response = HTMLResponse(_render(template, language, values), status_code=status)
    keep_language(request, response)
    return response


def render_document(template: str, *, language: Language = ENGLISH, **variables: Any) -> str:
    """A page for nobody in particular, which no request asked for."""
    return _render(template, language, variables)


def _render(template: str, language: Language, values: Mapping[str, Any]) -> str:
    before = PAGE_LANGUAGE.set(language)
    try:
        return _environment().get_template(template).render({**values, **_speaking(language)})
    finally:
        PAGE_LANGUAGE.reset(before)


def _speaking(language: Language) -> dict[str, Any]:
    """What a template needs to speak a language."""
    return {"language": language, "t": language, "said": language.said}


def _translated(text: object) -> str:
    return PAGE_LANGUAGE.get()(text)


def _said(text: object) -> Markup:
    return PAGE_LANGUAGE.get().said(text)


def _mark_bidi_controls(value: object) -> object:
    """Characters that turn the direction of writing, as what they are: with them a text reads as another one."""
    if not isinstance(value, str) or not _BIDI_CONTROLS.search(value):
        return value
    marked = _BIDI_CONTROLS.sub(lambda found: f"⟦U+{ord(found[0]):04X}⟧", value)
    return Markup(marked) if isinstance(value, Markup) else marked  # noqa: S704 - no more markup than before


def _backticks_as_code(text: str) -> Markup:
    """Text between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just before


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(CONSOLE_FOLDER / "templates"),
        autoescape=True,
        finalize=_mark_bidi_controls,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"t": _translated, "said": _said}  # macros that are imported have nothing of the page's
    environment.filters |= {
        "ticks": _backticks_as_code,
        "plain": lambda code: _translated(display_text.readable_code(code)),
        "duration": lambda seconds: _translated(display_text.format_duration(seconds)),
        "clock": display_text.format_time,
        "place": lambda span: _translated(display_text.format_span(span)),
        "moment": display_text.format_moment,
    }
    return environment
