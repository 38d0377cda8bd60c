"""The pages of faults and of what carries tickets are what the stored results say."""

from evals.faults import report as faults
from evals.stream import report as stream


def test_no_figure_of_faults_is_typed_by_hand():
    assert faults.PAGE.read_text(encoding="utf-8") == faults.page(), "run python -m evals.faults.report"


def test_no_figure_of_what_carries_tickets_is_typed_by_hand():
    assert stream.PAGE.read_text(encoding="utf-8") == stream.page(), "run python -m evals.stream.report"
