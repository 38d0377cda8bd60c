"""What an attacker learns from many videos of one key: the lines of their tiles, averaged, subtracted or planted.

    python -m evals.watermark.averaging_attacks

Of each video he has an estimate of its tile, as he gets by folding one (evals.watermark.removal_attacks): its
lines, and noise of LINE_NOISE, at which pilots reach the z of about 16 that they have in a published clip. Nothing
is encoded here, so that 1,000 videos can be had. `plain` takes the mean of all tiles; `aligned` first moves each to
where it agrees most with the tile under attack; `chosen` keeps those that then agree by more than chance. What is
left is told by the z of the pilots, by which a mark is read blindly, and by that of all lines, by which a likely
mark is found. `planted` is the mean in the place of another video's mark: the z of the pilots there, and whether
any payload is read.
Writes evals/results/watermark_averaging.json.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict

import numpy as np

from media.arrays import ComplexArray
from provenance.watermark import Payload, WatermarkKey
from provenance.watermark.payload_set import CODED_BITS
from provenance.watermark.video.carrier_layout import (
    TILE_SIZE,
    modulate,
    payload_lines,
    pilot_lines,
    shift_tile,
    subcarriers,
)
from provenance.watermark.video.demodulate import CarrierSpectrum
from provenance.watermark.video.pilot_detector import best_shift, detect_tile

OUT = Path("evals/results/watermark_averaging.json")
KEY = WatermarkKey(id="eval", secret=b"only for measuring, never for use")
PAYLOAD = Payload(issuer=7, case_id="0123456789abcdef")
VIDEO_COUNTS = (10, 100, 1000)
LINE_NOISE = 0.8
"""Root mean square of the noise of one line, whose own magnitude is 1."""
_CHANCE_Z = 5.2  # z of two tiles that chance hardly reaches over all shifts
_GAIN = 1.0  # of what is subtracted: as much of the mean as there is in the tile


class AveragingOutcome(TypedDict):
    """What an attack leaves, and what it makes: z of the pilots, z of all lines of the payload, and what is read."""

    videos_used: int
    pilots_z: float
    lines_z: float
    payload_read: bool
    planted_pilots_z: float
    planted_payload: str


def main() -> None:
    """Runs all attacks and writes what they leave."""
    rng = np.random.default_rng(18)
    target = np.asarray(modulate(PAYLOAD, KEY) + _noise(rng), np.complex128)
    results: dict[str, object] = {"coded_bits": CODED_BITS, "before": _left(target)}
    for count in VIDEO_COUNTS:
        tiles = [_other_video(rng) for _ in range(count)]
        aligned = [_aligned(target, tile) for tile in tiles]
        chosen = [tile for tile, z in aligned if z > _CHANCE_Z]
        ways = {"plain": tiles, "aligned": [tile for tile, _ in aligned], "chosen": chosen}
        results[str(count)] = {way: _outcome(target, some, rng) for way, some in ways.items() if some}
    OUT.write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps(results, indent=1))


def _outcome(target: ComplexArray, tiles: list[ComplexArray], rng: np.random.Generator) -> AveragingOutcome:
    mean = np.mean(tiles, 0)
    share = float((target * mean.conj()).real.sum() / (np.abs(mean) ** 2).sum())
    left = _left(target - _GAIN * share * mean)
    planted = np.asarray(mean / np.sqrt(np.mean(np.abs(mean) ** 2)) + _noise(rng), np.complex128)
    read = detect_tile(CarrierSpectrum(upright=planted, mirrored=_noise(rng)), KEY)
    return {
        "videos_used": len(tiles),
        "pilots_z": left["pilots_z"],
        "lines_z": left["lines_z"],
        "payload_read": bool(left["payload_read"]),
        "planted_pilots_z": round(read.z, 1),
        "planted_payload": "none" if read.payload is None else read.payload.hex,
    }


def _left(tile: ComplexArray) -> dict[str, float]:
    read = detect_tile(CarrierSpectrum(upright=tile, mirrored=np.zeros_like(tile)), KEY)
    return {
        "pilots_z": round(best_shift(tile, pilot_lines(KEY))[0], 1),
        "lines_z": round(best_shift(tile, payload_lines(PAYLOAD, KEY))[0], 1),
        "payload_read": read.payload == PAYLOAD,
    }


def _other_video(rng: np.random.Generator) -> ComplexArray:
    """The tile of another case, somewhere else, as an attacker estimates it."""
    payload = Payload(issuer=PAYLOAD.issuer, case_id=f"{int(rng.integers(2**63)):016x}")
    right, down = (float(place) for place in rng.integers(0, TILE_SIZE, 2))
    return np.asarray(shift_tile(modulate(payload, KEY), right, down) + _noise(rng), np.complex128)


def _noise(rng: np.random.Generator) -> ComplexArray:
    count = subcarriers().count
    return np.asarray(LINE_NOISE * (rng.normal(size=count) + 1j * rng.normal(size=count)) / np.sqrt(2), np.complex128)


def _aligned(target: ComplexArray, tile: ComplexArray) -> tuple[ComplexArray, float]:
    """The tile moved to where it agrees most with the target, and how well it does."""
    lines = subcarriers()
    spectrum = np.zeros((TILE_SIZE, TILE_SIZE), np.complex64)
    spectrum[lines.v % TILE_SIZE, lines.u % TILE_SIZE] = tile * target.conj()
    surface = np.fft.ifft2(spectrum).real * TILE_SIZE**2
    down, right = np.unravel_index(int(surface.argmax()), surface.shape)
    spread = float(np.sqrt((np.abs(tile * target) ** 2).sum() / 2))
    return shift_tile(tile, -float(right), -float(down)), float(surface[down, right]) / spread


if __name__ == "__main__":
    main()
