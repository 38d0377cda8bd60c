"""What was measured of a video is seen on one timeline: in a file, and by moderators on the case's page."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from console.inspection.html_report import html_report
from core.case import new_case
from core.errors import BadInput, Forbidden
from core.events import Measured, Submitted
from core.roles import Role
from core.signals import Signal, Subject
from core.verdicts import Decision, Gate
from pipeline.accounts import create_account
from pipeline.cli import command_line
from pipeline.inspection.inspections import inspect_file, read_case_film, reference_words
from tests.conftest import ROOT
from tests.lawful import judged
from tests.stories.http_installation import FINE, memory_installation, serve_installation
from tests.stories.test_seen_and_heard import WORDS

SCHEMA = json.loads((ROOT / "docs" / "reference" / "inspection.v1.json").read_text())


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    made = memory_installation(tmp_path_factory.mktemp("home"), words=json.dumps(WORDS))
    with serve_installation(made) as serving:
        yield serving


@pytest.fixture(scope="module")
def case_id(at):
    return at.settle(at.submit(FINE)).id


def test_a_moderator_sees_what_was_measured_on_a_timeline_and_its_author_does_not(at, case_id):
    with at.browser(at.moderator) as browser:
        page = browser.get(f"/cases/{case_id}").text
        assert 'id="timeline"' in page
        assert 'data-seek="1.0"' in page and "1.0 to 2.5 s" in page
        assert "shown with the prompt" in page and "I will find you" not in page
        assert "I will find you" in browser.get(f"/cases/{case_id}?show=prompt").text
    with at.browser(at.platform) as browser:
        page = browser.get(f"/cases/{case_id}").text
        assert 'id="timeline"' not in page and "data-seek=" not in page


def test_pictures_and_sound_of_a_case_are_for_moderators(at, case_id):
    with at.browser(at.moderator) as browser:
        film, sound = browser.get(f"/cases/{case_id}/film"), browser.get(f"/cases/{case_id}/waveform")
        assert (film.headers["content-type"], film.content[:2]) == ("image/jpeg", b"\xff\xd8")
        assert (sound.headers["content-type"], film.headers["cache-control"]) == ("image/svg+xml", "no-store")
        assert len(film.content) < 60_000 and len(sound.content) < 10_000
        assert browser.get("/cases/0000000000000000/film").status_code == 404
    for account in (at.platform, at.other):
        with at.browser(account) as browser:
            assert [browser.get(f"/cases/{case_id}/{what}").status_code for what in ("film", "waveform")] == [403] * 2
    with at.client() as client:
        assert client.get(f"/cases/{case_id}/film", headers={"Accept": "text/html"}).status_code == 303
    assert at.left_on_disk() == []


def test_the_page_of_a_case_is_light(at, case_id):
    with at.browser(at.moderator) as browser:
        page = browser.get(f"/cases/{case_id}?show=prompt").text
        files = ("assay.css", "inspection.css", "inspection.js", "player.js", "case.js", "keys.js", "mark.svg")
        assert all(f"/static/{name}" in page or name == "keys.js" for name in files)
        assert len(page.encode()) + sum(len(browser.get(f"/static/{name}").content) for name in files) < 100_000


def test_words_of_a_reference_are_read_where_there_is_no_video_and_are_not_taken_for_those_of_one(at):
    texts, ledger = at.installation.service.context.texts, at.installation.ledger
    case = new_case()
    asked = Submitted(author=at.platform.person.id, prompt=texts.put("a rabbit", case_id=case.id))
    kept = texts.put(json.dumps(WORDS), case_id=case.id)
    seen = Signal(subject=Subject.REFERENCE, label="seen_threat", score=0.9, source="story/1")
    case = ledger.append(
        case, [asked, Measured(signals=(seen,), words=(kept,)), judged(Gate.PROMPT, Decision.HOLD, "r")]
    )
    with at.browser(at.moderator) as browser:
        page = browser.get(f"/cases/{case.id}?show=prompt").text
    assert "Heard and seen in a reference" in page and "I will find you" in page
    assert 'id="timeline"' not in page
    assert reference_words(at.installation.service, at.moderator.person, case)[0]["text"] == "I will find you"
    assert reference_words(at.installation.service, at.platform.person, case) == []


def test_words_that_were_erased_are_not_on_the_timeline(at):
    gone = at.settle(at.submit(FINE)).id
    at.installation.service.erase(at.platform.person, gone)
    with at.browser(at.moderator) as browser:
        page = browser.get(f"/cases/{gone}?show=prompt")
        assert page.status_code == 200
        assert "I will find you" not in page.text and 'id="timeline"' in page.text


def test_a_file_is_inspected_without_opening_a_case(at, two_seconds, tmp_path):
    steps = []
    found = inspect_file(
        at.installation.service, at.moderator.person, two_seconds, with_film=True, on_step=steps.append
    )
    assert steps == ["looking and listening", "making the film strip"]
    film = found.view.film
    assert (film.tile_width, len(found.view.waveform.peaks), found.view.missing) == (240, 320, ())
    assert len(film.at) in (12, 13) and list(film.at) == sorted(film.at)
    assert found.view.footage.name == two_seconds.name
    assert "data:image/jpeg;base64," in html_report(found.view)


def test_who_is_no_moderator_gets_no_pictures_whatever_they_call(at, case_id, tmp_path):
    someone, _ = create_account(at.installation.accounts, [Role.PLATFORM, Role.OPERATOR])
    with pytest.raises(Forbidden):
        read_case_film(at.installation.service, someone, case_id, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("target", "said"),
    [("page.txt", "has to end in .html"), ("nowhere/page.html", "there is no folder"), ("video.html", "overwrite")],
)
def test_where_the_page_cannot_be_written_is_said_before_anything_is_measured(tmp_path, two_seconds, target, said):
    video = tmp_path / "video.html"
    video.write_bytes(two_seconds.read_bytes())
    ended = CliRunner().invoke(command_line(), ["inspect", str(video), "--html", str(tmp_path / target)])
    assert isinstance(ended.exception, BadInput) and said in str(ended.exception)
    assert video.read_bytes() == two_seconds.read_bytes()


@pytest.mark.slow
@pytest.mark.models
@pytest.mark.postgres
def test_the_command_writes_a_page_and_a_document(installation, two_seconds, tmp_path):
    page = tmp_path / "page.html"
    answer = installation.assay("inspect", two_seconds, "--json", "--html", page)
    assert answer.code == 0, answer.err
    Draft202012Validator(SCHEMA).validate(answer.json)
    assert answer.json["decision"] == "allow"
    nudity = next(one for one in answer.json["labels"] if one["label"] == "nudity")
    assert {"video_nudity"} <= {one["rule"] for one in nudity["thresholds"]}
    assert page.read_text().startswith("<!doctype html>")
    assert list(Path(tmp_path).iterdir()) == [page]
