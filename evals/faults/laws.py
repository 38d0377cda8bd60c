"""What holds after every fault, whatever it was; one function says where it does not.

1. Allowed: what is or was published had an allow at the prompt's gate before it was ordered, and at the video's gate
   after its last render and before its seal. What an order asked for that is never allowed was never published.
2. Once: no order is two cases, no case was published twice without having been taken back in between, no two cases have
   the same sealed file or mark.
3. None lost: every order that was answered is a case.
4. Ended or waiting: every case has come to an end, is held by a verdict or by a failure that is named, or says what it
   waits for.
5. On the shelf: each public file is the sealed one of a case that is published (or is just being published or taken
   down), and each published case has its file.
6. Marked and signed: each public file has the case's mark, and credentials of ours that are whole.
7. The log is whole: a case is the fold of its events.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.case import Case, Phase
from core.events import Commissioned, Event, Judged, Published, Recalled, Rendered, Reversed, Sealed
from core.verdicts import Decision, Gate

ENDED = frozenset({Phase.PUBLISHED, Phase.REFUSED, Phase.FAILED, Phase.WITHDRAWN})
_MAY_HAVE_FILE = frozenset({Phase.PUBLISHED, Phase.SEALED, Phase.RECALLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A law that does not hold, of which case, and what was seen."""

    law: str
    case_id: str
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStory:
    """A case as the ledger has it, and all its events."""

    case: Case
    events: Sequence[Event]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is looked at: every case, every public file by case, the orders that were answered (case by key).

    `never_allowed` says of a case whether what was asked for, or what the engine made, may be published by nobody.
    While cases are at work, `shelf` and `orders` are to be older than `stories`.
    `examine` opens a public file and says what is wrong with its mark and its credentials; empty where nothing is.
    """

    stories: Sequence[CaseStory]
    shelf: Mapping[str, Path]
    orders: Mapping[str, str]
    never_allowed: Callable[[CaseStory], str]
    examine: Callable[[CaseStory, Path], str]


def breaches(world: World, *, settled: bool = True) -> list[Breach]:
    """Every law that does not hold. While cases are at work (`settled` false) they need not have come to rest."""
    found = [*_once(world), *_none_lost(world), *_on_shelf(world, settled=settled)]
    for story in world.stories:
        found += [*_allowed(story, world), *_whole(story)]
        if settled:
            found += _ended_or_waiting(story)
    return found


def _allowed(story: CaseStory, world: World) -> Iterator[Breach]:
    published = [n for n, event in enumerate(story.events) if isinstance(event, Published)]
    for at in published:
        before = story.events[:at]
        last = {kind: _last(before, kind) for kind in (Commissioned, Rendered, Sealed)}
        prompt, video = _allow(before, Gate.PROMPT, last[Commissioned]), _allow(before, Gate.VIDEO, last[Sealed])
        if min(last.values()) < 0 or not last[Commissioned] < last[Rendered] < last[Sealed]:
            yield _breach("allowed", story, f"published without being made and sealed: {last}")
        elif prompt < 0:
            yield _breach("allowed", story, "published without an allow at the prompt's gate")
        elif not last[Rendered] < video:
            yield _breach("allowed", story, "published without an allow at the video's gate after its last render")
        elif any(_refusing(event) for event in before[video + 1 :]):
            yield _breach("allowed", story, "published although a later verdict did not allow it")
        elif any(isinstance(event, Recalled) for event in before) and _last(before, Reversed) < _last(before, Recalled):
            yield _breach("allowed", story, "published after it was recalled")
    if published and (why := world.never_allowed(story)):
        yield _breach("allowed", story, why)


def _once(world: World) -> Iterator[Breach]:
    for story in world.stories:
        up = False
        for event in story.events:
            if isinstance(event, Published) and up:
                yield _breach("once", story, "published twice")
            up = isinstance(event, Published) or (up and not isinstance(event, Recalled | Judged))
    keys = Counter(world.orders.values())
    for case_id, count in keys.items():
        if count > 1:
            yield Breach(law="once", case_id=case_id, seen=f"{count} orders are one case")
    sealed = [story for story in world.stories if story.case.sealed]
    for what in ("payload", "manifest_id"):
        owners = Counter(getattr(story.case.sealed, what) for story in sealed)
        for story in sealed:
            if owners[getattr(story.case.sealed, what)] > 1:
                yield _breach("once", story, f"another case has the same {what}")


def _none_lost(world: World) -> Iterator[Breach]:
    known = {story.case.id for story in world.stories}
    for key, case_id in world.orders.items():
        if case_id not in known:
            yield Breach(law="none lost", case_id=case_id, seen=f"the order {key} was answered and is no case")


def _ended_or_waiting(story: CaseStory) -> Iterator[Breach]:
    case = story.case
    if case.phase in ENDED or (case.waiting and case.waiting.reason):
        return
    if case.phase is not Phase.HELD:
        yield _breach("ended or waiting", story, f"it is {case.phase} and says nothing")
    elif not (case.last_failure or (case.verdict and (case.verdict.rules or case.verdict.missing))):
        yield _breach("ended or waiting", story, "it is held and nothing says why")


def _on_shelf(world: World, *, settled: bool) -> Iterator[Breach]:
    by_id = {story.case.id: story for story in world.stories}
    for case_id, file in world.shelf.items():
        story = by_id.get(case_id)
        if story is None:
            yield Breach(law="on the shelf", case_id=case_id, seen="a public file of no case")
            continue
        if story.case.phase not in ({Phase.PUBLISHED} if settled else _MAY_HAVE_FILE):
            waits = settled and story.case.phase in _MAY_HAVE_FILE and story.case.waiting
            if file.exists() and not waits:  # it may have been taken down since
                yield _breach("on the shelf", story, f"it has a public file and is {story.case.phase}")
            continue
        yield from _public_file(story, file, world)
    for story in world.stories:
        if settled and story.case.phase is Phase.PUBLISHED and story.case.id not in world.shelf:
            yield _breach("on the shelf", story, "it is published and has no file")


def _public_file(story: CaseStory, file: Path, world: World) -> Iterator[Breach]:
    sealed = story.case.sealed
    try:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
    except FileNotFoundError:
        return  # it was taken down while we looked
    if sealed is None or digest != sealed.asset.digest:
        yield _breach("on the shelf", story, "its public file is not what was sealed")
    elif wrong := world.examine(story, file):
        yield _breach("marked and signed", story, wrong)


def _whole(story: CaseStory) -> Iterator[Breach]:
    folded = Case(id=story.case.id).apply(story.events)
    if folded != story.case:
        yield _breach("the log is whole", story, "the case is not the fold of its events")


def _last(events: Sequence[Event], kind: type[Event]) -> int:
    return max((n for n, event in enumerate(events) if isinstance(event, kind)), default=-1)


def _allow(events: Sequence[Event], gate: Gate, before: int) -> int:
    """Where the last verdict of a gate before this event was given, if it is an allow; else -1."""
    found = [(n, e.verdict) for n, e in _verdicts(events[: max(before, 0)]) if e.verdict.gate is gate]
    return found[-1][0] if found and found[-1][1].decision is Decision.ALLOW else -1


def _verdicts(events: Iterable[Event]) -> Iterator[tuple[int, Judged]]:
    return ((n, event) for n, event in enumerate(events) if isinstance(event, Judged))


def _refusing(event: Event) -> bool:
    return isinstance(event, Judged) and event.verdict.decision is not Decision.ALLOW


def _breach(law: str, story: CaseStory, seen: str) -> Breach:
    return Breach(law=law, case_id=story.case.id, seen=seen)
