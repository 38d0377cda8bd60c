"""A new policy is looked at, replayed, tried out and taken back, from the command line."""

import shutil
import sys

import pytest

from pipeline.cli import main
from policy.pack import DEFAULT_PACK
from tests.stories.conftest import CommandResult

pytestmark = [pytest.mark.postgres, pytest.mark.models]

PROMPT = "Taylor Swift waves to her fans"


@pytest.fixture(scope="module")
def candidate(tmp_path_factory):
    """The pack, but that it takes two persons to allow a public figure."""
    folder = tmp_path_factory.mktemp("candidate") / "rules"
    shutil.copytree(DEFAULT_PACK, folder)
    rule = folder / "prompt_public_figure.toml"
    rule.write_text(rule.read_text().replace("final        = false", "final        = false\ntwo_person   = true"))
    disinfo = folder / "prompt_unsafe.toml"
    disinfo.write_text(disinfo.read_text().replace('mode         = "enforce"', 'mode         = "shadow"'))
    return folder


@pytest.fixture
def assay(monkeypatch, capsys):
    """The command line in this process: a story of a dozen commands would else spend its time on starting."""

    def run(installation, *arguments):
        for name, value in installation.env.items():
            if name.startswith("ASSAY_"):
                monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["assay", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return CommandResult(ended.value.code or 0, said.out, said.err)

    return run


def test_a_candidate_is_compared_tried_and_taken_back(fresh, candidate, assay):
    before = assay(fresh, "submit", PROMPT, "--json").json["case"]["verdicts"][-1]

    said = assay(fresh, "policy", "diff", "packaged", candidate, "--json")
    assert said.code == 1
    changed = {change["rule"]: change["fields"] for change in said.json["changes"]}
    assert changed["prompt_public_figure"] == {"two_person": ["False", "True"]}
    assert changed["prompt_unsafe"] == {"mode": ["enforce", "shadow"]}

    replayed = assay(fresh, "policy", "replay", candidate, "--json")
    assert (replayed.json["cases"], replayed.json["same"], replayed.json["changes"]) == (1, 1, {})
    assert "1/1 cases" in replayed.err

    staged = assay(fresh, "policy", "stage", candidate, "--share", "100", "--json").json
    assert (staged["policy"], staged["share"]) == (before["policy"], 100.0)
    tried = assay(fresh, "submit", PROMPT, "--json")
    verdict = tried.json["case"]["verdicts"][-1]
    assert (tried.code, verdict["policy"]) == (5, staged["candidate"])
    assert verdict["sources"]
    assert verdict["two_person"] == ["prompt_public_figure"]

    case_id = tried.json["case"]["id"]
    ruled = assay(fresh, "rule", case_id, "allow", "--code", "context")
    assert ruled.code == 5
    assert "needs a second moderator" in " ".join(ruled.out.split())
    again = assay(fresh, "rule", case_id, "allow", "--code", "context")
    assert (again.code, len(again.err.strip().splitlines())) == (3, 1)
    assert "a second moderator has to" in again.err
    assert assay(fresh, "rule", case_id, "refuse", "--code", "breaks_policy").code == 4

    assert assay(fresh, "policy", "promote", "--json").json["policy"] == staged["candidate"]
    back = assay(fresh, "policy", "rollback", "--json").json
    assert (back["policy"], [step["step"] for step in back["steps"]]) == (
        before["policy"],
        ["stage", "promote", "rollback"],
    )
    after = assay(fresh, "submit", PROMPT, "--json").json["case"]["verdicts"][-1]
    assert {**after, "reason": ""} == {**before, "reason": ""}


def test_check_names_what_a_laptop_does_not_cover_and_what_happens_instead(installation, assay):
    said = assay(installation, "policy", "check", "--profile", "laptop", "--json")
    assert (said.code, said.json["errors"]) == (0, [])
    gaps = {(gap["gate"], gap["label"]): gap for gap in said.json["uncovered"]}
    assert gaps["video", "violence_visual"]["rules"] == ["video_violence_visual"]
    assert all(gap["instead"] for gap in gaps.values())


def test_the_doctor_says_the_same(installation, assay):
    found = assay(installation, "doctor", "--json").json
    says = [one["says"] for one in found if one["state"] == "lacks"]
    assert any(text.startswith("not covered at the video gate: weapon_visual. Weapons in footage") for text in says)
    assert any("no reasoning model reads prompts" in text for text in says)
    assert any(one["says"].startswith("prompt_works/") for one in found)


def test_check_says_what_a_server_would_measure_and_this_machine_cannot(installation, assay):
    said = assay(installation, "policy", "check", "--profile", "server", "--json")
    lacking = {one["label"]: one for one in said.json["unmeasured"]}
    assert "video_violence_visual" in lacking["violence_visual"]["rules"]
    assert "open_clip" in lacking["violence_visual"]["why"]
    assert "waits for a person" in lacking["violence_visual"]["instead"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("check", "--profile", "desktop"), "there is no profile 'desktop'"),
        (("promote",), "no policy is staged"),
        (("diff", "current", "ffffffff"), "no policy ffffffff is kept here"),
        (("stage", "/nowhere"), "there is no folder of rules"),
        (("replay", "current", "--since", "yesterday"), "is no time"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(installation, assay, arguments, why):
    said = assay(installation, "policy", *arguments)
    assert said.code == 3
    assert why in said.err and len(said.err.strip().splitlines()) == 1
