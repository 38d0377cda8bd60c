"""Who gets where: every route, as everybody, on a real installation, against the committed table."""

from __future__ import annotations

import re
import shutil

import pytest

from tests.stories.access_requests import LATER, REQUESTS
from tests.stories.access_walk import ENDED, NO, NOT_THERE, PAGE, SIGN_IN, YES, access_page, unproven, walk, walking
from tests.unit.media.media_clips import write_clip

pytestmark = [pytest.mark.postgres, pytest.mark.models]

SIGNING_IN = "POST /login/"
"""Where whoever has no session shows who they are: failures are refused, and after some of them everybody is."""

WITH_OR_WITHOUT = {"POST /api/claims"}
"""Open to whoever has no account; whoever shows a key shows one that works and may."""


@pytest.fixture(scope="module")
def walked(unused, tmp_path_factory):
    clip = write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", size=(320, 240), frames=25, sound="aac")
    home = shutil.copytree(unused.home, tmp_path_factory.mktemp("walked") / "house")
    with walking(home, clip) as (at, made, people):
        yield walk(at, made, people)


def rows():
    cells = [re.split(r" \| ", line.strip("| \n")) for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    return {name.strip("`"): words for name, *words in cells}


def test_the_committed_table_is_what_everybody_is_answered(walked):
    expected, found = PAGE.read_text().splitlines(), access_page(walked).splitlines()
    assert [line for line in found if line not in expected] == []
    assert found == expected


def test_every_route_has_a_row_and_every_request_a_route(walked):
    assert {one.name for one in walked} == rows().keys() >= REQUESTS.keys() | LATER.keys()
    assert len(walked) > 120


def test_on_every_route_somebody_succeeds_so_that_no_wrong_request_passes_for_an_answer(walked):
    assert unproven(walked) == []


def test_keys_that_ended_get_nowhere_that_nobody_gets(walked):
    walked = [one for one in walked if not one.name.startswith(SIGNING_IN) and one.name not in WITH_OR_WITHOUT]
    wrong = [one.name for one in walked for name in ENDED if one.words[name] != one.words["nobody"]]
    assert wrong == []


def test_nobody_gets_only_where_everybody_gets(walked):
    for one in walked:
        if one.name in WITH_OR_WITHOUT:
            assert (one.words["nobody"], one.words["owner"]) == (YES, YES), one.name
        elif one.words["nobody"] == YES:
            assert set(one.words.values()) == {YES}, one.name
        elif not one.name.startswith(SIGNING_IN):
            assert one.words["nobody"] == SIGN_IN, one.name


def test_an_operator_gets_at_no_case_and_a_moderator_manages_nothing(walked):
    for one in walked:
        if re.search(r"/(api/)?(cases|queue|reviews)", one.name) and "{" in one.name:
            assert one.words["operator"] in (NO, NOT_THERE), one.name
        reads_a_rule = one.name == "GET /policy/rules/{name}"  # a case's page leads there
        if ("/policy" in one.name and not reads_a_rule) or "{key_id}" in one.name:
            assert one.words["moderator"] in (NO, NOT_THERE), one.name
