"""What the measuring of the watermark rests on."""

import json

import pytest

from evals.intervals import wilson_interval
from evals.watermark import report
from evals.watermark.video_attacks import VIDEO_ATTACKS
from evals.watermark.video_clips import AXES, CLIPS
from evals.watermark.video_robustness import BRIEF_SUITE, CORE_SUITE, attacks_for
from tests.conftest import ROOT


def test_attacks_and_clips_have_names_of_their_own() -> None:
    for names in ([one.name for one in VIDEO_ATTACKS], [one.name for one in CLIPS]):
        assert len(names) == len(set(names))
    assert {one.name for one in VIDEO_ATTACKS} >= CORE_SUITE and json.dumps(sorted(CORE_SUITE))
    assert {one.group for one in VIDEO_ATTACKS} == {"signal", "geometry", "time", "mixed", "picture"}


def test_each_axis_is_made_of_clips_that_go_through_the_brief_suite() -> None:
    by_name = {clip.name: clip for clip in CLIPS}
    chosen = [by_name[name] for values in AXES.values() for names in values.values() for name in names]
    assert chosen and all({one.name for one in attacks_for(clip)} >= BRIEF_SUITE for clip in chosen)
    assert any(len(attacks_for(clip)) == len(VIDEO_ATTACKS) and clip.held_out for clip in CLIPS)


def test_what_was_tuned_on_is_not_held_out() -> None:
    """Variants of one source are either all tuned on or all held out."""
    by_source: dict[str, set[bool]] = {}
    for clip in CLIPS:
        by_source.setdefault(clip.path, set()).add(clip.held_out)
    assert all(len(kinds) == 1 for kinds in by_source.values()) and {True, False} <= set().union(*by_source.values())


def test_the_interval_is_wilsons() -> None:
    assert wilson_interval(10, 10) == (pytest.approx(0.7225, abs=1e-3), 1.0)
    assert wilson_interval(0, 2000)[1] == pytest.approx(0.0019, abs=1e-4)
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_no_figure_of_the_watermark_is_typed_by_hand() -> None:
    committed = (ROOT / report.PAGE).read_text(encoding="utf-8")
    assert committed == report.page(), "run python -m evals.watermark.report"
