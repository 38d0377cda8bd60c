"""What the queue is prepared for beside everything else: words to be searched by, posters, sums, and priorities.

Nothing here is needed to rule: what is not prepared yet stands in the queue all the same, and is merely not found by
its words and shown without a picture.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from core.errors import AssayError, BadMedia, Erased, NotFound
from core.ports import BlobStore, Ledger, TextStore
from media.sandbox.scan import ScanBudget, scan_within
from pipeline.moderation.posters import Poster, read_poster
from pipeline.moderation.prompt_words import word_keys
from pipeline.moderation.review_queue import Preparation, Unprepared
from pipeline.moderation.review_stores import ReviewStores
from pipeline.tempdirs import temp_folder

log = logging.getLogger("assay.moderation")

_AT_ONCE = 50  # cases between two looks at what else is due
_LONGEST = 1.0  # seconds, and a poster more, after which others are looked after
_TIDY_EVERY, _PRIORITIES_EVERY = 5.0, 60.0  # seconds

Priorities = tuple[Mapping[str, float], Mapping[str, tuple[int, str]]]
"""The hours of each clock, and the severity and clock of each rule."""


@dataclass(kw_only=True)
class QueueUpkeep:
    """`step` does what is due and comes back soon. `priorities` are the policy's own."""

    stores: ReviewStores
    ledger: Ledger
    texts: TextStore
    blob_store: BlobStore
    workdir: Path
    priorities: Callable[[], Priorities]
    _tidied: float = field(default=float("-inf"), init=False)
    _placed: float = field(default=float("-inf"), init=False)
    _known: Priorities | None = field(default=None, init=False)

    def step(self) -> None:
        """Prepare some cases; now and then sum up the counts, and ask the policy. Raises Unavailable."""
        self._place()
        if monotonic() - self._tidied > _TIDY_EVERY:
            self.stores.queue.tidy()
            self._tidied = monotonic()
        began = monotonic()
        for waiting in self.stores.queue.unprepared(_AT_ONCE):
            if monotonic() - began > _LONGEST:
                return
            self.stores.queue.prepare(waiting.case_id, self._made_of(waiting))

    def _place(self) -> None:
        if monotonic() - self._placed < _PRIORITIES_EVERY:
            return
        self._placed = monotonic()
        if (asked := self.priorities()) != self._known:
            moved = self.stores.queue.set_priorities(*asked)
            self._known = asked
            if moved:
                log.info("the policy placed %d held cases anew", moved)

    def _made_of(self, waiting: Unprepared) -> Preparation:
        try:
            words = word_keys(self.texts.read(waiting.prompt), self.stores.word_secret())
        except (Erased, NotFound):
            return Preparation()
        poster = self._poster(waiting.case_id) if waiting.rendered else None
        if poster is None:
            return Preparation(words=words)
        kept = self.texts.put(poster.jpeg, case_id=waiting.case_id)
        return Preparation(words=words, poster=kept, looks=poster.looks)

    def _poster(self, case_id: str) -> Poster | None:
        """None where its video cannot be had or decoded: a person will see that on the case's page."""
        try:
            case = self.ledger.load(case_id)
            if case.rendered is None:
                return None
            with temp_folder(self.workdir) as folder, scan_within(ScanBudget()):
                return read_poster(self.blob_store.fetch(case.rendered.asset, folder / "video"))
        except (BadMedia, NotFound, Erased):
            return None
        except AssayError as error:
            log.warning("no poster is made: %s", error, extra={"case": case_id})
            return None
