"""What a reader of a page is shown in words: its texts and the attributes that are read out, with what is no language left out."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_NO_LANGUAGE = {"code", "kbd", "pre", "script", "style", "svg", "textarea"}
_READ_OUT = ("alt", "aria-label", "placeholder", "title")
_VOID = {"img", "input", "br", "link", "meta", "hr", "rect", "line", "path", "use", "circle"}
_NAME = re.compile(r"\S*[\d_@/=.:★]\S*")  # ids, addresses, sources such as frame_faces/1, numbers
_ENGLISH = re.compile(r"\b(the|of|and|with|for|from|that|is|are|was|were|by|it|to|in|who|not)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{3,}")


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[tuple[str, bool]] = []

    @property
    def _skipped(self) -> bool:
        return any(skipped for _, skipped in self._open)

    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        if not self._skipped:
            self.found += [given[name] for name in _READ_OUT if given.get(name)]
        if tag not in _VOID:
            self._open.append((tag, _is_no_language(tag, given)))

    def handle_endtag(self, tag):
        names = [name for name, _ in self._open]
        if tag in names:
            del self._open[len(names) - 1 - names[::-1].index(tag) :]

    def handle_data(self, data):
        if not self._skipped and data.strip():
            self.found.append(" ".join(data.split()))


def _is_no_language(tag: str, given: dict[str, str]) -> bool:
    classes = given.get("class", "").split()
    foreign = tag != "html" and given.get("lang", "en") != "en"
    of_people = given.get("dir") == "auto"
    return tag in _NO_LANGUAGE or foreign or of_people or bool({"mono", "prompt", "languages"} & {*classes})


def page_texts(page: str) -> list[str]:
    """The texts of a page, in their order. Words that people wrote (`prompt`), ids (`mono`) and programs are left out."""
    reader = _Texts()
    reader.feed(page)
    return reader.found


def words(text: str) -> list[str]:
    """The words of a text that are of a language: names with signs or digits are not."""
    return _WORD.findall(_NAME.sub(" ", text))


def half_english(page: str) -> list[str]:
    """Texts of a French page in which an English word without a French twin stands: half of a sentence stayed."""
    return [text for text in dict.fromkeys(page_texts(page)) if _ENGLISH.search(_NAME.sub(" ", text))]


def left_english(english: str, other: str, names: frozenset[str] = frozenset()) -> list[str]:
    """What the page in another language says as the English one does, but for these names and words written alike."""
    said = {*page_texts(english)}
    return [
        text
        for text in dict.fromkeys(page_texts(other))
        if text in said and any(word not in names for word in words(text))
    ]
