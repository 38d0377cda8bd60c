"""Writes docs/reference/figures.md from evals/results/bench.json: `python -m evals.bench.report`."""

from __future__ import annotations

from evals.pages import EVALS_FOLDER, render_markdown, stored_results

PAGE = EVALS_FOLDER.parent / "docs" / "reference" / "figures.md"


def main() -> None:
    """Write it."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The figures of each part that was measured, as lists."""
    return render_markdown("bench/templates/figures.md.j2", parts=stored_results("bench"))


if __name__ == "__main__":
    main()
