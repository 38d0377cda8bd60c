"""What is hashed of a file that is put into a bank: a picture, or frames and sound of a video, or sound alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import BadMedia
from media.audio_decode import decode_mono_audio
from media.sampling import sample_video
from media.still_image import is_image, sample_image
from media.video import MonoAudio, VideoSample

BANKED_FRAME_INTERVAL = 0.5
"""Seconds from one frame of a banked video to the next."""

_MAX_FRAMES = 2400  # twenty minutes; of longer ones frames lie further apart
_SIDE = 512  # pixels of the longer side: hashes see no more
_MAX_SECONDS = 1200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BankedFile:
    """Frames, of which a file of sound has none, and sound, where there is any."""

    sample: VideoSample | None
    audio: MonoAudio | None = None


def read_bank_file(file: Path) -> BankedFile:
    """A picture, a video or a file of sound, read in the sandbox. Raises BadMedia."""
    if is_image(file):
        return BankedFile(sample=sample_image(file, max_side=_SIDE))
    try:
        sample = sample_banked_frames(file)
    except BadMedia:
        if (audio := decode_mono_audio(file, seconds=_MAX_SECONDS)) is None:
            raise
        return BankedFile(sample=None, audio=audio)
    audio = decode_mono_audio(file, seconds=_MAX_SECONDS) if sample.info.has_audio else None
    return BankedFile(sample=sample, audio=audio)


def sample_banked_frames(file: Path) -> VideoSample:
    """The frames of a video that a bank hashes, read in the sandbox. Raises BadMedia."""
    return sample_video(file, every=BANKED_FRAME_INTERVAL, max_count=_MAX_FRAMES, max_side=_SIDE)
