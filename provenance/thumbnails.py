"""Pictures of a file's history, as its credentials carry them: one for each step, or none."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadMedia
from core.finding import Finding
from media import limited
from media.limits import MIB, Bounds
from provenance.settings import for_reading
from provenance.trust import Trust

_BOUNDS = Bounds(memory=3072 * MIB, cpu=30, wall=30.0, written=16 * MIB)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """One step: the id of its manifest and the case it names, where it has them; `jpeg` is empty without a picture."""

    manifest_id: str = ""
    case_id: str = ""
    jpeg: bytes = b""


def carried(path: Path, finding: Finding, trust: Trust) -> tuple[Carried, ...]:
    """What the credentials carry of each step of the lineage that the finding about this file tells, in its order.

    Nothing where the finding tells no lineage, and nothing where any part of it does not hold: a picture that nobody
    stands by is not shown. Raises Unavailable if no process starts.
    """
    steps = sum(one.kind.startswith("lineage.") for one in finding.evidence)
    if not steps or any(one.kind == "ingredients" for one in finding.evidence):
        return ()
    arguments = {"path": str(path.resolve()), "settings": for_reading((), (), trust.usages)}
    try:
        found = limited.call("provenance._pictures:read_pictures", arguments, bounds=_BOUNDS)
    except BadMedia:
        return ()
    if len(found) != steps:
        return ()
    return tuple(
        Carried(manifest_id=one["manifest"], case_id=one["case"], jpeg=base64.b64decode(one["picture"]))
        for one in found
    )
