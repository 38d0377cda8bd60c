"""A client for batches: what is asked again, what is said of a line, and what ends the run."""

import asyncio
from pathlib import Path

import httpx
import pytest

from console.batch import video_client
from console.batch.batch_lines import BatchRequest
from console.batch.video_client import LineRefused, VideoClient, save_published_video
from core.errors import Forbidden, Unavailable

REQUEST = BatchRequest(number=1, id="a", fields={"prompt": "x"})
VIDEO = {"id": "c" * 16, "assay": {"phase": "submitted"}}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(video_client, "_FIRST_PAUSE", 0.001)


async def nothing(*_given):
    return ""


def ask(*answers, patience=5.0, download=nothing, do=lambda client: client.create(REQUEST)):
    """What the client makes of these answers, one after the other; and what it sent."""
    left, sent = list(answers), []

    def answer(request):
        sent.append(request)
        now = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(now, Exception):
            raise now
        return now

    async def main():
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://server") as http:
            return await do(VideoClient(http=http, url_of=nothing, download=download, patience=patience))

    return asyncio.run(main()), sent


def refusal(status, code, **headers):
    return httpx.Response(status, json={"error": {"code": code, "message": "no"}}, headers=headers)


def test_a_server_that_is_away_is_asked_again_under_the_same_key():
    found, sent = ask(
        httpx.ConnectError("down"), httpx.Response(503), refusal(429, "slow"), httpx.Response(200, json=VIDEO)
    )
    assert found == VIDEO
    assert [request.headers["idempotency-key"] for request in sent] == ["a"] * 4


def test_the_pause_that_a_server_asks_for_is_kept():
    with pytest.raises(Unavailable, match="503"):
        ask(refusal(503, "away", **{"retry-after": "60"}), patience=1.0)


def test_patience_ends():
    with pytest.raises(Unavailable, match="ConnectError"):
        ask(httpx.ConnectError("down"), patience=0.01)


@pytest.mark.parametrize(("status", "code"), [(400, "bad_input"), (413, "too_large"), (429, "insufficient_quota")])
def test_what_a_server_refuses_is_about_the_line(status, code):
    with pytest.raises(LineRefused, match="no") as raised:
        ask(refusal(status, code))
    assert raised.value.code == code


def test_a_token_that_lets_nobody_in_is_about_the_run():
    with pytest.raises(Forbidden):
        ask(refusal(401, "not_signed_in"))


def test_an_answer_that_is_no_json_is_no_video():
    with pytest.raises(Unavailable, match="is the address right"):
        ask(httpx.Response(200, text="<html>"))


def test_a_video_that_breaks_off_leaves_no_file(tmp_path):
    async def broken(_case_id, to: Path):
        to.write_bytes(b"half")
        raise Unavailable

    with pytest.raises(Unavailable):
        ask(VIDEO, download=broken, do=lambda client: save_published_video(client, "c" * 16, tmp_path))
    assert list(tmp_path.iterdir()) == []
