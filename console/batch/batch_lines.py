"""Lines of a batch: read with bounds, parsed one by one, so that a bad one is answered and the rest goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

MAX_LINE_BYTES = 16 * 1024**2  # as much as the gateway reads of a JSON body
_CHUNK_BYTES = 64 * 1024
_MAX_KEY_LENGTH = 255  # what the gateway keeps of an Idempotency-Key


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """One line that can be sent. `fields` are the body of POST /v1/videos, `reference` a file to send with it."""

    number: int
    id: str | int
    fields: dict[str, Any]
    reference: Path | None = None

    @property
    def key(self) -> str:
        """The Idempotency-Key: the id, or its SHA-256 where the id does not fit into a header as it is."""
        key = str(self.id)
        fits = key.isascii() and key.isprintable() and key == key.strip() and len(key) <= _MAX_KEY_LENGTH
        return key if fits else hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that cannot be sent, and why. `id` is None where none can be read."""

    number: int
    error: str
    id: Any = None
    code: str = "bad_line"


def split_lines(source: BinaryIO) -> Iterator[bytes | None]:
    """The lines of an unbuffered source as they come, without their ends; None for one beyond MAX_LINE_BYTES."""
    rest, too_long = b"", False
    while chunk := source.read(_CHUNK_BYTES):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield None if too_long or len(line) > MAX_LINE_BYTES else line
            too_long = False
        if len(rest) > MAX_LINE_BYTES:
            rest, too_long = b"", True
    if rest or too_long:
        yield None if too_long else rest


def parse_lines(lines: Iterable[bytes | None]) -> Iterator[BatchRequest | BadLine]:
    """One request or one error for each line that is not blank. An id counts once in a batch."""
    first_use: dict[bytes, int] = {}
    for number, line in enumerate(lines, start=1):
        if line is None:
            yield BadLine(number=number, error=f"this line has more than {MAX_LINE_BYTES} bytes", code="too_long")
        elif line.strip():
            yield _once(_parse(number, line), first_use)


def _once(parsed: BatchRequest | BadLine, first_use: dict[bytes, int]) -> BatchRequest | BadLine:
    if isinstance(parsed, BadLine):
        return parsed
    digest = hashlib.blake2b(parsed.key.encode(), digest_size=16).digest()
    if (first := first_use.setdefault(digest, parsed.number)) != parsed.number:
        return BadLine(
            number=parsed.number, id=parsed.id, error=f"the id of line {first} stands here again", code="id_repeated"
        )
    return parsed


def _parse(number: int, line: bytes) -> BatchRequest | BadLine:
    try:
        given = json.loads(line)
    except (ValueError, RecursionError):
        return BadLine(number=number, error="this line is not JSON")
    if not isinstance(given, dict):
        return BadLine(number=number, error="a line must be a JSON object")
    name = given.pop("id", None)
    if isinstance(name, bool) or not isinstance(name, str | int) or name == "":
        return BadLine(number=number, error='a line needs an "id", a text or a whole number: it makes nothing twice')
    if not isinstance(given.get("prompt"), str):
        return BadLine(number=number, id=name, error='a line needs a "prompt", which is a text')
    path = given.pop("reference", None)
    if path is not None and (not isinstance(path, str) or "\0" in path or not Path(path).is_file()):
        return BadLine(number=number, id=name, error='"reference" must be the path of a file', code="no_reference")
    if path is not None and given.get("input_reference") is not None:
        return BadLine(number=number, id=name, error='"reference" and "input_reference" cannot both be given')
    return BatchRequest(number=number, id=name, fields=given, reference=Path(path) if path is not None else None)
