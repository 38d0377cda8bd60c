"""Pages of figures in Markdown. The words are in evals/<folder>/templates/*.md.j2, and Python computes the figures.

A name that is missing is an error, and nothing is escaped. Begin with `render_markdown`.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

EVALS_FOLDER = Path(__file__).parent


def render_markdown(template: str, **figures: object) -> str:
    """The page that a template (its path below evals/) makes of the figures.

    Templates have two filters besides Jinja's own: `percent` (of a share, without the sign) and `one_line`.
    """
    return _environment().get_template(template).render(figures)


def stored_results(name: str) -> Any:
    """What evals/results/<name>.json holds."""
    return json.loads((EVALS_FOLDER / "results" / f"{name}.json").read_text(encoding="utf-8"))


def _percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f}"


def _one_line(text: str) -> str:
    """The block's lines as one line of the page."""
    return " ".join(line.strip() for line in text.splitlines() if line.strip()) + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(  # noqa: S701 - Markdown for the repository, from figures that the evals made
        loader=FileSystemLoader(EVALS_FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"percent": _percent, "one_line": _one_line}
    return environment
