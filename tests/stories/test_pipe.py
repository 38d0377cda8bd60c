"""Batches through `assay pipe` at a running server: lines in, outcomes out, and what happens when either end dies."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

from pipeline.background import running_beside
from tests.conftest import ROOT
from tests.stories import forked_commands
from tests.stories.http_installation import FINE, HELD, REFUSED, memory_installation, serve_installation


@pytest.fixture
def at(tmp_path):
    with serve_installation(memory_installation(tmp_path / "house")) as serving:
        yield serving


def moving(at):
    """The cases of the server are moved, until the end of the block."""
    return running_beside(at.installation.runner, "test-runner")


def environment(at, token=None):
    base = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}
    return base | {"ASSAY_URL": at.url, "ASSAY_TOKEN": token or at.platform.token, "NO_PROXY": "*"}


def start(at, *options, stdin=subprocess.PIPE, **given):
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "pipe", *map(str, options)],
        env=environment(at, **given),
        cwd=ROOT,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def pipe(at, lines, *options, **given):
    """The exit code, the outcomes by id, and what stands on standard error."""
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    command = ["-m", "pipeline.cli", "pipe", *map(str, options)]
    done = forked_commands.run(command, env=environment(at, **given), stdin=text, timeout=120)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def by_id(outcomes):
    return {line["id"]: line for line in outcomes}


def cases(at):
    return at.installation.ledger.list(limit=1000)


def test_each_line_is_answered_with_what_became_of_it(at, tmp_path, bunny):
    lines = [
        {"id": "fine", "prompt": FINE, "seconds": 4, "size": "1280x720"},
        {"id": "held", "prompt": HELD},
        {"id": "refused", "prompt": REFUSED},
    ]
    with moving(at):
        code, outcomes, err = pipe(at, lines, "--out", tmp_path / "films")
    assert (code, err) == (0, "")
    found = by_id(outcomes)
    assert {name: line["status"] for name, line in found.items()} == {
        "fine": "published",
        "held": "held",
        "refused": "refused",
    }
    case = found["fine"]["case"]
    assert found["fine"]["url"] == f"{at.url}/v1/videos/{case}/content"
    assert (tmp_path / "films" / f"{case}.mp4").read_bytes() == bunny.read_bytes()
    assert found["fine"]["file"] == str(tmp_path / "films" / f"{case}.mp4")
    assert (found["refused"]["code"], found["refused"]["reason"]) == (
        "policy_refused",
        "This asks for something we do not make.",
    )
    assert found["held"]["reason"] == "A person looks at this first."
    assert at.installation.ledger.load(case).request.seconds == 4


def test_bad_lines_are_told_with_their_numbers_and_the_rest_goes_on(at):
    lines = ["what?", {"id": "a", "prompt": FINE}, {"id": "b", "prompt": FINE, "seconds": "no"}, {"prompt": "no id"}]
    with moving(at):
        code, outcomes, _ = pipe(at, lines)
    assert code == 3
    assert {line["line"]: line["id"] for line in outcomes if "error" in line} == {1: None, 3: "b", 4: None}
    assert by_id(outcomes)["a"]["status"] == "published"
    assert len(cases(at)) == 1


def test_the_same_file_again_makes_nothing_twice_and_tells_the_same(at):
    lines = [{"id": n, "prompt": prompt} for n, prompt in enumerate([FINE, HELD, REFUSED, FINE])]
    with moving(at):
        first = pipe(at, lines)
        again = pipe(at, lines)
    assert by_id(first[1]) == by_id(again[1])
    assert len(cases(at)) == 4


def test_an_id_that_was_used_for_another_prompt_is_an_error(at):
    with moving(at):
        pipe(at, [{"id": 1, "prompt": FINE}])
        code, (line,), _ = pipe(at, [{"id": 1, "prompt": HELD}])
    assert (code, line["code"], line["line"]) == (3, "id_reused", 1)


@pytest.mark.parametrize("kind", ["mp4", "png"])
def test_a_reference_goes_with_its_line(at, bunny, tmp_path, kind):
    file = bunny if kind == "mp4" else tmp_path / "still.png"
    if kind == "png":
        Image.new("RGB", (64, 48), "teal").save(file)
    with moving(at):
        code, (line,), _ = pipe(
            at, [{"id": 1, "prompt": FINE, "reference": str(file), "voices": False, "territory": ["DE", "FR"]}]
        )
    assert (code, line["status"]) == (0, "published"), line
    request = at.installation.ledger.load(line["case"]).request
    assert (len(request.references), request.territory, request.voices) == (1, ("DE", "FR"), False)
    assert at.left_on_disk() == []


def test_a_line_carries_parameters_remixes_and_continuations_and_names_what_is_refused(tmp_path, bunny):
    with serve_installation(memory_installation(tmp_path / "house", engine_profile="generic")) as at, moving(at):
        _, (source,), _ = pipe(at, [{"id": "source", "prompt": FINE}])
        clip = {"prompt": FINE, "reference": str(bunny), "extend_reference": True}
        code, told, _ = pipe(
            at,
            [
                {"id": "seed", "prompt": FINE, "parameters": {"seed": 7, "negative_prompt": "thick fog"}},
                {"id": "remix", "prompt": FINE, "remix_of": source["case"]},
                {"id": "extension", "prompt": FINE, "extension_of": source["case"], "seconds": 2},
                {"id": "clip", **clip, "seconds": 2},
                {"id": "bound", "prompt": FINE, "parameters": {"seed": "many"}},
                {"id": "blob", "prompt": FINE, "input_reference": {"blob": "a.png"}},
                {"id": "address", "prompt": FINE, "input_reference": {"image_url": "https://127.0.0.1/a.png"}},
            ],
        )
        told = by_id(told)
        requests = {
            name: at.installation.ledger.load(told[name]["case"]).request
            for name in ("seed", "remix", "extension", "clip")
        }
    assert code == 3
    assert dict(requests["seed"].parameters) == {"seed": 7}
    assert (requests["remix"].parent, requests["extension"].parent) == (source["case"], source["case"])
    assert [requests[name].references[0].media_type for name in ("remix", "extension", "clip")] == [
        "video/mp4",
        "image/png",
        "image/png",
    ]
    assert "seed must be a whole number" in told["bound"]["error"]
    assert (told["blob"]["code"], told["address"]["code"]) == ("bad_input", "reference_unavailable")


def test_what_takes_longer_than_it_may_is_told_as_waiting(at):
    code, (line,), _ = pipe(at, [{"id": 1, "prompt": FINE}], "--wait", 0.3)
    assert (code, line["status"], line["url"]) == (6, "waiting", None)
    with moving(at):
        assert pipe(at, [{"id": 1, "prompt": FINE}])[0] == 0


def test_no_more_lines_are_under_way_than_may_be(at):
    with start(at, "--in-flight", 2) as process:
        process.stdin.write("".join(json.dumps({"id": n, "prompt": FINE}) + "\n" for n in range(5)))
        process.stdin.close()
        end = time.monotonic() + 30
        while len(cases(at)) < 2 and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(1)
        assert len(cases(at)) == 2
        with moving(at):
            outcomes = process.stdout.read().splitlines()
    assert len(outcomes) == len(cases(at)) == 5


def test_outcomes_come_as_they_are_known_and_not_at_the_end(at):
    with moving(at), start(at) as process:
        process.stdin.write(json.dumps({"id": 1, "prompt": REFUSED}) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["status"] == "refused"
        process.stdin.write(json.dumps({"id": 2, "prompt": HELD}))
        process.stdin.close()
        assert json.loads(process.stdout.readline())["status"] == "held"
        assert process.wait(20) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_is_told_to_stop_says_what_is_under_way_and_runs_on_from_there(at, number):
    with start(at) as process:
        process.stdin.write(json.dumps({"id": 1, "prompt": FINE}) + "\n")
        process.stdin.flush()
        end = time.monotonic() + 30
        while not cases(at) and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(number)  # while it waits for more lines
        assert process.wait(20) == 130
        line = json.loads(process.stdout.read())
        assert "interrupted" in process.stderr.read()
    assert (line["id"], line["case"], line["status"]) == (1, cases(at)[0].id, "waiting")
    with moving(at):
        code, (again,), _ = pipe(at, [{"id": 1, "prompt": FINE}])
    assert (code, again["case"], again["status"]) == (0, line["case"], "published")


def test_who_is_killed_in_the_middle_loses_nothing(at):
    lines = [{"id": n, "prompt": FINE} for n in range(12)]
    with moving(at), start(at, "--in-flight", 2) as process:
        process.stdin.write("".join(json.dumps(line) + "\n" for line in lines))
        process.stdin.close()
        known = [json.loads(process.stdout.readline()) for _ in range(3)]
        process.kill()
        process.wait()
        begun = {case.id for case in cases(at)}
        assert 3 <= len(begun) < 12
        code, outcomes, _ = pipe(at, lines)
    assert code == 0
    assert all(by_id(outcomes)[line["id"]] == line for line in known)
    assert begun < {line["case"] for line in outcomes} == {case.id for case in cases(at)}
    assert len(cases(at)) == 12


def test_prompts_are_screened_without_a_case(at):
    lines = [{"id": 1, "prompt": FINE}, {"id": 2, "prompt": REFUSED}, "?", {"id": 3, "prompt": HELD}]
    code, outcomes, _ = pipe(at, lines, "--screen-only")
    assert code == 3
    assert {line["id"]: line.get("decision") for line in outcomes} == {1: "allow", 2: "refuse", None: None, 3: "hold"}
    assert cases(at) == ()


def test_a_token_that_lets_nobody_in_ends_the_run(at):
    code, outcomes, err = pipe(at, [{"id": 1, "prompt": FINE}], token="assay_wrong")
    assert (code, outcomes) == (3, [])
    assert "token" in err


def test_a_server_without_a_token_is_refused(at):
    process = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "pipe", "--url", at.url],
        env={name: value for name, value in environment(at).items() if name != "ASSAY_TOKEN"},
        cwd=ROOT,
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 3
    assert "--token" in process.stderr
