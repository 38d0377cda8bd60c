"""Which sentences the templates ask a catalog for, by Babel's extractor with the names that the templates call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from babel.messages.extract import extract
from jinja2 import Environment, nodes

TEMPLATES_FOLDER = Path(__file__).parents[1] / "templates"
_CALLS = {"t": None, "said": None}
_OPTIONS = {"trim_blocks": "true", "lstrip_blocks": "true"}


def template_sentences(folder: Path = TEMPLATES_FOLDER) -> Mapping[str, tuple[str, ...]]:
    """The sentences of each template, in their order, once each."""
    return {file.name: tuple(dict.fromkeys(_sentences(file))) for file in sorted(folder.glob("*.html"))}


def untranslatable_words(file: Path) -> list[str]:
    """What stands in a template for a reader without going through a catalog: words between its tags."""
    tree = Environment(autoescape=True).parse(file.read_text("utf-8"))
    text = "".join(data.data for data in tree.find_all(nodes.TemplateData))
    return [words for words in _between_tags(text) if any(character.isalpha() for character in words)]


def _sentences(file: Path) -> Iterator[str]:
    with file.open("rb") as content:
        for _line, message, _comments, _context in extract(
            "jinja2.ext:babel_extract", content, keywords=_CALLS, options=_OPTIONS
        ):
            yield message if isinstance(message, str) else message[0]


def _between_tags(text: str) -> Iterator[str]:
    """Text outside tags, and outside elements whose content is no language."""
    from html.parser import HTMLParser

    found: list[str] = []

    class Reader(HTMLParser):
        silent = 0

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
            self.silent += tag in ("code", "kbd", "style", "script", "pre")

        def handle_endtag(self, tag: str) -> None:
            self.silent -= tag in ("code", "kbd", "style", "script", "pre")

        def handle_data(self, data: str) -> None:
            if not self.silent and data.strip():
                found.append(" ".join(data.split()))

    Reader().feed(text)
    yield from found
