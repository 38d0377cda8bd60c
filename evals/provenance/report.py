"""Makes docs/reference/provenance.md from what the evals left in evals/results; each of them calls it at its end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
RESULTS = _ROOT / "evals" / "results"
PAGE = _ROOT / "docs" / "reference" / "provenance.md"
PARTS = ("provenance", "lookup", "fuzz")

EvalResult = Mapping[str, Any]


def main() -> None:
    """Write it."""
    PAGE.write_text(page({name: json.loads((RESULTS / f"{name}.json").read_text()) for name in PARTS}))


def page(results: Mapping[str, EvalResult]) -> str:
    """The figures in tables."""
    lines = (
        "# Figures of provenance",
        "",
        "<!-- made by `python -m evals.provenance.report` from evals/results; run it after the evals that it names -->",
        "",
        "What verifying costs is among the [figures](figures.md) of `python -m evals.bench verify`; what the watermark",
        "survives by itself is in [watermark](watermark.md). Intervals are Wilson's, 95 %.",
        "",
        *_treatments(results["provenance"]["treatments"]),
        *_recovery(results["provenance"]["recovery"]),
        *_lookup(results["lookup"]),
        *_fuzz(results["fuzz"]),
    )
    return "\n".join(lines)


def _treatments(found: EvalResult) -> Iterator[str]:
    yield from _head("What happens to a file, and what is said of it", found)
    yield "A constructed table, after how the C2PA library was seen to answer: state and code must be those expected."
    yield f"**{found['total']}** rows agree. The public test files of the C2PA are not among them: they are on no"
    yield "package registry (looked for in the source archive of `c2pa-python` 0.38.0 and in three packages of npm)."
    yield "Revocation by OCSP is not asked for: the verifier opens no socket."
    yield from ("", "| treatment | state | codes | agrees |", "|---|---|---|---|")
    for name, row in found["rows"].items():
        agrees = {True: "yes", False: "**no**", None: "not asked here"}[row["agrees"]]
        yield f"| {name} | {row['state']} | {' '.join(f'`{one}`' for one in row['issues'][:2])} | {agrees} |"
    yield ""


def _recovery(found: EvalResult) -> Iterator[str]:
    yield from _head("How often the signed manifest comes back once the credentials were stripped", found)
    yield f"Clips, held-out ones first: {', '.join(found['clips'])}."
    yield "Recovered: the mark was read, and every soft binding in the manifest names it."
    yield from ("", "| attack | recovered | interval |", "|---|---|---|")
    yield from (f"| {name} | {row['recovered']} of {row['n']} | {_to(row)} |" for name, row in found["rows"].items())
    yield ""


def _lookup(found: EvalResult) -> Iterator[str]:
    yield from _head("Near duplicates", found)
    yield f"Among {found['videos']:,} synthetic videos of {found['seconds_each']} s lie real clips and recordings, and"
    yield "copies of those are looked up. Times are CPU milliseconds of one search; both indexes took"
    yield f"{found['peak_gib']} GiB at their peak, one after the other."
    for kind, what in (("looks", "pictures (PDQ)"), ("sounds", "sound")):
        part = found[kind]
        strangers, real = part["strangers"], part["real_strangers"]
        yield from ("", f"### By {what}", "")
        yield f"The same is what differs in at most {part['within_bits']} of 256 bits. Of {strangers['queries']}"
        yield f"strangers {strangers['false_matches']} were found; they are looked up by as much as is ever looked up,"
        yield f"{strangers['hashes_each']} hashes (median {strangers['median_ms']} ms, 99th percentile"
        yield f"{strangers['p99_ms']} ms). Seconds of different originals differ in {real.get('median_bits', '-')} bits"
        yield f"by the median and in {real.get('fewest_bits', '-')} at the least."
        yield from (
            "",
            "| synthetic copy, bits changed | found | median ms | p99 ms |",
            "|---|---|---|---|",
        )
        for row in part["synthetic_copies"]:
            share = f"{row['found']:.0%}"
            yield f"| {row['bits_flipped_each_second']} | {share} | {row['median_ms']} | {row['p99_ms']} |"
        yield from ("", "| real copy | found | interval | median ms | p99 ms |", "|---|---|---|---|---|")
        for name, row in part["real"].items():
            yield f"| {name} | {row['found']} of {row['n']} | {_to(row)} | {row['median_ms']} | {row['p99_ms']} |"
    yield ""


def _fuzz(found: EvalResult) -> Iterator[str]:
    yield from _head("Hostile files", found)
    kinds = ", ".join(f"{kind} {count}" for kind, count in found["ended"].items())
    yield f"{found['files']:,} mutated files of {len(found['seeds'])} kinds (goal: 10,000 files), each through the"
    yield "whole verifier. A run that is broken off goes on where it was, so that the rest can be run at any time. In"
    yield f"{found['searched_for_the_mark']:,} of them the watermark was searched for as well, in the others the"
    yield "fingerprints, for which the same is decoded, stood in for the search."
    yield ""
    yield f"- ended: {kinds}"
    yield f"- broke: {len(found['broke'])}; limited processes that died, contained: {len(found['contained'])}"
    yield f"- over 5 s of computing, or killed for their time: {len(found['over_5_s'])}; slowest: {found['slowest']}"
    yield f"- CPU seconds a file: median {found['cpu_s']['median']}, 99th percentile {found['cpu_s']['p99']}"
    yield f"- largest limited process: {found['largest']} (bound: 1024)"
    yield ""


def _head(title: str, found: EvalResult) -> Iterator[str]:
    on = found["machine"]
    yield from (f"## {title}", "", f"`{found['command']}` on {on['processor']}, {on['cores']} cores, {on['date']}.", "")


def _to(row: EvalResult) -> str:
    low, high = row["interval_95"]
    return f"{low}–{high}"


if __name__ == "__main__":
    main()
