"""Watches, beside a Faust worker, whether the broker has lost its memory: then topics are made and it starts over.

Faust cannot go on by itself. It waits for what is in hand, commits the offset that it had to a broker whose topics
begin anew, joins again and reads from there: beyond the end, where nothing comes for long (ADR 69).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from threading import Event, Thread

from core.errors import AssayError
from pipeline.runners.broker_memory import Look, TopicLook, lost_topics, remembered

log = logging.getLogger("assay.workers")

_AGAIN = timedelta(seconds=2)  # until what looks like a loss is looked at once more


class BrokerWatch:
    """A thread that asks the broker every `every`. While the broker is away or slow it waits: that means nothing.

    `ask` tells of the topics, `make` makes those that are missing; both may raise Unavailable, and are tried again.
    """

    def __init__(self, ask: Callable[[], Look], make: Callable[[], None], every: timedelta) -> None:
        self._ask, self._make, self._every = ask, make, every
        self._known: Mapping[str, TopicLook] = {}
        self._suspected: frozenset[str] = frozenset()
        self._stopped, self._forgot, self._said = Event(), Event(), ""

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
            log.warning("the broker has lost its memory of %s", ", ".join(sorted(lost)))
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
            pause = self._every
            try:
                if not self.has_forgotten() and self.look():
                    pause = min(_AGAIN, self._every)
                if self.has_forgotten():
                    self._make()
                    start_over()
                    return
                self._said = ""
            except AssayError as error:
                self._say_once(f"{error}; the memory of the broker is looked at again")
            except Exception as error:  # noqa: BLE001 - whatever a client raises must not end the watch
                self._say_once(f"the memory of the broker was not looked at: {type(error).__name__}")

    def _say_once(self, words: str) -> None:
        if words != self._said:
            log.warning("%s", words)
        self._said = words
