"""The mark in the sound of files: what rewrites a video calls it for each track, and the detector reads any file.

Both decode a stranger's bytes: for limited processes, or through one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from core.codec import dump, load
from core.errors import BadMedia
from media import limited
from media.container import check_file
from media.limits import HEAVY, Limits
from media.sound import SoundEditor, sound_of
from provenance.watermark.audio.detect import AudioMark, detect_audio
from provenance.watermark.audio.embed import AudioMarker
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload

NO_SOUND = "the file has no sound"


def mark_sound(payload: Payload, key: WatermarkKey) -> SoundEditor:
    """For media.transcode.rewrite(sound=…): marks each sound track."""
    return partial(AudioMarker, payload=payload, key=key)


def detect_sound(
    path: Path, *, keys: Sequence[WatermarkKey], issued: Sequence[str] = (), limits: Limits | None = None
) -> AudioMark:
    """What is found in the first sound track of a video or sound file, in a limited process. Raises BadMedia.

    A mark that is too damaged to be read may still be told to be one of those `issued` (hex).
    """
    limits = limits or Limits()
    check_file(path, limits)
    sent = [{"id": key.id, "secret": key.secret.hex()} for key in keys]
    arguments = {"path": str(path.resolve()), "keys": sent, "issued": list(issued), "limits": dump(limits)}
    answer = limited.call("provenance.watermark.audio.files:detect_sound_here", arguments, bounds=HEAVY)
    mark: AudioMark = load(AudioMark, answer)
    return mark


def detect_sound_here(path: str, keys: list[dict[str, str]], issued: list[str], limits: dict[str, Any]) -> AudioMark:
    """As detect_sound(), in this process: for limited ones."""
    for sound in sound_of(Path(path), load(Limits, limits)):
        return detect_audio(sound.blocks, sound.rate, [_received(key) for key in keys], issued=issued)
    return AudioMark(detected=False, note=NO_SOUND)


def _received(key: dict[str, str]) -> WatermarkKey:
    try:
        return WatermarkKey(id=key["id"], secret=bytes.fromhex(key["secret"]))
    except ValueError as error:
        raise BadMedia("the watermark key cannot be used") from error
