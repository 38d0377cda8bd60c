"""Which texts a net reads together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_MAX_TEXTS = 16  # texts read at once
_MAX_TOKENS = 2048  # tokens read at once, padding included: attention's memory grows with their square
_PADDING = 4  # tokens by which lengths within a batch may differ


def batches_by_length(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Places, the shortest text first, in batches of like length: on one core padding costs as much as text."""
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda place: lengths[place]):
        full = len(batch) == _MAX_TEXTS or (len(batch) + 1) * lengths[place] > _MAX_TOKENS
        if batch and (full or lengths[place] > lengths[batch[0]] + _PADDING):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch
