"""Seeds and mutations for evals.provenance.fuzz: small whole files of each kind, and what a hostile hand does to
their bytes.
"""

from __future__ import annotations

import io
import random
import wave
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import c2pa
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from provenance.c2pa.library_settings import signing_settings
from provenance.c2pa.manifest_definition import SealOrder, build_manifest_definition
from provenance.c2pa.signers.keys_folder import ProvenanceKeys

SeedFile = tuple[str, bytes]
Mutation = Callable[[bytearray, bytes, random.Random], None]
_SEALED = "sealed.mp4"
_RATE = 16_000
"""Samples a second of the sound files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedScale:
    """How large seeds are: pixels of their pictures, pictures of a video, seconds of sound."""

    width: int = 160
    height: int = 96
    pictures: int = 12
    seconds: float = 2.0


TINY = SeedScale(width=64, height=48, pictures=4, seconds=0.4)
"""For very many mutations: the same boxes, chunks and headers, and less between them."""


def make_seed_files(folder: Path, keys: ProvenanceKeys, scale: SeedScale = SeedScale()) -> list[SeedFile]:
    """(kind, bytes) of small whole files; the sealed one, with a history and pictures in it, counts four times."""
    plain, parent, sealed = folder / "plain.mp4", folder / "parent.mp4", folder / _SEALED
    _video(plain, "libx264", scale, sound="aac")
    _signed(plain, parent, keys, parent=None)
    _signed(plain, sealed, keys, parent=parent)
    _video(folder / "a.webm", "libvpx", scale, sound="libopus")
    _video(folder / "a.mkv", "libx264", scale, sound="libmp3lame")
    _video(folder / "a.avi", "mpeg4", scale, sound="libmp3lame")
    _video(folder / "a.gif", "gif", scale, sound="")
    for name in ("a.png", "a.jpg", "a.webp"):
        Image.fromarray(_noise((scale.height, scale.width, 3))).save(folder / name)
    _wave(folder / "a.wav", scale.seconds)
    for name, codec in (("a.mp3", "libmp3lame"), ("a.flac", "flac"), ("a.m4a", "aac")):
        _sound(folder / name, codec, scale.seconds)
    names = [_SEALED] * 4 + [path.name for path in sorted(folder.iterdir()) if path.is_file() and path != sealed]
    return [(name, (folder / name).read_bytes()) for name in names]


def mutate(number: int, seeds: list[SeedFile]) -> SeedFile:
    """The kind and the bytes of mutated file `number`: always the same for the same number and seeds."""
    rng = random.Random(number)  # noqa: S311 - a repeatable accident, no secret
    kind, content = rng.choice(seeds)
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5))):
        rng.choice(MUTATIONS)(data, rng.choice(seeds)[1], rng)
    return kind, bytes(data)


def _flip(data: bytearray, _other: bytes, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 8, 64))):
        if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _overwrite_integer(data: bytearray, _other: bytes, rng: random.Random) -> None:
    """A number of four bytes becomes a wild one; most often near the front, where headers are."""
    if len(data) > 8:
        at = min(rng.randrange(len(data) - 4), rng.randrange(len(data) - 4))
        wild = rng.choice((0, 1, 7, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, rng.getrandbits(32)))
        data[at : at + 4] = wild.to_bytes(4, "big")


def _truncate(data: bytearray, _other: bytes, rng: random.Random) -> None:
    del data[rng.randrange(len(data) + 1) :]


def _remove(data: bytearray, _other: bytes, rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    del data[at : at + rng.choice((1, 4, 100, 4000))]


def _double(data: bytearray, _other: bytes, rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = data[at : at + rng.choice((8, 500, 5000))]


def _scramble(data: bytearray, _other: bytes, rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    data[at : at + 400] = rng.randbytes(rng.choice((4, 400)))


def _splice(data: bytearray, other: bytes, rng: random.Random) -> None:
    data[rng.randrange(len(data) + 1) :] = other[rng.randrange(len(other)) :]


def _rename_box(data: bytearray, _other: bytes, rng: random.Random) -> None:
    """A box that is known gets the name of another."""
    names = [
        b"moov",
        b"mdat",
        b"uuid",
        b"stsz",
        b"stco",
        b"ftyp",
        b"jumb",
        b"jumd",
        b"cbor",
        b"IDAT",
        b"stts",
        b"mp4a",
        b"esds",
        b"jp2c",
    ]
    old, new = rng.sample(names, 2)
    if (at := data.find(old)) >= 0:
        data[at : at + 4] = new


MUTATIONS: tuple[Mutation, ...] = (
    _flip,
    _overwrite_integer,
    _overwrite_integer,
    _truncate,
    _remove,
    _double,
    _scramble,
    _splice,
    _rename_box,
)


def _noise(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    return np.random.default_rng(7).integers(0, 255, shape, dtype=np.uint8)


def _video(path: Path, codec: str, scale: SeedScale, *, sound: str) -> None:
    noise = _noise((scale.height, scale.width, 3))
    pixels = "rgb8" if codec == "gif" else "yuv420p"
    with av.open(str(path), "w", options={"movflags": "faststart"} if path.suffix == ".mp4" else {}) as out:
        stream: Any = out.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = scale.width, scale.height, pixels
        track: Any = out.add_stream(sound, rate=48_000, layout="mono") if sound else None
        for step in range(scale.pictures):
            frame = av.VideoFrame.from_ndarray(np.roll(noise, step * 4, axis=1), format="rgb24").reformat(format=pixels)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if track is not None:
            _encode_noise(out, track, 48_000, scale.seconds)


def _sound(path: Path, codec: str, seconds: float) -> None:
    with av.open(str(path), "w") as out:
        _encode_noise(out, out.add_stream(codec, rate=48_000, layout="mono"), 48_000, seconds)


def _encode_noise(out: Any, track: Any, rate: int, seconds: float) -> None:
    samples = np.random.default_rng(2).normal(0, 0.2, (1, int(seconds * rate))).astype(np.float32)
    resampler = av.AudioResampler(
        format=track.format.name, layout="mono", rate=rate, frame_size=track.frame_size or 1024
    )
    frame = av.AudioFrame.from_ndarray(samples, "fltp", "mono")
    frame.rate = rate
    for piece in [*resampler.resample(frame), *resampler.resample(None)]:
        out.mux(track.encode(piece))
    out.mux(track.encode(None))


def _wave(path: Path, seconds: float) -> None:
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, _RATE, 0, "NONE", ""))
        out.writeframes(np.random.default_rng(2).integers(-9000, 9000, int(seconds * _RATE), dtype=np.int16).tobytes())


def _signed(src: Path, dst: Path, keys: ProvenanceKeys, *, parent: Path | None) -> None:
    """With a picture of itself in its credentials, and one of its parent."""
    order = SealOrder(case_id="0" * 16, engine="e", engine_version="1", policy="ab" * 32, when=datetime.now(UTC))
    claim = build_manifest_definition(order, payload="01" * 12, has_parent=parent is not None)
    claim |= {"thumbnail": {"format": "image/jpeg", "identifier": "shows"}}
    signer = c2pa.Signer.from_callback(keys.signer.sign, c2pa.C2paSigningAlg.ES256, keys.signer.chain, None)
    with (
        c2pa.Builder(claim, context=c2pa.Context(c2pa.Settings.from_dict(signing_settings(keys.trust)))) as builder,
        signer,
    ):
        picture = io.BytesIO()
        Image.fromarray(_noise((45, 80, 3))).save(picture, "JPEG")
        builder.add_resource("shows", io.BytesIO(picture.getvalue()))
        if parent is not None:
            ingredient = {"title": "parent", "relationship": "parentOf", "label": "parent"}
            with parent.open("rb") as stream:
                builder.add_ingredient(ingredient, "video/mp4", stream)
        with src.open("rb") as source, dst.open("w+b") as target:
            builder.sign(signer, "video/mp4", source, target)
