"""The view as a JSON document, which docs/reference/inspection.v1.json describes: `assay inspect --json`."""

from __future__ import annotations

from typing import Any

from core.codec import dump
from pipeline.inspection.inspections import FileInspection

DOCUMENT_TYPE, DOCUMENT_VERSION = "assay.inspection", 1


def inspection_document(found: FileInspection) -> dict[str, Any]:
    """Plain JSON values. Pictures are not in it."""
    view, opinion = found.view, found.opinion
    return {
        "type": DOCUMENT_TYPE,
        "version": DOCUMENT_VERSION,
        "file": dump(view.footage),
        "decision": view.decision,
        "verdict": dump(opinion.verdict),
        "reasons": dump(opinion.reasons),
        "rules": dump(view.rules),
        "labels": dump(view.labels),
        "words": dump(view.words),
        "waveform": dump(view.waveform),
        "shows_nothing": view.shows_nothing,
        "missing": dict(view.missing),
        "signals": dump(opinion.measured.signals),
        "seconds": dict(opinion.measured.seconds),
    }
