"""Sealing with a time-stamping authority: its stamp is in the file, and without it there is no file."""

from __future__ import annotations

import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from core.errors import SealBroken, Unavailable
from provenance import seal as sealing
from provenance.c2pa.reader import read_credentials_report
from provenance.c2pa.signers.dev_keys import make_dev_keys
from provenance.c2pa.signers.keys_folder import TRUSTED_TSAS_FILE, load_keys
from provenance.c2pa.signers.signer_config import SignerConfig
from provenance.c2pa.trust_store import TrustList
from provenance.seal import seal
from tests.integration.provenance.conftest import pem


@pytest.fixture
def stamped_keys(tmp_path, tsa_root, tsa_url):
    """An office that names an authority and has its root on the list."""
    folder = make_dev_keys(tmp_path / "keys").folder
    (folder / TRUSTED_TSAS_FILE).write_text(pem(tsa_root.certificate))
    return load_keys(folder, SignerConfig(tsa_url=tsa_url))


@pytest.fixture
def out(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def do_seal(clip, out, order, keys, watermark, **more):
    return seal(clip, out / "a.mp4", order, keys=keys, mark=watermark.mark, detect=watermark.detect, **more)


def at(keys, url):
    return replace(keys, signer=replace(keys.signer, tsa_url=url))


def test_a_sealed_file_carries_the_authoritys_time(stamped_keys, clip, out, order, watermark):
    report = do_seal(clip, out, order, stamped_keys, watermark)
    reading = read_credentials_report(out / "a.mp4", stamped_keys.trust)
    assert reading.time_trusted and reading.credentials.state == "trusted"
    assert report.trusted_timestamp == reading.credentials.signed_at != ""


def test_development_keys_seal_without_a_time_and_say_so(keys, clip, out, order, watermark):
    report = do_seal(clip, out, order, keys, watermark)
    assert report.trusted_timestamp == "" and not read_credentials_report(out / "a.mp4", keys.trust).time_trusted


def test_an_authority_that_is_away_means_no_file(stamped_keys, clip, out, order, watermark):
    with pytest.raises(Unavailable, match="no time stamp"):
        do_seal(clip, out, order, at(stamped_keys, "http://127.0.0.1:9/"), watermark)
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("answer", [(500, b""), (200, b"no stamp"), (200, b""), (200, b"\x30\x03\x02\x01\x02")])
def test_an_authority_that_answers_nonsense_means_no_file(stamped_keys, clip, out, order, watermark, answer):
    class Broken(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(answer[0])
            self.end_headers()
            self.wfile.write(answer[1])

        def log_message(self, *_args):
            pass

    with HTTPServer(("127.0.0.1", 0), Broken) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(Unavailable, match="no time stamp"):
            do_seal(clip, out, order, at(stamped_keys, f"http://127.0.0.1:{server.server_port}/"), watermark)
        server.shutdown()
    assert list(out.iterdir()) == []


def test_a_stamp_by_an_authority_on_no_list_means_no_file(stamped_keys, clip, out, order, watermark):
    with pytest.raises(SealBroken, match=r"trusted-tsas\.pem"):
        do_seal(
            clip,
            out,
            order,
            replace(stamped_keys, trust=replace(stamped_keys.trust, timestamp_authorities=())),
            watermark,
        )
    stranger = TrustList(name="urn:assay:other", pem=stamped_keys.trust.signers[0].pem)
    with pytest.raises(SealBroken, match=r"trusted-tsas\.pem"):
        do_seal(
            clip,
            out,
            order,
            replace(stamped_keys, trust=replace(stamped_keys.trust, timestamp_authorities=(stranger,))),
            watermark,
        )
    assert list(out.iterdir()) == []


def test_a_seal_that_queues_is_done_when_the_authority_is_back(
    stamped_keys, tsa_url, clip, out, order, watermark, monkeypatch
):
    """The authority answers with an error twice, as behind a gateway while it restarts, then as itself."""
    asked = []

    class Back(BaseHTTPRequestHandler):
        def do_POST(self):
            query = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(1)
            answer = None if len(asked) <= 2 else httpx.post(tsa_url, content=query)
            self.send_response(503 if answer is None else 200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(b"" if answer is None else answer.content)

        def log_message(self, *_args):
            pass

    monkeypatch.setattr(sealing, "_RETRY_DELAYS", (0.05,))
    with HTTPServer(("127.0.0.1", 0), Back) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        keys = at(stamped_keys, f"http://127.0.0.1:{server.server_port}/")
        report = do_seal(clip, out, order, keys, watermark, timestamp_wait=30.0)
        server.shutdown()
    assert len(asked) == 3 and report.trusted_timestamp


def test_a_seal_that_queues_asks_again_and_gives_up_when_its_patience_ends(
    stamped_keys, clip, out, order, watermark, monkeypatch
):
    asked, really = [], sealing.sign_file
    monkeypatch.setattr(sealing, "sign_file", lambda *args, **more: (asked.append(1), really(*args, **more)))
    monkeypatch.setattr(sealing, "_RETRY_DELAYS", (0.1,))
    with pytest.raises(Unavailable):
        do_seal(clip, out, order, at(stamped_keys, "http://127.0.0.1:9/"), watermark, timestamp_wait=1.0)
    assert len(asked) > 1
    assert list(out.iterdir()) == []
