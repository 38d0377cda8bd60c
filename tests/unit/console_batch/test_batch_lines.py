"""Lines of a batch: what is one, and what is said of what is none."""

import io
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from console.batch import batch_lines
from console.batch.batch_lines import BadLine, BatchRequest, parse_lines, split_lines


def parse(*lines):
    return list(parse_lines(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines))


def test_a_line_is_the_body_of_a_request_and_an_id():
    (request,) = parse({"id": 17, "prompt": "a rabbit", "seconds": "4", "cameos": ["@ana"], "seed": 3})
    assert request == BatchRequest(
        number=1, id=17, fields={"prompt": "a rabbit", "seconds": "4", "cameos": ["@ana"], "seed": 3}
    )
    assert request.key == "17"


def test_a_bad_line_is_told_with_its_number_and_the_rest_goes_on():
    found = parse(
        b"no json",
        b"[1]",
        {"prompt": "x"},
        {"id": True, "prompt": "x"},
        {"id": "a"},
        b"\xff",
        {"id": "b", "prompt": ""},
    )
    assert [(line.number, type(line)) for line in found] == [(n, BadLine) for n in range(1, 7)] + [(7, BatchRequest)]
    assert found[4].id == "a"


def test_blank_lines_are_passed_over_and_counted():
    assert [line.number for line in parse(b"", {"id": 1, "prompt": "x"}, b"  ", b"?")] == [2, 4]


def test_an_id_counts_once_in_a_batch():
    first, again, other = parse({"id": 1, "prompt": "x"}, {"id": "1", "prompt": "y"}, {"id": "2", "prompt": "y"})
    assert isinstance(first, BatchRequest)
    assert (again.number, again.code) == (2, "id_repeated")
    assert "line 1" in again.error
    assert isinstance(other, BatchRequest)


def test_a_reference_is_a_file_that_exists(tmp_path):
    (tmp_path / "still.png").write_bytes(b"png")
    found, missing, both = parse(
        {"id": 1, "prompt": "x", "reference": str(tmp_path / "still.png")},
        {"id": 2, "prompt": "x", "reference": str(tmp_path / "none.png")},
        {"id": 3, "prompt": "x", "reference": str(tmp_path / "still.png"), "input_reference": "data:"},
    )
    assert (found.reference, found.fields) == (tmp_path / "still.png", {"prompt": "x"})
    assert missing.code == "no_reference"
    assert isinstance(both, BadLine)


@settings(deadline=None)
@given(st.text(min_size=1))
def test_every_id_has_a_key_that_fits_into_a_header(name):
    key = BatchRequest(number=1, id=name, fields={}).key
    assert key.isascii()
    assert key == key.strip()
    assert 0 < len(key) <= 255


@settings(deadline=None)
@given(st.lists(st.binary(max_size=200).filter(lambda line: b"\n" not in line)), st.booleans())
def test_lines_are_what_stands_between_their_ends(lines, ended):
    text = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    wanted = text.split(b"\n")
    assert list(split_lines(io.BytesIO(text))) == (wanted[:-1] if wanted[-1] == b"" else wanted)


def test_a_line_that_is_too_long_is_one_error_and_takes_no_memory(monkeypatch):
    monkeypatch.setattr(batch_lines, "MAX_LINE_BYTES", 100)
    monkeypatch.setattr(batch_lines, "_CHUNK_BYTES", 30)
    text = b"a\n" + b"x" * 1000 + b"\nb\n" + b"y" * 101
    assert list(split_lines(io.BytesIO(text))) == [b"a", None, b"b", None]


def test_a_line_says_what_a_message_on_a_topic_may_say():
    video = "0123456789abcdef"
    document, remix, extension, address, blob, sent = parse(
        {"type": "assay.request", "version": 2, "id": 1, "prompt": "x", "parameters": {"seed": 3}, "size": "64x48"},
        {"id": 2, "prompt": "x", "remix_of": video, "extension_of": None},
        {"id": 3, "prompt": "x", "extension_of": video, "seconds": 2},
        {"id": 4, "prompt": "x", "input_reference": {"image_url": "https://example.com/a.png"}},
        {"id": 5, "prompt": "x", "input_reference": {"blob": "a.png"}},
        {"id": 6, "prompt": "x", "input_reference": {"image_url": "data:image/png;base64,QQ=="}},
    )
    assert document.fields == {"prompt": "x", "seed": 3, "size": "64x48"}
    assert (remix.path, remix.fields) == (f"/v1/videos/{video}/remix", {"prompt": "x"})
    assert (extension.path, extension.fields["video"]) == ("/v1/videos/extensions", {"id": video})
    assert (address.reference_url, address.fields) == ("https://example.com/a.png", {"prompt": "x"})
    assert (blob.reference_blob, blob.fields) == ("a.png", {"prompt": "x"})
    assert sent.fields["input_reference"] == {"image_url": "data:image/png;base64,QQ=="}
    (continued,) = parse({"id": 7, "prompt": "x", "input_reference": "data:,", "extend_reference": True, "seconds": 1})
    assert (continued.path, continued.file_field, continued.reference_url) == (
        "/v1/videos/extensions",
        "video",
        "data:,",
    )


def test_what_contradicts_itself_is_a_bad_line():
    video = "0123456789abcdef"
    for number, more in enumerate(
        [
            {"parameters": 1},
            {"parameters": {"prompt": "y"}},
            {"parameters": {"seed": 1}, "seed": 2},
            {"remix_of": "../accounts"},
            {"remix_of": video, "extension_of": video},
            {"remix_of": video, "input_reference": "data:,"},
            {"remix_of": video, "remixed_from_video_id": video},
            {"remix_of": video, "extend_reference": True},
            {"extend_reference": True},
            {"extend_reference": "yes"},
            {"input_reference": {"blob": "a", "image_url": "b"}},
            {"type": "assay.request", "version": 3},
        ]
    ):
        (line,) = parse({"id": number, "prompt": "x", **more})
        assert isinstance(line, BadLine), more
        assert line.id == number
