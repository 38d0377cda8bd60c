"""Pictures of a file's history, as its credentials carry them: one for each step, or none."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadMedia
from core.finding import Finding
from media.sandbox import client
from media.sandbox.limits import MIB, ProcessLimits
from provenance.c2pa.library_settings import reading_settings
from provenance.c2pa.trust_store import TrustStore

_BOUNDS = ProcessLimits(memory=3072 * MIB, cpu=30, wall=30.0, written=16 * MIB)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageThumbnail:
    """One step: the id of its manifest and the case it names, where it has them; `jpeg` is empty without a picture."""

    manifest_id: str = ""
    case_id: str = ""
    jpeg: bytes = b""


def lineage_thumbnails(path: Path, finding: Finding, trust: TrustStore) -> tuple[LineageThumbnail, ...]:
    """The thumbnails of each step of the lineage in the finding about this file, in its order.

    None where the finding has no lineage, and none where any part of it does not hold: a picture that nobody
    vouches for is not shown. Raises Unavailable if no process starts.
    """
    steps = sum(entry.kind.startswith("lineage.") for entry in finding.evidence)
    if not steps or any(entry.kind == "ingredients" for entry in finding.evidence):
        return ()
    arguments = {"path": str(path.resolve()), "settings": reading_settings((), (), trust.extended_key_usages)}
    try:
        thumbnails = client.run_sandboxed(
            "provenance.c2pa.sandboxed_thumbnails:extract_thumbnails", arguments, reads=[path], limits=_BOUNDS
        )
    except BadMedia:
        return ()
    if len(thumbnails) != steps:
        return ()
    return tuple(
        LineageThumbnail(manifest_id=entry["manifest"], case_id=entry["case"], jpeg=base64.b64decode(entry["picture"]))
        for entry in thumbnails
    )
