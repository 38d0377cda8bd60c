"""Writes docs/reference/overview-speed.md from what was measured: `python -m evals.moderation.report`."""

from __future__ import annotations

from evals.pages import EVALS_FOLDER, render_markdown, stored_results

RESULT = EVALS_FOLDER / "results" / "overview_speed.json"
PAGE = EVALS_FOLDER.parent / "docs" / "reference" / "overview-speed.md"


def main() -> None:
    """Write it."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """A table of what was asked and how long it took."""
    return render_markdown("moderation/overview_speed.md.j2", found=stored_results("overview_speed"))


if __name__ == "__main__":
    main()
