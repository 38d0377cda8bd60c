"""The figures that the pack rests on, as they came with this release: evals.compliance.report makes them from results.

They are believed only for the code they were measured on: where the code that is installed does something else, the
pack says so and is not made.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.codec import load
from core.errors import BadInput
from pipeline.compliance.code_digest import CODE_ROOT, code_digest

EVIDENCE = Path(__file__).parent / "evidence.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSource:
    """A file of results: how it was made, on which machine and day (empty where it does not say), and of which code.

    `checked` says how it is known that it holds for the code whose `digest` this is, and `checked_on` when.
    """

    name: str
    file: str
    command: str
    machine: str
    date: str
    code: tuple[str, ...]
    digest: str
    checked: str
    checked_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalShare:
    """How many of `n` marks of a layer were still told after an attack; `low` and `high` bound the share with 95 %.

    `tuned` says that settings were chosen on some of these samples. `source` names an EvidenceSource.
    """

    layer: str
    attack: str
    survived: int
    n: int
    low: float
    high: float
    source: str
    content: str = ""
    tuned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarmBound:
    """How often `n` unmarked items were called marked: the share is below `high` with 95 %, and `proven` (0: not)."""

    layer: str
    alarms: int
    n: int
    high: float
    proven: float
    says: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalAttempt:
    """Whether a mark was still read after somebody tried to remove it, on one clip."""

    attempt: str
    read: bool
    present: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkCostRange:
    """What a mark costs, from the least to the most of `n` samples, in the unit that `what` names."""

    layer: str
    what: str
    least: float
    median: float
    most: float
    n: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkEvidence:
    """All figures. `treatments` are files whose answer was that expected, of `treatments_n`."""

    release: str
    sources: tuple[EvidenceSource, ...]
    survival: tuple[SurvivalShare, ...]
    false_alarms: tuple[FalseAlarmBound, ...]
    removal: tuple[RemovalAttempt, ...]
    costs: tuple[MarkCostRange, ...]
    treatments: int
    treatments_n: int

    def of_layer(self, layer: str) -> tuple[SurvivalShare, ...]:
        """What survives of one layer, on samples on which nothing was tuned."""
        return tuple(row for row in self.survival if row.layer == layer and not row.tuned)


def read_evidence(path: Path = EVIDENCE, root: Path = CODE_ROOT) -> MarkEvidence:
    """The figures. Raises BadInput where they are missing, damaged, or of other code than is installed."""
    if not path.is_file():
        raise BadInput(f"{path.name} is missing: run python -m evals.compliance.report in a checkout of this release")
    try:
        evidence: MarkEvidence = load(MarkEvidence, json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, KeyError) as error:
        raise BadInput(f"{path.name} holds no figures of marks ({type(error).__name__})") from error
    digests = {code: code_digest(code, root) for code in {source.code for source in evidence.sources}}
    for source in evidence.sources:
        if digests[source.code] != source.digest:
            raise BadInput(
                f"the figures of {source.file} are older than the code they measure ({', '.join(source.code)}):"
                f" run {source.command} and python -m evals.compliance.report"
            )
    return evidence


def evidence_as_json(evidence: MarkEvidence) -> dict[str, Any]:
    """As it is stored; `read_evidence` reads it."""
    return asdict(evidence)
