"""The pack as one HTML page that needs nothing else: to print, to send, in light and in dark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from pipeline.compliance.duties import REGIONS
from pipeline.compliance.evidence import SurvivalShare
from pipeline.compliance.evidence_pack import NO_LEGAL_ADVICE, CompliancePack
from pipeline.compliance.requirements import RequirementState

STATE_WORDS = {
    RequirementState.MET: "met",
    RequirementState.PARTLY: "in part",
    RequirementState.NOT_MET: "not met",
    RequirementState.NOT_OURS: "not ours",
}
"""Each state as people read it."""


def pack_html(pack: CompliancePack) -> str:
    """The whole page."""
    return (
        _environment()
        .get_template("pack.html.j2")
        .render(
            pack=pack,
            regions=REGIONS,
            states=STATE_WORDS,
            no_legal_advice=NO_LEGAL_ADVICE,
            layers=_by_layer(pack.evidence.survival),
        )
    )


def _by_layer(rows: Sequence[SurvivalShare]) -> dict[str, list[SurvivalShare]]:
    """Those on which nothing was tuned first."""
    found: dict[str, list[SurvivalShare]] = {}
    for row in sorted(rows, key=lambda row: row.tuned):
        found.setdefault(row.layer, []).append(row)
    return found


def _with_code(text: str) -> Markup:
    """Words between backquotes as code, as the data files write names of settings."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["with_code"] = _with_code
    return environment
