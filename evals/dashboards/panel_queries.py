"""What panels ask, as Grafana's Postgres data source would send it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evals.pages import EVALS_FOLDER

_DASHBOARDS = EVALS_FOLDER.parent / "deploy" / "grafana" / "dashboards"
STEP_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """A dashboard's name in its file, its title and its panels, as Grafana's JSON has them."""

    name: str
    title: str
    panels: Sequence[dict[str, Any]]


def dashboards() -> Sequence[Dashboard]:
    """Every dashboard that is pushed."""
    found = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(_DASHBOARDS.glob("*.json"))}
    return [Dashboard(name=name, title=one["title"], panels=one["panels"]) for name, one in found.items()]


def expand_macros(sql: str, *, hours: int = 24, step: int = STEP_SECONDS) -> str:
    """With Grafana's macros as its data source expands them, for the last hours in steps of so many seconds."""
    within = rf"\1 BETWEEN now() - interval '{hours} hours' AND now() + interval '1 hour'"
    sql = re.sub(r"\$__timeFilter\((\w+)\)", within, sql)
    return re.sub(
        r"\$__timeGroupAlias\((\w+), \$__interval\)", rf'floor(extract(epoch from \1)/{step})*{step} AS "time"', sql
    )
