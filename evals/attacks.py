"""What happens to published videos, each as a function from file to file, for measuring what the watermark survives.

Every attack encodes anew. FFmpeg is the one inside imageio-ffmpeg, which has all encoders that are needed.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

Run = Callable[[Path, Path], Path]
"""(source, destination without suffix) -> the file that was written."""

H264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p")
EVEN = "scale=trunc(iw/2)*2:trunc(ih/2)*2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """Named for the tables; `group` is signal, geometry, time, mixed or picture."""

    name: str
    group: str
    run: Run


def ffmpeg(*arguments: str) -> None:
    """Raises CalledProcessError."""
    from imageio_ffmpeg import get_ffmpeg_exe

    command = [get_ffmpeg_exe(), "-v", "error", "-y", "-threads", "1", *arguments]
    subprocess.run(command, check=True, env={**os.environ, "SVT_LOG": "1"})


def h264(src: Path, dst: Path, *, crf: int = 23, chain: str = "", even: bool = True) -> Path:
    """Through a chain of filters, then x264; sides made even."""
    out = dst.with_suffix(".mp4")
    filters = ",".join(part for part in (chain, EVEN if even else "") if part)
    ffmpeg("-i", str(src), "-an", "-vf", filters, *H264, "-threads", "1", "-crf", str(crf), str(out))
    return out


def codec(src: Path, dst: Path, *, options: tuple[str, ...]) -> Path:
    """Through another encoder, in Matroska."""
    out = dst.with_suffix(".mkv")
    ffmpeg("-i", str(src), "-an", "-vf", EVEN, "-pix_fmt", "yuv420p", *options, str(out))
    return out


def subtitled(src: Path, dst: Path) -> Path:
    """Two lines of white text on a dark box near the lower edge, and a logo in a corner."""
    box = "drawbox=x=iw*0.15:y=ih*0.8:w=iw*0.7:h=ih*0.13:color=black@0.7:t=fill"
    text = (
        "drawtext=text='What a morning - look at that\nand nobody was there to see':x=w*0.2:y=h*0.815:fontcolor=white"
    )
    size = ":fontsize=h/18"
    logo = "drawbox=x=iw*0.83:y=ih*0.04:w=iw*0.13:h=ih*0.12:color=orange:t=fill"
    return h264(src, dst, chain=f"{box},{text}{size},{logo}")


def three_generations(src: Path, dst: Path) -> Path:
    """Uploaded, taken from there, uploaded again: 0.75, a little crop, 0.9 of that, each time coarser."""
    first = h264(src, dst.with_name(dst.name + "-1"), crf=26, chain="scale=iw*0.75:ih*0.75")
    second = h264(first, dst.with_name(dst.name + "-2"), crf=28, chain="crop=iw*0.96:ih*0.96,eq=saturation=1.1")
    third = h264(second, dst, crf=30, chain="scale=iw*0.9:ih*0.9")
    first.unlink()
    second.unlink()
    return third


def gif(src: Path, dst: Path) -> Path:
    """Twelve pictures a second, at most 480 wide, 256 colours, dithered."""
    out = dst.with_suffix(".gif")
    chain = "fps=12,scale='min(480,iw)':-2,split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=bayer"
    ffmpeg("-i", str(src), "-an", "-filter_complex", chain, str(out))
    return out


def screenshot(src: Path, dst: Path, *, suffix: str, quality: int = 100) -> Path:
    """One picture from the middle, as an image."""
    import cv2

    out, video = dst.with_suffix(suffix), cv2.VideoCapture(str(src))
    video.set(cv2.CAP_PROP_POS_FRAMES, int(video.get(cv2.CAP_PROP_FRAME_COUNT)) // 2)
    found, picture = video.read()
    video.release()
    if not found:
        raise ValueError(f"no picture could be taken from {src.name}")
    cv2.imwrite(str(out), picture, [cv2.IMWRITE_JPEG_QUALITY, quality] if suffix == ".jpg" else [])
    return out


def _chain(name: str, group: str, chain: str, crf: int = 23) -> Attack:
    return Attack(name=name, group=group, run=partial(h264, chain=chain, crf=crf))


def _codec(name: str, *options: str) -> Attack:
    return Attack(name=name, group="signal", run=partial(codec, options=options))


_INSET = "split[a][b];[a]gblur=30,eq=brightness=-0.1[c];[b]scale=iw*0.6:ih*0.6[d];[c][d]overlay=W*0.05:H*0.1"
_SMALLER = "crop=iw*0.9:ih*0.9,scale=iw*0.6:ih*0.6"
_FILMED = "perspective=x0=W*0.02:y0=H*0.02:x1=W*0.99:y1=0:x2=0:y2=H*0.98:x3=W*0.98:y3=H"

VIDEO_ATTACKS: tuple[Attack, ...] = (
    *(_chain(f"h264_crf{crf}", "signal", "", crf) for crf in (23, 28, 32, 35, 40, 45)),
    _codec("h265_crf32", "-c:v", "libx265", "-preset", "veryfast", "-crf", "32", "-x265-params", "log-level=none"),
    _codec("vp9_crf40", "-c:v", "libvpx-vp9", "-b:v", "0", "-crf", "40", "-deadline", "realtime", "-cpu-used", "7"),
    _codec("av1_crf45", "-c:v", "libsvtav1", "-preset", "10", "-crf", "45", "-svtav1-params", "lp=1"),
    Attack(name="social_3_generations", group="mixed", run=three_generations),
    _chain("blur_1.5", "signal", "gblur=1.5"),
    _chain("blur_3", "signal", "gblur=3"),
    _chain("median_5", "signal", "median=radius=2"),
    _chain("denoise", "signal", "hqdn3d=8:6:12:9"),
    _chain("sharpen", "signal", "unsharp=5:5:1.5"),
    _chain("noise_12", "signal", "noise=alls=12:allf=t"),
    _chain("brighter", "signal", "eq=brightness=0.12"),
    _chain("contrast_1.4", "signal", "eq=contrast=1.4"),
    _chain("contrast_0.7", "signal", "eq=contrast=0.7"),
    _chain("gamma_1.4", "signal", "eq=gamma=1.4"),
    _chain("saturation_1.6", "signal", "eq=saturation=1.6"),
    _chain("grey", "signal", "format=gray,format=yuv420p"),
    Attack(name="subtitle_and_logo", group="signal", run=subtitled),
    _chain("half_size", "geometry", "scale=iw/2:ih/2"),
    _chain("half_size_and_back", "geometry", "scale=iw/2:ih/2,scale=iw*2:ih*2"),
    _chain("size_0.75", "geometry", "scale=iw*0.75:ih*0.75"),
    _chain("aspect_0.9", "geometry", "scale=iw*0.9:ih"),
    _chain("crop_keep_90", "geometry", "crop=iw*0.9:ih*0.9"),
    _chain("crop_keep_75", "geometry", "crop=iw*0.75:ih*0.75:iw*0.2:ih*0.05"),
    _chain("crop_keep_50", "geometry", "crop=iw*0.5:ih*0.5:iw*0.3:ih*0.2"),
    _chain("crop_quarter_of_sides", "geometry", "crop=iw*0.25:ih*0.25"),
    _chain("crop_75_and_back", "geometry", "crop=iw*0.75:ih*0.75,scale=iw/0.75:ih/0.75"),
    _chain("mirror", "geometry", "hflip"),
    _chain("rotate_2", "geometry", "rotate=2*PI/180"),
    _chain("rotate_5", "geometry", "rotate=-5*PI/180"),
    _chain("rotate_10", "geometry", "rotate=10*PI/180"),
    _chain("letterbox", "geometry", "pad=iw:ih*1.33:0:(oh-ih)/2"),
    _chain("pillarbox", "geometry", "pad=iw*1.33:ih:(ow-iw)/2:0"),
    _chain("picture_in_picture_60", "geometry", _INSET),
    _chain("filmed_perspective", "geometry", f"{_FILMED},gblur=0.8,noise=alls=6:allf=t", 26),
    _chain("trim_to_middle", "time", "select='gt(n,17)',setpts=N/FRAME_RATE/TB"),
    _chain("fps_15", "time", "fps=15"),
    _chain("fps_24", "time", "fps=24"),
    _chain("fps_60", "time", "fps=60"),
    _chain("drop_every_fifth", "time", "select='mod(n,5)',setpts=N/FRAME_RATE/TB"),
    _chain("double_every_third", "time", "loop=loop=0,tpad=stop=1,fps=fps=source_fps*4/3"),
    _chain("reordered", "time", "shuffleframes=0 2 1 3 5 4"),
    _chain("speed_0.9", "time", "setpts=PTS/0.9,fps=source_fps"),
    _chain("speed_1.1", "time", "setpts=PTS/1.1,fps=source_fps"),
    _chain("crop75_size0.7_crf30", "mixed", "crop=iw*0.75:ih*0.75,scale=iw*0.7:ih*0.7", 30),
    _chain("crop90_size0.6_bright_fps24_crf32", "mixed", f"{_SMALLER},eq=brightness=0.08,fps=24", 32),
    _chain("mirror_half_crf32", "mixed", "hflip,scale=iw/2:ih/2", 32),
    _chain("rotate2_crop80_crf30", "mixed", "rotate=2*PI/180,crop=iw*0.8:ih*0.8", 30),
    Attack(name="gif", group="picture", run=gif),
    Attack(name="screenshot_png", group="picture", run=partial(screenshot, suffix=".png")),
    Attack(name="screenshot_jpeg50", group="picture", run=partial(screenshot, suffix=".jpg", quality=50)),
)  # fmt: skip
