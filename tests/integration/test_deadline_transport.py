"""An exchange with a deadline is otherwise as httpx makes it: errors, kept connections, the environment's proxy."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from pipeline.engines.deadline_transport import DeadlineTransport, exchange_within
from tests.dripping_server import DRIPS, dripping


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append((self.path, self.client_address, self.headers.get("Proxy-Authorization")))
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"film")

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.asked, made.daemon_threads = [], True
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def client():
    with httpx.Client(transport=DeadlineTransport(), timeout=5) as client:
        yield client


def test_a_connection_is_kept_for_the_next_request(client, server):
    address = f"http://127.0.0.1:{server.server_port}/a?b=c"
    assert [client.get(address).text for _ in range(2)] == ["film", "film"]
    (one, first, _), (_, second, _) = server.asked
    assert one == "/a?b=c" and first == second


@pytest.mark.parametrize("what", DRIPS)
def test_an_exchange_ends_with_its_deadline(client, what):
    with dripping(DRIPS[what]) as port, pytest.raises(httpx.ReadTimeout), exchange_within(0.5):
        client.get(f"http://127.0.0.1:{port}/")


def test_what_cannot_be_reached_or_understood_is_an_error_of_httpx(client):
    with pytest.raises(httpx.ConnectError):
        client.get("http://127.0.0.1:9/")
    with pytest.raises(httpx.UnsupportedProtocol):
        client.get("gopher://127.0.0.1/")
    with dripping(b"what is this\r\n\r\n") as port, pytest.raises(httpx.RemoteProtocolError):
        client.get(f"http://127.0.0.1:{port}/")


def test_the_proxy_of_the_environment_is_asked_except_for_what_no_proxy_names(client, server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://me:secret@127.0.0.1:{server.server_port}")
    monkeypatch.setenv("http_proxy", f"http://me:secret@127.0.0.1:{server.server_port}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    client.get("http://engine.test/v1/models")
    client.get(f"http://127.0.0.1:{server.server_port}/v1/models")
    asked = [(path, proxied) for path, _, proxied in server.asked]
    assert asked == [("http://engine.test/v1/models", "Basic bWU6c2VjcmV0"), ("/v1/models", None)]
