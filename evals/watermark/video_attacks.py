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

AttackFunction = Callable[[Path, Path], Path]
"""(source, destination without suffix) -> the file that was written."""

H264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p")
EVEN_SIDES = "scale=trunc(iw/2)*2:trunc(ih/2)*2"


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoAttack:
    """Named for the tables; `group` is signal, geometry, time, mixed or picture."""

    name: str
    group: str
    run: AttackFunction


def run_ffmpeg(*arguments: str) -> None:
    """Raises CalledProcessError."""
    from imageio_ffmpeg import get_ffmpeg_exe

    command = [get_ffmpeg_exe(), "-v", "error", "-y", "-threads", "1", *arguments]
    subprocess.run(command, check=True, env={**os.environ, "SVT_LOG": "1"})


def encode_h264(src: Path, dst: Path, *, crf: int = 23, chain: str = "", even: bool = True) -> Path:
    """Through a chain of filters, then x264; sides made even."""
    out = dst.with_suffix(".mp4")
    filters = ",".join(part for part in (chain, EVEN_SIDES if even else "") if part)
    run_ffmpeg("-i", str(src), "-an", "-vf", filters, *H264, "-threads", "1", "-crf", str(crf), str(out))
    return out


def encode_with(src: Path, dst: Path, *, options: tuple[str, ...]) -> Path:
    """Through another encoder, in Matroska."""
    out = dst.with_suffix(".mkv")
    run_ffmpeg("-i", str(src), "-an", "-vf", EVEN_SIDES, "-pix_fmt", "yuv420p", *options, str(out))
    return out


def overlay_subtitles(src: Path, dst: Path) -> Path:
    """Two lines of white text on a dark box near the lower edge, and a logo in a corner."""
    box = "drawbox=x=iw*0.15:y=ih*0.8:w=iw*0.7:h=ih*0.13:color=black@0.7:t=fill"
    text = (
        "drawtext=text='What a morning - look at that\nand nobody was there to see':x=w*0.2:y=h*0.815:fontcolor=white"
    )
    size = ":fontsize=h/18"
    logo = "drawbox=x=iw*0.83:y=ih*0.04:w=iw*0.13:h=ih*0.12:color=orange:t=fill"
    return encode_h264(src, dst, chain=f"{box},{text}{size},{logo}")


def reupload_three_times(src: Path, dst: Path) -> Path:
    """Uploaded, taken from there, uploaded again: 0.75, a little crop, 0.9 of that, each time coarser."""
    first = encode_h264(src, dst.with_name(dst.name + "-1"), crf=26, chain="scale=iw*0.75:ih*0.75")
    second = encode_h264(first, dst.with_name(dst.name + "-2"), crf=28, chain="crop=iw*0.96:ih*0.96,eq=saturation=1.1")
    third = encode_h264(second, dst, crf=30, chain="scale=iw*0.9:ih*0.9")
    first.unlink()
    second.unlink()
    return third


def encode_gif(src: Path, dst: Path) -> Path:
    """Twelve pictures a second, at most 480 wide, 256 colours, dithered."""
    out = dst.with_suffix(".gif")
    chain = "fps=12,scale='min(480,iw)':-2,split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=bayer"
    run_ffmpeg("-i", str(src), "-an", "-filter_complex", chain, str(out))
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


def _filter_attack(name: str, group: str, chain: str, crf: int = 23) -> VideoAttack:
    return VideoAttack(name=name, group=group, run=partial(encode_h264, chain=chain, crf=crf))


def _codec_attack(name: str, *options: str) -> VideoAttack:
    return VideoAttack(name=name, group="signal", run=partial(encode_with, options=options))


_INSET = "split[a][b];[a]gblur=30,eq=brightness=-0.1[c];[b]scale=iw*0.6:ih*0.6[d];[c][d]overlay=W*0.05:H*0.1"
_SMALLER = "crop=iw*0.9:ih*0.9,scale=iw*0.6:ih*0.6"
_FILMED = "perspective=x0=W*0.02:y0=H*0.02:x1=W*0.99:y1=0:x2=0:y2=H*0.98:x3=W*0.98:y3=H"

VIDEO_ATTACKS: tuple[VideoAttack, ...] = (
    *(_filter_attack(f"h264_crf{crf}", "signal", "", crf) for crf in (23, 28, 32, 35, 40, 45)),
    _codec_attack(
        "h265_crf32", "-c:v", "libx265", "-preset", "veryfast", "-crf", "32", "-x265-params", "log-level=none"
    ),
    _codec_attack(
        "vp9_crf40", "-c:v", "libvpx-vp9", "-b:v", "0", "-crf", "40", "-deadline", "realtime", "-cpu-used", "7"
    ),
    _codec_attack("av1_crf45", "-c:v", "libsvtav1", "-preset", "10", "-crf", "45", "-svtav1-params", "lp=1"),
    VideoAttack(name="social_3_generations", group="mixed", run=reupload_three_times),
    _filter_attack("blur_1.5", "signal", "gblur=1.5"),
    _filter_attack("blur_3", "signal", "gblur=3"),
    _filter_attack("median_5", "signal", "median=radius=2"),
    _filter_attack("denoise", "signal", "hqdn3d=8:6:12:9"),
    _filter_attack("sharpen", "signal", "unsharp=5:5:1.5"),
    _filter_attack("noise_12", "signal", "noise=alls=12:allf=t"),
    _filter_attack("brighter", "signal", "eq=brightness=0.12"),
    _filter_attack("contrast_1.4", "signal", "eq=contrast=1.4"),
    _filter_attack("contrast_0.7", "signal", "eq=contrast=0.7"),
    _filter_attack("gamma_1.4", "signal", "eq=gamma=1.4"),
    _filter_attack("saturation_1.6", "signal", "eq=saturation=1.6"),
    _filter_attack("grey", "signal", "format=gray,format=yuv420p"),
    VideoAttack(name="subtitle_and_logo", group="signal", run=overlay_subtitles),
    _filter_attack("half_size", "geometry", "scale=iw/2:ih/2"),
    _filter_attack("half_size_and_back", "geometry", "scale=iw/2:ih/2,scale=iw*2:ih*2"),
    _filter_attack("size_0.75", "geometry", "scale=iw*0.75:ih*0.75"),
    _filter_attack("aspect_0.9", "geometry", "scale=iw*0.9:ih"),
    _filter_attack("crop_keep_90", "geometry", "crop=iw*0.9:ih*0.9"),
    _filter_attack("crop_keep_75", "geometry", "crop=iw*0.75:ih*0.75:iw*0.2:ih*0.05"),
    _filter_attack("crop_keep_50", "geometry", "crop=iw*0.5:ih*0.5:iw*0.3:ih*0.2"),
    _filter_attack("crop_quarter_of_sides", "geometry", "crop=iw*0.25:ih*0.25"),
    _filter_attack("crop_75_and_back", "geometry", "crop=iw*0.75:ih*0.75,scale=iw/0.75:ih/0.75"),
    _filter_attack("mirror", "geometry", "hflip"),
    _filter_attack("rotate_2", "geometry", "rotate=2*PI/180"),
    _filter_attack("rotate_5", "geometry", "rotate=-5*PI/180"),
    _filter_attack("rotate_10", "geometry", "rotate=10*PI/180"),
    _filter_attack("letterbox", "geometry", "pad=iw:ih*1.33:0:(oh-ih)/2"),
    _filter_attack("pillarbox", "geometry", "pad=iw*1.33:ih:(ow-iw)/2:0"),
    _filter_attack("picture_in_picture_60", "geometry", _INSET),
    _filter_attack("filmed_perspective", "geometry", f"{_FILMED},gblur=0.8,noise=alls=6:allf=t", 26),
    _filter_attack("trim_to_middle", "time", "select='gt(n,17)',setpts=N/FRAME_RATE/TB"),
    _filter_attack("fps_15", "time", "fps=15"),
    _filter_attack("fps_24", "time", "fps=24"),
    _filter_attack("fps_60", "time", "fps=60"),
    _filter_attack("drop_every_fifth", "time", "select='mod(n,5)',setpts=N/FRAME_RATE/TB"),
    _filter_attack("double_every_third", "time", "loop=loop=0,tpad=stop=1,fps=fps=source_fps*4/3"),
    _filter_attack("reordered", "time", "shuffleframes=0 2 1 3 5 4"),
    _filter_attack("speed_0.9", "time", "setpts=PTS/0.9,fps=source_fps"),
    _filter_attack("speed_1.1", "time", "setpts=PTS/1.1,fps=source_fps"),
    _filter_attack("crop75_size0.7_crf30", "mixed", "crop=iw*0.75:ih*0.75,scale=iw*0.7:ih*0.7", 30),
    _filter_attack("crop90_size0.6_bright_fps24_crf32", "mixed", f"{_SMALLER},eq=brightness=0.08,fps=24", 32),
    _filter_attack("mirror_half_crf32", "mixed", "hflip,scale=iw/2:ih/2", 32),
    _filter_attack("rotate2_crop80_crf30", "mixed", "rotate=2*PI/180,crop=iw*0.8:ih*0.8", 30),
    VideoAttack(name="gif", group="picture", run=encode_gif),
    VideoAttack(name="screenshot_png", group="picture", run=partial(screenshot, suffix=".png")),
    VideoAttack(name="screenshot_jpeg50", group="picture", run=partial(screenshot, suffix=".jpg", quality=50)),
)  # fmt: skip
