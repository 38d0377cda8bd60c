"""No reference is dropped: whatever a client sends is a file of ours, or an error that names its field."""

import base64
import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.gateway.reference_parsing import (
    GivenReference,
    naming_reference,
    reference_in_form,
    reference_in_json,
    refuse_unsupported,
)
from console.web.multipart import FormPart
from core.errors import BadInput, BadMedia
from pipeline.request_fields.reference_fields import REFERENCE_FIELDS, is_reference_field
from tests.reference_files import encoded

PNG = encoded("PNG")
URL = "data:image/png;base64," + base64.b64encode(PNG).decode()


@pytest.fixture
def part(tmp_path):
    def make(content, name="input_reference", file_name=""):
        path = tmp_path / f"part-{len(list(tmp_path.iterdir()))}.bin"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return FormPart(name=name, file_name=file_name, path=path)

    return make


@pytest.mark.parametrize("name", REFERENCE_FIELDS)
@pytest.mark.parametrize(
    "value", [URL, {"image_url": URL}, {"video_url": URL}, [URL], [{"type": "image_url", "image_url": {"url": URL}}]]
)
def test_json_under_every_name_and_in_every_shape(tmp_path, name, value):
    found = reference_in_json({"prompt": "x", name: value}, tmp_path)
    assert (found.field, found.path.read_bytes()) == (name, PNG)


@pytest.mark.parametrize("bracket", ["", "[]", "[0]", "[image_url]", "[][image_url]", "[url]"])
@pytest.mark.parametrize(
    ("content", "file_name"),
    [
        (PNG, "a.png"),
        (PNG, ""),
        (URL, ""),
        (f"  {URL}\r\n", ""),
        (json.dumps({"image_url": URL}), ""),
        (json.dumps([URL]), ""),
    ],
)
def test_a_form_with_every_bracket_and_in_every_shape(tmp_path, part, bracket, content, file_name):
    name = f"image_reference{bracket}"
    assert is_reference_field(name)
    found = reference_in_form([part(content, name, file_name)], tmp_path)
    assert (found.field, found.path.read_bytes()) == (name, PNG)


def test_a_data_url_may_be_broken_into_lines(tmp_path):
    head, data = URL.split(",")
    broken = f"{head},\n" + "\r\n".join(data[at : at + 76] for at in range(0, len(data), 76))
    assert reference_in_json({"input_reference": broken}, tmp_path).path.read_bytes() == PNG


@pytest.mark.parametrize("fields", [{}, {"input_reference": None}, {"prompt": "x", "image": None}])
def test_nothing_given_is_no_reference(tmp_path, fields):
    assert reference_in_json(fields, tmp_path) is None
    assert reference_in_form([], tmp_path) is None


@pytest.mark.parametrize(
    "value",
    [
        "", " ", [], {}, [[]], 7, True, 1.5, "x", "http://a/b.png", "HTTPS://a", "file:///etc/passwd", "/etc/passwd",
        "data:", "data:image/png;base64,", "data:image/png;base64,%%%", "data:image/png,raw", "data:image/png",
        {"file_id": "f"}, {"image_url": URL, "file_id": "f"}, {"image_url": URL, "video_url": URL}, {"image_url": None},
        {"image": URL}, {"type": "image_url"}, [URL, URL], [{"file_id": "f"}], {"image_url": [URL, URL]},
    ],
)  # fmt: skip
def test_json_that_cannot_be_honoured_is_refused_by_its_name(tmp_path, value):
    with pytest.raises(BadInput) as refused:
        reference_in_json({"image_reference": value}, tmp_path)
    assert refused.value.param == "image_reference" and "image_reference" in str(refused.value)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "input_reference"),
        (b"\xff\xfe\x00hello", "input_reference"),
        (b"hello", "input_reference"),
        (b"{not json", "input_reference"),
        (b"[" * 100_000, "input_reference"),
        (URL.encode(), "input_reference[file_id]"),
        (URL.encode(), "input_reference[image_url][x]"),
        (URL.encode(), "input_reference["),
        (URL.encode(), "input_reference]["),
    ],
)
def test_a_form_that_cannot_be_honoured_is_refused_by_its_name(tmp_path, part, content, name):
    with pytest.raises(BadInput) as refused:
        found = reference_in_form([part(content, name)], tmp_path)
        refuse_unsupported([found.field])
    assert refused.value.param == name


def test_a_second_reference_is_refused_by_its_name(tmp_path, part):
    with pytest.raises(BadInput) as refused:
        reference_in_form([part(PNG), part(PNG, "image")], tmp_path)
    assert refused.value.param == "image"
    with pytest.raises(BadInput) as refused:
        reference_in_json({"image": URL, "input_reference": URL}, tmp_path)
    assert refused.value.param == "image"


@pytest.mark.parametrize(
    "name", ["input_references", "audio_reference", "my_reference[0]", "mask", "last_image", "source_video"]
)
def test_what_is_like_a_reference_and_is_none_is_refused_by_its_name(name):
    with pytest.raises(BadInput) as refused:
        refuse_unsupported(["prompt", name])
    assert refused.value.param == name
    refuse_unsupported(["prompt", "seconds", *REFERENCE_FIELDS])


@given(st.text(string.ascii_letters + "_[]0123456789", max_size=30).map(lambda rest: f"input_reference{rest}"))
def test_no_name_that_begins_like_a_reference_is_passed_over(name):
    """In a form it is kept as a part, and read or refused; in JSON it is read or refused."""
    if not is_reference_field(name):
        with pytest.raises(BadInput):
            refuse_unsupported([name])
    elif name not in REFERENCE_FIELDS:
        with pytest.raises(BadInput):
            reference_in_json({name: URL}, None)


def test_what_goes_wrong_later_names_the_field_as_the_client_calls_it(tmp_path):
    held = GivenReference(field="image", path=tmp_path / "part-0.bin")
    with pytest.raises(BadMedia) as refused, naming_reference(held):
        raise BadMedia("part-0.bin is damaged", param="input_reference")
    assert (str(refused.value), refused.value.param) == ("image: the file is damaged", "image")
    with pytest.raises(BadInput, match="the prompt is empty") as other, naming_reference(held):
        raise BadInput("the prompt is empty")
    assert other.value.param == ""
