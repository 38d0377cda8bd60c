"""Assay as a library: verify a file, look for a watermark, write one, screen a text. Begin at the four functions.

Nothing here starts a database or needs a home folder. Where the settings in force (`assay.toml`, ASSAY_ variables) name
a home with keys, `verify` and `detect` use those; the records of its cases are not asked for. Everything raises
AssayError or one of its subclasses, and nothing else on purpose. Strangers' bytes are read in limited processes.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import AssayError, BadInput, BadMedia, NotFound, PolicyError, Unavailable
from core.finding import (
    AudioWatermarkFinding,
    ContentCredentials,
    Evidence,
    Finding,
    FindingVerdict,
    WatermarkedSpan,
    WatermarkFinding,
)
from core.signals import Signal, Span, Subject
from core.verdicts import Decision, Gate, Verdict

if TYPE_CHECKING:
    from datetime import datetime
    from os import PathLike

    from pipeline.screening.dry_run import DryRunVerdict
    from pipeline.settings import Settings
    from pipeline.stages.stage_context import Measurements
    from policy.explain import Reason
    from provenance.watermark.key import WatermarkKey
    from provenance.watermark.payload import Payload
    from provenance.watermark.video.files import MarkReport

__all__ = [
    "AssayError",
    "AudioWatermarkFinding",
    "BadInput",
    "BadMedia",
    "ContentCredentials",
    "Decision",
    "DryRunVerdict",
    "Evidence",
    "Finding",
    "FindingVerdict",
    "Gate",
    "MarkReport",
    "Measurements",
    "NotFound",
    "Payload",
    "PolicyError",
    "Reason",
    "Signal",
    "Span",
    "Subject",
    "Unavailable",
    "Verdict",
    "WatermarkFinding",
    "WatermarkKey",
    "WatermarkedSpan",
    "detect",
    "mark",
    "screen",
    "verify",
]

_LAZY = {
    "DryRunVerdict": "pipeline.screening.dry_run",
    "MarkReport": "provenance.watermark.video.files",
    "Measurements": "pipeline.stages.stage_context",
    "Payload": "provenance.watermark.payload",
    "Reason": "policy.explain",
    "WatermarkKey": "provenance.watermark.key",
}
"""Records whose modules import numpy or more are imported when first asked for, so that `import assay` is fast."""


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'assay' has no attribute {name!r}")


def verify(
    path: str | PathLike[str],
    *,
    at: datetime | None = None,
    quick: bool = False,
    home: str | PathLike[str] | None = None,
) -> Finding:
    """Was this made by AI, and what is the evidence? `path` is a video, an image or a sound file.

    Reads the C2PA credentials, looks for the watermark in picture and sound, and reads unsigned labels. No answer
    means "not AI". Without keys no watermark is looked for, the finding says so in `summary`, in `evidence` and in
    `watermark.note`, and a signer is trusted only by the lists that the setting `trust` names.

    `at` is the time as of which certificates are judged, with its time zone; None is now. `quick` looks for no
    watermark where credentials of a trusted signer are whole and say AI. `home` is the folder of an installation whose
    keys are used; None is the one that the settings in force name, if it has keys.

    Raises BadMedia for what is no media or no file, BadInput for a time without a zone, damaged keys or wrong settings,
    Unavailable where `home` is named and has no keys, or where `at` is given and libfaketime is not installed.
    """
    from pipeline.verification.verifier import StandaloneVerifier, find_keys

    if at is not None and at.tzinfo is None:
        raise BadInput(f"{at.isoformat()} has no time zone")
    settings = _settings(home)
    if home is not None and find_keys(settings) is None:
        raise Unavailable(f"there are no keys in {settings.keys_folder}: leave `home` out to verify without keys")
    return StandaloneVerifier(settings=settings).verify(Path(path), at=at, quick=quick)


def detect(path: str | PathLike[str], *, key: WatermarkKey | None = None, deep: bool = True) -> WatermarkFinding:
    """The watermark that this key made, in a video, an image or a sound file: payload (24 hex digits), p-values,
    seconds.

    `key` None is the key of the home that the settings in force name; then a mark that is too damaged to be read is
    compared with the payloads that were written there. `deep` searches on where a quick search finds nothing, for up to
    20 s: turned, filmed, strongly cropped pictures. `p_value` is the probability, in [0, 1], of finding as much in a
    file without a mark; `segments` are in seconds; of a file without sound `audio.note` says so.

    Raises BadMedia for what is no media or no file, Unavailable where there is no key: only the key that made a mark
    finds it, so "not found" would be no answer.
    """
    from pipeline.verification import watermark_tool

    file = _existing(path)
    if key is None:
        return watermark_tool.detect_watermark(_settings(None), file, deep=deep)
    return watermark_tool.detect_with_key(file, key, deep=deep)


def mark(
    src: str | PathLike[str], dst: str | PathLike[str], payload: Payload | str, *, key: WatermarkKey
) -> MarkReport:
    """Write `dst`, an MP4 of the video `src` with an invisible watermark in its pictures and its sound.

    `payload` is 96 bits, as 24 hexadecimal digits or as a Payload. `key` is a WatermarkKey: an id that is shown and a
    secret of at least 16 bytes, without which nobody can find the mark again. Nothing but `dst` is written; who wants
    damaged marks told apart later keeps the payloads. The report has the number of pictures, the PSNR of the mark in
    dB, CPU seconds, and by what share the file grows.

    Raises BadInput for another payload, or where `dst` is `src`; BadMedia for a video that cannot be read or marked.
    Then there is no new `dst`.
    """
    from pipeline.verification import watermark_tool
    from provenance.watermark.payload import Payload as PayloadRecord

    word = payload if isinstance(payload, PayloadRecord) else watermark_tool.parse_payload(payload)
    return watermark_tool.mark_with_key(_existing(src), Path(dst), word, key)


def screen(text: str, *, style: str = "") -> DryRunVerdict:
    """What policy would say of a prompt: `verdict.decision` (ALLOW, HOLD or REFUSE), `reasons`, `measured`, `language`.

    `style` is what kind of text it is: `video` (a prompt for a video, as the gate before an engine reads it), `chat` or
    `post`. Scores are calibrated for each; left out, the style is told from the words, which is less sure.

    Spans in `reasons` are characters of `text`, half-open; scores of `measured.signals` lie in [0, 1] or are None for
    what could not be measured, which holds. The policy is the one that comes with Assay, or that which the settings in
    force name. Works and people that an installation has registered are not known, nor a policy it has rolled out.
    Nothing is kept. The first call loads the policy and the models, which takes seconds.

    Raises BadInput for an empty or too long text or another style, PolicyError for a policy that cannot be loaded.
    """
    from core.text_styles import text_style
    from pipeline.screening.standalone import screen_standalone

    return screen_standalone(_settings(None), text, text_style(style))


def _settings(home: str | PathLike[str] | None) -> Settings:
    from pipeline.settings import load_settings

    return load_settings() if home is None else load_settings(home=Path(home), keys=None)


def _existing(path: str | PathLike[str]) -> Path:
    file = Path(path)
    if not file.is_file():
        raise BadMedia(f"{file} is not a file")
    return file
