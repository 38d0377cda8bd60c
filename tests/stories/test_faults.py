"""Dead engines, dead databases, full disks, Ctrl-C: the case is where it was, and the next run carries on."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import ROOT
from tests.engine_server import serving

pytestmark = [pytest.mark.postgres, pytest.mark.models]


def one_line(said):
    assert "Traceback" not in said.err
    return said.err.strip().splitlines()[-1]


def engine_at(url):
    return {"ASSAY_ENGINE": "http", "ASSAY_ENGINE_URL": url, "ASSAY_FIRST_RETRY_DELAY": "2"}


def test_a_dead_engine_leaves_the_case_where_it_was_and_the_next_run_carries_on(fresh, small):
    dead = fresh.assay("submit", "a rabbit", "--key", "k", env=engine_at("http://127.0.0.1:9/v1"))
    assert dead.code == 6
    assert "engine" in one_line(dead)
    with serving(small.read_bytes()) as server:
        alive = fresh.assay("submit", "a rabbit", "--key", "k", "--json", env=engine_at(server.url))
        if alive.code == 6:  # it rests a little after a failure; a worker that comes by later takes it up
            time.sleep(3)
            alive = fresh.assay("submit", "a rabbit", "--key", "k", "--json", env=engine_at(server.url))
        assert alive.code == 0, alive.err
        assert len(server.jobs) == 1


@pytest.mark.parametrize(("mood", "code"), [("refused", 4), ("moderated", 4), ("slow", 0), ("broken twice", 0)])
def test_what_an_engine_says_becomes_what_happened(fresh, small, mood, code):
    with serving(small.read_bytes()) as server:
        said = fresh.assay("submit", f"a rabbit in a meadow [{mood}]", "--json", env=engine_at(server.url))
    assert said.code == code, said.err
    if code == 4:
        assert said.json["case"]["declined"]["code"]
        assert said.json["history"][-1]["type"] == "EngineDeclined"
    else:
        assert said.json["case"]["rendered"]["synthetic"] is True


def test_what_is_no_video_is_a_failure_and_nobody_is_asked(fresh, small):
    with serving(small.read_bytes()) as server:
        said = fresh.assay("submit", "a rabbit in a meadow [html]", "--json", env=engine_at(server.url))
    assert (said.code, said.json["case"]["phase"]) == (7, "failed"), said.err
    assert said.json["case"]["failed"]["code"] == "not_a_video"
    assert said.json["case"]["published"] is None


@pytest.mark.parametrize("mood", ["empty", "short", "lost"])
def test_an_engine_that_lies_publishes_nothing(fresh, small, mood):
    with serving(small.read_bytes()) as server:
        said = fresh.assay("submit", f"a rabbit in a meadow [{mood}]", "--json", env=engine_at(server.url))
    assert said.code == 6
    assert said.json["case"]["phase"] == "admitted", said.json["case"]["last_failure"]
    assert said.json["case"]["last_failure"]["kind"] == "EngineFault"
    assert said.json["case"]["published"] is None


def test_a_dead_database_gets_one_clear_line(fresh):
    said = fresh.assay("submit", "a rabbit", env={"ASSAY_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"})
    assert said.code == 3
    assert "database" in one_line(said)
    assert list(fresh.home.glob("published/*")) == []


def test_the_embedded_database_killed_between_two_commands_comes_back_with_everything(fresh):
    case = fresh.assay("submit", "a rabbit", "--no-wait", "--json").json["case"]
    subprocess.run(["pkill", "-9", "-f", str(fresh.home / "postgres" / "data")], check=False)
    assert fresh.assay("case", case["id"], "--json").json["case"] == case


@pytest.mark.skipif(os.geteuid() != 0, reason="a disk of its own can be mounted by root only")
def test_a_full_disk_publishes_nothing_and_says_so(fresh, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk)], capture_output=True, check=False
    ).returncode:
        pytest.skip("this machine lets nobody mount a disk")
    try:
        said = fresh.assay("submit", "a rabbit", "--key", "k", "--json", env={"ASSAY_BLOB_STORE_URL": disk.as_uri()})
        assert said.code == 6
        assert "full" in said.json["case"]["waiting"]["reason"]
        assert [p for p in disk.rglob("blobs/**/*") if p.is_file()] == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_ctrl_c_says_so_in_one_line_and_the_next_run_carries_on(fresh):
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "submit", "a sleepy rabbit", "--key", "k"],
        env=fresh.env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for line in process.stderr:
        if "cleared" in line:  # in the middle of sealing
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    err = process.stderr.read()
    process.wait(timeout=60)
    process.stdout.close()
    process.stderr.close()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "interrupted" in err.splitlines()[-1]
    again = fresh.assay("submit", "a sleepy rabbit", "--key", "k", "--json")
    assert again.code == 0
    assert [e["type"] for e in again.json["history"]].count("Sealed") == 1
