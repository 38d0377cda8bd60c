"""Digital source types: which of them say AI, which say camera, and what to write."""

from __future__ import annotations

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
C2PA = "http://c2pa.org/digitalsourcetype/"

AI_WHOLE = frozenset({"trainedAlgorithmicMedia", "trainedAlgorithmicData"})
AI_PARTS = frozenset({"compositeWithTrainedAlgorithmicMedia", "compositeSynthetic"})
CAPTURE = frozenset(
    {"digitalCapture", "computationalCapture", "compositeCapture", "negativeFilm", "positiveFilm", "print"}
)
OTHER = frozenset(
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
ALL = AI_WHOLE | AI_PARTS | CAPTURE | OTHER
_OF_C2PA = frozenset({"empty", "trainedAlgorithmicData"})
_BY_LOWER = {name.lower(): name for name in ALL}


def uri(name: str) -> str:
    """The URI of a source type. Raises ValueError for one that is on neither list: the library takes any string."""
    if name not in ALL:
        raise ValueError(f"{name!r} is not a digital source type")
    return (C2PA if name in _OF_C2PA else IPTC) + name


def name_of(written: object) -> str:
    """The plain name of what a file says, however it writes it: URI, QCode or bare. Unknown values come back as is."""
    last = str(written).rstrip("/").replace(":", "/").rsplit("/", 1)[-1]
    return _BY_LOWER.get(last.lower(), last)
