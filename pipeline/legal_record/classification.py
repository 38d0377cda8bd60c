"""Which category of the EU's lists a decision falls under, on which ground, and in which words: `rule_codes.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.legal_record.dsa_codes import CATEGORY_PREFIX, SPECIFICATION_PREFIX, categories

FALLBACK = "OTHER_VIOLATION_TC"
"""The category of a rule that is not known any more."""

CategoryOf = Callable[[str], str]
"""The DSA category of a rule by its name, without the prefix; empty where the rule is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """A category and its specification as the EU writes them. `other` says in words what no specification does.

    `additional` are further categories. `legal_ground` is empty where the service's own rules are the ground.
    `explanation` is a sentence that holds for every such decision. `source` is voluntary, notice or other.
    `illegal`: it is held to be illegal too, although no law can be named and the service's own rules are the ground.
    """

    category: str
    specification: str = ""
    other: str = ""
    additional: tuple[str, ...] = ()
    legal_ground: str = ""
    explanation: str = ""
    source: str = "voluntary"
    illegal: bool = False


@cache
def _data() -> Mapping[str, Any]:
    return tomllib.loads((Path(__file__).parent / "rule_codes.toml").read_text("utf-8"))


def known_rules() -> frozenset[str]:
    """Rules with a row of their own."""
    return frozenset(_data()["rules"])


def known_recalls() -> frozenset[str]:
    """Codes of recalls with a row of their own."""
    return frozenset(_data()["recalls"])


def claim_kinds() -> frozenset[str]:
    """Kinds of claims with a row of their own."""
    return frozenset(_data()["claims"])


def classify_rules(rules: Sequence[str], category_of: CategoryOf) -> Classification:
    """What the rules of a verdict come to: the category that says most, and the others beside it."""
    found = {rule: category_of(rule) or FALLBACK for rule in rules}
    order: list[str] = _data()["precedence"]
    named = sorted(set(found.values()), key=order.index)
    if not named:
        return _classification(FALLBACK, _data()["by_category"][FALLBACK])
    chosen = next(rule for rule in rules if found[rule] == named[0])
    row = _data()["rules"].get(chosen)
    if row is None or not _fits(named[0], row):  # an operator's own rule, or one that was moved elsewhere
        row = _data()["by_category"][named[0]]
    return _classification(named[0], row, additional=named[1:])


def classify_recall(code: str, rules: Sequence[str], category_of: CategoryOf, *, claim: str = "") -> Classification:
    """What a recall comes to. `claim` is the kind of the claim because of which the video came down; empty for none."""
    row = _data()["recalls"].get(code, _data()["recalls"]["other"])
    source, words = str(row["source"]), str(row["explanation"])
    law = str(row.get("legal_ground", ""))
    if claim:
        found = classify_claim(claim)
        law, source = found.legal_ground or law, "notice"
        if found.specification:
            return replace(found, legal_ground=law, explanation=words, source=source)
    elif row["category"]:
        return _classification(row["category"], row, legal_ground=law, explanation=words, source=source)
    by_rules = classify_rules(rules, category_of)
    if law and by_rules.category == CATEGORY_PREFIX + FALLBACK:  # which kind of illegal content nobody has said
        if claim:
            return replace(classify_claim(claim), legal_ground=law, explanation=words, source=source)
        return replace(
            by_rules,
            specification=SPECIFICATION_PREFIX + "OTHER",
            other=_data()["unstated"],
            illegal=True,
            explanation=words,
            source=source,
        )
    return replace(by_rules, legal_ground=law, explanation=words, source=source)


def classify_claim(kind: str) -> Classification:
    """The category of a notice."""
    row = _data()["claims"].get(kind, {"category": "NOT_SPECIFIED_NOTICE", "specification": ""})
    return _classification(row["category"], row, legal_ground=row.get("legal_ground", ""), source="notice")


def classify_decline() -> Classification:
    """What it comes to that an engine declined."""
    row = _data()["engine_declined"]
    return _classification(row["category"], row, explanation=row["explanation"])


def _fits(category: str, row: Mapping[str, str]) -> bool:
    named = SPECIFICATION_PREFIX + row["specification"]
    return not row["specification"] or named in categories()[CATEGORY_PREFIX + category]


def _classification(
    category: str,
    row: Mapping[str, str],
    *,
    additional: Iterable[str] = (),
    legal_ground: str = "",
    explanation: str = "",
    source: str = "voluntary",
) -> Classification:
    named = row["specification"]
    return Classification(
        category=CATEGORY_PREFIX + category,
        specification=SPECIFICATION_PREFIX + named if named else "",
        other=row.get("other", "") if named == "OTHER" else "",
        additional=tuple(CATEGORY_PREFIX + one for one in additional),
        legal_ground=legal_ground,
        explanation=explanation,
        source=source,
    )
