"""Pages of figures are what the stored results say; those of other evals are compared beside the tests of their parts."""

import pytest
from jinja2 import UndefinedError

from evals.bench import report as bench
from evals.card import report as card
from evals.likeness import report as likeness
from evals.moderation import report as overview
from evals.pages import render_markdown
from pipeline.release_card.card_record import read_card


def test_no_figure_of_likeness_is_typed_by_hand():
    assert likeness.PAGE.read_text(encoding="utf-8") == likeness.page(), "run python -m evals.likeness.report"


def test_no_figure_of_cost_is_typed_by_hand():
    assert bench.PAGE.read_text(encoding="utf-8") == bench.page(), "run python -m evals.bench.report"


def test_no_figure_of_the_leads_pages_is_typed_by_hand():
    assert overview.PAGE.read_text(encoding="utf-8") == overview.page(), "run python -m evals.moderation.report"


def test_no_figure_of_the_release_card_is_typed_by_hand():
    assert card.PAGE.read_text(encoding="utf-8") == card.page(read_card()), "run python -m evals.card.report"
    assert read_card() == card.merged_card(read_card().rows), "run python -m evals.card.report"


def test_a_figure_that_is_missing_is_an_error_and_no_gap_in_the_page():
    with pytest.raises(UndefinedError):
        render_markdown("likeness/templates/likeness_figures.md.j2")
