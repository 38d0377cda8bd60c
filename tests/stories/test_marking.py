import pytest

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
    assert installation.assay("detect", bunny, "--json").json["detected"] is False


@pytest.mark.parametrize(("payload", "why"), [("0" * 26, "104"), ("xyz", "hexadecimal"), ("00", "8")])
def test_a_payload_that_does_not_fit_is_refused_and_leaves_no_file(installation, bunny, tmp_path, payload, why):
    said = installation.assay("mark", bunny, tmp_path / "marked.mp4", "--payload", payload)
    assert said.code == 3
    assert why in said.err
    assert not (tmp_path / "marked.mp4").exists()
