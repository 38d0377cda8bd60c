"""Writes docs/reference/faults.md from the results of the suite and of two soaks: `python -m evals.faults.report`."""

from __future__ import annotations

from evals.faults.soak import LIES, OPEN_CASES
from evals.pages import EVALS_FOLDER, render_markdown, stored_results

PAGE = EVALS_FOLDER.parent / "docs" / "reference" / "faults.md"


def main() -> None:
    """Write it."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The laws, each fault alone, and the soak."""
    suite, soak = stored_results("faults"), stored_results("faults_soak")
    broken = sum(len(one["breaches"]) + one["not_settled"] for one in suite["faults"])
    lies = round(100 * sum(LIES.values()))
    return render_markdown(
        "faults/templates/faults.md.j2",
        suite=suite,
        soak=soak,
        again=stored_results("faults_soak_again"),
        broken=broken,
        lies=lies,
        open_cases=OPEN_CASES,
    )


if __name__ == "__main__":
    main()
