"""Reads whoever is mentioned as one and the same person: a name says nothing of what is to be seen.

Models find in a name what they learnt beside such names: harassment in a short one, somebody famous in another. Whether
its owner agreed is asked of the registry. So what is said of people is measured with the same names for all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_NAMES = ("leila", "marco")
"""The first who is mentioned, and all others: of the names with which acts were learnt two in which models find little.

Names and acts stand in evals/prompts/named_grammar.toml; nothing that is measured by was looked at for it.
"""


def read_as_one_name(text: str, names: Sequence[str]) -> str:
    """The text with the same names for all of these; they are as in the text, which is read as plain_reading reads."""
    if not names:
        return text
    others = "|".join(re.escape(name) for name in sorted(set(names), key=len, reverse=True))
    first = names[0]
    whole = re.compile(rf"(?<![A-Za-z0-9])(?:{others})(?![A-Za-z0-9])")
    return whole.sub(lambda match: _NAMES[0] if match[0] == first else _NAMES[1], text)
