"""Finds the words of footage: what is said, by speech recognition, and what is written, by character recognition."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

from classifiers.audio.spoken_words import hear_words
from classifiers.base import SignalNote
from classifiers.image.written_words import read_words
from classifiers.models import Models
from classifiers.passages import FootageWords, Passage, PassageKind
from classifiers.text.link_hosts import find_hosts, is_listed
from core.errors import Unavailable
from media.video import VideoSample

log = logging.getLogger("assay.classifiers")


class WordFinder(Protocol):
    """Finds words of one kind."""

    def __call__(self, sample: VideoSample, models: Models) -> tuple[list[Passage], SignalNote]:
        """What was found, and why that is not all, if so. Raises Unavailable without its model."""


_FINDERS: Mapping[PassageKind, WordFinder] = MappingProxyType(
    {PassageKind.HEARD: hear_words, PassageKind.SEEN: read_words}
)


def find_words(sample: VideoSample, models: Models, bad_hosts: frozenset[str] | None = frozenset()) -> FootageWords:
    """All words of the sample, and which of them lead to `bad_hosts` (None: the list cannot be read).

    Never raises: what could not be looked for is said to be unknown.
    """
    passages: list[Passage] = []
    unknown: dict[PassageKind, str] = {}
    for kind, finder in _FINDERS.items():
        try:
            found, note = finder(sample, models)
        except Unavailable as error:
            log.warning("words that are %s: %s", kind, error)
            found, note = [], SignalNote.MISSING_MODEL
        except Exception as error:  # noqa: BLE001  whatever broke, nothing is known; its words may be those of a video
            log.error("words that are %s: %s", kind, type(error).__name__)
            found, note = [], SignalNote.FAILED
        passages += found
        if note is not SignalNote.NONE:
            unknown[kind] = note.value
    marked = tuple(_marked(one, bad_hosts or frozenset()) for one in passages)
    return FootageWords(passages=marked, unknown=unknown, hosts_known=bad_hosts is not None)


def _marked(passage: Passage, bad_hosts: frozenset[str]) -> Passage:
    """The passage with the first host that it leads to and that the list has."""
    if not bad_hosts or passage.kind is not PassageKind.SEEN:
        return passage
    bad = next((host for host in find_hosts(passage.text) if is_listed(host, bad_hosts)), "")
    return replace(passage, bad_host=bad)
