"""Tells which of the payloads that were ever issued a damaged mark carries, where it cannot be read by itself.

Who reads blindly chooses among 2^96 payloads; an office that knows what it issued chooses among those few, and needs a
third of the energy. At each place that the pilots propose, every issued payload is compared with what carries it: a
matched filter (Cox, Miller, Bloom, Digital Watermarking, 2002, chapter 4: detection with a known message).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from provenance.watermark import code
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import WORD_BITS, Payload, to_word

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

CODED = WORD_BITS * code.RATE
_CONFUSED = 1e-6
"""The chance allowed that, at any place looked at, another payload of those issued agrees so well."""
_AS_PILOTS = 0.5
"""How well the bits of the case must agree, over what pilots let expect: a mark of another case comes to an eighth."""
_OWN = np.ones(CODED, np.bool_)
"""Which coded bits depend on the case, and not on version and issuer (the first 32 bits of a word) alone."""
_OWN[code.RATE * (code.LENGTH - 1) : code.RATE * 32] = False
_AT_ONCE = 8192


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where a mark may lie: the pilots' z (n), and the soft coded bits (n, CODED), positive for 0.

    The sum of a row with a payload's signs is a z by itself: soft bits come divided by the root of their energy.
    """

    z: Doubles
    soft: Floats

    def __len__(self) -> int:
        return len(self.z)


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """At which place, which payload, and the z of pilots and payload together.

    For what was made without the key the chance that one place reaches this z with any of n payloads is at most
    n * exp(-z^2 / 2) (Hoeffding; the scrambling of coded bits is as secret as the pilots, and depends on no payload).
    """

    place: int
    payload: Payload
    z: float


class Issued:
    """Payloads of one key, encoded once. Of 100,000 that takes half a second, and each look as much."""

    def __init__(self, payloads: Sequence[str], key: WatermarkKey) -> None:
        """`payloads` in hex."""
        self.key = key
        self.payloads = tuple(dict.fromkeys(payloads))

    def __len__(self) -> int:
        return len(self.payloads)

    def told(self, groups: Sequence[Places], *, pilots: float) -> list[Told | None]:
        """Of each group of places the surest payload, or None if another might as well be there.

        `pilots` in (0, 1) is the share of the mark's energy that lies in pilots.
        """
        if not self.payloads or not groups:
            return [None] * len(groups)
        z, which = self._agreeing(np.concatenate([places.soft for places in groups]))
        ends = np.cumsum([len(places) for places in groups])
        return [
            self._surest(places, z[end - len(places) : end], which[end - len(places) : end], pilots, len(z))
            for places, end in zip(groups, ends, strict=True)
        ]

    def _surest(self, places: Places, z: Doubles, which: NDArray[np.intp], pilots: float, looked: int) -> Told | None:
        together = pilots**0.5 * places.z + (1 - pilots) ** 0.5 * z
        at = int(together.argmax())
        payload = Payload.from_hex(self.payloads[which[at]])
        own = self._own(places.soft[at], payload)
        expected = float(places.z[at]) * ((1 - pilots) / pilots * _OWN.mean()) ** 0.5
        if own < _AS_PILOTS * expected or len(self) * looked * np.exp(-own * own / 2) > _CONFUSED:
            return None
        return Told(place=at, payload=payload, z=float(together[at]))

    def _own(self, soft: Floats, payload: Payload) -> float:
        """z of the bits of the case alone: those of the issuer agree with every mark of this office."""
        signs = 1.0 - 2.0 * code.encode(to_word(payload, self.key))[_OWN]
        return float((soft[_OWN] * signs).sum() / np.sqrt(_OWN.mean()))

    def _agreeing(self, soft: Floats) -> tuple[Doubles, NDArray[np.intp]]:
        """Of each place (n, CODED) the z of the payload that agrees best, and which it is."""
        best = np.full(len(soft), -np.inf, np.float32)
        which = np.zeros(len(soft), np.intp)
        for start, signs in self._signs():
            z = soft @ signs
            found = z.argmax(1)
            here = z[np.arange(len(soft)), found]
            which = np.where(here > best, start + found, which)
            best = np.maximum(best, here)
        return best.astype(np.float64), which

    def _signs(self) -> Iterator[tuple[int, Floats]]:
        """(CODED, some) of 1 and -1 for coded bits 0 and 1, and which payload the first is."""
        for start in range(0, len(self), _AT_ONCE):
            some = np.unpackbits(self._coded[:, start // 8 : (start + _AT_ONCE) // 8], axis=1)
            yield start, (1.0 - 2.0 * some[:, : len(self) - start]).astype(np.float32)

    @cached_property
    def _coded(self) -> NDArray[np.uint8]:
        """(CODED, payloads / 8): worked out when it is first needed."""
        words = [to_word(Payload.from_hex(one), self.key) for one in self.payloads]
        return code.encode_many(np.array(words, np.uint8).reshape(-1, WORD_BITS))
