"""Reads a form with a file or two as it arrives: fields to memory, files to disk, neither beyond its limit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool

from console.web.http_errors import TooLarge
from core.errors import BadInput

_MAX_FIELDS = 100
_MAX_FIELD_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPart:
    """A part that was kept on disk as it came. `file_name` is empty where the sender gave none."""

    name: str
    file_name: str
    path: Path


class MultipartForm:
    """What has come so far. Only `field`, and `second` if it is named, may hold a file; `limit` bytes in all.

    Parts whose name is `on_disk` are kept as they came, whether they have a file name or not, and any number of them.
    """

    def __init__(
        self,
        content_type: str,
        folder: Path,
        *,
        limit: int,
        field: str = "",
        second: str = "",
        on_disk: Callable[[str], bool] | None = None,
    ) -> None:
        self.fields: list[tuple[str, str]] = []
        self.parts: list[FormPart] = []
        self.file: Path | None = None
        self.second: Path | None = None
        self.file_name = ""
        self._folder, self._field, self._limit = folder, field, limit
        self._second, self._on_disk = second, on_disk
        self._out: BinaryIO | None = None
        self._parser = _parser(content_type, self)
        self._headers: dict[bytes, bytes] = {}
        self._header = (b"", b"")
        self._name = ""
        self._value = bytearray()
        self._in_file = False
        self._into = folder
        self._waiting: list[tuple[Path, bytes]] = []
        self._bytes = self._field_bytes = 0

    async def read(self, chunks: AsyncIterator[bytes]) -> None:
        """Read to the end. Raises BadInput or TooLarge; the caller removes what is in the folder."""
        try:
            async for chunk in chunks:
                self._fed(chunk)
                if self._waiting:
                    await run_in_threadpool(self._write)
            self._parser.finalize()
        except FormParserError:
            raise BadInput("the upload is not a well-formed multipart form") from None
        finally:
            if self._out:
                self._out.close()
        for file in (self.file, self.second, *(part.path for part in self.parts)):
            if file:
                file.touch()

    def _write(self) -> None:
        for file, piece in self._waiting:
            if self._out is None or self._out.name != str(file):
                if self._out:
                    self._out.close()
                self._out = file.open("ab")
            self._out.write(piece)
        self._waiting.clear()

    def _fed(self, chunk: bytes) -> None:
        if chunk:
            self._parser.write(chunk)

    # -- called by the parser

    def on_part_begin(self) -> None:
        """A field or a file begins."""
        self._headers, self._header, self._value, self._in_file = {}, (b"", b""), bytearray(), False

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        """Part of a header's name."""
        self._header = (self._header[0] + data[start:end], self._header[1])

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        """Part of a header's value."""
        self._header = (self._header[0], self._header[1] + data[start:end])

    def on_header_end(self) -> None:
        """A header is whole."""
        self._headers[self._header[0].lower()] = self._header[1]
        self._header = (b"", b"")

    def on_headers_finished(self) -> None:
        """Now it is known whether this is a field or the file."""
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        name = options.get(b"filename", b"").decode("utf-8", "replace")
        if self._on_disk and self._on_disk(self._name):
            self._into = self._folder / f"part-{len(self.parts)}.bin"
            self.parts.append(FormPart(name=self._name, file_name=name, path=self._into))
            self._in_file = True
            return
        if b"filename" not in options:
            return
        if self._name == self._field and self.file is None:
            self.file_name = name
            self._into = self.file = self._folder / f"file{safe_suffix(name)}"
        elif self._second and self._name == self._second and self.second is None:
            self._into = self.second = self._folder / f"second{safe_suffix(name)}"
        else:
            known = " and ".join(repr(one) for one in (self._field, self._second) if one)
            where = f"one file is accepted, in {known}" if known else "this field cannot hold one"
            raise BadInput(f"the file in {self._name!r} cannot be used: {where}", param=self._name)
        self._in_file = True

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """Some bytes of a field or of the file."""
        if self._in_file:
            self._bytes += end - start
            if self._bytes > self._limit:
                raise file_too_large(self._limit)
            self._waiting.append((self._into, data[start:end]))
            return
        self._field_bytes += end - start
        if self._field_bytes > _MAX_FIELD_BYTES:
            raise TooLarge("the fields of this form are too long")
        self._value += data[start:end]

    def on_part_end(self) -> None:
        """A field or the file is whole."""
        if not self._in_file:
            self.fields.append((self._name, self._value.decode("utf-8", "replace")))
        if len(self.fields) + len(self.parts) > _MAX_FIELDS:
            raise BadInput("this form has too many fields")


def safe_suffix(name: str) -> str:
    """The end of a file's name where it is harmless, as `.mp4`; `.bin` for any other."""
    suffix = Path(name).suffix.lower()
    return suffix if suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) <= 6 else ".bin"


def file_too_large(limit: int) -> TooLarge:
    """The refusal of a file, with the limit in megabytes."""
    return TooLarge(f"the file is larger than the {limit / 1024**2:.0f} MB that are accepted here")


def _parser(content_type: str, form: MultipartForm) -> MultipartParser:
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise BadInput("send the file as multipart/form-data")
    try:
        return MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": form.on_part_begin,
                "on_header_field": form.on_header_field,
                "on_header_value": form.on_header_value,
                "on_header_end": form.on_header_end,
                "on_headers_finished": form.on_headers_finished,
                "on_part_data": form.on_part_data,
                "on_part_end": form.on_part_end,
            },
        )
    except FormParserError:
        raise BadInput("the boundary of the multipart form is too long") from None
