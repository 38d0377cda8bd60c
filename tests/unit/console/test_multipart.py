"""A form is read as it comes, however it is cut into pieces, and no further than its limits."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.web.http_errors import TooLarge
from console.web.multipart import MultipartForm, safe_suffix
from core.errors import BadInput

HEAD = "multipart/form-data; boundary=cut"


def body(*parts):
    lines = []
    for name, filename, content in parts:
        kind = f'; filename="{filename}"' if filename is not None else ""
        lines.append(
            f'--cut\r\nContent-Disposition: form-data; name="{name}"{kind}\r\n\r\n'.encode() + content + b"\r\n"
        )
    return b"".join(lines) + b"--cut--\r\n"


def read(folder, content, *, limit=1000, piece=7, head=HEAD, second=""):
    async def pieces():
        for at in range(0, len(content), piece):
            yield content[at : at + piece]

    async def whole():
        form = MultipartForm(head, folder, field="file", limit=limit, second=second)
        await form.read(pieces())
        return form

    return asyncio.run(whole())


@settings(max_examples=40, deadline=None)
@given(content=st.binary(max_size=300), piece=st.integers(1, 400))
def test_the_file_arrives_byte_for_byte_however_it_is_cut(tmp_path_factory, content, piece):
    folder = tmp_path_factory.mktemp("form")
    form = read(folder, body(("before", None, b"1"), ("file", "clip.mp4", content), ("after", None, b"2")), piece=piece)
    assert form.file.read_bytes() == content
    assert form.fields == [("before", "1"), ("after", "2")]
    assert form.file.parent == folder


def test_one_byte_over_the_limit_is_too_much(tmp_path):
    assert read(tmp_path, body(("file", "a", b"x" * 1000))).file.stat().st_size == 1000
    with pytest.raises(TooLarge):
        read(tmp_path, body(("file", "a", b"x" * 1001)))


def test_long_fields_are_refused(tmp_path):
    with pytest.raises(TooLarge):
        read(tmp_path, body(("prompt", None, b"x" * 600_000)), piece=65536)


def test_a_thousand_fields_are_refused(tmp_path):
    with pytest.raises(BadInput, match="too many fields"):
        read(tmp_path, body(*[("a", None, b"")] * 1000), piece=65536)


@pytest.mark.parametrize("parts", [[("file", "a", b"1"), ("file", "b", b"2")], [("other", "a", b"1")]])
def test_one_file_is_taken_in_its_field(tmp_path, parts):
    with pytest.raises(BadInput, match="one file"):
        read(tmp_path, body(*parts))


@pytest.mark.parametrize("head", ["", "text/plain", "multipart/form-data", "multipart/form-data; boundary="])
def test_what_is_no_form_is_refused(tmp_path, head):
    with pytest.raises(BadInput):
        read(tmp_path, b"hello", head=head)


@pytest.mark.parametrize("content", [b"hello", b"--cut\r\nnonsense", b"--cut\r\n\r\n\x00"])
def test_a_broken_form_is_refused_or_has_no_file(tmp_path, content):
    try:
        assert read(tmp_path, content).file is None
    except BadInput as refused:
        assert "form" in str(refused)


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("a.MP4", ".mp4"), ("a", ".bin"), ("../../x.mp4", ".mp4"), ("a.m/../x", ".bin"), ("a.p\x00hp", ".bin"), ("a." + "x" * 50, ".bin")],
)  # fmt: skip
def test_of_a_senders_file_name_only_a_harmless_ending_is_used(name, suffix):
    assert safe_suffix(name) == suffix


@settings(max_examples=30, deadline=None)
@given(one=st.binary(max_size=200), other=st.binary(max_size=200), piece=st.integers(1, 400))
def test_two_files_arrive_apart_where_two_are_taken(tmp_path_factory, one, other, piece):
    folder = tmp_path_factory.mktemp("form")
    form = read(folder, body(("file", "a.png", one), ("b", "a.png", other)), piece=piece, second="b")
    assert (form.file.read_bytes(), form.second.read_bytes()) == (one, other)


def test_two_files_share_one_limit_and_a_second_is_not_taken_where_one_is_expected(tmp_path):
    two = body(("file", "a", b"x" * 600), ("b", "b", b"x" * 600))
    with pytest.raises(TooLarge):
        read(tmp_path, two, second="b")
    with pytest.raises(BadInput):
        read(tmp_path, two)
    with pytest.raises(BadInput):
        read(tmp_path, body(("b", "a", b"x"), ("b", "b", b"x")), second="b")
