"""Words of prompts as keys, so that held cases are found by them although no prompt lies in the database in the clear.

A key is a part of an HMAC under a secret that is not in the database. Whoever has the database alone learns which cases
share a word, and not the word; the keys go with the row, when the case is held no more.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Iterator

_MOST = 300  # words of one prompt
_WORD = re.compile(r"\w+")
_WITHOUT_SPACES = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]{2,}")


def prompt_words(text: str) -> tuple[str, ...]:
    """The distinct words, in lower case; of scripts that put no spaces between words, each two letters."""
    return tuple(dict.fromkeys(_words(unicodedata.normalize("NFKC", text).casefold())))[:_MOST]


def word_keys(text: str, secret: bytes) -> tuple[int, ...]:
    """The key of each word, 64 bits with a sign as Postgres has them."""
    return tuple(_key(word, secret) for word in prompt_words(text))


def _key(word: str, secret: bytes) -> int:
    return int.from_bytes(hmac.digest(secret, word.encode(), "sha256")[:8], "big", signed=True)


def _words(text: str) -> Iterator[str]:
    for found in _WORD.finditer(text):
        word = found[0]
        if _WITHOUT_SPACES.search(word):
            yield from (word[i : i + 2] for i in range(len(word) - 1))
        else:
            yield word
