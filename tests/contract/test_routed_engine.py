"""Several engines as one: which of them gets an order, what happens when one is away or full, and whose a job is."""

from collections import Counter
from contextlib import ExitStack

import pytest

from core.errors import BadInput, EngineBusy, EngineFault, RenderFailed, Unavailable
from core.ports import JobState, RenderRequest
from pipeline.diagnostics.engine_checks import check_engines
from pipeline.engines.engine_health import FIRST_PAUSE, FORGOTTEN_AFTER, HealthRecord
from pipeline.engines.engine_table import engine_table, offered_models, profiles_for_model, read_secret
from pipeline.engines.routed_engine import routed_engine
from pipeline.settings import Settings, load_settings
from tests.engine_server import serving
from tests.engine_server.manners import MANNERS

CLIP = bytes(range(256)) * 64


def order(mood="", **given):
    return RenderRequest(**{"key": "case-1", "prompt": f"a fox [{mood}]", **given})


def settings(**table):
    return Settings(engine="routed", engines=table)


@pytest.fixture
def servers():
    with ExitStack() as opened:
        yield [opened.enter_context(serving(CLIP)) for _ in range(2)]


def routed(servers, **each):
    return routed_engine(
        settings(**{f"gpu-{n}": {"url": one.url, "models": ["wan"], **each} for n, one in enumerate(servers, start=1)})
    )


def took(server):
    return server.asked.count("POST /v1/videos")


def test_an_order_goes_to_an_engine_that_has_its_model(servers):
    first, second = servers
    engine = routed_engine(
        settings(**{"a": {"url": first.url, "models": ["wan"]}, "b": {"url": second.url, "models": ["ltx-2"]}})
    )
    assert engine.commission(order(model="ltx-2")) == "b:video_1"
    assert engine.commission(order(model="wan")) == "a:video_1"
    assert second.jobs["video_1"]["order"]["model"] == "ltx-2"
    with pytest.raises(RenderFailed, match="this model"):
        engine.commission(order(model="sora-2"))


def test_an_order_that_names_no_model_gets_the_first_of_its_engine(servers):
    engine = routed_engine(settings(a={"url": servers[0].url, "models": ["wan", "ltx-2"]}))
    engine.commission(order())
    assert servers[0].jobs["video_1"]["order"]["model"] == "wan"


def test_orders_are_dealt_by_weight_and_the_same_key_to_the_same_engine(servers):
    first, second = servers
    engine = routed_engine(settings(a={"url": first.url, "weight": 3}, b={"url": second.url, "weight": 1}))
    jobs = [engine.commission(order(key=f"case-{n}")) for n in range(80)]
    shares = Counter(job.partition(":")[0] for job in jobs)
    assert 45 <= shares["a"] <= 74, shares  # 60 expected; the draw is by hash, so the numbers never change
    assert [engine.commission(order(key=f"case-{n}")) for n in range(80)] == jobs


def test_an_engine_that_is_away_is_passed_over_and_asked_last_for_a_while(servers):
    first = servers[0]
    engine = routed(servers)
    first.shutdown()
    first.server_close()
    jobs = [engine.commission(order(key=f"case-{n}")) for n in range(6)]
    assert {job.partition(":")[0] for job in jobs} == {"gpu-2"}
    away, there = engine.health()
    assert (away.failures, bool(away.away)) == (1, True)
    assert (there.failures, there.active) == (0, 6)


def test_where_all_are_away_the_order_waits(servers):
    engine = routed(servers)
    for server in servers:
        server.shutdown()
        server.server_close()
    with pytest.raises(Unavailable) as raised:
        engine.commission(order())
    assert not isinstance(raised.value, EngineBusy)


def test_an_order_that_was_not_answered_is_never_given_to_another_engine(servers):
    engine = routed(servers)
    with pytest.raises(Unavailable):
        engine.commission(order("vanishes"))
    assert sorted(map(took, servers)) == [0, 2]


def test_an_engine_that_refuses_what_is_asked_is_the_last_word(servers):
    engine = routed(servers)
    with pytest.raises(RenderFailed, match="divisible by 16"):
        engine.commission(order("size"))
    assert sum(map(took, servers)) == 1


def test_a_full_engine_is_passed_over_and_when_all_are_full_the_order_waits(servers, tmp_path):
    engine = routed(servers, max_renders=1)
    first, second = engine.commission(order("slow", key="case-1")), engine.commission(order("slow", key="case-2"))
    assert {first.partition(":")[0], second.partition(":")[0]} == {"gpu-1", "gpu-2"}
    with pytest.raises(EngineBusy):
        engine.commission(order(key="case-3"))
    while engine.poll(first).state is not JobState.DONE:
        pass
    assert engine.commission(order(key="case-3")).partition(":")[0] == first.partition(":")[0]
    engine.cancel(second)
    assert engine.commission(order(key="case-4")).partition(":")[0] == second.partition(":")[0]


def test_a_job_that_another_process_ordered_takes_a_place_once_it_is_polled(servers):
    engine, restarted = routed(servers[:1], max_renders=1), routed(servers[:1], max_renders=1)
    job = engine.commission(order("slow"))
    restarted.poll(job)
    with pytest.raises(EngineBusy):
        restarted.commission(order(key="case-2"))


def test_a_job_goes_back_to_the_engine_that_has_it(servers, tmp_path):
    engine = routed(servers)
    for n in range(4):
        job = engine.commission(order(key=f"case-{n}"))
        engine.poll(job)
        engine.fetch(job, tmp_path / "video.mp4")
        assert engine.generator_info(job).model == "wan"
    for strange in ("gpu-9:video_1", "video_1", "gpu-1:", ":video_1"):
        with pytest.raises(EngineFault):
            engine.poll(strange)
        engine.cancel(strange)


def test_an_order_goes_to_an_engine_whose_profile_takes_its_parameters(servers):
    plain, rich = servers
    table = settings(
        plain={"url": plain.url, "profile": "openai", "weight": 1000}, rich={"url": rich.url, "profile": "generic"}
    )
    engine = routed_engine(table)
    assert engine.commission(order(parameters={"seed": 7})).startswith("rich:")
    assert engine.commission(order(key="case-2", size="832x480")).startswith("rich:")
    assert engine.commission(order(key="case-3", size="1280x720", seconds=4.0)).startswith("plain:")
    with pytest.raises(RenderFailed, match="these parameters"):
        engine.commission(order(parameters={"unheard_of": 1}))


@pytest.mark.parametrize("profile", ["vllm-omni", "sglang", "openai", "generic"])
def test_an_engine_with_the_manners_of_a_profile_is_understood_at_first_contact(profile, tmp_path):
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG")
    with serving(CLIP, **MANNERS[profile]) as server:
        engine = routed_engine(settings(a={"url": server.url, "profile": profile}))
        engine.commission(order(seconds=4.0, size="1280x720"))
        engine.commission(order(key="case-2", reference=picture))
        assert took(server) == 2, server.asked
        assert server.jobs["video_2"]["order"]["input_reference"]["filename"] == "reference.png"


def test_an_engine_without_jobs_says_so():
    with serving(CLIP, **MANNERS["dynamo"]) as server:
        engine = routed_engine(settings(a={"url": server.url, "profile": "dynamo"}))
        with pytest.raises(EngineFault, match="does not offer jobs"):
            engine.commission(order(parameters={"fps": 16}))


# -- the table


def test_the_models_that_may_be_named_are_listed_with_their_engines(servers):
    given = settings(
        a={"url": "http://a/v1", "models": ["wan", "ltx-2"], "cost_per_second": 0.03},
        b={"url": "http://b/v1", "models": ["wan"], "cost_per_second": 0.02},
        c={"url": "http://c/v1"},
    )
    assert [(one.id, one.engines, one.cost_per_second) for one in offered_models(given)] == [
        ("c", ("c",), 0.0),
        ("ltx-2", ("a",), 0.03),
        ("wan", ("a", "b"), 0.02),
    ]
    assert [one.id for one in offered_models(Settings(engine="http", engine_model="wan"))] == ["wan"]
    assert [one.id for one in offered_models(Settings())] == ["folder"]


def test_a_model_that_no_engine_has_is_refused_at_the_door_with_those_that_there_are():
    given = settings(a={"url": "http://a/v1", "models": ["wan"]}, b={"url": "http://b/v1", "models": ["ltx-2"]})
    with pytest.raises(BadInput, match="model must be one of ltx-2, wan"):
        profiles_for_model(given, "sora-2")
    for model in ("wan", "", "default"):
        assert [one.name for one in profiles_for_model(given, model)] == ["generic"]


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({}, "no engine is named"),
        ({"A B": {"url": "http://a"}}, "not a name"),
        ({"a": {}}, "a.url"),
        ({"a": {"url": "http://a", "weight": 0}}, "a.weight"),
        ({"a": {"url": "http://a", "weights": 1}}, "a.weights"),
        ({"a": 3}, "a: is not a table"),
    ],
)
def test_a_table_that_is_wrong_says_where(table, says):
    with pytest.raises(BadInput, match=says):
        engine_table(settings(**table))


def test_the_table_stands_in_the_settings_file_or_in_one_of_its_own(tmp_path, monkeypatch):
    text = 'engine = "routed"\n[engines.gpu-1]\nurl = "http://gpu-1:8091/v1"\nprofile = "vllm-omni"\nmodels = ["wan"]\n'
    (tmp_path / "assay.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    inside = load_settings()
    assert engine_table(inside)["gpu-1"].models == ("wan",)
    assert hash(inside)
    monkeypatch.setenv("ASSAY_ENGINES", str(tmp_path / "assay.toml"))
    assert engine_table(load_settings()) == engine_table(inside)


def test_engines_that_would_not_be_asked_are_refused(monkeypatch):
    monkeypatch.setenv("ASSAY_ENGINES", "engines.toml")
    with pytest.raises(BadInput, match="engine is not routed"):
        load_settings()


def test_a_key_is_referred_to_and_never_written_into_the_table(tmp_path, monkeypatch):
    monkeypatch.setenv("GPU_KEY", "sk-1")
    (tmp_path / "key").write_text("sk-2\n")
    assert [read_secret(one) for one in ("", "env:GPU_KEY", f"file:{tmp_path / 'key'}")] == ["", "sk-1", "sk-2"]
    for wrong in ("sk-written-here", "env:", "env:NOT_SET_ANYWHERE", "file:/nowhere/key"):
        with pytest.raises(BadInput) as raised:
            read_secret(wrong)
        assert "sk-" not in str(raised.value)


def test_the_doctor_says_of_each_engine_whether_it_is_there(servers):
    there, away = servers
    away.shutdown()
    away.server_close()
    with serving(CLIP, key="sk-other") as locked:
        given = settings(
            a={"url": there.url, "models": ["wan"], "max_renders": 4},
            b={"url": away.url},
            c={"url": locked.url},
            d={"url": "http://a/v1", "profile": "nowhere"},
        )
        found = list(check_engines(given))
    assert [state for state, _ in found] == ["ok", "lacks", "broken", "broken"]
    assert "wan; weight 1, 4 renders at once" in found[0][1]
    assert "orders wait for it" in found[1][1]
    assert "refuses our key" in found[2][1]


# -- the record of health


def test_an_engine_that_did_not_answer_rests_longer_each_time_until_it_answers():
    now = [0.0]
    record = HealthRecord("a", 0, clock=lambda: now[0])
    assert not record.is_resting
    record.did_not_answer("away")
    record.did_not_answer("away")
    now[0] = FIRST_PAUSE * 1.5
    assert record.is_resting
    now[0] = FIRST_PAUSE * 2.5
    assert not record.is_resting
    assert record.report().failures == 2
    record.answered()
    assert record.report().away == ""


def test_a_place_is_taken_once_by_a_key_and_is_free_again_when_a_job_is_forgotten():
    now = [0.0]
    record = HealthRecord("a", 1, clock=lambda: now[0])
    assert record.reserve("case-1") and record.reserve("case-1")
    assert not record.reserve("case-2")
    now[0] = FORGOTTEN_AFTER + 1
    assert record.reserve("case-2")
