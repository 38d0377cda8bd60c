"""Makes of a stranger's picture or clip the file that an engine may start from: what is seen and heard, no more.

Whatever came is decoded and encoded anew, in a limited process: upright, in sRGB, without metadata, and without what a
viewer does not show but an engine might read (pictures under transparency, frames after the first, further tracks). So
the bytes that are screened are the bytes that are sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.codec import dump, load
from core.errors import BadInput
from media.atomic_output import sandboxed_output
from media.container import check_file
from media.file_kind import REFERENCE_KINDS, FileKind, file_kind
from media.sandbox import client
from media.sandbox.limits import MIB, InputLimits, ProcessLimits
from media.sandbox.scan import ScanBudget, bounded_by_scan

PICTURE_LIMITS = InputLimits(max_bytes=64 * MIB, max_side=8192, max_duration=60.0, max_frames=1800)
CLIP_LIMITS = InputLimits(max_bytes=512 * MIB, max_side=4096, max_duration=120.0, max_frames=7200)

REFERENCE_BUDGET = ScanBudget(wall=600.0, process_wall=600.0, cpu=1200, memory=4096 * MIB)
"""What a reference may cost, which comes from whoever prompts: it is encoded anew, and needs more than a look."""

_PICTURES = (FileKind.PNG, FileKind.JPEG, FileKind.WEBP, FileKind.HEIC, FileKind.AVIF, FileKind.GIF)
_PICTURE_PROCESS = ProcessLimits(memory=4096 * MIB)
_CLIP_PROCESS = ProcessLimits(memory=4096 * MIB, cpu=1200, wall=600.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedReference:
    """What is screened and sent, as PNG, JPEG or MP4; and what it came as."""

    path: Path
    received: FileKind
    sent: FileKind


def prepare_reference(
    src: Path,
    folder: Path,
    *,
    picture_limits: InputLimits = PICTURE_LIMITS,
    clip_limits: InputLimits = CLIP_LIMITS,
) -> PreparedReference:
    """The file to screen and to send, written into `folder`.

    A JPEG stays one, with its own quantisation; any other still picture becomes a PNG, or a JPEG if it is a large
    photograph. A clip becomes an MP4 of H.264, and so does a picture that moves (GIF, WebP, PNG, AVIF).
    In one line raises BadInput for what is of another kind, BadMedia for what is damaged or beyond the limits.
    """
    kind = file_kind(src) if src.is_file() else FileKind.OTHER
    limits = bounded_by_scan(picture_limits if kind in _PICTURES else clip_limits)
    check_file(src, limits)
    if kind not in _PICTURES and not kind.is_video:
        raise BadInput(f"{src.name} is of a kind that cannot be a reference; accepted are {REFERENCE_KINDS}")
    whole = folder / "reference.whole"
    arguments = {"src": str(src.resolve()), "limits": dump(limits)}
    function = "picture_conversion:convert_picture" if kind in _PICTURES else "reference_file:convert_clip_in_process"
    process = _PICTURE_PROCESS if kind in _PICTURES else _CLIP_PROCESS
    with sandboxed_output(whole) as made:
        arguments["dst"] = str(made)
        answer = client.run_sandboxed(f"media.{function}", arguments, reads=[src], writes=[made.parent], limits=process)
    sent = FileKind(answer)
    return PreparedReference(path=whole.rename(whole.with_suffix(sent.suffix)), received=kind, sent=sent)


def convert_clip_in_process(src: str, dst: str, limits: dict[str, Any]) -> str:
    """Write the clip anew as an MP4; returns its media type. For limited processes. Raises BadMedia."""
    from media.picture_conversion import CLIP_ENCODING, check_clip
    from media.probe import probe_in_process
    from media.transcode import transcode

    info = probe_in_process(src, limits)
    check_clip(info.width, info.height, info.frames)
    bounds: InputLimits = load(InputLimits, limits)
    how: dict[str, Any] = {"encoding": CLIP_ENCODING, "limits": bounds, "first_sound_only": True}  # as it is screened
    transcode(Path(src), Path(dst), edit=lambda luma, _at: luma, **how)
    return FileKind.MP4.value
