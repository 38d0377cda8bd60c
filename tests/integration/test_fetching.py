"""Fetching what a stranger names: from public machines only, whatever the name, the redirect or the answer pretends."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anyio
import pytest

from core.errors import BadInput
from pipeline.safe_fetch import SafeFetcher, is_public_address
from tests.dripping_server import DRIPS, dripping

INWARD = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "198.18.0.1", "192.0.2.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0",
    "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1",
    "2002:7f00:1::", "2001:0:7f00:1::", "fec0::1", "nothing", "",
]  # fmt: skip


class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        kind = self.path.partition("?")[0].strip("/")
        self.server.asked.append((kind, self.headers.get("Host")))
        if kind == "moved":
            return self._say(302, b"", location="/clip.mp4")
        if kind == "inward":
            return self._say(302, b"", location=f"http://inward.test:{self.server.server_port}/secret")
        if kind == "schemes":
            return self._say(302, b"", location="file:///etc/passwd")
        if kind == "round":
            return self._say(302, b"", location="/round")
        if kind == "gone":
            return self._say(404, b"")
        if kind == "packed":
            return self._say(200, b"x", **{"content-encoding": "gzip"})
        if kind == "large":
            return self._say(200, b"x" * 3_000_000)
        if kind == "slow":
            self.send_response(200)
            self.end_headers()
            for _ in range(50):
                try:
                    self.wfile.write(b"x")
                    self.wfile.flush()
                except OSError:
                    return None
                threading.Event().wait(0.1)
            return None
        return self._say(200, b"a film")

    def _say(self, status, content, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    made.asked, made.daemon_threads = [], True
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def fetcher(server, **more):
    """Takes 127.0.0.1 for public and 10.0.0.1 not, so that a real server can be asked."""
    names = {"public.test": ("127.0.0.1",), "inward.test": ("10.0.0.1",), "both.test": ("127.0.0.1", "10.0.0.1")}
    options = {"max_bytes": 1 << 20, "seconds": 5.0, "ports": frozenset({server.server_port})}
    options |= {"resolve": lambda host, _port: names.get(host, ())} | more
    return SafeFetcher(allowed=lambda address: address == "127.0.0.1", **options)


def url(server, path, host="public.test"):
    return f"http://{host}:{server.server_port}/{path}"


def test_a_file_is_fetched_from_the_very_address_that_was_checked(server, tmp_path):
    answers = iter([("127.0.0.1",), ("10.0.0.1",)])  # a name that answers differently the second time
    one = SafeFetcher(
        max_bytes=1 << 20,
        resolve=lambda _host, _port: next(answers),
        allowed=lambda address: address == "127.0.0.1",
        ports=frozenset({server.server_port}),
    )
    assert one.fetch(url(server, "a/clip.mp4"), tmp_path / "f") == "clip.mp4"
    assert (tmp_path / "f").read_bytes() == b"a film"
    assert server.asked[-1] == ("a/clip.mp4", f"public.test:{server.server_port}")


def test_a_redirect_to_a_public_place_is_followed(server, tmp_path):
    assert fetcher(server).fetch(url(server, "moved"), tmp_path / "f") == "clip.mp4"


@pytest.mark.parametrize(
    ("path", "host", "why"),
    [
        ("clip", "inward.test", "not of a public"),
        ("clip", "both.test", "not of a public"),
        ("clip", "unknown.test", "not of a public"),
        ("inward", "public.test", "not of a public"),
        ("schemes", "public.test", "begins with https"),
        ("round", "public.test", "one redirect to the next"),
        ("gone", "public.test", "HTTP 404"),
        ("packed", "public.test", "packed"),
        ("large", "public.test", "larger than the 1 MB"),
    ],
)
def test_what_is_not_fetched_is_said_and_an_inner_server_never_hears_of_it(server, tmp_path, path, host, why):
    with pytest.raises(BadInput, match=why):
        fetcher(server).fetch(url(server, path, host), tmp_path / "f")
    assert "secret" not in {asked for asked, _ in server.asked}


@pytest.mark.parametrize("what", DRIPS)
def test_the_time_limit_covers_the_whole_visit(tmp_path, what):
    with dripping(DRIPS[what]) as port:
        here = SafeFetcher(
            max_bytes=1 << 20,
            seconds=1.0,
            resolve=lambda _host, _port: ("127.0.0.1",),
            allowed=lambda _address: True,
            ports=frozenset({port}),
        )
        began = time.monotonic()
        with pytest.raises(BadInput, match="takes more than 1 s"):
            here.fetch(f"http://public.test:{port}/clip.mp4", tmp_path / "f")
        assert time.monotonic() - began < 3


def test_the_time_limit_covers_looking_up_the_name(server, tmp_path):
    def slow(_host, _port):
        time.sleep(3)
        return ()

    began = time.monotonic()
    with pytest.raises(BadInput, match="takes more than"):
        fetcher(server, seconds=0.4, resolve=slow).fetch(url(server, "clip"), tmp_path / "f")
    assert time.monotonic() - began < 2


def test_the_time_limit_covers_all_redirects_together(server, tmp_path):
    def slow(_host, _port):
        time.sleep(0.3)
        return ("127.0.0.1",)

    with pytest.raises(BadInput, match="takes more than"):
        fetcher(server, seconds=0.8, resolve=slow).fetch(url(server, "round"), tmp_path / "f")


def test_whoever_no_longer_waits_ends_a_visit_within_a_second(tmp_path):
    async def leaves(port):
        here = SafeFetcher(
            max_bytes=1 << 20,
            resolve=lambda _host, _port: ("127.0.0.1",),
            allowed=lambda _address: True,
            ports=frozenset({port}),
        )
        with anyio.move_on_after(0.5):
            await here.fetch_async(f"http://public.test:{port}/clip.mp4", tmp_path / "f")

    with dripping(DRIPS["its headers"]) as port:
        began = time.monotonic()
        anyio.run(leaves, port)
        assert time.monotonic() - began < 1.5


def test_a_slow_server_is_not_waited_for(server, tmp_path):
    with pytest.raises(BadInput, match="takes more than"):
        fetcher(server, seconds=0.4).fetch(url(server, "slow"), tmp_path / "f")


@pytest.mark.parametrize(
    "odd",
    [
        "", "clip.mp4", "ftp://example.org/a", "file:///etc/passwd", "http://", "https://user:pw@example.org/a",
        "http://example.org:22/", "http://example.org:99999/", "http://[::1", "gopher://example.org", "http://a\nb/",
        "https://example.org/" + "a" * 3000, "http://127.0.0.1/", "http://[::1]/", "http://localhost/", "http://0x7f000001/",
        "http://2130706433/", "http://127.1/", "http://[::ffff:10.0.0.1]/",
    ],
)  # fmt: skip
def test_what_is_no_public_address_is_refused_before_anything_is_sent(tmp_path, odd):
    with pytest.raises(BadInput):
        SafeFetcher(max_bytes=1).fetch(odd, tmp_path / "f")
    assert not (tmp_path / "f").exists()


@pytest.mark.parametrize("address", INWARD)
def test_no_inner_address_counts_as_public(address):
    assert not is_public_address(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_the_addresses_of_public_servers_do(address):
    assert is_public_address(address)
