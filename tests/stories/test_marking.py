import pytest

import assay
from media.transcode import Encoding, reencode
from tests.integration.test_watermark_files import filtered

pytestmark = [pytest.mark.postgres]


def test_a_video_marked_by_hand_is_found_and_an_unmarked_one_is_not(installation, bunny, tmp_path):
    marked = tmp_path / "marked.mp4"
    said = installation.assay("mark", bunny, marked, "--payload", "0123456789abcdef", "--json")
    assert said.code == 0, said.err
    found = installation.assay("detect", marked, "--json")
    assert found.code == 0
    assert found.json["payload"] == said.json["payload"]
    assert found.json["payload"].endswith("0123456789abcdef")
    assert found.json["audio"]["payload"] == said.json["payload"]
    (segment,) = found.json["segments"]
    assert segment["start"] < 0.5
    assert segment["end"] > 4.5
    harsh = tmp_path / "harsh.mp4"
    reencode(marked, harsh, encoding=Encoding(crf=42))
    told = installation.assay("detect", harsh, "--json").json
    assert told["payload"] == said.json["payload"]  # read, or told apart from what was marked here
    assert installation.assay("detect", bunny, "--json").json["detected"] is False


def test_a_turned_copy_is_found_wherever_one_asks(installation, two_seconds, tmp_path):
    marked, turned = tmp_path / "marked.mp4", tmp_path / "turned.mp4"
    payload = installation.assay("mark", two_seconds, marked, "--payload", "0123456789abcdef", "--json").json["payload"]
    filtered(marked, turned, [("rotate", "4*PI/180")])
    for command in ("detect", "verify"):
        said = installation.assay(command, turned, "--json")
        assert said.code == 0, said.err
        found = said.json if command == "detect" else said.json["watermark"]
        assert found["payload"] == payload
    assert assay.verify(turned, home=installation.home).watermark.payload == payload
    assert installation.assay("detect", "--no-deep", turned, "--json").code == 1


@pytest.mark.parametrize(("payload", "why"), [("0" * 26, "104"), ("xyz", "hexadecimal"), ("00", "8")])
def test_a_payload_that_does_not_fit_is_refused_and_leaves_no_file(installation, two_seconds, tmp_path, payload, why):
    said = installation.assay("mark", two_seconds, tmp_path / "marked.mp4", "--payload", payload)
    assert said.code == 3
    assert why in said.err
    assert not (tmp_path / "marked.mp4").exists()


def test_trust_lists_are_taken_in_and_shown(installation, tmp_path):
    root = (installation.home / "keys" / "trusted-signers.pem").read_text()
    (tmp_path / "list.pem").write_text(root)
    given = ("--signers", tmp_path / "list.pem", "--tsa", tmp_path / "list.pem", "--in", tmp_path / "trust")
    said = installation.assay("trust", "update", *given, "--json")
    assert [one["name"][:-11] for one in said.json] == ["c2pa", "c2pa-tsa"]
    shown = installation.assay("trust", "show", "--in", tmp_path / "trust")
    assert shown.out.count("1 certificates, the first runs out") == 2
    refused = installation.assay("trust", "update", "--signers", "http://example.com/x", "--in", tmp_path / "trust")
    assert refused.code == 3 and "https://" in refused.err and len(refused.err.splitlines()) == 1
