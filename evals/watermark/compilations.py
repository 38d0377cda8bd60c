"""A marked piece of six seconds in a minute of other footage: is it found, and are its seconds?

    ASSAY_DATA=… python -m evals.watermark.compilations

Each piece is fitted into 854 x 480 as editors do it, put between 27 seconds of footage before and after it, and all of
it encoded with x264 as people share it; and once without a marked piece. Writes
evals/results/watermark_compilations.json.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2

from core.finding import WatermarkFinding
from evals.bench.machine_info import machine_info
from evals.watermark.video_attacks import run_ffmpeg
from evals.watermark.video_clips import CLIPS, VideoClip, prepare_clip
from evals.watermark.video_robustness import ENCODING, KEY, PAYLOAD
from provenance.watermark import mark_file
from provenance.watermark_detection import detect_watermarks

OUT = Path("evals/results/watermark_compilations.json")
PIECES = (
    "cogvideo_480p",
    "bunny_480p",
    "liveportrait_512p",
    "portrait_480p",
    "bunny_dark_480p",
    "train_480p",
    "another_portrait_480p",
    "chaplin_360p",
    "mandelbrot_720p",
    "action_240p",
)
_AROUND = ("scene_cuts_272p", "pancake_240p", "hamilton_360p", "rabbit_240p")
_PIECE_SECONDS, _SIDE_SECONDS = 6.0, 27.0
_QUALITIES = (23, 28)
_FITTED = (
    "scale=854:480:force_original_aspect_ratio=decrease,pad=854:480:(ow-iw)/2:(oh-ih)/2,setsar=1,fps=25,format=yuv420p"
)
_SHARED = ("-an", "-c:v", "libx264", "-preset", "veryfast")


def main() -> None:
    """Marks the pieces, compiles, and writes what was found."""
    cv2.setNumThreads(1)
    results: dict[str, Any] = {"machine": machine_info(), "clips": {}}
    with tempfile.TemporaryDirectory(prefix="compilations-") as folder:
        around = _other_footage(Path(folder))
        for crf in _QUALITIES:
            found = detect_watermarks(_compiled(around, None, crf, Path(folder)), keys=[KEY])
            results.setdefault("unmarked", {})[f"crf{crf}"] = len(found.segments)
        for clip in CLIPS:
            source, marked = Path(folder) / "source.mp4", Path(folder) / "marked.mp4"
            if clip.name in PIECES and prepare_clip(replace(clip, seconds=_PIECE_SECONDS), source):
                mark_file(source, marked, payload=PAYLOAD, key=KEY, encoding=ENCODING, growth=clip.growth)
                results["clips"][clip.name] = {"held_out": clip.held_out} | {
                    f"crf{crf}": _as_row(detect_watermarks(_compiled(around, marked, crf, Path(folder)), keys=[KEY]))
                    for crf in _QUALITIES
                }
                print(clip.name, results["clips"][clip.name], flush=True)
    OUT.write_text(json.dumps(results, indent=1) + "\n")


def _other_footage(folder: Path) -> Path:
    """A minute without a mark: clips one behind the other, and once more mirrored."""
    parts = []
    for clip in (clip for clip in CLIPS if clip.name in _AROUND):
        for name, mirrored in (("plain", ""), ("mirrored", ",hflip")):
            part = folder / f"{clip.name}-{name}.mp4"
            prepare_clip(_fitted(clip, mirrored), part)
            parts.append((mirrored, part))
    files = [part for _, part in sorted(parts)]
    inputs = [option for file in files for option in ("-i", str(file))]
    chain = "".join(f"[{at}:v]" for at in range(len(files))) + f"concat=n={len(files)}[out]"
    out = folder / "around.mp4"
    run_ffmpeg(*inputs, "-filter_complex", chain, "-map", "[out]", *_SHARED, "-crf", "10", str(out))
    return out


def _fitted(clip: VideoClip, mirrored: str) -> VideoClip:
    return replace(clip, seconds=60.0, chain=f"{_FITTED}{mirrored}")


def _compiled(around: Path, piece: Path | None, crf: int, folder: Path) -> Path:
    out = folder / f"compiled-{crf}.mp4"
    before, after = ("-t", str(_SIDE_SECONDS), "-i", str(around)), ("-ss", str(_SIDE_SECONDS), "-i", str(around))
    if piece is None:
        run_ffmpeg("-i", str(around), *_SHARED, "-crf", str(crf), str(out))
        return out
    chain = f"[1:v]{_FITTED}[b];[0:v][b][2:v]concat=n=3[out]"
    length = ("-t", str(2 * _SIDE_SECONDS + _PIECE_SECONDS))
    run_ffmpeg(
        *before, "-i", str(piece), *after,
        "-filter_complex", chain, "-map", "[out]", *length, *_SHARED, "-crf", str(crf), str(out),
    )  # fmt: skip
    return out


def _as_row(found: WatermarkFinding) -> dict[str, Any]:
    """Whether the piece's mark was found, by how much its seconds are off, and whether anything else was found."""
    of_piece = [span for span in found.segments if span.payload == PAYLOAD.hex]
    row: dict[str, Any] = {"found": bool(of_piece), "wrong": len(found.segments) - len(of_piece)}
    if of_piece:
        row["start_off"] = round(of_piece[0].start - _SIDE_SECONDS, 1)
        row["end_off"] = round(of_piece[-1].end - _SIDE_SECONDS - _PIECE_SECONDS, 1)
        row["spans"] = len(of_piece)
    return row


if __name__ == "__main__":
    main()
