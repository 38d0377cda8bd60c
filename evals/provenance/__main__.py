"""What happens to a sealed file, and what the verifier says: `python -m evals.provenance
[treatments|recovery]`.

`measure_treatments`: each row of evals.provenance.treatments with the state and the code that it must be answered
with. `recovery`: clips
are sealed, their credentials are stripped in fifteen ways, and the verifier is asked with the repository behind it.
Held-out clips need ASSAY_DATA. Writes evals/results/provenance.json.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

from evals.bench.machine_info import machine_info
from evals.intervals import wilson_interval
from evals.provenance import report as provenance_page
from evals.provenance.treatments import measure_treatments
from evals.watermark.video_attacks import VIDEO_ATTACKS, run_ffmpeg
from evals.watermark.video_clips import CLIPS, prepare_clip
from media.transcode import Encoding
from provenance.c2pa.manifest_definition import SealOrder
from provenance.c2pa.signers.dev_keys import make_dev_keys
from provenance.c2pa.signers.keys_folder import ProvenanceKeys
from provenance.seal import seal
from provenance.seal_result import SealReport
from provenance.verification.recovery import SimilarVideo, StoredManifest
from provenance.verification.verify import verify
from provenance.watermark import detect_file, mark_file
from provenance.watermark_detection import detect_watermarks

RESULT = Path(__file__).parents[1] / "results" / "provenance.json"
_ENCODING_ATTACKS = (
    *("h264_crf23", "h264_crf28", "h264_crf32", "h265_crf32", "size_0.75", "half_size", "crop_keep_90", "mirror"),
    *("trim_to_middle", "social_3_generations", "screenshot_png"),
)
_CASE = "00112233445566aa"
_MAX_CLIPS = 12
"""Clips that are sealed and stripped, held-out ones first."""


class RecoveryRate(TypedDict):
    """In how many of `n` clips the manifest came back; `interval_95` is of the share."""

    recovered: int
    n: int
    interval_95: list[float]


class RecoveryResults(TypedDict):
    """The clips, rates by attack, and their sum in words."""

    clips: list[str]
    rows: dict[str, RecoveryRate]
    total: str


def main(parts: list[str]) -> None:
    """Measure the parts and keep the others."""
    results: dict[str, Any] = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    with tempfile.TemporaryDirectory(prefix="provenance-") as name:
        folder = Path(name)
        keys = make_dev_keys(folder / "keys").keys
        for part in parts:
            measure = _PARTS[part]
            command = f"python -m evals.provenance {part}"
            results[part] = {"machine": machine_info(), "command": command, **measure(folder, keys)}
    RESULT.write_text(json.dumps(results, indent=1) + "\n")
    provenance_page.main()
    print(json.dumps({name: results[name].get("total") for name in parts}))


def recovery(folder: Path, keys: ProvenanceKeys, most: int = _MAX_CLIPS) -> RecoveryResults:
    """How often the manifest comes back, by attack: the mark was read, and every soft binding in it names the mark.

    At most so many clips are sealed, held-out ones first.
    """
    hits: dict[str, list[bool]] = {}
    names: list[str] = []
    ordered = sorted(CLIPS, key=lambda clip: not clip.held_out)
    for clip in ordered:
        footage = folder / f"{clip.name}.mp4"
        if len(names) < most and prepare_clip(clip, footage):
            names.append(clip.name)
            sealed = folder / f"{clip.name}-sealed.mp4"
            mark = partial(mark_file, encoding=Encoding(crf=19, preset="veryfast"))
            report = seal(footage, sealed, _order(), keys=keys, mark=mark, detect=detect_file)
            for attack, copy in _stripped_copies(sealed, folder):
                hits.setdefault(attack, []).append(_is_recovered(copy, report, keys))
    rows = {attack: _recovery_rate(recovered) for attack, recovered in hits.items()}
    total = f"{sum(row['recovered'] for row in rows.values())} of {sum(row['n'] for row in rows.values())}"
    return {"clips": names, "rows": rows, "total": total}


def _stripped_copies(sealed: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    for suffix in (".mp4", ".mov", ".mkv"):
        out = folder / f"copy{suffix}"
        run_ffmpeg("-i", str(sealed), "-c", "copy", str(out))
        yield f"copied to {suffix}", out
    out = folder / "cut.mp4"
    run_ffmpeg("-ss", "1", "-i", str(sealed), "-c", "copy", str(out))
    yield "cut without encoding", out
    for attack in VIDEO_ATTACKS:
        if attack.name in _ENCODING_ATTACKS:
            yield attack.name, attack.run(sealed, folder / attack.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _OneManifest:
    payload: str
    manifest: StoredManifest

    def stored(self, payload: str) -> Sequence[StoredManifest]:
        return (self.manifest,) if payload == self.payload else ()

    def similar(self, path: Path) -> Sequence[SimilarVideo]:  # noqa: ARG002 - by its mark alone
        return ()


def _is_recovered(copy: Path, report: SealReport, keys: ProvenanceKeys) -> bool:
    stored = StoredManifest(manifest_id=report.manifest_id, manifest=report.manifest.read_bytes(), case_id=_CASE)
    finding = verify(
        copy,
        trust=keys.trust,
        keys=[keys.watermark_key],
        detect=detect_watermarks,
        look_up=lambda case: {"source_type": "trainedAlgorithmicMedia"} if case == _CASE else None,
        repository=_OneManifest(payload=report.payload, manifest=stored),
    )
    return finding.verdict == "recovered_by_watermark" and any(
        evidence.kind == "recovered" for evidence in finding.evidence
    )


def _recovery_rate(recovered: list[bool]) -> RecoveryRate:
    low, high = wilson_interval(sum(recovered), len(recovered))
    return {"recovered": sum(recovered), "n": len(recovered), "interval_95": [round(low, 2), round(high, 2)]}


_PARTS: Mapping[str, Callable[[Path, ProvenanceKeys], Mapping[str, Any]]] = {
    "treatments": measure_treatments,
    "recovery": recovery,
}


def _order() -> SealOrder:
    return SealOrder(case_id=_CASE, engine="e", engine_version="1", policy="ab" * 32, when=datetime.now(UTC))


if __name__ == "__main__":
    main(sys.argv[1:] or ["treatments", "recovery"])
