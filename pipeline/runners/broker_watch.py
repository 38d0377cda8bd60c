"""Watches, beside a Faust worker, whether the broker has lost its memory: then topics are made and it starts over.

Faust cannot go on by itself. It waits for what is in hand, commits the offset that it had to a broker whose topics
begin anew, joins again and reads from there: beyond the end, where nothing comes for long (ADR 69).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from threading import Event, Thread

from core.errors import AssayError, Unavailable
from pipeline.runners.broker_memory import Look, TopicLook, lost_topics, remembered

log = logging.getLogger("assay.workers")

_AGAIN = timedelta(seconds=2)  # until what looks like a loss is looked at once more


class BrokerWatch:
    """A thread that asks the broker every `every`. While the broker is away or slow it waits: that means nothing.

    `ask` tells of the topics and `make` makes those that are missing, waiting for as long as that takes.
    """

    def __init__(self, ask: Callable[[], Look], make: Callable[[], None], every: timedelta) -> None:
        self._ask, self._make, self._every = ask, make, every
        self._known: Mapping[str, TopicLook] = {}
        self._suspected: frozenset[str] = frozenset()
        self._answered, self._stopped, self._forgot = True, Event(), Event()

    def has_forgotten(self) -> bool:
        """Whether the broker has lost what this worker had read: no offset of before means anything to it."""
        return self._forgot.is_set()

    def start(self, start_over: Callable[[], None]) -> None:
        """Watch until stopped. `start_over` is called once, from the thread, as soon as the topics are there again."""
        Thread(target=self._watch, args=(start_over,), name="broker-watch", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def look(self) -> bool:
        """Look once. True if a loss is suspected: the next look, which should not be long, makes it certain.

        A broker that has only just started may say for a moment that it knows no topic.
        """
        now = self._ask()
        lost = lost_topics(self._known, now)
        if lost & self._suspected:
            self._forgot.set()
        self._suspected = lost
        if not lost:
            self._known = remembered(self._known, now)
            if None in now.values():  # lost before this process knew it: nothing of before can mislead it
                self._make()
        return bool(lost)

    def _watch(self, start_over: Callable[[], None]) -> None:
        pause = timedelta(0)
        while not self._stopped.wait(pause.total_seconds()):
            try:
                pause = min(_AGAIN, self._every) if self._look_or_say() else self._every
                if self.has_forgotten():
                    log.warning("the broker has lost its memory of %s", ", ".join(sorted(self._suspected)))
                    self._make()
                    break
            except AssayError as error:
                log.error("the topics are not made: %s", error)
                pause = self._every
        if self.has_forgotten() and not self._stopped.is_set():
            start_over()

    def _look_or_say(self) -> bool:
        try:
            suspected = self.look()
        except Unavailable as error:
            if self._answered:
                log.warning("%s; its memory is looked at once it answers", error)
            self._answered = False
            return False
        self._answered = True
        return suspected
