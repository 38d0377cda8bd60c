"""`python -m evals.compliance.report`: from stored results the figures of the evidence pack, and its page.

Writes pipeline/compliance/evidence.json, which comes with the release, and docs/reference/compliance.md. Raises
BadInput, and writes nothing, where a result is missing or older than the code it measures.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from evals.compliance.sources import MEASURED_CODE, RESULTS, SOURCES, fresh_results, result_machine
from evals.intervals import wilson_interval
from evals.pages import EVALS_FOLDER, render_markdown
from pipeline.compliance.duties import REGIONS
from pipeline.compliance.evidence import (
    EVIDENCE,
    EvidenceSource,
    FalseAlarmBound,
    MarkCostRange,
    MarkEvidence,
    RemovalAttempt,
    SurvivalShare,
    evidence_as_json,
)
from pipeline.compliance.evidence_pack import NO_LEGAL_ADVICE, compliance_pack
from pipeline.compliance.requirements import RequirementState
from provenance.watermark.video.detect import FALSE_ALARM_RATE

PAGE = EVALS_FOLDER.parent / "docs" / "reference" / "compliance.md"
_SOUND_TUNED = {"held_out": False, "other_stretches": True, "tuned_on": True}
"""Music was at hand in two pieces: settings were chosen on other stretches of them, so it counts as tuned on."""


def main() -> None:
    """Write both."""
    evidence = gathered_evidence()
    EVIDENCE.write_text(json.dumps(evidence_as_json(evidence), indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(evidence), encoding="utf-8")


def gathered_evidence(folder: Path = RESULTS) -> MarkEvidence:
    """The figures, out of the stored results. Raises BadInput for what is missing or older than its code."""
    results = fresh_results(folder)
    treatments = results["provenance"]["treatments"]["rows"]
    return MarkEvidence(
        release=version("assay"),
        sources=tuple(_sources(results)),
        survival=(
            *_picture(results["watermark"]),
            *_sound(results["audio_watermark"]),
            *_recovered(results["provenance"]["recovery"]["rows"]),
            *_fingerprints(results["lookup"]),
        ),
        false_alarms=tuple(_false_alarms(results)),
        removal=tuple(
            RemovalAttempt(
                attempt=name, read=row["payload"] is not None, present=row["present"], source="watermark_removal"
            )
            for name, row in results["watermark_removal"].items()
            if name != "nothing"
        ),
        costs=tuple(_costs(results)),
        treatments=sum(row["agrees"] for row in treatments.values()),
        treatments_n=len(treatments),
    )


def page(evidence: MarkEvidence) -> str:
    """The pack of all regions, without what depends on the day: a page does not change by itself."""
    pack = compliance_pack(evidence=evidence)
    return render_markdown(
        "compliance/templates/compliance.md.j2",
        pack=pack,
        regions=REGIONS,
        states=list(RequirementState),
        state_names={state: state.value.replace("_", " ") for state in RequirementState},
        no_legal_advice=NO_LEGAL_ADVICE,
        by_layer=_by_layer(evidence.survival),
    )


def _by_layer(rows: Sequence[SurvivalShare]) -> Mapping[str, list[SurvivalShare]]:
    layers: dict[str, list[SurvivalShare]] = {}
    for row in sorted(rows, key=lambda row: row.tuned):
        layers.setdefault(row.layer, []).append(row)
    return layers


def _sources(results: Mapping[str, Any]) -> Iterator[EvidenceSource]:
    for source in SOURCES:
        known = results[MEASURED_CODE][source.name]
        machine = result_machine(results[source.name])
        cores = f", {machine['cores']} cores" if machine.get("cores") else ""
        yield EvidenceSource(
            name=source.name,
            file=source.file,
            command=source.command,
            machine=f"{machine['processor']}{cores}" if machine.get("processor") else "",
            date=machine.get("date", ""),
            code=source.code,
            digest=known["digest"],
            checked=known["says"],
            checked_on=known["date"],
        )


def _picture(results: Mapping[str, Any]) -> Iterator[SurvivalShare]:
    for attack, groups in results["by_attack"].items():
        for group, tuned in (("held_out", False), ("tuned_on", True)):
            row = groups[group]
            if row["n"]:
                yield _share("watermark_picture", attack, row["recognised"], row["n"], "watermark", tuned=tuned)


def _sound(results: Mapping[str, Any]) -> Iterator[SurvivalShare]:
    for group, tuned in _SOUND_TUNED.items():
        for content, attacks in results[group]["survival"].items():
            for attack, row in attacks.items():
                yield _share(
                    "watermark_sound",
                    attack,
                    row["recognised"],
                    row["n"],
                    "audio_watermark",
                    content=content,
                    tuned=tuned,
                )


def _recovered(rows: Mapping[str, Any]) -> Iterator[SurvivalShare]:
    for attack, row in rows.items():
        yield _share("recovered_manifest", attack, row["recovered"], row["n"], "provenance")


def _fingerprints(results: Mapping[str, Any]) -> Iterator[SurvivalShare]:
    for content, name in (("picture", "looks"), ("sound", "sounds")):
        for attack, row in results[name]["real"].items():
            yield _share("fingerprint", attack, row["found"], row["n"], "lookup", content=content)


def _share(
    layer: str, attack: str, survived: int, n: int, source: str, *, content: str = "", tuned: bool = False
) -> SurvivalShare:
    low, high = (round(bound, 4) for bound in wilson_interval(survived, n))
    return SurvivalShare(
        layer=layer,
        attack=attack,
        survived=survived,
        n=n,
        low=low,
        high=high,
        source=source,
        content=content,
        tuned=tuned,
    )


def _false_alarms(results: Mapping[str, Any]) -> Iterator[FalseAlarmBound]:
    null, sound = results["watermark_null"], results["audio_watermark"]["false_alarms"]
    yield _alarms(
        "picture",
        null["detected"],
        null["n"],
        "Unmarked clips and images, one key.",
        "watermark_null",
        FALSE_ALARM_RATE,
    )
    wrong = sound[f"p <= {FALSE_ALARM_RATE:g}".replace("e-9", "e-09")]
    yield _alarms("sound", wrong, sound["n"], "Unmarked stretches, many wrong keys.", "audio_watermark", 0.0)
    for content, name in (("fingerprint of pictures", "looks"), ("fingerprint of sound", "sounds")):
        strangers = results["lookup"][name]["strangers"]
        yield _alarms(
            content, strangers["false_matches"], strangers["queries"], "Look-ups among a million.", "lookup", 0.0
        )


def _alarms(layer: str, alarms: int, n: int, says: str, source: str, proven: float) -> FalseAlarmBound:
    return FalseAlarmBound(
        layer=layer,
        alarms=alarms,
        n=n,
        high=round(wilson_interval(alarms, n)[1], 6),
        proven=proven,
        says=says,
        source=source,
    )


def _costs(results: Mapping[str, Any]) -> Iterator[MarkCostRange]:
    clips = list(results["watermark"]["clips"].values())
    yield _range("watermark_picture", "PSNR of the mark, dB", [clip["psnr"] for clip in clips], "watermark")
    yield _range("watermark_picture", "bytes added, %", [100 * clip["growth"] for clip in clips], "watermark")
    vmaf = [clip["vmaf_against_plain_encode"]["vmaf"] for clip in clips]
    yield _range("watermark_picture", "VMAF to the plain encode", vmaf, "watermark")
    pesq = [clip["pesq"] for clip in results["audio_watermark"]["clips"] if clip.get("pesq") is not None]
    yield _range("watermark_sound", "PESQ of the mark", pesq, "audio_watermark")


def _range(layer: str, what: str, values: Sequence[float], source: str) -> MarkCostRange:
    return MarkCostRange(
        layer=layer,
        what=what,
        least=round(min(values), 2),
        median=round(statistics.median(values), 2),
        most=round(max(values), 2),
        n=len(values),
        source=source,
    )


if __name__ == "__main__":
    main()
