"""The page of figures says what was measured, and nothing that was typed."""

from __future__ import annotations

import json

from evals.provenance.report import PAGE, PARTS, RESULTS, page


def test_the_page_of_figures_is_made_from_the_results():
    found = {name: json.loads((RESULTS / f"{name}.json").read_text()) for name in PARTS}
    assert PAGE.read_text() == page(found)
    assert found["fuzz"]["broke"] == [] and f"{found['fuzz']['files']:,} mutated files" in page(found)
