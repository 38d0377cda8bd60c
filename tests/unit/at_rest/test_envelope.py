"""Encrypted files are read from any place on, and what was changed is not read at all."""

from __future__ import annotations

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Unavailable
from pipeline.at_rest.envelope import (
    DecryptingReader,
    SealedHeader,
    decrypt_bytes,
    encrypt_bytes,
    encrypt_file,
    is_encrypted_under,
    read_header,
)

KEY, OTHER = os.urandom(32), os.urandom(32)
CHUNK = 64


def sealed(plain: bytes) -> bytes:
    target = io.BytesIO()
    encrypt_file(io.BytesIO(plain), target, KEY, SealedHeader(key_id=b"i" * 16, chunk=CHUNK, size=len(plain)))
    return target.getvalue()


def reader(content: bytes) -> DecryptingReader:
    source = io.BytesIO(content)
    header = read_header(source)
    assert header is not None
    return DecryptingReader(source, KEY, header)


@given(st.binary(max_size=5 * CHUNK), st.integers(0, 6 * CHUNK), st.integers(0, 3 * CHUNK))
def test_any_part_reads_as_in_the_clear(plain: bytes, start: int, length: int) -> None:
    opened = io.BufferedReader(reader(sealed(plain)))
    opened.seek(start)
    assert opened.read(length) == plain[start : start + length]
    assert opened.seek(0, os.SEEK_END) == len(plain)


@given(st.integers(0, 5 * CHUNK))
def test_the_size_is_known_before(size: int) -> None:
    assert len(sealed(bytes(size))) == SealedHeader(key_id=b"i" * 16, chunk=CHUNK, size=size).sealed_size


@given(st.data())
def test_no_changed_bit_is_read_over(data: st.DataObject) -> None:
    content = bytearray(sealed(os.urandom(data.draw(st.integers(0, 3 * CHUNK)))))
    content[data.draw(st.integers(8, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    source = io.BytesIO(bytes(content))
    header = read_header(source)
    if header is None:  # of no chunk size: not taken for encrypted, and then the digest is wrong
        return
    with pytest.raises(Unavailable):
        DecryptingReader(source, KEY, header).readall()


def test_chunks_cannot_be_exchanged() -> None:
    content = sealed(os.urandom(3 * CHUNK))
    start, length = len(content) - 3 * (CHUNK + 16), CHUNK + 16
    first, second = content[start : start + length], content[start + length : start + 2 * length]
    with pytest.raises(Unavailable):
        reader(content[:start] + second + first + content[start + 2 * length :]).readall()


def test_what_lies_in_the_clear_has_no_header() -> None:
    assert read_header(io.BytesIO(b"")) is None
    assert read_header(io.BytesIO(b"\x00\x00\x00\x20ftypisom" * 10)) is None


def test_a_file_that_shrank_meanwhile_is_refused() -> None:
    with pytest.raises(Unavailable, match="changed"):
        encrypt_file(io.BytesIO(b"x"), io.BytesIO(), KEY, SealedHeader(key_id=b"i" * 16, chunk=CHUNK, size=2))


@given(st.binary(max_size=200))
def test_a_text_is_decrypted_under_its_key_and_as_what_it_is(plain: bytes) -> None:
    encrypted = encrypt_bytes(plain, KEY, "text 1")
    assert decrypt_bytes(encrypted, KEY, "text 1") == plain
    assert is_encrypted_under(encrypted, KEY) and not is_encrypted_under(encrypted, OTHER)
    for key, context in ((OTHER, "text 1"), (KEY, "text 2")):
        with pytest.raises(Unavailable, match="altered"):
            decrypt_bytes(encrypted, key, context)
