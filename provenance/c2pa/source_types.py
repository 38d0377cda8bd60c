"""Digital source types: which of them say AI, which say camera, and what to write."""

from __future__ import annotations

IPTC_PREFIX = "http://cv.iptc.org/newscodes/digitalsourcetype/"
C2PA_PREFIX = "http://c2pa.org/digitalsourcetype/"

AI_SOURCE_TYPES = frozenset({"trainedAlgorithmicMedia", "trainedAlgorithmicData"})
AI_COMPOSITE_SOURCE_TYPES = frozenset({"compositeWithTrainedAlgorithmicMedia", "compositeSynthetic"})
CAPTURE_SOURCE_TYPES = frozenset(
    {"digitalCapture", "computationalCapture", "compositeCapture", "negativeFilm", "positiveFilm", "print"}
)
OTHER_SOURCE_TYPES = frozenset(
    {
        "empty",
        "minorHumanEdits",
        "humanEdits",
        "algorithmicallyEnhanced",
        "softwareImage",
        "digitalArt",
        "digitalCreation",
        "dataDrivenMedia",
        "algorithmicMedia",
        "screenCapture",
        "virtualRecording",
        "composite",
    }
)
SOURCE_TYPES = AI_SOURCE_TYPES | AI_COMPOSITE_SOURCE_TYPES | CAPTURE_SOURCE_TYPES | OTHER_SOURCE_TYPES
_OF_C2PA = frozenset({"empty", "trainedAlgorithmicData"})
_BY_LOWER = {name.lower(): name for name in SOURCE_TYPES}


def source_type_uri(name: str) -> str:
    """The URI of a source type. Raises ValueError for one that is on neither list: the library takes any string."""
    if name not in SOURCE_TYPES:
        raise ValueError(f"{name!r} is not a digital source type")
    return (C2PA_PREFIX if name in _OF_C2PA else IPTC_PREFIX) + name


def source_type_name(written: object) -> str:
    """The plain name of what a file says, however it writes it: URI, QCode or bare. Unknown values come back as is."""
    last = str(written).rstrip("/").replace(":", "/").rsplit("/", 1)[-1]
    return _BY_LOWER.get(last.lower(), last)
