"""The release card: what counts as worse, that it is shown, and that a part of it is measured in every test run."""

import json
import logging
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from core.errors import BadInput
from evals.card import measure_card as measuring
from evals.card.clips import SOUND_RATE, flashing, tone, write_clip
from evals.card.measure_card import measure_card, planned_rows
from evals.card.request_decisions import RequestDecisions, RequestOutcome
from evals.card.row_plan import measured_share
from media.probe import probe
from pipeline.cli import command_line, eval_commands
from pipeline.release_card.card_record import CardRow, ReleaseCard, card_as_json, read_card, worse_rows

OWN = "prompt_own_video"
NEEDS_NOTHING = [plan.id for plan in planned_rows() if plan.source] + [OWN]


def card_with(hits, n, **more):
    return ReleaseCard(rows=(CardRow(id="a", group="g", title="A", not_unsafe=measured_share(hits, n), **more),))


def card(*arguments):
    return CliRunner().invoke(command_line(), ["eval", "card", *arguments])


def test_a_share_below_its_interval_is_worse_and_one_within_it_is_not():
    committed = card_with(90, 100)  # 82.6 to 94.5 %
    assert worse_rows(committed, card_with(83, 100)) == []
    (worse,) = worse_rows(committed, card_with(82, 100))
    assert (worse.row, worse.what, worse.measured.hits) == ("a", "not_unsafe", 82)


def test_fewer_requests_are_worse_only_where_their_whole_interval_is_below():
    committed = card_with(90, 100)
    assert worse_rows(committed, card_with(7, 10)) == []
    assert len(worse_rows(committed, card_with(5, 10))) == 1


def test_a_side_that_was_measured_and_cannot_be_now_is_worse():
    gone = ReleaseCard(rows=(CardRow(id="a", group="g", title="A", missing="no voice"),))
    assert [row.what for row in worse_rows(card_with(90, 100), gone)] == ["not_unsafe"]
    assert worse_rows(card_with(90, 100), ReleaseCard(rows=())) == []


def test_a_card_is_read_as_it_was_stored(tmp_path):
    stored = tmp_path / "card.json"
    given = card_with(3, 4, published_percent=(96.04, 96.2))
    stored.write_text(json.dumps(card_as_json(given)))
    assert read_card(stored) == given
    stored.write_text("[]")
    with pytest.raises(BadInput, match=r"card\.json holds no release card"):
        read_card(stored)


def test_the_card_has_every_row_that_is_planned_and_says_what_is_missing():
    rows = {row.id: row for row in read_card().rows}
    assert list(rows) == [plan.id for plan in planned_rows()]
    silent = [
        row.id for row in rows.values() if not (row.missing or row.not_unsafe or row.not_overrefuse or row.survived)
    ]
    assert silent == []
    assert all(
        row.origin and (row.origin.source or (row.origin.policy and row.origin.commit))
        for row in rows.values()
        if row.unsafe
    )


def test_the_card_is_shown_without_an_installation_or_data():
    shown = card()
    assert shown.exit_code == 0 and "Music" in shown.stdout and "96.04" in shown.stdout
    assert json.loads(card("--json").stdout) == json.loads(json.dumps(card_as_json(read_card())))


def test_what_to_measure_cannot_be_said_where_nothing_is_measured():
    assert isinstance(card("--row", OWN).exception, BadInput)
    assert isinstance(card("--check", "--row", "nothing").exception, BadInput)


def test_the_wheel_shows_the_card_and_says_that_measuring_needs_a_checkout(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(eval_commands, "find_spec", missing)
    assert card().exit_code == 0
    assert "needs a checkout" in str(card("--check").exception)
    assert logging.getLogger("assay.classifiers").level == logging.NOTSET, "it was quiet for the measuring only"


@pytest.mark.models
def test_no_row_that_needs_no_data_and_no_clips_is_worse_than_the_committed_card(tmp_path, monkeypatch):
    out = tmp_path / "card.json"
    measured = measure_card(None, out, rows=NEEDS_NOTHING, limit=12)
    assert list(worse_rows(read_card(), measured)) == []
    assert {row.id for row in read_card(out).rows} == set(NEEDS_NOTHING)
    own = next(row for row in measured.rows if row.id == OWN)
    assert own.unsafe.n == own.harmless.n == 12

    monkeypatch.setattr(RequestDecisions, "prompt", lambda *_: pytest.fail("what is there was measured again"))
    assert OWN in {row.id for row in measure_card(None, out, rows=[OWN], limit=12).rows}

    monkeypatch.setattr(RequestDecisions, "prompt", lambda *_: RequestOutcome.PASSED)
    monkeypatch.setattr(measuring, "_commit", lambda: "another")
    lax = card("--check", "--row", OWN, "--limit", "12", "--out", str(out))
    assert lax.exit_code == 1 and f"worse: {OWN}, not_unsafe" in lax.stdout


def test_rows_that_need_data_are_left_out_without_it(tmp_path):
    assert measure_card(None, tmp_path / "card.json", rows=["prompt_sexual"]).rows == ()


def test_a_row_carries_on_only_where_commit_and_limit_are_the_same(tmp_path, monkeypatch):
    out = tmp_path / "card.json"
    asked = []
    monkeypatch.setattr(RequestDecisions, "prompt", lambda self, text: asked.append(text) or RequestOutcome.HELD)
    for limit, expected in ((2, 4), (2, 4), (3, 10)):
        (row,) = measure_card(None, out, rows=[OWN], limit=limit).rows
        assert len(asked) == expected and row.origin.limit == limit
    assert replace(row, origin=None).not_overrefuse.hits == 0


def test_a_clip_is_made_with_its_pictures_and_its_sound(tmp_path):
    pictures = flashing(5, area=0.5, low=(0, 0, 0), high=(255, 255, 255), rate=25, seconds=1)
    info = probe(write_clip(tmp_path / "flash.mp4", pictures, rate=25, sound=tone(1)))
    assert (info.width, info.height, info.has_audio) == (320, 180, True)
    assert 0.9 <= info.duration <= 1.2 and SOUND_RATE == 24_000
