"""The page of likeness's figures is what the results say."""

import pytest
from jinja2 import UndefinedError

from evals.likeness.report import PAGE, page
from evals.pages import render_markdown


def test_no_figure_of_likeness_is_typed_by_hand():
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m evals.likeness.report"


def test_a_figure_that_is_missing_is_an_error_and_no_gap_in_the_page():
    with pytest.raises(UndefinedError):
        render_markdown("likeness/templates/likeness_figures.md.j2")
