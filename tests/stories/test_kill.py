"""kill -9 at any phase: the case is where it was, nothing is lost, the next run ends as if nothing had been."""

import pytest

from tests.conftest import first_seconds
from tests.stories import forked_commands
from tests.stories.conftest import make_installation

pytestmark = [pytest.mark.postgres, pytest.mark.models, pytest.mark.slow, pytest.mark.timeout(900)]

EVENTS = [
    "Submitted", "Measured", "Judged", "Commissioned", "Rendered", "Measured", "Judged", "Sealed", "Published",
]  # fmt: skip


def killed(installation, when, number, key):
    done = forked_commands.run(["-m", "tests.stories.submit_and_crash", when, str(number), key], env=installation.env)
    assert done.returncode == -9, done.stderr


def blobs(installation):
    return {p.name for p in (installation.home / "vault" / "blobs").rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def house(tmp_path_factory, small):
    """Its videos are of one second: what is killed is not the looking at pictures."""
    brief = first_seconds(small, tmp_path_factory.mktemp("brief") / "brief.mp4", seconds=1.0)
    return make_installation(tmp_path_factory.mktemp("killed"), brief)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(1, len(EVENTS) + 1))
def test_a_process_killed_around_any_event_is_carried_on_by_the_next(house, when, number):
    key = f"{when}-{number}"
    killed(house, when, number, key)
    said = house.assay("submit", "a sleepy rabbit in a meadow", "--key", key, "--json")
    assert said.code == 0, said.err + said.out
    assert [e["type"] for e in said.json["history"]] == EVENTS
    case = said.json["case"]
    assert (house.home / "published" / f"{case['id']}.mp4").is_file()


def test_after_all_those_kills_there_is_one_copy_of_each_and_no_orphan(house):
    cases = [c for c in listed(house) if c["phase"] == "published"]
    published = sorted(p.name for p in (house.home / "published").iterdir())
    assert published == sorted(f"{c['id']}.mp4" for c in cases)
    referred = {
        a
        for c in cases
        for a in (c["rendered"]["asset"]["digest"], c["sealed"]["asset"]["digest"], c["sealed"]["manifest"]["digest"])
    }
    assert blobs(house) == referred
    assert list((house.home / "vault" / "pending").glob("*")) == []
    assert list((house.home / "work").glob("stage-*")) == []
    assert house.assay("verify", house.home / "published" / published[0]).code == 0


def listed(house):
    code = (
        "import json; from pipeline.settings import load_settings; from pipeline.wiring import build_installation; from core import codec\n"
        "h = build_installation(load_settings()); print(json.dumps([codec.dump(c) for c in h.ledger.list(limit=1000)])); h.close()"
    )
    done = house.python(code)
    assert done.code == 0, done.err
    return done.json
