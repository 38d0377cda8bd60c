"""What somebody can do who wants the watermark gone: measured on one clip.

    python -m evals.watermark.removal_attacks

Writes evals/results/watermark_removal.json: for each way what is still read, and what it costs the picture (PSNR
against the marked copy). The attacker knows everything but the key.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypedDict

import av
import cv2
import numpy as np

from media.arrays import FloatArray, LumaPlane
from provenance.watermark import Payload, WatermarkKey, embed_video
from provenance.watermark.video.carrier_layout import TILE_SIZE, embedding_scale, subcarriers
from provenance.watermark.video.demodulate import rectify
from provenance.watermark.video.detect import detect_in_frames
from provenance.watermark.video.frame_accumulation import accumulate_frames

Frames = list[LumaPlane]

CLIP = Path("deploy/demo/bunny.mp4")
OUT = Path("evals/results/watermark_removal.json")
KEY = WatermarkKey(id="eval", secret=b"only for measuring, never for use")
OTHER_KEY = WatermarkKey(id="other", secret=b"the key of somebody else entirely")
FIRST_PAYLOAD = Payload(issuer=7, case_id="0123456789abcdef")
SECOND_PAYLOAD = Payload(issuer=7, case_id="fedcba9876543210")
STRENGTH = 1.25
"""As bunny is marked by mark_file()."""
FRAME_COUNT = 48
"""Pictures of the clip that are marked and attacked."""
OTHER_VIDEOS = 8
"""Videos of the same key that the attacker has besides: pieces of the clip, half of them turned."""
FRAMES_PER_VIDEO = 12
"""Pictures of each of those."""


class RemovalOutcome(TypedDict):
    """What is still detected: "first" or "second" payload, or "wrong"; PSNR in dB, where the pictures compare."""

    payload: str | None
    present: bool
    z: float
    psnr_to_marked: float | None


def main() -> None:
    """Runs every way of removal."""
    cv2.setNumThreads(1)
    clean = _read(CLIP)
    marked, again = (
        _published(clean, payload, KEY, shift)
        for payload, shift in ((FIRST_PAYLOAD, (0, 0)), (SECOND_PAYLOAD, (83, 40)))
    )
    ways: dict[str, Callable[[], Frames]] = {
        "nothing": lambda: marked,
        "two_copies_averaged": lambda: _mean(marked, again),
        "marked_again_with_another_key": lambda: _published(marked, SECOND_PAYLOAD, OTHER_KEY, (31, 77)),
        "strong_denoise": lambda: [cv2.fastNlMeansDenoising(luma, None, 8, 5, 11) for luma in marked[::6]],
        "bilateral_and_crf35": lambda: _encode_and_decode([cv2.bilateralFilter(luma, 9, 25, 5) for luma in marked], 35),
        "half_size_and_back_crf32": lambda: _encode_and_decode([_half_size_and_back(luma) for luma in marked], 32),
        "tile_estimated_and_subtracted": lambda: _subtract_tile(marked, _estimate_tile(marked), 1.0),
        "tile_estimated_and_subtracted_twice": lambda: _subtract_tile(marked, _estimate_tile(marked), 2.0),
        "mean_tile_of_8_videos_subtracted_twice": lambda: _subtract_tile(
            marked, np.mean(_estimate_tiles(clean), 0), 2.0
        ),
        "mean_tile_of_8_aligned_videos_subtracted_twice": lambda: _subtract_tile(marked, _aligned(marked, clean), 2.0),
        "quarter_of_the_sides": lambda: [luma[270:450, 480:800] for luma in marked],
    }
    results = {name: _outcome(make(), marked) for name, make in ways.items()}
    OUT.write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps(results, indent=1))


def _outcome(pictures: Frames, marked: Frames) -> RemovalOutcome:
    detection = detect_in_frames(accumulate_frames(pictures, min_short_side=360), [KEY], effort="quick")
    payload = {FIRST_PAYLOAD.hex: "first", SECOND_PAYLOAD.hex: "second", None: None}.get(
        detection.mark.payload, "wrong"
    )
    same = len(pictures) == len(marked) and pictures[0].shape == marked[0].shape
    error = np.mean([np.mean((a.astype(float) - b) ** 2) for a, b in zip(pictures, marked, strict=True)]) if same else 0
    psnr = round(float(10 * np.log10(255**2 / error)), 1) if error else None
    return {"payload": payload, "present": detection.mark.detected, "z": round(detection.z, 1), "psnr_to_marked": psnr}


def _read(path: Path) -> Frames:
    with av.open(str(path)) as container:
        frames = [np.asarray(frame.to_ndarray(format="yuv420p"), np.uint8) for frame in container.decode(video=0)]
    return [frame[: frame.shape[0] * 2 // 3] for frame in frames[:FRAME_COUNT]]


def _published(pictures: Frames, payload: Payload, key: WatermarkKey, shift: tuple[float, float]) -> Frames:
    return _encode_and_decode(list(embed_video(pictures, payload, key, strength=STRENGTH, shift=shift)), 20)


def _encode_and_decode(pictures: Sequence[LumaPlane], crf: int) -> Frames:
    """Through x264 and back, with grey colours."""
    height, width = pictures[0].shape
    grey, file = np.full((height // 2, width), 128, np.uint8), io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        track = out.add_stream("libx264", rate=25, options={"crf": str(crf), "preset": "veryfast"})
        track.width, track.height, track.pix_fmt = width, height, "yuv420p"
        for luma in pictures:
            out.mux(track.encode(av.VideoFrame.from_ndarray(np.concatenate([luma, grey]), "yuv420p")))
        out.mux(track.encode(None))
    file.seek(0)
    with av.open(file, "r") as container:
        return [np.asarray(frame.to_ndarray()[:height], np.uint8) for frame in container.decode(video=0)]


def _mean(copy: Frames, other: Frames) -> Frames:
    return _encode_and_decode([cv2.addWeighted(a, 0.5, b, 0.5, 0) for a, b in zip(copy, other, strict=True)], 20)


def _half_size_and_back(luma: LumaPlane) -> LumaPlane:
    height, width = luma.shape
    return np.asarray(cv2.resize(cv2.resize(luma, (width // 2, height // 2)), (width, height)), np.uint8)


def _estimate_tile(pictures: Frames) -> FloatArray:
    """The lattice is public: fold the clip's fine detail to one tile, keep the lattice's lines."""
    height, width = pictures[0].shape
    scale = embedding_scale(width, height)
    detail = [luma - cv2.GaussianBlur(luma, (0, 0), 5).astype(np.float32) for luma in pictures]
    calm = [np.clip(plane, -6, 6) for plane in detail]
    tiles = rectify(np.mean(calm, 0, dtype=np.float32), np.diag([scale, scale, 1.0]))
    rows, columns = tiles.shape[0] // TILE_SIZE, tiles.shape[1] // TILE_SIZE
    tile = tiles.reshape(rows, TILE_SIZE, columns, TILE_SIZE).sum((0, 2)) / (width * height / (TILE_SIZE * scale) ** 2)
    spectrum, kept = np.fft.fft2(tile), np.zeros((TILE_SIZE, TILE_SIZE), complex)
    for u, v in ((subcarriers().u, subcarriers().v), (-subcarriers().u, -subcarriers().v)):
        kept[v % TILE_SIZE, u % TILE_SIZE] = spectrum[v % TILE_SIZE, u % TILE_SIZE]
    return np.asarray(np.fft.ifft2(kept).real, np.float32)


def _estimate_tiles(clean: Frames) -> list[FloatArray]:
    """Of other videos of the same key, each with a case and a place of its own."""
    tiles = []
    for index in range(OTHER_VIDEOS):
        start = index // 2 * FRAMES_PER_VIDEO
        piece = [luma[::-1] if index % 2 else luma for luma in clean[start : start + FRAMES_PER_VIDEO]]
        payload = Payload(issuer=7, case_id=f"{index + 1:016x}")
        shift = (float(23 * index % TILE_SIZE), float(71 * index % TILE_SIZE))
        tiles.append(_estimate_tile(_published([np.ascontiguousarray(luma) for luma in piece], payload, KEY, shift)))
    return tiles


def _aligned(marked: Frames, clean: Frames) -> FloatArray:
    """The mean of all tiles, each moved to where it agrees most with that of the copy: the pilots, if that works."""
    reference = _estimate_tile(marked)
    aligned = []
    for tile in _estimate_tiles(clean):
        match = np.fft.ifft2(np.fft.fft2(reference) * np.fft.fft2(tile).conj()).real
        down, right = np.unravel_index(int(match.argmax()), match.shape)
        aligned.append(np.roll(tile, (int(down), int(right)), (0, 1)))
    return np.asarray(np.mean(aligned, 0), np.float32)


def _subtract_tile(pictures: Frames, tile: FloatArray, gain: float) -> Frames:
    height, width = pictures[0].shape
    scale = embedding_scale(width, height)
    whole = np.tile(tile, (height // TILE_SIZE + 2, width // TILE_SIZE + 2)).astype(np.float32)
    drawn = cv2.warpAffine(whole, np.diag([scale, scale, 1.0])[:2], (width, height))
    return _encode_and_decode([np.clip(luma - gain * drawn, 0, 255).astype(np.uint8) for luma in pictures], 20)


if __name__ == "__main__":
    main()
