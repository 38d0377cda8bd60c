"""Renders pages. A name that a template does not know is an error, and everything is escaped."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from console import words
from console.auth import seed_of, visitor
from console.languages import ENGLISH
from console.room import room_of

HERE = Path(__file__).parent


def page(request: Request, template: str, *, status: int = 200, **given: Any) -> HTMLResponse:
    """A page; every template knows who is looking, and can sign its forms."""
    room, path = room_of(request), request.url.path
    speaks = {"language": ENGLISH, "t": ENGLISH, "said": ENGLISH.said}
    context: dict[str, Any] = {"who": visitor(request, room), "path": path, "seed": seed_of(request)} | speaks | given
    context["form_token"] = room.sessions.form_token(context["seed"])
    return HTMLResponse(_templates().get_template(template).render(context), status_code=status)


def _ticks(text: str) -> Markup:
    """What stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just before


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "ticks": _ticks,
        "plain": words.plain,
        "duration": words.duration,
        "clock": words.clock,
        "place": words.place,
    }
    return made
