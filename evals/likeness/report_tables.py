"""The tables of faces and voices of the page of figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_GUESSED = ("guessed", "lightness", "pose", "size")


def face_tables(results: dict[str, Any]) -> Iterator[str]:
    """Pairs of the file, and thresholds by how near strangers come."""
    pairs, strangers = results["pairs"], results["strangers"]
    auc, reasons = (
        pairs["auc"],
        "; ".join(
            f"{n} {why.rpartition(': ')[2].partition(',')[0]}" for why, n in pairs["no_score"]["reasons"].items()
        ),
    )
    yield "| faces | figure | interval | n |"
    yield "| --- | --- | --- | --- |"
    yield f"| AUC of the pairs | {auc['auc']:.4f} | {auc['low']:.4f}–{auc['high']:.4f} | {pairs['n']} |"
    yield f"| no score ({reasons}) | {_share(pairs['no_score']['share'])} |"
    yield f"| too close to call | {_share(pairs['too_close_to_call'])} |"
    for rate in strangers["rates"]:
        below = f"{rate['strangers_below']:,} strangers below"
        yield f"| TAR at a false-match rate of {100 * rate['false_match_rate']:g} % ({below}) | {_share(rate['tar'])} |"
    yield ""
    yield f"Strangers are all {strangers['pairs_of_strangers']:,} pairs of photographs of different people."


def subgroup_table(results: dict[str, Any]) -> Iterator[str]:
    """TAR and false matches within groups of which there are pairs."""
    yield "| group | photographs | TAR | interval | n | false matches within it | interval | n |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for name, one in results["by_group"].items():
        if name.startswith(_GUESSED) and one["tar"] and one["false_matches"]:
            yield f"| {name} | {one['photographs']} | {_share(one['tar'])} | {_share(one['false_matches'], 2)} |"
    told = [one["tar"] for name, one in results["by_group"].items() if name.startswith(_GUESSED)]
    tars = [tar["share"] for tar in told if tar]
    yield ""
    yield f"Between the best and the worst of these groups lie {100 * (max(tars) - min(tars)):.1f} points of TAR."


def voice_tables(results: dict[str, Any]) -> Iterator[str]:
    """Clean and changed, and clones."""
    yield "| voices | EER | pairs of one person | strangers |"
    yield "| --- | --- | --- | --- |"
    for name, one in {"clean": results["clean"], **results["changed"]}.items():
        eer = 100 * one["eer_other_recordings"]["eer"]
        yield f"| {name} | {eer:.2f} % | {one['of_them_other_recordings']} | {one['pairs_of_strangers']:,} |"
    clones = results["clones"]
    yield ""
    yield "| clones of an enrolled voice matched | share | interval | n |"
    yield "| --- | --- | --- | --- |"
    for rate in clones["enrolled_rates"]:
        yield f"| at a false-match rate of {100 * rate['false_match_rate']:g} % | {_share(rate['tar'])} |"


def _share(one: dict[str, Any], digits: int = 1) -> str:
    share, low, high = (f"{100 * one[name]:.{digits}f}" for name in ("share", "low", "high"))
    return f"{share} % | {low}–{high} % | {one['n']:,}"
