"""A stranger with a file: bounded, answered, and nothing of it stays."""

import socket
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import httpx
import openai
import pytest

from console.serve import _server
from console.web import body_limit, uploads
from console.web.header_timeout import HeaderTimeoutProtocol
from console.web.rate_limits import ConcurrencyLimiter
from core.errors import Abandoned, BadMedia, Unavailable
from core.finding import OtherInstallationMark
from media.sandbox.client import run_sandboxed
from tests.stories.http_installation import memory_installation, serve_installation
from tests.stub_pipeline.stage_parts import StubVerifier


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    with serve_installation(memory_installation(tmp_path_factory.mktemp("house"), max_upload_mb=2)) as serving:
        yield serving


def verify(at, content, name="clip.mp4", path="/api/verify", **options):
    with at.client() as public:
        return public.post(path, files={"file": (name, content)}, **options)


def test_a_stranger_gets_an_answer_and_nothing_stays(at, small):
    answer = verify(at, small.read_bytes(), name="holiday/clip.mp4")
    finding = answer.json()
    assert set(finding) == {
        *("file", "verdict", "summary", "credentials", "watermark", "evidence", "case", "unexamined"),
        *("other_installation", "incoming", "layers", "origins", "consent"),
    }
    assert (finding["file"], finding["verdict"]) == ("clip.mp4", "no_information")
    assert at.left_on_disk() == []


def test_the_page_says_the_same_with_the_plain_sentence_first(at, small):
    finding = verify(at, small.read_bytes()).json()
    page = verify(at, small.read_bytes(), path="/verify", headers={"Accept": "text/html"}).text
    part = verify(at, small.read_bytes(), path="/verify?part=answer").text
    assert page.index(finding["summary"]) < page.index(finding["evidence"][0]["says"])
    assert part.startswith('<article class="finding') and finding["summary"] in part
    assert "&#34;verdict&#34;: &#34;no_information&#34;" in page


def test_a_mark_of_another_installation_is_named_with_a_link_to_it(tmp_path, small):
    house = memory_installation(tmp_path)
    mark = OtherInstallationMark(name="Studio <B>", url="https://b.example/verify", issuer="abcdef", case_id="f" * 16)
    verifier = house.service.verifier

    def found(path, look_up, **how):
        return replace(verifier.verify(path, look_up, **how), other_installation=mark)

    with serve_installation(replace(house, service=replace(house.service, verifier=StubVerifier(found)))) as at:
        said = verify(at, small.read_bytes()).json()["other_installation"]
        page = verify(at, small.read_bytes(), path="/verify", headers={"Accept": "text/html"}).text
    assert (said["name"], said["case_id"], said["by"]) == ("Studio <B>", "f" * 16, "key")
    link = '<a href="https://b.example/verify" rel="noopener nofollow">Ask the installation that marked it</a>: Studio &lt;B&gt;'
    assert link in page


def test_a_file_over_the_limit_is_413_and_nothing_stays(at):
    for size in (2 * 1024**2 + 1, 20_000_000):
        answer = verify(at, b"x" * size)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
        assert "2 MB" in answer.json()["error"]["message"]
    assert at.left_on_disk() == []


def test_a_file_of_unknown_length_is_bounded_too(at):
    def endless():
        yield b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
        for _ in range(100):
            yield b"x" * 65536

    with at.client() as public:
        head = {"Content-Type": "multipart/form-data; boundary=cut"}
        answer = public.post("/api/verify", content=endless(), headers=head)
    assert answer.status_code == 413
    assert at.left_on_disk() == []


@pytest.mark.parametrize("content", [b"hello", b"\x00" * 5000, b"<html>", b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 500])
def test_what_is_no_video_is_422_and_nothing_stays(at, content):
    answer = verify(at, content)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad_media")
    assert at.left_on_disk() == []


def test_no_file_an_empty_file_or_two_are_400(at):
    with at.client() as public:
        answers = [
            public.post("/api/verify"),
            public.post("/api/verify", json={"file": "x"}),
            public.post("/api/verify", files={"other": b"x"}),
            public.post("/api/verify", files={"file": ("a", b"")}),
            public.post("/api/verify", files=[("file", ("a", b"1")), ("file", ("b", b"2"))]),
        ]
    assert [a.status_code for a in answers] == [400] * 5
    assert at.left_on_disk() == []


def test_a_mistake_in_a_browser_is_a_page(at):
    page = verify(at, b"hello", path="/verify", headers={"Accept": "text/html"})
    assert page.status_code == 422
    assert "cannot be read as a video" in page.text and "<h1>" in page.text


def test_a_broken_upload_is_called_by_its_own_name(tmp_path):
    def broken(file, _look_up, **_how):
        raise BadMedia(f"{file.name} is an MP4 that is cut short or damaged: its index (moov) cannot be read")

    house = memory_installation(tmp_path)
    own = replace(house, service=replace(house.service, verifier=StubVerifier(broken)))
    with serve_installation(own) as at:
        answer = verify(at, b"x", name="my holiday.mp4").json()["error"]["message"]
        page = verify(at, b"x", name="my holiday.mp4", path="/verify?lang=fr", headers={"Accept": "text/html"}).text
    assert answer.startswith("my holiday.mp4 is an MP4 that is cut short")
    assert "my holiday.mp4 est un MP4 tronqué" in page


def test_an_upload_that_breaks_off_leaves_nothing(at):
    def broken():
        yield b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n' + b"x" * 100_000
        raise ConnectionError("the train went into a tunnel")

    with at.client() as public, pytest.raises(ConnectionError):
        public.post("/api/verify", content=broken(), headers={"Content-Type": "multipart/form-data; boundary=cut"})
    verify(at, b"hello")  # answered after the other was cleared away, for it came later
    assert at.left_on_disk() == []


def test_a_file_name_cannot_lead_out_of_its_folder(at, small):
    answer = verify(at, small.read_bytes(), name="../../../../escape.mp4")
    assert answer.json()["file"] == "escape.mp4"
    assert not list(at.installation.settings.root.rglob("escape*"))


def test_what_a_crash_left_behind_is_removed_later(at, small):
    import os

    old = at.installation.settings.root / "uploads" / "upload-crashed"
    old.mkdir(parents=True)
    (old / "file.mp4").write_bytes(b"x")
    os.utime(old, (1, 1))
    verify(at, small.read_bytes())
    assert at.left_on_disk() == []


def test_more_files_than_seats_are_sent_away_and_not_queued(tmp_path, small):
    go_on, seats = threading.Event(), ConcurrencyLimiter(total=1, per_address=1)
    house = memory_installation(tmp_path)
    slow = replace(house, service=replace(house.service, verifier=StubVerifier(waiting_verifier(house, go_on))))

    with serve_installation(slow) as narrow:
        narrow.app.state.context = replace(narrow.app.state.context, concurrency=seats)
        sender = threading.Thread(target=verify, args=[narrow, small.read_bytes()])
        sender.start()
        while not seats._in_use:
            threading.Event().wait(0.01)
        answer = verify(narrow, small.read_bytes())
        go_on.set()
        sender.join()
        while seats._in_use:
            threading.Event().wait(0.01)
        later = verify(narrow, small.read_bytes())
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too_many")
    assert later.status_code == 200


def waiting_verifier(house, go_on):
    def verify(*given, **options):
        go_on.wait(10)
        return house.service.verifier.verify(*given, **options)

    return verify


def test_an_upload_that_has_not_arrived_takes_no_seat(tmp_path, small):
    with serve_installation(memory_installation(tmp_path)) as narrow:
        seats = ConcurrencyLimiter(total=1, per_address=1)
        narrow.app.state.context = replace(narrow.app.state.context, concurrency=seats)
        with slow_uploads(narrow, 6):
            assert seats._in_use == {}
            assert verify(narrow, small.read_bytes()).status_code == 200


def test_an_upload_that_trickles_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(uploads.paced, "__kwdefaults__", {"rate": 4096, "window": 1.0})
    with serve_installation(memory_installation(tmp_path)) as narrow, slow_uploads(narrow, 1) as (link,):
        link.settimeout(10)
        assert b" 408 " in link.recv(4096)
    assert narrow.left_on_disk() == []


def test_a_connection_is_kept_longer_than_any_client_keeps_it(tmp_path):
    """Whoever closes an idle connection first must be the client, or its next request fails by chance."""
    server = _server(memory_installation(tmp_path))
    assert server.config.timeout_keep_alive > max(60, openai.DEFAULT_CONNECTION_LIMITS.keepalive_expiry or 0)


def test_headers_that_trickle_are_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(HeaderTimeoutProtocol, "header_timeout", 1.0)
    house = memory_installation(tmp_path)
    server = _server(replace(house, settings=house.settings.model_copy(update={"port": 0})))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as honest:
            assert honest.get("/healthz").status_code == 200
            for begun in (b"", b"GET /healthz HTTP/1.1\r\nHost: loc"):
                with socket.create_connection(("127.0.0.1", port)) as link:
                    link.sendall(begun)
                    link.settimeout(5)
                    assert link.recv(100) == b""
            assert honest.get("/healthz").status_code == 200
    finally:
        server.should_exit = True
        thread.join()


def test_a_form_that_trickles_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(body_limit, "MAX_BODY_SECONDS", 1.0)
    with serve_installation(memory_installation(tmp_path)) as serving:
        port = int(serving.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as link:
            link.sendall(b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n")
            link.sendall(b"Content-Type: application/x-www-form-urlencoded\r\n\r\ntoken=")
            link.settimeout(10)
            assert b" 408 " in link.recv(4096)


def test_a_client_that_leaves_ends_the_work_within_seconds(tmp_path, small):
    begun, ended = threading.Event(), []

    def endless(file, _look_up, **_how):
        begun.set()
        try:
            run_sandboxed("signal:pause", {})
        except Abandoned as error:
            ended.append((time.monotonic(), error))
            raise

    house = memory_installation(tmp_path)
    stuck = replace(house, service=replace(house.service, verifier=StubVerifier(endless)))
    with serve_installation(stuck) as serving:
        seats = serving.app.state.context.concurrency
        form = httpx.Request("POST", f"{serving.url}/api/verify", files={"file": ("a.mp4", small.read_bytes())})
        head = "".join(f"{name}: {value}\r\n" for name, value in form.headers.items())
        with socket.create_connection(("127.0.0.1", int(serving.url.rpartition(":")[2]))) as link:
            link.sendall(f"POST /api/verify HTTP/1.1\r\n{head}\r\n".encode() + form.read())
            assert begun.wait(60)
        left = time.monotonic()
        while seats._in_use:
            threading.Event().wait(0.02)
            assert time.monotonic() < left + 20
        assert ended
        assert serving.left_on_disk() == []


@contextmanager
def slow_uploads(at, number):
    """Uploads that have begun and do not go on."""
    head = (
        b"POST /api/verify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n"
        b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
    )
    port = int(at.url.rpartition(":")[2])
    with ExitStack() as links:
        opened = [links.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(number)]
        for link in opened:
            link.sendall(head)
        while len(list((at.installation.settings.root / "uploads").glob("upload-*"))) < number:
            time.sleep(0.02)
        yield opened


def test_ready_says_no_when_the_database_is_away_and_alive_still_yes(at, monkeypatch):
    def away(*_):
        raise Unavailable("the database does not answer")

    monkeypatch.setattr(type(at.installation.ledger), "load", away)
    with at.client() as public:
        assert public.get("/readyz").status_code == 503
        assert public.get("/healthz").status_code == 200
