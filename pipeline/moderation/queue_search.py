"""What a person typed into the search of the queue, as a filter."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pipeline.moderation.prompt_words import word_keys
from pipeline.moderation.review_queue import QueueFilter

CASE_ID = re.compile(r"[0-9a-f]{16}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAMED = {
    "rule": "rule",
    "account": "author",
    "person": "end_user",
    "language": "language",
    "region": "region",
    "subject": "subject",
    "like": "like",
    "hash": "digest",
}
"""What may be said as `name:value`, and the filter's field for it."""


def read_search(
    text: str, within: QueueFilter, *, secret: bytes, is_account: Callable[[str], bool], is_rule: Callable[[str], bool]
) -> QueueFilter:
    """`name:value`, the SHA-256 of a file, an account or a rule; all else is words of the prompt, in any order."""
    wanted, words = within, []
    for part in text.split():
        name, colon, value = part.partition(":")
        if colon and value and name in _NAMED:
            field: dict[str, Any] = {_NAMED[name]: value}
            wanted = replace(wanted, **field)
        elif _DIGEST.fullmatch(part.lower()):
            wanted = replace(wanted, digest=part.lower())
        elif is_rule(part):
            wanted = replace(wanted, rule=part)
        elif is_account(part):
            wanted = replace(wanted, author=part)
        else:
            words.append(part)
    return replace(wanted, words=word_keys(" ".join(words), secret)) if words else wanted
