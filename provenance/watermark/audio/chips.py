"""The signs that are written: pilots that only the key decides, and the coded payload."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from provenance.watermark.audio.chip_layout import CHIPS_PER_PERIOD, band_pair_count
from provenance.watermark.convolutional_code import INVERSE_RATE, decode, encode
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import MESSAGE_BITS, Payload, from_message_bits, to_message_bits

AUDIO_PILOT_SHARE = 0.2
"""The share of chips that say nothing and are there to be found."""
_CODED_BITS = INVERSE_RATE * MESSAGE_BITS


@dataclass(frozen=True, slots=True, eq=False)
class ChipAssignment:
    """What a key makes of a period: signs (CHIPS_PER_PERIOD, pairs) of 1 and -1; indices into the flattened period."""

    signs: NDArray[np.float32]
    pilots: NDArray[np.intp]
    data: NDArray[np.intp]

    @property
    def pilot_signs(self) -> NDArray[np.float32]:
        """The signs of the pilots, 0 elsewhere."""
        only = np.zeros(self.signs.size, np.float32)
        only[self.pilots] = self.signs.reshape(-1)[self.pilots]
        return only.reshape(self.signs.shape)


@lru_cache(maxsize=16)
def chip_assignment(key: WatermarkKey) -> ChipAssignment:
    """The same for ever for one key, and unlike the video watermark's."""
    count = CHIPS_PER_PERIOD * band_pair_count()
    order = key.permutation("audio/order", count)
    signs = 1 - 2 * key.bits("audio/signs", count).astype(np.float32)
    split = round(AUDIO_PILOT_SHARE * count)
    return ChipAssignment(signs=signs.reshape(CHIPS_PER_PERIOD, -1), pilots=order[:split], data=order[split:])


def payload_chips(payload: Payload, key: WatermarkKey) -> NDArray[np.float32]:
    """(CHIPS_PER_PERIOD, pairs) of 1 and -1: one period."""
    plan = chip_assignment(key)
    coded = encode(to_message_bits(payload, key))
    flat = plan.signs.copy().reshape(-1)
    flat[plan.data] *= 1 - 2 * np.resize(coded, len(plan.data)).astype(np.float32)
    return flat.reshape(plan.signs.shape)


def coded_bit_indices(key: WatermarkKey) -> NDArray[np.intp]:
    """(CHIPS_PER_PERIOD, pairs): the number of the coded bit that a chip stands for, -1 for pilots."""
    plan = chip_assignment(key)
    numbers = np.full(plan.signs.size, -1, np.intp)
    numbers[plan.data] = np.arange(len(plan.data)) % _CODED_BITS
    return numbers.reshape(plan.signs.shape)


def decode_payload(chip_sums: NDArray[np.float32], key: WatermarkKey) -> Payload | None:
    """The payload in evidence (CHIPS_PER_PERIOD, pairs), positive where a chip seems 1; None if its tag does not
    hold.
    """
    soft = despread_soft_bits(chip_sums, key)
    return from_message_bits(decode(soft), key) if soft.any() else None


def despread_soft_bits(chip_sums: NDArray[np.float32], key: WatermarkKey) -> NDArray[np.float32]:
    """For each coded bit what its chips say, positive for 0; over the root of the energy of all."""
    plan = chip_assignment(key)
    soft_bits = (chip_sums * plan.signs).reshape(-1)[plan.data].astype(np.float64)
    spread = float(np.sqrt(soft_bits @ soft_bits)) or 1.0
    return (np.bincount(np.arange(len(soft_bits)) % _CODED_BITS, soft_bits, _CODED_BITS) / spread).astype(np.float32)


def pilot_z(chip_sums: NDArray[np.float32], key: WatermarkKey) -> float:
    """How well the pilots agree with the evidence, in its own scale.

    For any sound without this key's mark P(z > t) is at most exp(-t^2 / 2): Hoeffding, since the signs are random
    and the sound does not know them.
    """
    plan = chip_assignment(key)
    values = chip_sums.reshape(-1)[plan.pilots].astype(np.float64)
    norm = float(np.sqrt(values @ values))
    return float(values @ plan.signs.reshape(-1)[plan.pilots]) / norm if norm else 0.0
