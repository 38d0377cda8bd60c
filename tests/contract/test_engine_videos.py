"""What a server delivers as the video: only a whole one is kept, and only from where it may come."""

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from core.errors import AssayError, BadInput, EngineFault, RenderFailed, Unavailable
from pipeline.engines.http_engine import EngineLimits, HttpEngine
from pipeline.engines.redirects import parse_redirect_hosts, redirect_target
from pipeline.engines.retry import RetryPolicy
from tests.contract.engine_orders import CLIP, QUICK, finished, order
from tests.dripping_server import DRIPS, dripping
from tests.engine_server import serving


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


@pytest.mark.parametrize("what", DRIPS)
def test_no_answer_of_an_engine_is_waited_for_longer_than_its_limits(tmp_path, what):
    limits = EngineLimits(connect_seconds=0.4, read_seconds=0.4, video_seconds=0.8)
    once = RetryPolicy(tries=1)
    with dripping(DRIPS[what]) as port:
        engine = HttpEngine(f"http://127.0.0.1:{port}", retry_policy=once, limits=limits)
        for ask in (
            lambda: engine.commission(order()),
            lambda: engine.poll("job"),
            lambda: engine.fetch("job", tmp_path / "video.mp4"),
            lambda: engine.cancel("job"),
            engine.reach,
        ):
            began = time.monotonic()
            with suppress(AssayError):
                ask()
            assert time.monotonic() - began < 3
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
