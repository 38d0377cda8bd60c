"""The stored results that the evidence pack rests on, the code that each measures, and with which code it was measured.

Results say on which day they were made, and code is changed on the same day too: so the digest of the code is kept in
evals/results/measured_code.json, whenever results are made in full (`python -m evals.compliance.sources NAME…`) or a
sample of them is measured again with the same outcome (`python -m evals.compliance.recheck`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import BadInput
from evals.pages import EVALS_FOLDER
from pipeline.compliance.code_digest import code_digest

RESULTS = EVALS_FOLDER / "results"
MEASURED_CODE = "measured_code"
_SHARED = tuple(
    f"provenance/watermark/{name}.py" for name in ("convolutional_code", "effort", "key", "payload", "payload_set")
)
_PICTURE = ("provenance/watermark/video", *_SHARED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultSource:
    """A file of results: its name in evals/results, how it is made, and the code that it measures."""

    name: str
    command: str
    code: tuple[str, ...]

    @property
    def file(self) -> str:
        """Where it is in the repository."""
        return f"evals/results/{self.name}.json"


SOURCES: tuple[ResultSource, ...] = (
    ResultSource(name="watermark", command="python -m evals.watermark.video_robustness", code=_PICTURE),
    ResultSource(name="watermark_null", command="python -m evals.watermark.false_alarms", code=_PICTURE),
    ResultSource(name="watermark_removal", command="python -m evals.watermark.removal_attacks", code=_PICTURE),
    ResultSource(
        name="audio_watermark",
        command="python -m evals.watermark.audio_robustness",
        code=("provenance/watermark/audio", *_SHARED),
    ),
    ResultSource(
        name="provenance",
        command="python -m evals.provenance treatments recovery",
        code=tuple(
            f"provenance/{name}.py"
            for name in ("c2pa/credential_causes", "c2pa/manifest_definition", "c2pa/reader", "c2pa/writer", "seal")
        ),
    ),
    ResultSource(
        name="lookup",
        command="python -m evals.provenance.fingerprint_search",
        code=("provenance/fingerprint", "registry/near_duplicates"),
    ),
)


def fresh_results(folder: Path = RESULTS) -> Mapping[str, Any]:
    """All of them by name. Raises BadInput for a file that is missing, or is older than the code it measures."""
    known = _read(folder, MEASURED_CODE, "python -m evals.compliance.recheck")
    found, digests = {}, {code: code_digest(code) for code in {source.code for source in SOURCES}}
    for source in SOURCES:
        found[source.name] = _read(folder, source.name, source.command)
        if known.get(source.name, {}).get("digest") != digests[source.code]:
            raise BadInput(
                f"{source.file} is older than the code it measures ({', '.join(source.code)}): run {source.command} and"
                f" `python -m evals.compliance.sources {source.name}`, or `python -m evals.compliance.recheck`"
            )
    return found | {MEASURED_CODE: known}


def record_measured(says: Mapping[str, str], *, how: str) -> None:
    """Note that these results hold for the code as it is now; `says` tells of each how that is known."""
    path = RESULTS / f"{MEASURED_CODE}.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    today = datetime.now(UTC).date().isoformat()
    for source in SOURCES:
        if source.name in says:
            known[source.name] = {
                "digest": code_digest(source.code),
                "date": today,
                "how": how,
                "says": says[source.name],
            }
    path.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n", encoding="utf-8")


def main(names: Sequence[str]) -> None:
    """Note that these were just measured in full. Raises BadInput for what was not measured today."""
    today = datetime.now(UTC).date().isoformat()
    for name in names:
        date = result_machine(json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))).get("date")
        if date != today:
            raise BadInput(f"evals/results/{name}.json is of {date or 'a day that it does not name'}, and not of today")
    record_measured(dict.fromkeys(names, "Measured in full with this code."), how="measured")


def result_machine(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """On which machine, and when, results were made; empty where they do not say. Of several parts the oldest."""
    parts = [result, *(part for part in result.values() if isinstance(part, dict))]
    machines = [part["machine"] for part in parts if isinstance(part.get("machine"), dict)]
    return min(machines, key=lambda machine: str(machine.get("date", "")), default={})


def _read(folder: Path, name: str, command: str) -> Any:
    path = folder / f"{name}.json"
    if not path.is_file():
        raise BadInput(f"evals/results/{name}.json is missing: run {command}")
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main(sys.argv[1:])
