"""Tail-biting convolutional code, constraint length 15, rate 1/6, decoded by soft Viterbi.

Generators 46321 51271 63667 70535 73277 76513 (octal), those of the Mars Pathfinder and Cassini missions. Each begins
and ends with a one, so the two branches into a state, and the two out of it, have opposite signs: half the work.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from media.arrays import BitArray

CONSTRAINT_LENGTH = 15  # bits that one coded bit depends on
INVERSE_RATE = 6  # coded bits for each bit
_GENERATORS = (0o46321, 0o51271, 0o63667, 0o70535, 0o73277, 0o76513)
_STATES = 1 << (CONSTRAINT_LENGTH - 1)
_HALF = _STATES // 2
_WRAP_BITS = 60  # bits decoded twice around the ends of the tail-biting code: four constraint lengths


def encode(bits: BitArray) -> BitArray:
    """6 coded bits for each bit; the state before the first is the one after the last."""
    ring = np.concatenate([bits[-(CONSTRAINT_LENGTH - 1) :], bits]).astype(np.uint8)
    windows = np.lib.stride_tricks.sliding_window_view(ring, CONSTRAINT_LENGTH)[:, ::-1]  # newest first
    taps = np.array(
        [[(g >> (CONSTRAINT_LENGTH - 1 - i)) & 1 for i in range(CONSTRAINT_LENGTH)] for g in _GENERATORS], np.int64
    )
    return ((windows @ taps.T) & 1).astype(np.uint8).reshape(-1)


def encode_many(messages: BitArray) -> BitArray:
    """(words, bits) -> (coded bits, words / 8): as encode(), of all words at once; eight words to a byte."""
    packed = np.packbits(messages.T, axis=1)
    count = len(packed)
    coded = np.zeros((count, INVERSE_RATE, packed.shape[1]), np.uint8)
    for index, generator in enumerate(_GENERATORS):
        for delay in range(CONSTRAINT_LENGTH):
            if generator >> (CONSTRAINT_LENGTH - 1 - delay) & 1:
                coded[:, index] ^= np.roll(packed, delay, axis=0)
    return coded.reshape(count * INVERSE_RATE, -1)


def decode(soft_bits: NDArray[np.float32]) -> BitArray:
    """The likeliest bits. `soft_bits` has 6 values a bit, positive for 0, in any common scale."""
    rounds = soft_bits.reshape(-1, INVERSE_RATE).astype(np.float32)
    count = len(rounds)
    gains = rounds @ _signs().T  # (count, 64): what each 6-bit output earns
    order = np.arange(-_WRAP_BITS, count + _WRAP_BITS) % count
    metric = np.zeros(_STATES, np.float32)
    chosen = np.empty((len(order), _STATES), np.bool_)
    for step, at in enumerate(order):
        metric = _add_compare_select(metric, gains[at].take(_outputs()), chosen[step])
    return _traceback(int(metric.argmax()), chosen, count)


def _add_compare_select(
    metric: NDArray[np.float32], gain: NDArray[np.float32], chosen: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """State = the 14 newest bits, newest on top; state h or h + 8192 is reached from 2h and 2h + 1."""
    even, odd = metric[0::2], metric[1::2]
    after = np.empty(_STATES, np.float32)
    for half, sign in ((slice(0, _HALF), gain), (slice(_HALF, _STATES), -gain)):
        from_even, from_odd = even + sign, odd - sign
        np.greater(from_odd, from_even, out=chosen[half])
        np.maximum(from_even, from_odd, out=after[half])
    return after


def _traceback(state: int, chosen: NDArray[np.bool_], count: int) -> BitArray:
    bits = np.zeros(len(chosen), np.uint8)
    for step in range(len(chosen) - 1, -1, -1):
        bits[step] = state >> (CONSTRAINT_LENGTH - 2)
        state = 2 * (state & (_HALF - 1)) + int(chosen[step, state])
    return bits[_WRAP_BITS : _WRAP_BITS + count]


@cache
def _signs() -> NDArray[np.float32]:
    outputs = np.arange(1 << INVERSE_RATE)[:, None] >> np.arange(INVERSE_RATE)[None]
    return (1 - 2 * (outputs & 1)).astype(np.float32)


@cache
def _outputs() -> NDArray[np.intp]:
    """The 6-bit output of a 0 that follows each even state."""
    states = np.arange(0, _STATES, 2, dtype=np.uint32)
    output = np.zeros(_HALF, np.intp)
    for index, generator in enumerate(_GENERATORS):
        output |= (np.bitwise_count(states & np.uint32(generator)) & 1).astype(np.intp) << index
    return output
