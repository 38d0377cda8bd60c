"""Plain text that programs leave in the files they write: generators, editors. For use inside the sandbox.

Looked for near both ends of a file, where containers keep such things. Nothing of it is signed, and all of it can be
removed or made up. Sources: the programs' own output, as their users post it (AUTOMATIC1111's and Forge's `parameters`,
ComfyUI's workflow, InvokeAI, NovelAI, Midjourney's `Job ID`, Google's IPTC credit), and FFmpeg's `encoder` tag.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

_SEARCHED_BYTES = 8 << 20  # bytes from the beginning and from the end of a file
_CONTEXT_BYTES = 400  # bytes before and after a key in which its trace is looked for

GENERATOR_TRACES: Mapping[str, tuple[bytes, re.Pattern[bytes]]] = {
    "Stable Diffusion": (b"Sampler: ", re.compile(rb"Steps: \d{1,5}, (?:[^\n,]{1,60}, )?Sampler: \w")),
    "ComfyUI": (b'"class_type"', re.compile(rb'"class_type"\s*:\s*"\w*(?:KSampler|SamplerCustom)')),
    "InvokeAI": (b"invokeai_metadata", re.compile(rb"invokeai_metadata")),
    "NovelAI": (b"NovelAI", re.compile(rb"Software\x00(?:\x00\x00\x00\x00)?NovelAI")),
    "Midjourney": (b"Job ID: ", re.compile(rb"--v \d[^\n]{0,200}Job ID: [0-9a-f]{8}-[0-9a-f]{4}-")),
    "Google": (b"Made with Google AI", re.compile(rb"Made with Google AI")),
}
"""Programs and services that generate with AI: what to look for first, and what must be around it."""

WRITER_TRACES: Mapping[str, tuple[bytes, re.Pattern[bytes]]] = {
    "FFmpeg": (b"Lavf", re.compile(rb"Lavf\d{2,3}(?:\.\d{1,3}){2}")),
    "HandBrake": (b"HandBrake ", re.compile(rb"HandBrake \d[\w.]{2,20}")),
    "YouTube": (b"produced by Google", re.compile(rb"ISO Media file produced by Google Inc\.")),
    "X": (b"Twitter-vork", re.compile(rb"Twitter-vork muxer")),
}
"""Programs and services that keep no credentials when they save a video again."""


_EXIF = rb"Exif\x00\x00(?:II\*\x00|MM\x00\*)[\s\S]{0,380}?"

CAMERA_TRACES: Mapping[str, tuple[bytes, re.Pattern[bytes]]] = {
    "an Apple device": (
        b"com.apple.quicktime.make",
        re.compile(rb"com\.apple\.quicktime\.make[\s\S]{0,380}?Apple"),
    ),
    "an Android device": (b"com.android.version", re.compile(rb"com\.android\.version")),
    "a GoPro": (b"GoPro AVC", re.compile(rb"GoPro AVC")),
    "a camera": (
        b"Exif\x00\x00",
        re.compile(
            _EXIF + rb"(?:Apple|Canon|NIKON CORPORATION|SONY|samsung|FUJIFILM|Panasonic|OLYMPUS|HUAWEI|Xiaomi|DJI)\x00"
        ),
    ),
}
"""Fields in which devices that record name themselves. Anyone can write them into any file, as everything here."""


def find_generator_traces(path: Path) -> dict[str, dict[str, str]]:
    """{"makers": {name: words}, "writers": …, "cameras": …}: the first words of each that were found."""
    content = _read_ends(path)
    return {
        "makers": _match_traces(content, GENERATOR_TRACES),
        "writers": _match_traces(content, WRITER_TRACES),
        "cameras": _match_traces(content, CAMERA_TRACES),
    }


def _read_ends(path: Path) -> bytes:
    with path.open("rb") as stream:
        head = stream.read(_SEARCHED_BYTES)
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(len(head), size - _SEARCHED_BYTES))
        return head + stream.read(_SEARCHED_BYTES)


def _match_traces(content: bytes, signs: Mapping[str, tuple[bytes, re.Pattern[bytes]]]) -> dict[str, str]:
    traces: dict[str, str] = {}
    for name, (needle, pattern) in signs.items():
        index = content.find(needle)
        while index >= 0 and name not in traces:
            if match := pattern.search(content, max(0, index - _CONTEXT_BYTES), index + _CONTEXT_BYTES):
                traces[name] = match[0].decode("ascii", "replace")[:80]
            index = content.find(needle, index + len(needle))
    return traces
