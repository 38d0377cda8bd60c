"""Makes docs/reference/provenance.md from what the evals left in evals/results; each of them calls it at its end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evals.pages import render_markdown, stored_results

_ROOT = Path(__file__).parents[2]
RESULTS = _ROOT / "evals" / "results"
PAGE = _ROOT / "docs" / "reference" / "provenance.md"
PARTS = ("provenance", "lookup", "fuzz", "hostile")


def main() -> None:
    """Write it."""
    PAGE.write_text(page({name: stored_results(name) for name in PARTS}), encoding="utf-8")


def page(results: Mapping[str, Any]) -> str:
    """The figures in tables; `results` has those of each of `PARTS`."""
    return render_markdown("provenance/templates/provenance.md.j2", **results)


if __name__ == "__main__":
    main()
