"""Hostile files: the verifier over mutated videos, pictures and sounds: `python -m evals.fuzz [COUNT] [--seed N]`.

Seeds are made here: a clip with credentials, the same in Matroska, pictures, a sound. A mutation flips bits, lies about
sizes, cuts, doubles, renames boxes or splices two seeds. What counts: every file is answered, with a finding or with
BadMedia in one line; nothing takes over five seconds or a gigabyte. Deaths of the limited process are contained, and
counted apart. Writes evals/results/fuzz.json.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import numpy as np

from core.errors import BadMedia
from evals.machine import machine
from media import limited
from provenance.claims import SealOrder, definition
from provenance.dev_keys import make_dev_keys
from provenance.keys import Keys
from provenance.marks import find_marks
from provenance.sign import sign
from provenance.verify import verify

RESULT = Path(__file__).parent / "results" / "fuzz.json"
LONGEST, LARGEST_MIB = 5.0, 1024
Mutation = Callable[[bytearray, bytes, random.Random], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How one file ended: a verdict, `refused`, `contained` (the limited process died) or `broke`; and in how long."""

    how: str
    seconds: float
    seed: int
    detail: str = ""


def main() -> None:
    """Run and write."""
    asked = argparse.ArgumentParser()
    asked.add_argument("count", nargs="?", type=int, default=10_000)
    asked.add_argument("--seed", type=int, default=20261123)
    asked.add_argument("--jobs", type=int, default=2)
    given = asked.parse_args()
    logging.disable(logging.WARNING)  # what the limited process says of each broken file
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        folder = Path(name)
        keys = make_dev_keys(folder / "keys").keys
        seeds = make_seeds(folder, keys)
        numbers = range(given.seed, given.seed + given.count)
        with ThreadPoolExecutor(max_workers=given.jobs) as pool:
            ran = list(pool.map(lambda number: run_one(number, seeds, folder, keys), numbers))
    result = summary(ran, seeds, given.jobs)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def make_seeds(folder: Path, keys: Keys) -> list[tuple[str, bytes]]:
    """(kind, bytes) of small whole files of each kind."""
    plain, sealed = folder / "plain.mp4", folder / "sealed.mp4"
    _clip(plain)
    order = SealOrder(case_id="0" * 16, engine="e", engine_version="1", policy="ab" * 32, when=datetime.now(UTC))
    sign(plain, sealed, definition(order, payload="01" * 12, has_parent=False), keys.signer, trust=keys.trust)
    _copied(sealed, folder / "clip.mkv")
    _picture(folder / "a.png")
    _picture(folder / "a.jpg")
    _sound(folder / "a.wav")
    names = ("sealed.mp4", "sealed.mp4", "sealed.mp4", "plain.mp4", "clip.mkv", "a.png", "a.jpg", "a.wav")
    return [(name, (folder / name).read_bytes()) for name in names]


def mutated(number: int, seeds: list[tuple[str, bytes]]) -> tuple[str, bytes]:
    """The kind and the bytes of mutated file `number`: always the same for the same number."""
    rng = random.Random(number)  # noqa: S311 - a repeatable accident, no secret
    kind, content = rng.choice(seeds)
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5))):
        rng.choice(MUTATIONS)(data, rng.choice(seeds)[1], rng)
    return kind, bytes(data)


def run_one(number: int, seeds: list[tuple[str, bytes]], folder: Path, keys: Keys) -> Ran:
    """Verify one mutated file."""
    kind, data = mutated(number, seeds)
    file = folder / f"{number}-{kind}"
    file.write_bytes(data)
    began = time.perf_counter()
    how, detail = "broke", ""
    try:
        how = _verdict(file, keys)
    except BadMedia as error:
        how = "contained" if "crash" in str(error) or "more than" in str(error) else "refused"
        detail = str(error) if how == "contained" else ""
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        detail = f"{type(error).__name__}: {error}"
    finally:
        file.unlink()
    return Ran(how=how, seconds=time.perf_counter() - began, seed=number, detail=detail[:200])


def summary(ran: list[Ran], seeds: list[tuple[str, bytes]], jobs: int) -> dict[str, Any]:
    """What is committed."""
    slow = [one for one in ran if one.seconds > LONGEST]
    started = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    peak = max(started, limited.spent.peak) / 1024
    seconds = sorted(one.seconds for one in ran)
    return {
        "files": len(ran),
        "seeds": Counter(kind for kind, _ in seeds),
        "ended": dict(Counter(one.how for one in ran).most_common()),
        "broke": [f"{one.seed}: {one.detail}" for one in ran if one.how == "broke"],
        "contained": [f"{one.seed}: {one.detail}" for one in ran if one.how == "contained"][:20],
        "over_5_s": [{"seed": one.seed, "seconds": round(one.seconds, 1)} for one in slow],
        "seconds": {"median": round(seconds[len(seconds) // 2], 2), "max": round(seconds[-1], 2), "jobs": jobs},
        "largest_child_mib": round(peak),
        "within_bounds": not slow and peak < LARGEST_MIB and all(one.how != "broke" for one in ran),
        "machine": machine(),
    }


def _verdict(file: Path, keys: Keys) -> str:
    found = verify(file, trust=keys.trust, keys=[keys.mark_key], detect=find_marks, look_up=lambda _: None)
    return found.verdict.value


def _flip(data: bytearray, _other: bytes, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 8, 64))):
        if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _lie(data: bytearray, _other: bytes, rng: random.Random) -> None:
    """A number of four bytes becomes a wild one; most often near the front, where headers are."""
    if len(data) > 8:
        at = min(rng.randrange(len(data) - 4), rng.randrange(len(data) - 4))
        wild = rng.choice((0, 1, 7, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, rng.getrandbits(32)))
        data[at : at + 4] = wild.to_bytes(4, "big")


def _cut(data: bytearray, _other: bytes, rng: random.Random) -> None:
    del data[rng.randrange(len(data) + 1) :]


def _remove(data: bytearray, _other: bytes, rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    del data[at : at + rng.choice((1, 4, 100, 4000))]


def _double(data: bytearray, _other: bytes, rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = data[at : at + rng.choice((8, 500, 5000))]


def _noise(data: bytearray, _other: bytes, rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    data[at : at + 400] = rng.randbytes(rng.choice((4, 400)))


def _splice(data: bytearray, other: bytes, rng: random.Random) -> None:
    data[rng.randrange(len(data) + 1) :] = other[rng.randrange(len(other)) :]


def _boxes(data: bytearray, _other: bytes, rng: random.Random) -> None:
    """A box that is known gets the name of another."""
    names = [b"moov", b"mdat", b"uuid", b"stsz", b"stco", b"ftyp", b"jumb", b"jumd", b"cbor", b"IDAT", b"stts"]
    old, new = rng.sample(names, 2)
    if (at := data.find(old)) >= 0:
        data[at : at + 4] = new


MUTATIONS: tuple[Mutation, ...] = (_flip, _lie, _lie, _cut, _remove, _double, _noise, _splice, _boxes)


def _clip(path: Path) -> None:
    noise = np.random.default_rng(7).integers(0, 255, (96, 160, 3), dtype=np.uint8)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for step in range(12):
            frame = av.VideoFrame.from_ndarray(np.roll(noise, step * 4, axis=1), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _copied(src: Path, dst: Path) -> None:
    with av.open(str(src)) as source, av.open(str(dst), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)


def _picture(path: Path) -> None:
    from PIL import Image

    Image.fromarray(np.random.default_rng(1).integers(0, 255, (96, 160, 3), dtype=np.uint8)).save(path)


def _sound(path: Path) -> None:
    import wave

    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, 16_000, 0, "NONE", ""))
        out.writeframes(np.random.default_rng(2).integers(-9000, 9000, 32_000, dtype=np.int16).tobytes())


if __name__ == "__main__":
    main()
