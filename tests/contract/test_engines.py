"""Every engine through one suite; then all the ways in which a server may fail or lie."""

import logging

import pytest

from core.errors import BadInput, Declined, EngineFault, RenderFailed, Unavailable
from core.ports import JobState
from pipeline.engines.folder_engine import FolderEngine
from pipeline.engines.http_engine import EngineLimits, HttpEngine
from pipeline.engines.retry import RetryPolicy
from pipeline.engines.routed_engine import routed_engine
from pipeline.settings import Settings
from tests.contract.engine_orders import CLIP, PROMPT, QUICK, finished, order
from tests.engine_server import serving


@pytest.fixture
def folder(tmp_path):
    footage = tmp_path / "footage"
    (footage / "more").mkdir(parents=True)
    for name in ("a.mp4", "b.webm", "more/c.mp4"):
        (footage / name).write_bytes(CLIP)
    return FolderEngine(footage)


@pytest.fixture
def routed(server):
    table = {"gpu-1": {"url": server.url, "models": ["wan", "c"]}, "gpu-2": {"url": server.url, "models": ["wan", "c"]}}
    return routed_engine(Settings(engine="routed", engines=table))


@pytest.fixture(params=["http", "folder", "routed"])
def engine(request):
    return request.getfixturevalue(request.param)


# Every engine


def test_an_order_becomes_a_video(engine, tmp_path):
    job, progress = finished(engine, order())
    engine.fetch(job, tmp_path / "video.mp4")
    assert progress.state is JobState.DONE
    assert progress.percent == 100.0
    assert (tmp_path / "video.mp4").read_bytes() == CLIP


def test_asking_twice_with_the_same_key_is_asking_once(engine):
    assert engine.commission(order()) == engine.commission(order())


def test_a_job_the_engine_does_not_know_is_a_fault(engine, tmp_path):
    for strange in ("video_99", "../../etc/passwd", "a/../../b", "", "%2e%2e"):
        with pytest.raises(EngineFault):
            engine.poll(strange)
        with pytest.raises(EngineFault):
            engine.generator_info(strange)
        with pytest.raises(EngineFault):
            engine.fetch(strange, tmp_path / "video.mp4")
    assert list(tmp_path.glob("*.mp4")) == []


def test_fetching_leaves_nothing_beside_the_video(engine, tmp_path):
    target = tmp_path / "out"
    target.mkdir()
    job, _ = finished(engine, order())
    engine.fetch(job, target / "video.mp4")
    engine.fetch(job, target / "video.mp4")
    assert [path.name for path in target.iterdir()] == ["video.mp4"]


def test_an_engine_says_who_it_is_and_whether_it_makes_anything(engine):
    assert engine.name
    assert engine.version
    assert engine.synthetic is not isinstance(engine, FolderEngine)


def test_a_video_has_an_origin(engine):
    job, _ = finished(engine, order(model="c"))
    assert engine.generator_info(job).model == ("c" if engine.synthetic else "")


# What is asked of a server


def test_an_order_is_put_in_the_words_of_the_videos_api(http, server):
    http.commission(order(model="wan", seconds=8.0, size="1280x720"))
    (job,) = server.jobs.values()
    assert job["order"] == {"prompt": f"{PROMPT} []", "model": "wan", "seconds": "8", "size": "1280x720"}
    assert job["key"] == "case-1"


def test_a_reference_goes_as_a_part_of_a_form(http, server, tmp_path):
    picture = tmp_path / "6f9c.png"
    picture.write_bytes(b"\x89PNG")
    http.commission(order(reference=picture))
    (job,) = server.jobs.values()
    assert job["order"]["input_reference"] == {"filename": "reference.png", "type": "image/png", "bytes": b"\x89PNG"}


def test_a_server_that_reads_only_forms_is_given_a_form():
    with serving(CLIP, forms_only=True) as server:
        assert HttpEngine(server.url, retry_policy=QUICK).commission(order(size="1280x720"))
        (job,) = server.jobs.values()
        assert job["order"]["size"] == "1280x720"
        assert server.asked == ["POST /v1/videos"] * 2


@pytest.mark.parametrize("status", [400, 415, 422])
def test_the_format_that_a_server_reads_is_found_once_and_remembered(status):
    with serving(CLIP, forms_only=True, unread_status=status) as server:
        engine = HttpEngine(server.url, retry_policy=QUICK)
        for key in ("case-1", "case-2", "case-3"):
            assert engine.commission(order(key=key))
        assert server.asked == ["POST /v1/videos"] * 4
        assert len(server.jobs) == 3


def test_a_format_that_is_set_is_the_only_one_that_is_tried():
    with serving(CLIP, forms_only=True, unread_status=400) as server:
        with pytest.raises(RenderFailed, match="HTTP 400"):
            HttpEngine(server.url, retry_policy=QUICK, body_format="json").commission(order())
        assert HttpEngine(server.url, retry_policy=QUICK, body_format="multipart").commission(order())
        assert server.asked == ["POST /v1/videos"] * 2


def test_where_neither_format_is_read_the_first_refusal_is_told_and_nothing_is_remembered(server, monkeypatch):
    monkeypatch.setattr("tests.engine_server.server._fields", lambda *_, **__: {})
    engine = HttpEngine(server.url, retry_policy=QUICK)
    for _ in range(2):
        with pytest.raises(RenderFailed, match="HTTP 422"):
            engine.commission(order())
    assert server.asked == ["POST /v1/videos"] * 4


def test_a_form_that_is_read_and_refused_is_remembered_as_the_format():
    with serving(CLIP, forms_only=True, unread_status=400) as server:
        engine = HttpEngine(server.url, retry_policy=QUICK)
        with pytest.raises(RenderFailed, match="divisible by 16"):
            engine.commission(order("size"))
        assert engine.commission(order(key="case-2"))
        assert server.asked == ["POST /v1/videos"] * 3


def test_a_refusal_of_what_is_asked_is_not_tried_in_another_format(http, server):
    with pytest.raises(RenderFailed):
        http.commission(order("invalid"))
    assert server.asked == ["POST /v1/videos"]


def test_the_model_of_the_settings_is_asked_for_where_an_order_names_none(server):
    engine = HttpEngine(server.url, model="ltx-2")
    engine.commission(order())
    assert server.jobs["video_1"]["order"]["model"] == "ltx-2"
    assert engine.version == "ltx-2"


def test_a_slow_job_shows_its_progress(http):
    job = http.commission(order("slow"))
    seen = [http.poll(job) for _ in range(5)]
    assert [p.state.value for p in seen] == ["queued", "queued", "running", "running", "done"]
    assert [p.percent for p in seen] == [0, 0, 50, 75, 100]


@pytest.mark.parametrize("mood", ["busy", "broken twice", "hangs up"])
def test_passing_trouble_is_waited_out_and_makes_one_job(http, server, mood):
    job, progress = finished(http, order(mood))
    assert progress.state is JobState.DONE
    assert list(server.jobs) == [job]
    assert server.asked.count("POST /v1/videos") >= 2


# Faults at the order and at the job


@pytest.mark.parametrize(
    ("mood", "error", "says"),
    [
        ("refused", Declined, "moderation_blocked"),
        ("forbidden", Declined, "content_policy_violation"),
        ("moderated", Declined, "sentinel_block"),
        ("invalid", RenderFailed, "HTTP 400, invalid_size"),
        ("size", RenderFailed, "size must be divisible by 16"),
        ("no memory", RenderFailed, "out of memory"),
        ("broken", Unavailable, "HTTP 503"),
        ("nameless", EngineFault, "named no job"),
        ("at once", EngineFault, "instead of a job"),
        ("page for a job", EngineFault, "web page"),
        ("chatter", EngineFault, "megabyte"),
        ("riddle", EngineFault, "simmering"),
    ],
)
def test_an_order_that_comes_to_nothing_raises_what_it_is(http, mood, error, says):
    with pytest.raises(error, match=says) as raised:
        finished(http, order(mood))
    assert "Zebedee" not in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("mood", "code", "says"),
    [
        ("fails", "out_of_memory", "CUDA out of memory while"),
        ("fails with a number", "engine_error", "does not say why"),
        ("fails silently", "engine_error", "does not say why"),
        ("worker died", "", "500"),
        ("cancelled", "", "cancelled"),
    ],
)
def test_a_job_that_failed_for_good_has_a_code_and_no_words_of_the_prompt(http, mood, code, says):
    _, progress = finished(http, order(mood))
    assert (progress.state, progress.code) == (JobState.FAILED, code)
    assert says in progress.error
    assert "hedgehog" not in progress.error and "Zebedee" not in progress.error


def test_what_an_engine_says_of_its_own_code_paths_and_addresses_is_left_out(http):
    with pytest.raises(RenderFailed) as raised:
        http.commission(order("size"))
    assert raised.value.code == "invalid_parameters"
    for secret in ("/opt", "http", "gpu-7", "1610", "raise", "api_server"):
        assert secret not in raised.value.reason.replace("(HTTP 400", ""), raised.value.reason


def test_a_key_that_is_refused_says_what_to_set(caplog):
    caplog.set_level(logging.DEBUG)
    with serving(CLIP, key="sk-right") as server:
        with pytest.raises(Unavailable, match="ASSAY_ENGINE_KEY") as raised:
            HttpEngine(server.url, key="sk-wrong", retry_policy=QUICK).commission(order())
        assert HttpEngine(server.url, key="sk-right", retry_policy=QUICK).commission(order())
    assert "sk-" not in str(raised.value) + caplog.text
    assert "Zebedee" not in caplog.text


def test_a_server_that_is_not_there_is_unavailable(http, server):
    server.shutdown()
    server.server_close()
    with pytest.raises(Unavailable, match="is it running"):
        http.commission(order())


@pytest.mark.parametrize(("mood", "says"), [("stalls", "ReadTimeout"), ("drawls", "too slowly")])
def test_a_server_that_stalls_is_unavailable(server, mood, says):
    impatient = HttpEngine(server.url, retry_policy=RetryPolicy(tries=1), limits=EngineLimits(read_seconds=0.3))
    with pytest.raises(Unavailable, match=says):
        impatient.commission(order(mood))


def test_an_address_without_a_videos_api_says_what_to_check(server):
    with pytest.raises(Unavailable, match="ASSAY_ENGINE_URL"):
        HttpEngine(server.url.replace("/v1", "/v2"), retry_policy=QUICK).commission(order())


@pytest.mark.parametrize("url", ["", "example", "ftp://host/v1", "http://user:pass@host/v1", "http://[::1"])
def test_a_url_that_cannot_be_one_is_refused_at_once(url):
    with pytest.raises(BadInput, match="ASSAY_ENGINE_"):
        HttpEngine(url)


def test_a_url_without_a_path_is_completed(server):
    assert HttpEngine(server.url.removesuffix("/v1")).commission(order())
