"""Writes docs/reference/likeness_figures.md from evals/results: `python -m evals.likeness.report`. No figure is
typed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from evals.likeness.report_tables import face_tables, subgroup_table, voice_tables

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "likeness_figures.md"
RESULTS = Path(__file__).parents[1] / "results"


def main() -> None:
    """Write it."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """What the results say, in tables."""
    parts = [
        [
            "# Likeness: figures",
            "",
            "Made by `python -m evals.likeness.report` from `evals/results`; intervals are of 95 %.",
        ],
        *(
            list(part)
            for part in (_faces(), _cohort(), _voices(), _languages(), _search(), _cost(), _enrolment(), _cascade())
        ),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _faces() -> Iterator[str]:
    found = _read("likeness")
    yield from _heading("Faces: photographs that nobody trained on", found)
    yield from face_tables(found)
    yield from (
        "",
        "By group, at the one threshold of a false-match rate of 0.1 %. Gender and age are a net's guess.",
        "",
    )
    yield from subgroup_table(found)


def _cohort() -> Iterator[str]:
    found = _read("likeness_cohort")
    yield from _heading("Faces: normalised by a cohort", found)
    yield (
        f"TAR by false-match rate of {found['photographs']} photographs. The cohort is half of the people, one"
        f" photograph each, and the others are compared; means of {found['draws']} draws. With the compared themselves"
        " as cohort the figures flatter: the nearest strangers normalise each other away."
    )
    rates = [f"{100 * rate:g} %" for rate in found["rates"]]
    yield from ("", *_table(["score", "cohort", *rates]))
    for cohort, name in (
        ("other people", "tar_by_rate_with_a_cohort_of_other_people"),
        ("the compared themselves", "tar_by_rate_with_the_compared_people_as_cohort"),
    ):
        for score, tars in found[name].items():
            yield _row([score, cohort, *(f"{100 * tar:.1f} %" for tar in tars)])


def _voices() -> Iterator[str]:
    found = _read("likeness_voices")
    yield from _heading(f"Voices: 3 s against 3 s of another recording, {found['speakers']} speakers", found)
    yield from voice_tables(found)


def _languages() -> Iterator[str]:
    found = _read("likeness_languages")
    yield from _heading("Voices: one person in two languages", found)
    yield from _table(["one voice, English and Spanish, 3 s pieces", "share", "interval", "n"])
    for says, name in (
        ("matched at the default threshold", "piece_against_piece_matched"),
        ("strangers of this set matched at it", "strangers_matched"),
        ("matched where 1 % of these strangers are", "piece_against_piece_matched_at_1_percent_of_these_strangers"),
    ):
        yield _row([says, *_share(found[name])])
    yield ""
    yield (
        f"EER across languages {100 * found['eer_across_languages']['eer']:.1f} %. One speaker and three strangers, all"
        " professionals who read in one manner: a weak spot, so enrol each language."
    )


def _search() -> Iterator[str]:
    found = _read("likeness_search")
    yield from _heading("Search, on synthetic templates", found)
    yield from _table(["templates", "kept as", "probe's noise", "recall", "CPU ms, median", "most", "add, most ms"])
    for size in found["sizes"]:
        for probe in size["probes"]:
            took, added = probe["cpu_ms"], size["changes"]["add_cpu_ms"]["max"]
            cells = [
                f"{size['templates']:,}",
                size["kept_as"].lower(),
                probe["noise"],
                f"{100 * probe['recall']:.1f} %",
            ]
            yield _row([*cells, f"{took['median']:.1f}", f"{took['max']:.1f}", f"{added:.1f}"])
    yield ""
    yield "Whoever was added was found by the next search, and whoever was removed was not, in every trial."


def _cost() -> Iterator[str]:
    found = _read("likeness_cost")
    yield from _heading("Cost of a check", found)
    yield f"{found['clip']}."
    yield from ("", *_table(["what", "CPU s, median", "least", "most"]))
    for name, took in found["cpu_s"].items():
        yield _row([name, *(f"{took[one]:.2f}" for one in ("median", "min", "max"))])


def _enrolment() -> Iterator[str]:
    found = _read("enrolment")
    yield from _heading("Enrolment: real footage before a camera", found)
    yield from _table(["pairs of faces", "distance, p1", "median", "p99", "on the wrong side", "n"])
    for says, name, wrong in (
        ("one person within a take", "one_person_within_a_take", "same_taken_for_another"),
        ("two people", "two_people", "another_taken_for_the_same"),
    ):
        lies = found[name]["distance"]
        cells = [says, *(f"{lies[one]:.3f}" for one in ("p1", "p50", "p99"))]
        yield _row([*cells, *_share(found[wrong])[:1], found[name]["n"]])
    yield from (
        "",
        "Pictures in motion that come again in order; from 8 on a loop is certain, up to 4 it is chance.",
        "",
    )
    yield from _table(["footage", "as it is", "two seconds three times", "a second and a half once more"])
    for name, loops in found["loops"].items():
        yield _row([Path(name).stem, loops["as_it_is"], loops["looped"], loops["once_more"]])


def _cascade() -> Iterator[str]:
    found = _read("cascade")
    yield from _heading(f"A cascade over {found['videos']:,} published videos, embedded database", {})
    yield f"The goal is {found['goal_s']:.0f} s. Wall time is of a machine with other work to do, whose load is told."
    yield from ("", *_table(["family", "wall s", "CPU s", "of Postgres", "left up", "load", "command"]))
    for one in found["families"]:
        took = [f"{one[name]['median']:.1f}" for name in ("wall_s", "cpu_s", "cpu_s_of_postgres")]
        yield _row([one["family"], *took, one["left_up"], one["machine"]["load"], f"`{one['command']}`"])


def _heading(title: str, found: dict[str, Any]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    if found:
        on = found["machine"]
        yield f"`{found['command']}`, {on['date']}, {on['cores']} cores of {on['processor']}."
        yield ""


def _table(names: Sequence[str]) -> tuple[str, str]:
    return _row(names), _row(["---"] * len(names))


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _share(one: dict[str, Any]) -> tuple[str, str, str]:
    return f"{100 * one['share']:.1f} %", f"{100 * one['low']:.1f}–{100 * one['high']:.1f} %", f"{one['n']:,}"


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text())
    return found


if __name__ == "__main__":
    main()
