"""Finds which of the payloads that were ever issued a damaged mark carries, where it cannot be decoded alone.

Who reads blindly chooses among 2^96 payloads; an installation that knows what it issued chooses among those few, and
needs a third of the energy. At each place that the pilots propose, every issued payload is compared with what carries
it: a matched filter (Cox, Miller, Bloom, Digital Watermarking, 2002, chapter 4: detection with a known message).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from media.arrays import DoubleArray, FloatArray
from provenance.watermark import convolutional_code
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import MESSAGE_BITS, Payload, to_message_bits

CODED_BITS = MESSAGE_BITS * convolutional_code.INVERSE_RATE
_MAX_CONFUSION = 1e-6
"""The chance allowed that, at any place looked at, another payload of those issued agrees so well."""
_MIN_CASE_AGREEMENT = 0.5
"""How well the bits of the case must agree, over what pilots let expect: a mark of another case comes to an eighth."""
_CASE_BITS = np.ones(CODED_BITS, np.bool_)
"""Which coded bits depend on the case, and not on version and issuer (the first 32 bits of a word) alone."""
_CASE_BITS[
    convolutional_code.INVERSE_RATE * (convolutional_code.CONSTRAINT_LENGTH - 1) : convolutional_code.INVERSE_RATE * 32
] = False
_BATCH = 8192  # payloads compared at once: bounds memory


@dataclass(frozen=True, slots=True, eq=False)
class AlignmentCandidates:
    """Where a mark may be: the pilots' z (n), and the soft coded bits (n, CODED_BITS), positive for 0.

    The sum of a row with a payload's signs is a z by itself: soft bits come divided by the root of their energy.
    """

    z: DoubleArray
    soft_bits: FloatArray

    def __len__(self) -> int:
        return len(self.z)


@dataclass(frozen=True, slots=True, eq=False)
class PayloadMatch:
    """At which place, which payload, and the z of pilots and payload together.

    For what was made without the key the chance that one place reaches this z with any of n payloads is at most
    n * exp(-z^2 / 2) (Hoeffding; the scrambling of coded bits is as secret as the pilots, and depends on no payload).
    """

    candidate_index: int
    payload: Payload
    z: float


class PayloadSet:
    """Payloads of one key, encoded once. Of 100,000 that takes half a second, and each look as much."""

    def __init__(self, payloads: Sequence[str], key: WatermarkKey) -> None:
        """`payloads` in hex."""
        self.key = key
        self.payloads = tuple(dict.fromkeys(payloads))

    def __len__(self) -> int:
        return len(self.payloads)

    def match(
        self, candidates_by_reading: Sequence[AlignmentCandidates], *, pilot_share: float
    ) -> list[PayloadMatch | None]:
        """Of each group of places the surest payload, or None if another might as well be there.

        `pilot_share` in (0, 1) is the share of the mark's energy that is in pilots.
        """
        if not self.payloads or not candidates_by_reading:
            return [None] * len(candidates_by_reading)
        z, payload_indexes = self._best_payloads(np.concatenate([places.soft_bits for places in candidates_by_reading]))
        ends = np.cumsum([len(places) for places in candidates_by_reading])
        return [
            self._best_match(
                places, z[end - len(places) : end], payload_indexes[end - len(places) : end], pilot_share, len(z)
            )
            for places, end in zip(candidates_by_reading, ends, strict=True)
        ]

    def _best_match(
        self,
        places: AlignmentCandidates,
        z: DoubleArray,
        payload_indexes: NDArray[np.intp],
        pilots: float,
        comparisons: int,
    ) -> PayloadMatch | None:
        together = pilots**0.5 * places.z + (1 - pilots) ** 0.5 * z
        best = int(together.argmax())
        payload = Payload.from_hex(self.payloads[payload_indexes[best]])
        if not is_case_confirmed(
            places.soft_bits[best],
            payload,
            self.key,
            pilot_z=float(places.z[best]),
            pilot_share=pilots,
            comparisons=len(self) * comparisons,
        ):
            return None
        return PayloadMatch(candidate_index=best, payload=payload, z=float(together[best]))

    def _best_payloads(self, soft: FloatArray) -> tuple[DoubleArray, NDArray[np.intp]]:
        """Of each place (n, CODED_BITS) the z of the payload that agrees best, and which it is."""
        best = np.full(len(soft), -np.inf, np.float32)
        payload_indexes = np.zeros(len(soft), np.intp)
        for start, signs in self._signs():
            z = soft @ signs
            best_index = z.argmax(1)
            best_z = z[np.arange(len(soft)), best_index]
            payload_indexes = np.where(best_z > best, start + best_index, payload_indexes)
            best = np.maximum(best, best_z)
        return best.astype(np.float64), payload_indexes

    def _signs(self) -> Iterator[tuple[int, FloatArray]]:
        """(CODED_BITS, some) of 1 and -1 for coded bits 0 and 1, and which payload the first is."""
        for start in range(0, len(self), _BATCH):
            some = np.unpackbits(self._coded[:, start // 8 : (start + _BATCH) // 8], axis=1)
            yield start, (1.0 - 2.0 * some[:, : len(self) - start]).astype(np.float32)

    @cached_property
    def _coded(self) -> NDArray[np.uint8]:
        """(CODED_BITS, payloads / 8): worked out when it is first needed."""
        messages = [to_message_bits(Payload.from_hex(payload), self.key) for payload in self.payloads]
        return convolutional_code.encode_many(np.array(messages, np.uint8).reshape(-1, MESSAGE_BITS))


def is_case_confirmed(
    soft: FloatArray, payload: Payload, key: WatermarkKey, *, pilot_z: float, pilot_share: float, comparisons: int
) -> bool:
    """Whether the bits of the case alone agree with this payload, as well as the pilots let expect.

    Those of version and issuer agree with every mark of an installation. `soft` (CODED_BITS) is a row of soft bits;
    `comparisons` is with how many payloads, at how many places.
    """
    signs = 1.0 - 2.0 * convolutional_code.encode(to_message_bits(payload, key))[_CASE_BITS]
    own = float((soft[_CASE_BITS] * signs).sum() / np.sqrt(_CASE_BITS.mean()))
    expected = pilot_z * ((1 - pilot_share) / pilot_share * _CASE_BITS.mean()) ** 0.5
    return bool(own >= _MIN_CASE_AGREEMENT * expected and comparisons * np.exp(-own * own / 2) <= _MAX_CONFUSION)
