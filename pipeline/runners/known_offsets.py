"""Faust's consumer, but for offsets that the broker cannot know: it neither goes on from there nor commits them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from faust.transport.drivers.aiokafka import Consumer, KafkaError

log = logging.getLogger("assay.workers")


def known_offsets_consumer(has_forgotten: Callable[[], bool]) -> type[Any]:
    """The class of consumer for a worker whose broker `has_forgotten()`, or not."""

    class KnownOffsetsConsumer(Consumer):  # type: ignore[misc]
        """Reads a partition from its beginning whose committed offset lies beyond its end.

        Some member committed it when the broker had lost its memory. Apache Kafka would say so, and Faust would drop
        whatever lies before that offset all the same; Tansu says nothing and gives nothing.
        """

        async def seek_to_committed(self) -> Mapping[Any, int]:
            committed: Mapping[Any, int] = await super().seek_to_committed()
            try:
                ends = await self.highwaters(*committed)
                beyond = [tp for tp, offset in committed.items() if (offset or 0) > ends.get(tp, offset)]
                beginnings: Mapping[Any, int] = await self.earliest_offsets(*beyond) if beyond else {}
            except KafkaError as error:  # it is looked again the next time that partitions are dealt
                log.warning("where partitions end is not known: %s", type(error).__name__)
                return committed
            if beginnings:
                log.warning("committed beyond the end, so read from the beginning: %d partitions", len(beginnings))
                await self.seek_wait(beginnings)
            return {**committed, **beginnings}

        async def _commit(self, offsets: Mapping[Any, int]) -> bool:
            return has_forgotten() or bool(await super()._commit(offsets))

    return KnownOffsetsConsumer
