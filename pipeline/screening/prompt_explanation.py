"""The result for a prompt as JSON lines, and the smallest edit after which it would be allowed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache

from core.errors import BadInput
from core.text_styles import text_style
from core.verdicts import Decision
from pipeline.screening.dry_run import DryRunVerdict
from pipeline.screening.edit_limits import is_far_from_limits, is_never_edited, may_lose_clauses, touches_only_rights
from pipeline.screening.readable_edit import clauses, readable_removal, tidy
from pipeline.screening.whole_edit import leaves_out_a_clause, reads_whole

ScreenPrompt = Callable[[str], DryRunVerdict]

_WORD = re.compile(r"\S+")
_MAX_TRIED_WORDS = 24  # that are tried one by one
_MAX_REMOVED_WORDS = 8
_MAX_TRIED_CLAUSES = 6
_ONLY_CLAUSES = frozenset({"hate", "harassment", "extremism"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptEdit:
    """The prompt without the words that stood in its way, and which characters of the original those were."""

    text: str
    removed: tuple[tuple[int, int], ...]


def screen_jsonl(given: Iterable[str], ask: Callable[..., DryRunVerdict]) -> Iterator[dict[str, object]]:
    """One answer for each line `{"id", "prompt", …}`; a line that cannot be read is answered with an `error`.

    A line may say the `style` of its text.
    """
    for number, line in enumerate(given, start=1):
        if not line.strip():
            continue
        name = None
        try:
            asked = json.loads(line)
            name = asked.get("id") if isinstance(asked, dict) else None
            if not isinstance(asked, dict) or not isinstance(asked.get("prompt"), str):
                raise BadInput('a line must be a JSON object with "id" and "prompt"')
            style = {"style": text_style(str(asked["style"]))} if asked.get("style") else {}
            yield screening_result(name, ask(asked["prompt"], **style))
        except ValueError:
            yield {"id": None, "line": number, "error": "this line is not JSON"}
        except BadInput as error:
            yield {"id": name, "line": number, "error": str(error)}


def screening_result(name: object, opinion: DryRunVerdict) -> dict[str, object]:
    """The decision, the highest score of each label (null where none could be told), and the reasons."""
    return {
        "id": name,
        "decision": opinion.verdict.decision.name.lower(),
        "language": opinion.language,
        "scores": top_scores(opinion),
        "reasons": [asdict(reason) for reason in opinion.reasons],
        "policy": opinion.verdict.policy,
        "sources": sorted({signal.source for signal in opinion.measured.signals}),
    }


def top_scores(opinion: DryRunVerdict) -> dict[str, float | None]:
    """The highest score of each label, None where no source could tell."""
    scores: dict[str, float | None] = {}
    for signal in opinion.measured.signals:
        before = scores.get(signal.label)
        scores[signal.label] = before if signal.score is None else max(signal.score, before or 0.0)
    return scores


def smallest_edit(text: str, screen: ScreenPrompt, first: DryRunVerdict) -> PromptEdit | None:
    """The least whose removal makes it allowed and leaves a sentence; None if it is allowed, or none was found.

    Deterministic: words under suspicion first, then greedily the word whose removal helps most, with what hangs on
    them; where that leaves no sentence, whole clauses, one rather than several. Of what is held as hateful only
    clauses are taken out: a word less may be as hateful, and worse. What is left is still what was asked for, and far
    from the limits unless only rights stood in the way. Where minors are at risk, and of plans, nothing is
    proposed.
    """
    if first.verdict.decision is Decision.ALLOW or is_never_edited(text, first.reasons):
        return None
    screen = cache(screen)  # several ways to take words out lead to the same text
    words = [match.span() for match in _WORD.finditer(text)]
    suspects = [place for place in words if any(_overlap(place, span) for r in first.reasons for span in r.spans)]
    for removed in _removals(text, words, suspects, screen, first):
        if removed and reads_whole(text, words, removed) and _may_be_left(text, words, removed, screen, first):
            return PromptEdit(text=tidy(_without(text, removed)), removed=tuple(sorted(removed)))
    return None


def _removals(
    text: str,
    words: Sequence[tuple[int, int]],
    suspects: Sequence[tuple[int, int]],
    screen: ScreenPrompt,
    first: DryRunVerdict,
) -> Iterator[list[tuple[int, int]]]:
    """What may be taken out, to be tried in this order."""
    if not any(reason.category in _ONLY_CLAUSES for reason in first.reasons):
        fewest = _fewest_words(text, words, suspects, screen)
        for wanted in (fewest, suspects):
            if wanted and (readable := readable_removal(text, words, wanted)):
                yield readable
    parts = clauses(text, words)
    if len(parts) > 1:
        suspected = [part for part in parts if set(part) & set(suspects)]
        yield from suspected[:_MAX_TRIED_CLAUSES]
        yield [word for part in suspected for word in part]
        yield from [part for part in parts if part not in suspected][:_MAX_TRIED_CLAUSES]


def _may_be_left(
    text: str,
    words: Sequence[tuple[int, int]],
    removed: Sequence[tuple[int, int]],
    screen: ScreenPrompt,
    first: DryRunVerdict,
) -> bool:
    """Whether it is allowed, and no harm of what was stopped is left in it."""
    if not may_lose_clauses(first.reasons) and leaves_out_a_clause(text, words, removed):
        return False
    if not _allowed(text, removed, screen):
        return False
    left = screen(tidy(_without(text, removed)))
    return touches_only_rights(first.reasons) or is_far_from_limits(top_scores(left))


def _fewest_words(
    text: str, words: Sequence[tuple[int, int]], suspects: Sequence[tuple[int, int]], screen: ScreenPrompt
) -> list[tuple[int, int]] | None:
    """The words themselves, whether or not the rest is a sentence; none of them could be spared."""
    removed = (
        list(suspects) if suspects and _allowed(text, suspects, screen) else _greedy(text, words, suspects, screen)
    )
    if removed is None:
        return None
    for place in list(removed):
        fewer = [other for other in removed if other != place]
        if fewer and _allowed(text, fewer, screen):
            removed = fewer
    return removed


def _greedy(
    text: str, words: Sequence[tuple[int, int]], suspects: Sequence[tuple[int, int]], screen: ScreenPrompt
) -> list[tuple[int, int]] | None:
    removed: list[tuple[int, int]] = []
    candidates = [*suspects, *(word for word in words if word not in suspects)][:_MAX_TRIED_WORDS]
    while len(removed) < min(_MAX_REMOVED_WORDS, len(words) - 1):
        remaining = [word for word in candidates if word not in removed]
        if not remaining:
            return None
        best, gravity = min(
            ((word, _severity(text, [*removed, word], screen)) for word in remaining), key=lambda pair: pair[1]
        )
        removed.append(best)
        if gravity[0] is Decision.ALLOW:
            return removed
    return None


def _severity(text: str, removed: Sequence[tuple[int, int]], screen: ScreenPrompt) -> tuple[Decision, int, float]:
    edited = _without(text, removed)
    if not edited:
        return Decision.REFUSE, 1_000, 1_000.0
    opinion = screen(edited)
    return opinion.verdict.decision, len(opinion.verdict.rules), _total_score(opinion)


def _total_score(opinion: DryRunVerdict) -> float:
    """What could not be measured counts as certain."""
    return sum(1.0 if score is None else score for score in top_scores(opinion).values())


def _allowed(text: str, removed: Sequence[tuple[int, int]], screen: ScreenPrompt) -> bool:
    edited = tidy(_without(text, removed))
    return bool(edited) and screen(edited).verdict.decision is Decision.ALLOW


def _without(text: str, removed: Sequence[tuple[int, int]]) -> str:
    kept, last = [], 0
    for start, end in sorted(removed):
        kept.append(text[last:start])
        last = end
    return " ".join("".join([*kept, text[last:]]).split())


def _overlap(span: tuple[int, int], other_span: tuple[int, int]) -> bool:
    return span[0] < other_span[1] and other_span[0] < span[1]
