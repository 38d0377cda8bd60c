"""Catalogs of the pages as PO files, which every translator's editor opens: read, written, one a language."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

LANGUAGES_FOLDER = Path(__file__).parent
_LINE_WIDTH = 120
_NOBODYS_HEADERS = (  # which Babel fills in with examples
    b'"Report-Msgid-Bugs-To:',
    b'"POT-Creation-Date:',
    b'"PO-Revision-Date: YEAR',
    b'"Last-Translator: FULL NAME',
    b'"Language-Team:',
)


def catalog_files(folder: Path = LANGUAGES_FOLDER) -> list[Path]:
    """The catalogs that are here, by their codes."""
    return sorted(folder.glob("*.po"))


def read_catalog(file: Path) -> Catalog:
    """A catalog, whose file is named by its code. Raises PoFileError where it is broken."""
    with file.open("rb") as content:
        return read_po(content, locale=file.stem, abort_invalid=True)


def write_catalog(catalog: Catalog, file: Path) -> None:
    """The whole file or none, in the order of the catalog: of two sentences with slots the first that fits is taken."""
    content = BytesIO()
    write_po(content, catalog, width=_LINE_WIDTH, include_lineno=False)
    lines = content.getvalue().splitlines(keepends=True)
    file.write_bytes(b"".join(line for line in lines if not line.startswith(_NOBODYS_HEADERS)))


def new_catalog(code: str) -> Catalog:
    """An empty catalog of a language that Babel knows. Raises UnknownLocaleError for another."""
    catalog = Catalog(locale=Locale.parse(code), project="Assay", version="1", fuzzy=False, charset="utf-8")
    catalog.header_comment = "# Sentences of the pages. A name in braces stands for anything, and is filled in."
    return catalog


def usable_sentences(catalog: Catalog) -> Mapping[str, str]:
    """English sentences with their translations, in order; what is empty or marked fuzzy is left out."""
    return {
        str(message.id): str(message.string)
        for message in catalog
        if message.id and message.string and not message.fuzzy
    }


def language_name(code: str) -> str:
    """What a language calls itself, as at the beginning of a line: `Français`."""
    name = Locale.parse(code).get_display_name(code) or code
    return name[0].upper() + name[1:]
