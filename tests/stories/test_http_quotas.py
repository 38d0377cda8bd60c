"""What a key and an account may use, as clients are told it."""

from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from core.roles import Principal, Role, UsageLimits
from pipeline.access.account_service import AccountService
from pipeline.access.usage import UsageMeter
from pipeline.testing.memory_usage import MemoryUsage
from tests.stories.http_installation import FINE, ApiAccount, memory_installation, serve_installation

OPERATOR = Principal(id="local:op", roles=frozenset({Role.OPERATOR}))


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    with serve_installation(memory_installation(tmp_path_factory.mktemp("house"))) as serving:
        yield serving


@contextmanager
def limited(at, **limits):
    person = at.installation.account(Role.PLATFORM)
    service = AccountService(accounts=at.installation.accounts)
    _, token = service.create_key(OPERATOR, "limited", limits=UsageLimits(**limits), account=person.person.id)
    with at.client(ApiAccount(person.person, token)) as client:
        yield client


def test_a_key_that_asks_too_often_waits_as_long_as_it_is_told(at):
    with limited(at, requests_per_minute=3) as client:
        answers = [client.get("/v1/videos") for _ in range(5)]
        missing = client.get("/v1/videos/0123456789abcdef")
    assert [a.status_code for a in answers] == [200, 200, 200, 429, 429] and missing.status_code == 429
    assert [a.headers["x-ratelimit-remaining-requests"] for a in answers] == ["2", "1", "0", "0", "0"]
    assert {a.headers["x-ratelimit-limit-requests"] for a in answers} == {"3"}
    over = answers[3]
    assert over.json()["error"]["code"] == "rate_limit_exceeded" and over.json()["error"]["type"] == "rate_limit_error"
    assert 0 < int(over.headers["retry-after"]) <= 60
    assert over.headers["x-ratelimit-reset-requests"].removesuffix("s") == over.headers["retry-after"]


def test_every_answer_says_what_is_left_errors_too(at):
    with at.client(at.platform) as client:
        for path in ("/v1/videos", "/v1/videos/0123456789abcdef", "/api/queue"):
            assert client.get(path).headers["x-ratelimit-limit-requests"] == "6000"
    with at.client() as public:
        assert "x-ratelimit-limit-requests" not in public.get("/verify").headers


def test_videos_of_a_day_are_counted_and_the_one_too_many_is_refused(at):
    with limited(at, videos_per_day=2) as client:
        first = client.post("/v1/videos", json={"prompt": FINE}, headers={"Idempotency-Key": "one"})
        again = client.post("/v1/videos", json={"prompt": FINE}, headers={"Idempotency-Key": "one"})
        assert first.json()["id"] == again.json()["id"]
        assert client.post("/v1/videos", json={"prompt": ""}).status_code == 400
        assert client.post("/v1/videos", json={"prompt": FINE, "remixed_from_video_id": "none"}).status_code == 400
        assert client.post("/v1/videos", json={"prompt": FINE, "seconds": "8"}).status_code == 200
        over = client.post("/v1/videos", json={"prompt": FINE})
        assert (over.status_code, over.json()["error"]["code"]) == (429, "insufficient_quota")
        assert "this key may have 2 videos a day" in over.json()["error"]["message"]
        assert over.headers["x-should-retry"] == "false"
        midnight = datetime.now(UTC).replace(hour=23, minute=59, second=59) - datetime.now(UTC)
        assert abs(int(over.headers["retry-after"]) - midnight.total_seconds()) < 10
        assert client.post("/v1/videos", json={"prompt": FINE}, headers={"Idempotency-Key": "one"}).status_code == 200
        said = client.get("/api/usage").json()
    assert said["key"]["videos_per_day"] | {"resets": ""} == {"used": 2, "limit": 2, "resets": ""}
    assert said["account"]["video_seconds_per_month"]["used"] == 12
    assert said["account"]["videos_per_day"]["limit"] is None
    assert said["requests_per_minute"] == {"account": 6000, "key": None}


@pytest.mark.postgres
def test_what_was_used_is_known_after_a_restart(fresh):
    made = fresh.assay("account", "create", "--role", "platform", "--id", "ana", "--json").json
    assert fresh.assay("account", "limits", "ana", "--videos-per-day", "1").code == 0
    code = (
        "from pipeline.settings import load_settings; from pipeline.wiring import build_installation;"
        "from pipeline.accounts import authenticate; from pipeline.video_request import VideoRequest;"
        "at = build_installation(load_settings());"
        f"at.service.submit(authenticate(at.accounts, {made['token']!r}), VideoRequest(prompt='a rabbit'));"
        "at.close()"
    )
    first, second = fresh.python(code), fresh.python(code)
    assert first.code == 0, first.err
    assert "your account may have 1 videos a day" in second.err
    shown = fresh.assay("account", "show", "ana", "--json").json
    assert shown["usage"][0]["used"] == 1 and shown["usage"][0]["limit"] == 1


def test_the_meter_of_an_installation_has_the_limits_of_its_settings(at):
    assert at.installation.settings.usage_limits == UsageLimits(
        requests_per_minute=6000, videos_per_day=0, video_seconds_per_month=0
    )
    assert UsageMeter(store=MemoryUsage()).account_usage("nobody", UsageLimits())[0].limit is None
