from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from evals.prompts import LABELS, OUT, auc, figures, wilson
from evals.train_prompt_heads import written_seeds

ROOT = Path(__file__).parents[3]


def test_wilson_is_wilsons_interval() -> None:
    assert wilson(81, 263) == (0.2553, 0.3662)  # Newcombe 1998, table I: 0.2553 to 0.3662
    assert wilson(0, 20)[0] == 0.0 and wilson(0, 0) == (0.0, 1.0)


def test_auc_counts_ties_half_and_leaves_out_what_has_no_score() -> None:
    assert auc(np.array([0.9, 0.5, np.nan]), np.array([0.5, 0.1])) == 0.875
    assert auc(np.array([]), np.array([0.1])) is None


def test_a_row_without_a_score_counts_as_not_found() -> None:
    found = figures(np.array([0.9, np.nan, 0.1]), np.array([True, True, False]), np.array([False, False, True]))
    assert found["recall"]["share"] == 0.5 and found["false_alarms"]["share"] == 0.0


def test_the_kept_figures_tell_of_every_label() -> None:
    kept = json.loads((ROOT / OUT).read_text(encoding="utf-8"))
    assert set(kept["by_label"]) == set(LABELS) and kept["rows"] > 20_000


@pytest.mark.data
def test_no_written_seed_is_a_row_of_the_dev_data() -> None:
    if not os.environ.get("ASSAY_DATA"):
        pytest.skip("set ASSAY_DATA to the data folder to compare the seeds with it")
    from evals.prompt_rows import rows

    dev = {row.text.strip().casefold() for row in rows("dev")}
    assert not [text for text, _ in written_seeds() if text.strip().casefold() in dev]
