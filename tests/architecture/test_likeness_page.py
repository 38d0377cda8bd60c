"""The page of likeness's figures is what the results say."""

from evals.likeness.report import PAGE, page


def test_no_figure_of_likeness_is_typed_by_hand():
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m evals.likeness.report"
