"""Every engine through one suite; then all the ways in which a server may fail or lie."""

import logging
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from core.errors import BadInput, Declined, EngineFault, RenderFailed, Unavailable
from core.ports import JobState, RenderRequest
from pipeline.engines.folder_engine import FolderEngine
from pipeline.engines.http_engine import EngineLimits, HttpEngine
from pipeline.engines.redirects import parse_redirect_hosts, redirect_target
from pipeline.engines.retry import RetryPolicy
from pipeline.engines.routed_engine import routed_engine
from pipeline.settings import Settings
from tests.engine_server import serving

CLIP = bytes(range(256)) * 1024
PROMPT = "a hedgehog called Zebedee"
QUICK = RetryPolicy(tries=3, seconds=20, first_delay=0.001)


def order(mood="", **given):
    return RenderRequest(**{"key": "case-1", "prompt": f"{PROMPT} [{mood}]", **given})


@pytest.fixture
def server():
    with serving(CLIP) as server:
        yield server


@pytest.fixture
def http(server):
    engine = HttpEngine(server.url, retry_policy=QUICK)
    yield engine
    engine.close()


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


def finished(engine, given):
    job = engine.commission(given)
    for _ in range(20):
        if (progress := engine.poll(job)).state in (JobState.DONE, JobState.FAILED):
            return job, progress
    raise AssertionError("never finished")


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


# Faults at the video


@pytest.mark.parametrize(
    ("mood", "error", "says"),
    [
        ("html", RenderFailed, "text/html instead of a video"),
        ("json", RenderFailed, "application/json instead of a video"),
        ("disguised", RenderFailed, "text and called it a video"),
        ("empty", EngineFault, "empty file"),
        ("lost", EngineFault, "does not know the video"),
        ("short", EngineFault, "broke off"),
        ("large", RenderFailed, "larger than"),
        ("endless", RenderFailed, "larger than"),
        ("round and round", RenderFailed, "from one address to the next"),
        ("drip", Unavailable, "too slowly"),
    ],
)
def test_what_is_no_video_is_never_kept(server, tmp_path, mood, error, says):
    limits = EngineLimits(video_bytes=1 << 21, video_seconds=0.3 if mood == "drip" else 60)
    engine = HttpEngine(server.url, retry_policy=QUICK, limits=limits)
    job, _ = finished(engine, order(mood))
    with pytest.raises(error, match=says):
        engine.fetch(job, tmp_path / "video.mp4")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mood", ["short once", "elsewhere"])
def test_a_video_that_takes_two_requests_arrives_whole(http, tmp_path, mood):
    job, _ = finished(http, order(mood))
    http.fetch(job, tmp_path / "video.mp4")
    assert (tmp_path / "video.mp4").read_bytes() == CLIP


def test_a_redirect_to_another_server_is_not_followed_and_ends_the_order(tmp_path):
    with serving(CLIP) as inside, serving(CLIP, far_away=f"{inside.url}/inside?x=1", key="sk-ours") as hostile:
        engine = HttpEngine(hostile.url, key="sk-ours", retry_policy=QUICK)
        job, _ = finished(engine, order("far away"))
        with pytest.raises(RenderFailed, match="no video may be fetched") as raised:
            engine.fetch(job, tmp_path / "video.mp4")
        assert inside.asked == []
        assert "127.0.0.1" not in raised.value.reason
    assert list(tmp_path.iterdir()) == []


def test_a_redirect_to_a_host_that_the_operator_names_is_followed_without_the_key(tmp_path):
    with serving(CLIP) as store:
        kept = HttpEngine(store.url).commission(order())
        with serving(CLIP, far_away=f"{store.url}/videos/{kept}/content", key="sk-ours") as server:
            named = EngineLimits(redirect_hosts=parse_redirect_hosts(store.url.split("/")[2]))
            engine = HttpEngine(server.url, key="sk-ours", retry_policy=QUICK, limits=named)
            job, _ = finished(engine, order("far away"))
            engine.fetch(job, tmp_path / "video.mp4")
        assert store.asked[-1] == f"GET /v1/videos/{kept}/content"
        assert "sk-ours" not in str(store.authorisations)
    assert (tmp_path / "video.mp4").read_bytes() == CLIP


@pytest.mark.parametrize(
    ("location", "fine"),
    [
        ("/v1/other", True),
        ("https://engine.example/x", True),
        ("https://engine.example:443/x", True),
        ("https://engine.example:8443/x", False),
        ("http://engine.example/x", False),
        ("https://cdn.example/x", True),
        ("https://cdn.example:444/x", False),
        ("http://cdn.example/x", False),
        ("https://store.example:9000/x", True),
        ("https://store.example/x", False),
        ("https://user:word@cdn.example/x", False),
        ("ftp://cdn.example/x", False),
        ("file:///etc/passwd", False),
        ("https://cdn.example.evil.example/x", False),
        ("//169.254.169.254/latest/meta-data", False),
        ("http://[::1", False),
        ("", True),
    ],
)
def test_a_redirect_leads_to_the_same_origin_or_to_a_host_that_is_named(location, fine):
    allowed = parse_redirect_hosts("CDN.example, store.example:9000")
    answer = httpx.Response(
        302, headers={"location": location}, request=httpx.Request("GET", "https://engine.example/v1/videos/1/content")
    )
    if fine:
        assert redirect_target(answer, allowed)
    else:
        with pytest.raises(RenderFailed):
            redirect_target(answer, allowed)


def test_hosts_to_which_an_engine_may_send_us_are_checked_when_they_are_read():
    for wrong in ("http://cdn.example", "cdn.example/x", "cdn.example:https", "me@cdn.example"):
        with pytest.raises(BadInput, match="engine_redirect_hosts"):
            parse_redirect_hosts(wrong)


def test_an_older_video_is_not_lost_to_a_failed_download(http, tmp_path):
    (tmp_path / "video.mp4").write_bytes(b"older")
    job, _ = finished(http, order("short"))
    with pytest.raises(EngineFault):
        http.fetch(job, tmp_path / "video.mp4")
    assert (tmp_path / "video.mp4").read_bytes() == b"older"


def test_a_server_whose_process_dies_in_the_middle_of_a_video_leaves_nothing(tmp_path):
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(CLIP)
    out = tmp_path / "out"
    out.mkdir()
    command = [sys.executable, "-m", "tests.engine_server", "--port", "0", "--video", str(clip)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().split()[-1]
        engine = HttpEngine(url, retry_policy=QUICK)
        job, _ = finished(engine, order("exits"))
        with pytest.raises((Unavailable, EngineFault)):
            engine.fetch(job, out / "video.mp4")
        assert process.wait(10) == 9
    assert list(out.iterdir()) == []
