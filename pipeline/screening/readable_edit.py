"""Which words may be taken out of a sentence so that what is left is one: whole clauses, phrases and adjectives.

A machine that does not parse knows too little to take out any word: "Muslim women play" without its noun is no sentence
and an insult besides. So a run of words goes only where what stands around it cannot need it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from classifiers.text.occlusion import stop_words

Word = tuple[int, int]
"""(start, end) of its characters, half-open."""

_CLAUSE_END = re.compile(r"[,;:.!?。，、！？]$")
_PREPOSITIONS = frozenset(
    ["with", "in", "on", "at", "by", "from", "under", "over", "beside", "behind", "between", "through", "without",
     "into", "near", "during", "against", "across", "along"]
)  # fmt: skip
_HANGS_ON = frozenset(["of", "to", "into", "for", "by"])  # what begins so belongs to the words before it
_ADJECTIVE = re.compile(
    r"(?:\w{3,}(?:less|ous|ful|ive|ish|able|ible|ic|al|ed)|naked|nude|topless|dead|bloody|gory|sexy|horny|violent|"
    r"brutal|evil|cruel|stolen|drunk|stoned|busty|hot|wet|bare|raw|armed|fake|real|illegal)$"
)
_CONJUNCTIONS = frozenset(["and", "or", "but", "while", "then", "as"])
_MOST_PHRASE = 5  # words that a phrase is made longer by, to the left


def clauses(text: str, words: Sequence[Word]) -> list[list[Word]]:
    """The words in clauses, by the punctuation after them."""
    found: list[list[Word]] = [[]]
    for start, end in words:
        found[-1].append((start, end))
        if _CLAUSE_END.search(text[start:end]):
            found.append([])
    return [clause for clause in found if clause]


def readable_removal(text: str, words: Sequence[Word], removed: Sequence[Word]) -> list[Word] | None:
    """These words and what hangs on them, so that the rest reads as a sentence; None where that cannot be told.

    English alone is taken apart; of other languages only whole clauses go.
    """
    wanted = set(removed)
    gone: list[Word] = []
    for clause in clauses(text, words):
        if not wanted & set(clause):
            continue
        runs = list(_runs(text, clause, wanted))
        if any(run is None for run in runs):
            return None
        gone += [word for run in runs if run for word in _keeping_its_end(text, run, clause)]
    gone = list(dict.fromkeys(gone))
    return sorted(gone)


def _keeping_its_end(text: str, run: list[Word], clause: Sequence[Word]) -> list[Word]:
    """A comma or full stop stays where something of the clause stays that it ends."""
    start, end = run[-1]
    if len(run) == len(clause):
        return run
    while end > start + 1 and _CLAUSE_END.search(text[start:end]):
        end -= 1
    return [*run[:-1], (start, end)]


def _runs(text: str, clause: Sequence[Word], wanted: set[Word]) -> Iterator[list[Word] | None]:
    if wanted.issuperset(clause):
        yield list(clause)
        return
    place = 0
    while place < len(clause):
        if clause[place] not in wanted:
            place += 1
            continue
        last = place
        while last + 1 < len(clause) and clause[last + 1] in wanted:
            last += 1
        yield _run(text, clause, place, last)
        place = last + 1


def _run(text: str, clause: Sequence[Word], first: int, last: int) -> list[Word] | None:
    """The run, longer to the left by the phrase that it ends; None where the rest may not be a sentence."""
    plain = [plain_word(text, word) for word in clause]
    after = plain[last + 1] if last + 1 < len(clause) else ""
    if all(_ADJECTIVE.search(word) for word in plain[first : last + 1]) and after and not _is_small(after):
        while first and plain[first - 1].endswith("ly"):
            first -= 1
        return list(clause[first : last + 1])  # a (completely naked) woman
    if after and (not _is_small(after) or after in _HANGS_ON):
        return None
    for start in range(first, max(first - _MOST_PHRASE, 0) - 1, -1):
        opens = plain[start] in _PREPOSITIONS
        if opens and start and not _is_small(plain[start - 1]):
            return list(clause[start : last + 1])  # a man (with a knife)
        if opens and start and plain[start - 1] in _CONJUNCTIONS:
            return list(clause[start - 1 : last + 1])
        if start < first and not _is_small(plain[start]) and not _ADJECTIVE.search(plain[start]):
            break
    return None


def plain_word(text: str, word: Word) -> str:
    """In lower case, without the punctuation around it."""
    return text[slice(*word)].strip(".,;:!?\"'()“”").casefold()


def is_adjective(word: str) -> bool:
    """By its ending, or one that prompts are often held for."""
    return bool(_ADJECTIVE.search(word))


def is_small(word: str) -> bool:
    """Whether it carries nothing by itself, in any language that is known."""
    return any(word in small for small in stop_words().values())


def _is_small(word: str) -> bool:
    return word in stop_words()[True]


def tidy(text: str) -> str:
    """Without punctuation that lost its clause, and with the article that the next word takes."""
    text = re.sub(r"\s+([,;:.!?])", r"\1", " ".join(text.split()))
    text = re.sub(r"^[\s,;:.!?]+|[\s,;:]+$", "", text)
    text = re.sub(r"[,;:](?=[.!?])|,(?=,)", "", text)
    text = re.sub(r"^(?:and|or|but|then|while)\b\s+", "", text, flags=re.IGNORECASE)
    text = re.sub(r"\b([Aa])n (?=[b-df-hj-np-tv-z])", r"\1 ", text)
    return re.sub(r"\b([Aa]) (?=[aeio][a-z])", r"\1n ", text)
