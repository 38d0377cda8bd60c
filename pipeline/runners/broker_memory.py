"""Whether a broker still has what this process knew of it: which topics, and how far their partitions had come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicLook:
    """A topic as the broker tells of it. One that was made again has another `topic_id`; old brokers give none ("").

    `ends` are the next offsets of partitions. One that nobody knows at this moment, as in an election, is not there.
    """

    topic_id: str = ""
    ends: Mapping[int, int] = field(default_factory=dict)


Look = Mapping[str, TopicLook | None]
"""Topics by name. None: the broker says that there is no such topic. Not in it: the broker said nothing of it."""


def lost_topics(known: Mapping[str, TopicLook], now: Look) -> frozenset[str]:
    """The topics of which a broker that keeps its memory would tell otherwise.

    Retention moves the beginning of a partition and never its end; partitions that were added were not known; and who
    says nothing has lost nothing. Only a topic that was known can be lost.
    """
    return frozenset(name for name, before in known.items() if name in now and _is_lost(before, now[name]))


def remembered(known: Mapping[str, TopicLook], now: Look) -> Mapping[str, TopicLook]:
    """What is known after this look: of each partition the farthest end."""
    merged = dict(known)
    for name, look in now.items():
        if look is not None:
            before = known.get(name, TopicLook())
            ends = {**before.ends, **{at: max(end, before.ends.get(at, end)) for at, end in look.ends.items()}}
            merged[name] = TopicLook(topic_id=look.topic_id or before.topic_id, ends=ends)
    return merged


def _is_lost(before: TopicLook, now: TopicLook | None) -> bool:
    if now is None:
        return True
    if before.topic_id and now.topic_id and before.topic_id != now.topic_id:
        return True
    return any(end < before.ends.get(partition, end) for partition, end in now.ends.items())
