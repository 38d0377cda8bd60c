"""An inspection as one HTML file: it opens without a server and asks for nothing from anywhere.

Styles, the script and the pictures are in the file. Its own policy (CSP) allows that style sheet and that script by
their digests, pictures that are in the file, and nothing else: words of a video are a stranger's.
"""

from __future__ import annotations

import base64
import hashlib

from markupsafe import Markup

from console.inspection.timeline_page import timeline_page
from console.web.rendering import CONSOLE_FOLDER, render_document
from console.web.translations import ENGLISH, Language
from pipeline.inspection.inspection_view import Inspection

_STYLES = ("assay.css", "inspection.css")
_SCRIPT = "inspection.js"


def html_report(view: Inspection, language: Language = ENGLISH) -> str:
    """The whole file, in this language."""
    style = _inline("\n".join(_static(name) for name in _STYLES), "style")
    script = _inline(_static(_SCRIPT), "script")
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    film = view.film
    return render_document(
        "inspection.html",
        language=language,
        page=timeline_page(view),
        policy=policy,
        style=Markup(style),  # noqa: S704 - our own file, which does not end its element
        script=Markup(script),  # noqa: S704 - likewise
        film_address=f"data:image/jpeg;base64,{base64.b64encode(film.jpeg).decode()}" if film else "",
    )


def _static(name: str) -> str:
    return (CONSOLE_FOLDER / "static" / name).read_text("utf-8")


def _inline(text: str, element: str) -> str:
    """The text, if it can stand within such an element. Raises ValueError otherwise."""
    if f"</{element}" in text.lower():
        raise ValueError(f"a text with </{element} cannot stand within one")
    return text


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
