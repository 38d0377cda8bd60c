"""POST /v1/videos/sync answers with the video, and loses nothing where it cannot."""

import threading

import httpx
import pytest

from tests.stories.http_installation import FINE, HELD, REFUSED, memory_installation, serve_installation


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    """An installation of which the cases move by themselves."""
    house = memory_installation(tmp_path_factory.mktemp("moving"), sync_wait=2)
    stop = threading.Event()
    runner = threading.Thread(target=house.runner.run_forever, args=[stop])
    with serve_installation(house) as serving:
        runner.start()
        yield serving
        stop.set()
        runner.join()


@pytest.mark.parametrize("form", [False, True])
def test_who_waits_for_a_video_gets_it_in_the_answer(moving, bunny, form):
    sent = {"files": {"prompt": (None, FINE)}} if form else {"json": {"prompt": FINE}}
    with moving.client(moving.platform) as client:
        answer = client.post("/v1/videos/sync", **sent)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4"), answer.text
        assert answer.content == bunny.read_bytes()
        assert client.get(f"/v1/videos/{answer.headers['x-request-id']}").json()["status"] == "completed"
    assert float(answer.headers["x-inference-time-s"]) >= 0 and answer.headers["x-model"] == "stand-in"


def test_who_waits_for_a_refusal_gets_an_error_and_for_a_hold_the_id(moving):
    with moving.client(moving.platform) as client:
        refused = client.post("/v1/videos/sync", json={"prompt": REFUSED})
        held = client.post("/v1/videos/sync", json={"prompt": HELD})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "policy_refused")
    assert refused.json()["video"]["status"] == "failed"
    assert (held.status_code, held.json()["assay"]["phase"]) == (202, "held")
    assert held.headers["location"] == f"/v1/videos/{held.json()['id']}"


@pytest.fixture(scope="module")
def still(tmp_path_factory):
    """An installation of which nothing moves the cases: as with an engine that takes for ever."""
    with serve_installation(memory_installation(tmp_path_factory.mktemp("still"), sync_wait=0.3)) as serving:
        yield serving


def test_who_waits_too_long_gets_the_id_and_the_case_goes_on(still):
    with still.client(still.platform) as client:
        late = client.post("/v1/videos/sync", json={"prompt": FINE})
        assert (late.status_code, late.json()["status"]) == (202, "queued")
        assert late.headers["location"] == f"/v1/videos/{late.json()['id']}"
        still.settle(late.json()["id"])
        assert client.get(late.headers["location"]).json()["status"] == "completed"


def test_the_case_of_who_hangs_up_goes_on(still):
    with still.client(still.platform) as client:
        with pytest.raises(httpx.ReadTimeout):
            client.post("/v1/videos/sync", json={"prompt": FINE}, timeout=0.15)
        [case_id] = [video["id"] for video in client.get("/v1/videos", params={"limit": 1}).json()["data"]]
        still.settle(case_id)
        assert client.get(f"/v1/videos/{case_id}").json()["status"] == "completed"
