"""Whether what an edit leaves is still what was asked for, and reads as if it had been written so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.screening.readable_edit import Word, clauses, is_adjective, is_small, plain_word

_LEAST_SUBJECT = 3  # words of the clause that says what is shown
_SCENE = 5  # words of it that are a scene by themselves
_SHORT_REPEAT = 3  # words: "(step) by step"
_GENITIVES = frozenset(["of", "de", "di", "da", "do", "du", "des", "del", "della", "van", "von"])


def reads_whole(text: str, words: Sequence[Word], removed: Sequence[Word]) -> bool:
    """No fragment, no half of a repeated phrase, and no comma where none was between a subject and its verb."""
    starts = {start for start, _ in removed}  # a removed word may end before its comma
    parts = clauses(text, words)
    gone = [all(start in starts for start, _ in part) for part in parts]
    return (
        _says_what_is_shown(text, parts, gone, starts)
        and not any(_leaves_half_of_a_repeat(text, part, starts) for part in parts)
        and not _splits_a_subject_from_its_verb(text, parts, gone)
    )


def leaves_out_a_clause(text: str, words: Sequence[Word], removed: Sequence[Word]) -> bool:
    """Whether one of its clauses goes as a whole."""
    starts = {start for start, _ in removed}
    return any(all(start in starts for start, _ in part) for part in clauses(text, words))


def _says_what_is_shown(text: str, parts: Sequence[Sequence[Word]], gone: Sequence[bool], starts: set[int]) -> bool:
    """No scene is "rim light" or "interview": the clause that names one stays, and most of the rest, or a long one.

    It is the first of two words or more that is no heading.
    """
    kept = [sum(start not in starts for start, _ in part) for part in parts]
    if not any(gone):
        return sum(kept) > 1
    named = next((i for i, part in enumerate(parts) if len(part) > 1 and not _is_heading(text, part)), None)
    if named is None or kept[named] < _LEAST_SUBJECT:
        return False
    return 2 * sum(kept) >= sum(map(len, parts)) or kept[named] >= _SCENE


def _leaves_half_of_a_repeat(text: str, part: Sequence[Word], starts: set[int]) -> bool:
    plain = [plain_word(text, word) for word in part]
    for first, last in _removed_runs(part, starts):
        if last - first >= _SHORT_REPEAT:
            continue
        before, after = plain[first - 1 : first], plain[last + 1 : last + 2]
        if before == plain[last : last + 1] or after == plain[first : first + 1]:
            return True
    return False


def _removed_runs(part: Sequence[Word], starts: set[int]) -> Iterator[tuple[int, int]]:
    first = None
    for place, (start, _) in enumerate([*part, (-1, -1)]):
        if start in starts and first is None:
            first = place
        elif start not in starts and first is not None:
            yield first, place - 1
            first = None


def _splits_a_subject_from_its_verb(text: str, parts: Sequence[Sequence[Word]], gone: Sequence[bool]) -> bool:
    """As in "Two wrestlers, (naked,) grapple in a ring": a verb is told by what stands behind it."""
    for place in range(1, len(parts) - 1):
        before = text[slice(*parts[place - 1][-1])]
        if gone[place] and not gone[place - 1] and before.endswith((",", "，")):
            kept = [part for part, left_out in zip(parts[place:], gone[place:], strict=True) if not left_out]
            if kept and _may_begin_with_a_verb(text, kept[0]):
                return True
    return False


def _may_begin_with_a_verb(text: str, part: Sequence[Word]) -> bool:
    word, second = plain_word(text, part[0]), plain_word(text, part[1]) if len(part) > 1 else ""
    if text[part[0][0]].isupper() or is_small(word) or is_adjective(word) or word.endswith(("ing", "ly")):
        return False
    if second in _GENITIVES:
        return False
    if word.endswith("s") and not word.endswith("ss"):
        return True  # (she,) walks …
    return (is_small(second) and len(part) > 2) or second.endswith("ly")  # (they,) grapple in …


def _is_heading(text: str, part: Sequence[Word]) -> bool:
    return text[slice(*part[-1])].endswith((":", "："))
