"""The page of figures says what was measured, and nothing that was typed."""

from __future__ import annotations

import json

from evals.provenance import sandbox_matrix
from evals.provenance.report import PAGE, PARTS, RESULTS, page


def test_the_page_of_figures_is_made_from_the_results():
    found = {name: json.loads((RESULTS / f"{name}.json").read_text()) for name in PARTS}
    assert PAGE.read_text() == page(found)
    assert found["fuzz"]["broke"] == [] and f"{found['fuzz']['files']:,} mutated files" in page(found)


def test_the_table_of_the_sandbox_is_made_from_what_was_tried():
    assert sandbox_matrix.PAGE.read_text() == sandbox_matrix.sandbox_page()
    tried = json.loads(sandbox_matrix.RESULT.read_text())["situations"]
    for name in ("as root", "as a user", "as in a container"):
        rows = tried[name]["protections"]
        assert [row for row, _means, essential, got_out in rows if essential and got_out] == [], name
    without = {row: got_out for row, _means, _essential, got_out in tried["in one without Landlock"]["protections"]}
    assert without["files"]
