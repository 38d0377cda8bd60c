"""`python -m evals.footage.overlays CLIPS FONTS OUT`: how much of what is written over videos is read, by script.

CLIPS is a CSV as for `evals.footage.everyday`; FONTS has a folder of fonts for each script of `overlay_texts.toml`
(latin, cyrillic, chinese, japanese, korean, arabic, devanagari). Lines of 22 to 64 pixels are drawn over moving
pictures of 1280 x 720 for half a second or two seconds, coded as JPEG and read as a video's pictures are, two a second.
A line is read where at most one letter in ten is wrong; spaces, marks and capitals do not count. The clips are also
read as they are, and what is found there in a script other than Latin is counted as false.
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import time
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.image.written_words import read_words
from classifiers.models import PACKAGED_MODELS
from classifiers.passages import Passage
from core.edit_distance import edit_distance
from evals.footage.line_pictures import STYLES, LineLook, draw_line, fonts_of
from evals.intervals import wilson_interval
from media.sampling import sample_video
from media.video import Frame, VideoInfo, VideoSample

_SIZES = (22, 26, 32, 40, 52, 64)
_EVERY = 0.5  # seconds between pictures
_FRAMES = 6
_WRONG = 0.1  # share of letters
_QUALITY = 70  # of JPEG


def main() -> None:
    """Measure, and write the results."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("clips", type=Path)
    asked.add_argument("fonts", type=Path)
    asked.add_argument("out", type=Path)
    asked.add_argument("--count", type=int, default=60, help="lines of each script")
    given = asked.parse_args()
    with given.clips.open() as table:
        paths = [given.clips.parent.parent / row["path"] for row in csv.DictReader(table)]
    texts = tomllib.loads(Path(__file__).with_name("overlay_texts.toml").read_text(encoding="utf-8"))
    rng = Random(14)  # noqa: S311
    began = time.process_time()
    rows = [
        row | {"script": script}
        for script in texts
        for row in _measured(script, texts[script], paths, fonts_of(given.fonts / script), given.count, rng)
    ]
    result = {
        "scripts": {script: _summary([row for row in rows if row["script"] == script]) for script in texts},
        "everyday": _false_words(paths),
        "cpu_seconds_per_line": round((time.process_time() - began) / len(rows), 2),
        "machine": f"{platform.machine()}, {platform.python_version()}",
        "command": "python -m evals.footage.overlays CLIPS FONTS OUT",
        "rows": rows,
    }
    given.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(result["scripts"], indent=1))


def _measured(
    script: str, texts: Sequence[str], paths: Sequence[Path], fonts: Sequence[Path], count: int, rng: Random
) -> Iterator[dict[str, Any]]:
    for place in range(count):
        text, font = texts[place % len(texts)], rng.choice(fonts)
        look = LineLook(
            font=font,
            size=rng.choice(_SIZES),
            style=STYLES[place % len(STYLES)],
            at=(rng.random(), rng.random()),
            seed=rng.random(),
        )
        shown = 1 if place % 3 == 0 else 4
        first = rng.randrange(0, _FRAMES - shown + 1)
        sample = _overlaid(_moving(rng.choice(paths)), text, look, range(first, first + shown))
        passages, _ = read_words(sample, PACKAGED_MODELS)
        wrong = _wrong(text, passages)
        print(
            script,
            look.style,
            look.size,
            shown,
            text,
            "|",
            *(one.text for one in passages),
            round(wrong, 2),
            flush=True,
        )
        yield {"font": font.name, "size": look.size, "style": look.style, "pictures": shown, "wrong": round(wrong, 3)}


def _moving(path: Path) -> list[NDArray[np.uint8]]:
    """Pictures of a clip, again from its end where it is short."""
    frames = [frame.rgb for frame in sample_video(path, count=_FRAMES, max_side=1280).frames]
    return [cv2.resize(frames[n % len(frames)], (1280, 720)) for n in range(_FRAMES)]


def _overlaid(pictures: Sequence[NDArray[np.uint8]], text: str, look: LineLook, shown: range) -> VideoSample:
    frames = []
    for place, picture in enumerate(pictures):
        drawn = draw_line(picture, text, look) if place in shown else picture
        _, coded = cv2.imencode(".jpg", drawn, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        frames.append(Frame(at=place * _EVERY, rgb=np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)))
    return VideoSample(info=_INFO, frames=tuple(frames))


_INFO = VideoInfo(
    container="mp4", codec="h264", duration=_FRAMES * _EVERY, width=1280, height=720, fps=2, frames=6, has_audio=False
)


def _wrong(text: str, passages: Sequence[Passage]) -> float:
    """The share of letters that the nearest passage has wrong, or all of them in either order."""
    by_place = [one.text for one in sorted(passages, key=lambda one: one.box[0] if one.box else 0.0)]
    asked = letters(text)
    read = [*by_place, "".join(by_place), "".join(reversed(by_place)), ""]
    return min(1.0, min(edit_distance(letters(one), asked) for one in read) / len(asked))


def letters(text: str) -> str:
    """Letters, their marks and digits, without regard to case."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(one for one in plain if one.isalnum() or unicodedata.category(one).startswith("M"))


def _summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    read = sum(row["wrong"] <= _WRONG for row in rows)
    low, high = wilson_interval(read, len(rows))
    return {
        "n": len(rows),
        "read": round(read / len(rows), 3),
        "interval": [round(low, 3), round(high, 3)],
        "letters_wrong": round(sum(row["wrong"] for row in rows) / len(rows), 3),
        "by_style": {
            style: round(float(np.mean([row["wrong"] <= _WRONG for row in rows if row["style"] == style])), 3)
            for style in STYLES
        },
    }


def _false_words(paths: Sequence[Path]) -> dict[str, Any]:
    """What is read in the clips as they are: how many passages, and how many of them hold letters beyond Latin."""
    found = []
    for path in paths:
        sample = sample_video(path, every=_EVERY, min_count=12, max_count=120, max_side=1280)
        found += [(path.name, one.text) for one in read_words(sample, PACKAGED_MODELS)[0] if not one.is_code]
    other = [(clip, text) for clip, text in found if any(one.isalpha() and ord(one) > 0x24F for one in text)]
    for clip, text in other:
        print("beyond Latin:", clip, text)
    low, high = wilson_interval(len({clip for clip, _ in other}), len(paths))
    return {
        "n": len(paths),
        "passages": len(found),
        "beyond_latin": len(other),
        "clips_with_such": len({clip for clip, _ in other}),
        "interval": [round(low, 4), round(high, 4)],
    }


if __name__ == "__main__":
    main()
