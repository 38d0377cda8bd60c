"""Authenticated encryption of texts and of files of any size (AES-256-GCM).

A file is encrypted in chunks, each for itself, so that it is neither held in memory nor read from the beginning to play
the middle. The header is authenticated with every chunk: chunks cannot be moved, exchanged or left out unseen.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import Unavailable

MAGIC = b"\x93ASSAY\x00\x01"
"""How an encrypted file begins; the last byte is the version. What begins otherwise lies in the clear."""
KEY_ID_BYTES = 16
CHUNK_BYTES = 1 << 18
_HEADER = struct.Struct(">8s16sIQ")  # magic, id of the key, bytes of plain text in a chunk, and in all
_TAG = 16
_NONCE = 12
_TEXT_VERSION = b"\x01"
_FINGERPRINT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedHeader:
    """How an encrypted file begins. `size`: bytes of plain text."""

    key_id: bytes
    chunk: int
    size: int

    @property
    def sealed_size(self) -> int:
        """Bytes of the whole encrypted file."""
        chunks = max(1, -(-self.size // self.chunk))
        return _HEADER.size + self.size + chunks * _TAG

    def pack(self) -> bytes:
        """The header's bytes."""
        return _HEADER.pack(MAGIC, self.key_id, self.chunk, self.size)


def read_header(source: BinaryIO) -> SealedHeader | None:
    """The header of an encrypted file; None where it lies in the clear. Reads the first bytes."""
    start = source.read(_HEADER.size)
    if not start.startswith(MAGIC) or len(start) < _HEADER.size:
        return None
    _magic, key_id, chunk, size = _HEADER.unpack(start)
    return SealedHeader(key_id=key_id, chunk=chunk, size=size) if chunk else None


def encrypt_file(source: BinaryIO, target: BinaryIO, key: bytes, header: SealedHeader) -> None:
    """Encrypt `header.size` bytes under a key that is only this file's. Raises Unavailable where there are fewer."""
    cipher, start, left, number = AESGCM(key), header.pack(), header.size, 0
    target.write(start)
    while left or not number:
        plain = source.read(min(header.chunk, left))
        if len(plain) != min(header.chunk, left):
            raise Unavailable("a file changed while it was encrypted")
        left -= len(plain)
        target.write(cipher.encrypt(_nonce(number, last=not left), plain, start))
        number += 1


class DecryptingReader(io.RawIOBase):
    """The plain text of an encrypted file, to be read from any place on; holds one chunk in memory.

    Reading raises Unavailable where the file was changed or cut off.
    """

    def __init__(self, source: BinaryIO, key: bytes, header: SealedHeader) -> None:
        """`source` stays the caller's to close, and has to be seekable."""
        self._source, self._cipher, self._header = source, AESGCM(key), header
        self._position = 0
        self._number, self._plain = -1, b""

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where in the plain text."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As io.IOBase."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._header.size}[whence]
        if base + offset < 0:
            raise ValueError("before the beginning")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """As io.RawIOBase: at most to the end of a chunk. An empty file is authenticated too."""
        if not self._header.size:
            self._chunk(0)
        if self._position >= self._header.size:
            return 0
        chunk = self._chunk(self._position // self._header.chunk)
        start = self._position % self._header.chunk
        part = chunk[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._position += len(part)
        return len(part)

    def _chunk(self, number: int) -> bytes:
        if number != self._number:
            header = self._header
            self._source.seek(_HEADER.size + number * (header.chunk + _TAG))
            length = min(header.chunk, header.size - number * header.chunk)
            last = (number + 1) * header.chunk >= header.size
            try:
                plain = self._cipher.decrypt(_nonce(number, last=last), self._source.read(length + _TAG), header.pack())
            except InvalidTag:
                raise Unavailable("an encrypted file is damaged: restore it") from None
            self._number, self._plain = number, plain
        return self._plain


def encrypt_bytes(plain: bytes, key: bytes, context: str) -> bytes:
    """Encrypted under a key for many things; `context` says what it is, and has to be said again to decrypt it."""
    nonce = os.urandom(_NONCE)
    return _TEXT_VERSION + key_fingerprint(key) + nonce + AESGCM(key).encrypt(nonce, plain, context.encode())


def decrypt_bytes(sealed: bytes, key: bytes, context: str) -> bytes:
    """The plain text. Raises Unavailable where it was altered, or is something else's."""
    start = len(_TEXT_VERSION) + _FINGERPRINT
    nonce, encrypted = sealed[start : start + _NONCE], sealed[start + _NONCE :]
    try:
        return AESGCM(key).decrypt(nonce, encrypted, context.encode())
    except (InvalidTag, ValueError):
        raise Unavailable("something encrypted was altered: restore it") from None


def is_encrypted_under(sealed: bytes, key: bytes) -> bool:
    """Whether it was encrypted under this very key, and not under one of the same name that was destroyed since."""
    return sealed[: len(_TEXT_VERSION) + _FINGERPRINT] == _TEXT_VERSION + key_fingerprint(key)


def key_fingerprint(key: bytes) -> bytes:
    """Tells two keys apart and says nothing of them: they are random."""
    return hashlib.sha256(b"assay key " + key).digest()[:_FINGERPRINT]


def _nonce(number: int, *, last: bool) -> bytes:
    """Never twice under one key, which is a file's own."""
    return number.to_bytes(_NONCE - 1, "big") + (b"\x01" if last else b"\x00")
