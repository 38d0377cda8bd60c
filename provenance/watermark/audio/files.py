"""The mark in the sound of files: what rewrites a video calls it for each track, and the detector reads any file.

Both decode untrusted bytes: for use inside the sandbox, or through it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from core.codec import dump, load
from core.errors import BadMedia
from media.audio_codec import AudioEditor, open_audio_track
from media.container import check_file
from media.sandbox import client
from media.sandbox.limits import TRANSCODE_LIMITS, InputLimits
from media.sandbox.scan import input_limits
from provenance.watermark.audio.detect import AudioDetection, detect_audio
from provenance.watermark.audio.embed import AudioWatermarker
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload

NO_AUDIO = "the file has no sound"


def audio_editor(payload: Payload, key: WatermarkKey) -> AudioEditor:
    """For media.transcode.transcode(sound=…): marks each sound track."""
    return partial(AudioWatermarker, payload=payload, key=key)


def detect_audio_file(
    path: Path, *, keys: Sequence[WatermarkKey], issued: Sequence[str] = (), limits: InputLimits | None = None
) -> AudioDetection:
    """What is found in the first sound track of a video or sound file, in the sandbox. Raises BadMedia.

    A mark that is too damaged to be decoded may still be recognised as one of those `issued` (hex).
    """
    limits = limits or input_limits()
    check_file(path, limits)
    sent = [{"id": key.id, "secret": key.secret.hex()} for key in keys]
    arguments = {"path": str(path.resolve()), "keys": sent, "issued": list(issued), "limits": dump(limits)}
    answer = client.run_sandboxed(
        "provenance.watermark.audio.files:detect_audio_in_process", arguments, reads=[path], limits=TRANSCODE_LIMITS
    )
    mark: AudioDetection = load(AudioDetection, answer)
    return mark


def detect_audio_in_process(
    path: str, keys: list[dict[str, str]], issued: list[str], limits: dict[str, object]
) -> AudioDetection:
    """As detect_audio_file(), in this process, for use inside the sandbox."""
    for sound in open_audio_track(Path(path), load(InputLimits, limits)):
        return detect_audio(sound.blocks, sound.rate, [_key_from_dict(key) for key in keys], issued=issued)
    return AudioDetection(detected=False, note=NO_AUDIO)


def _key_from_dict(key: dict[str, str]) -> WatermarkKey:
    try:
        return WatermarkKey(id=key["id"], secret=bytes.fromhex(key["secret"]))
    except ValueError as error:
        raise BadMedia("the watermark key cannot be used") from error
