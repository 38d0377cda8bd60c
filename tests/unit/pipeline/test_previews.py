"""What an engine shows of a video that it still makes: looked at, and the order ended where it is refused for good."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from PIL import Image

from core.case import Case, Phase
from core.errors import NotYet
from core.events import Judged, Measured, Submitted
from core.signals import Signal, Subject
from core.transitions import check
from core.verdicts import Decision, Gate, Ruling
from pipeline.engines.engine_profile import load_engine_profile
from pipeline.engines.http_engine import HttpEngine
from pipeline.screening.standalone import OnePolicy
from pipeline.stages.judge import judge_video
from pipeline.stages.render import commission, render
from pipeline.stages.stage_context import Measurements
from policy.pack import load
from tests.engine_server import serving
from tests.lawful import way_to
from tests.unit.pipeline.test_render_stage import context_with
from tests.unit.policy.packs import VOCABULARY, rule, write_pack

PROFILE = """
about = "Shows what it is at."
body_format = "json"
{preview}
"""


def png(level: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (32, 18), (level, level, level)).save(out, "PNG")
    return out.getvalue()


@dataclass
class Watcher:
    """Measures gore, by the brightness of a preview, and nothing else."""

    looked_at: list[bytes] = field(default_factory=list)

    def video(self, path, subject, leased, is_certain=None):
        del leased, is_certain
        self.looked_at.append(path.read_bytes())
        score = Image.open(path).getpixel((0, 0))[0] / 255
        signals = [Signal(subject=subject, label="gore", score=score, source="watcher/1")]
        signals.append(Signal(subject=subject, label="nudity", score=None, source="watcher/1"))
        return Measurements(signals=tuple(signals), seconds={})


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    final = rule("gore", gate="video", then="refuse", at=0.8, more="final = true\n")
    folder = write_pack(tmp_path_factory.mktemp("pack"), video_gore=final, video_nudity=rule("nudity", gate="video"))
    return OnePolicy(policy=load(folder, VOCABULARY))


@pytest.fixture
def profile(tmp_path: Path):
    def of(preview: str):
        (tmp_path / "showing.toml").write_text(PROFILE.format(preview=preview), "utf-8")
        return load_engine_profile(str(tmp_path / "showing.toml"))

    return of


@pytest.fixture
def showing(tmp_path, gate, profile):
    """A stand-in engine whose jobs stay under way, and show a picture of this brightness meanwhile."""

    def at(server, preview='preview_path = "/preview"', **more):
        engine = HttpEngine(server.url, profile=profile(preview))
        watcher = Watcher()
        parts = {"measure": watcher, "policy": gate, "stop_early": True, **more}
        context = context_with(tmp_path, engine, **parts)
        prompt = context.texts.put("[slow] a heron", case_id="c")
        case = Case(id="c").apply(way_to(Phase.ADMITTED, submitted=Submitted(author="a", prompt=prompt)))
        return case.apply(commission(case, context)), context, watcher

    return at


def test_a_preview_that_is_refused_for_good_ends_the_order(showing):
    with serving(b"a video", preview=png(255)) as server:
        case, context, _ = showing(server)
        events = render(case, context)
        assert [type(event) for event in events] == [Measured, Judged]
        assert any(asked.startswith("DELETE") for asked in server.asked)
    ended = check(case, events)
    assert (ended.phase, ended.verdict.rules, ended.rendered) == (Phase.REFUSED, ("video_gore",), None)
    assert {s.subject for s in ended.signals if s.source == "watcher/1"} == {Subject.PREVIEW}


def test_an_appeal_against_it_meets_the_same_rule(showing):
    with serving(b"a video", preview=png(255)) as server:
        case, context, _ = showing(server)
        refused = case.apply(render(case, context))
    allowed = Ruling(gate=Gate.VIDEO, decision=Decision.ALLOW, moderator="m", over=("video_gore",), code="fine")
    again = replace(refused, rulings=(allowed,))
    [judged] = judge_video(again, context)
    assert judged.verdict.decision is Decision.REFUSE


@pytest.mark.parametrize("level", [0, 150])
def test_a_preview_allows_nothing_and_is_looked_at_once(showing, level):
    with serving(b"a video", preview=png(level)) as server:
        case, context, watcher = showing(server)
        for _ in range(2):
            with pytest.raises(NotYet):
                render(case, context)
        assert not any(asked.startswith("DELETE") for asked in server.asked)
    assert watcher.looked_at == [png(level)]


def test_nothing_is_asked_for_where_it_is_switched_off_or_no_profile_says_so(showing):
    with serving(b"a video", preview=png(255)) as server:
        for more in ({"stop_early": False}, {"preview": ""}):
            case, context, watcher = showing(server, **more)
            with pytest.raises(NotYet):
                render(case, context)
            assert watcher.looked_at == []


def test_an_engine_that_shows_nothing_yet_is_waited_for(showing):
    with serving(b"a video") as server:
        case, context, watcher = showing(server)
        with pytest.raises(NotYet):
            render(case, context)
    assert watcher.looked_at == []


def test_the_newest_address_of_a_field_is_fetched_and_only_from_the_engine_itself(tmp_path, profile):
    with serving(b"a video", preview=png(9)) as server:
        engine = HttpEngine(server.url, profile=profile('preview_field = "shows.newest"'))
        for address, there in (("/v1/videos/job/preview", True), ("https://elsewhere.example/x.png", False)):
            server.jobs["job"] = {
                "id": "job",
                "polls": 0,
                "order": {"prompt": "[slow]"},
                "shows": {"newest": ["/x", address]},
            }
            assert engine.preview("job", tmp_path / "p") is there
    assert (tmp_path / "p").read_bytes() == png(9)
