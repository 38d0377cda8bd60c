"""Writes docs/reference/likeness_figures.md from evals/results: `python -m evals.likeness.report`. No figure is
typed.
"""

from __future__ import annotations

from pathlib import Path

from evals.pages import EVALS_FOLDER, render_markdown, stored_results

PAGE = EVALS_FOLDER.parent / "docs" / "reference" / "likeness_figures.md"
_GROUPS_SHOWN = ("guessed", "lightness", "pose", "size")
"""Beginnings of the names of the groups in the table."""


def main() -> None:
    """Write it."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """What the results say, in tables."""
    faces, voices, enrolment = (stored_results(name) for name in ("likeness", "likeness_voices", "enrolment"))
    groups = {name: group for name, group in faces["by_group"].items() if name.startswith(_GROUPS_SHOWN)}
    tars = [group["tar"]["share"] for group in groups.values() if group["tar"]]
    return render_markdown(
        "likeness/templates/likeness_figures.md.j2",
        faces=faces,
        reasons_for_no_score=_short_reasons(faces["pairs"]["no_score"]["reasons"]),
        groups=groups,
        spread=max(tars) - min(tars),
        fusion=stored_results("likeness_fusion"),
        cohort=stored_results("likeness_cohort"),
        voices=voices,
        voices_by_change={"clean": voices["clean"], **voices["changed"]},
        languages=stored_results("likeness_languages"),
        search=stored_results("likeness_search"),
        cost=stored_results("likeness_cost"),
        enrolment=enrolment,
        loops=[(Path(name).stem, repeats) for name, repeats in enrolment["loops"].items()],
        cascade=stored_results("cascade"),
    )


def _short_reasons(counts: dict[str, int]) -> str:
    return "; ".join(f"{n} {reason.rpartition(': ')[2].partition(',')[0]}" for reason, n in counts.items())


if __name__ == "__main__":
    main()
