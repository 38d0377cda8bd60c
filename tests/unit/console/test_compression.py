"""What is compressed for whoever can read it, and what is not."""

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.testclient import TestClient

from console.compression import CompressionMiddleware

LONG = b"words " * 1000


async def answer(scope, receive, send):
    media_type = dict(scope["headers"]).get(b"x-type", b"text/html; charset=utf-8").decode()
    await Response(LONG, media_type=media_type)(scope, receive, send)


@pytest.fixture
def client():
    app = Starlette()
    app.mount("/", answer)
    app.add_middleware(CompressionMiddleware)
    return TestClient(app)


def test_a_page_is_compressed_for_whoever_can_read_it(client):
    compressed = client.get("/queue")
    assert compressed.headers["Content-Encoding"] == "gzip" and compressed.content == LONG
    assert int(compressed.headers["Content-Length"]) < len(LONG) // 10
    assert "Accept-Encoding" in compressed.headers["Vary"]
    assert "Content-Encoding" not in client.get("/queue", headers={"Accept-Encoding": "identity"}).headers


@pytest.mark.parametrize("kind", ["video/mp4", "image/jpeg", "audio/mp4", "application/octet-stream"])
def test_what_is_compressed_already_is_sent_as_it_is(client, kind):
    assert "Content-Encoding" not in client.get("/cases/1/video", headers={"x-type": kind}).headers


@pytest.mark.parametrize("path", ["/login", "/security", "/platform", "/platform/keys", "/api/keys"])
def test_pages_that_show_secrets_are_not_compressed(client, path):
    assert "Content-Encoding" not in client.get(path).headers


def test_a_part_of_a_file_is_sent_as_it_is(client):
    assert "Content-Encoding" not in client.get("/a", headers={"Range": "bytes=0-9"}).headers
