"""Writes docs/reference/legal-record.md: `python -m pipeline.legal_record.mapping_reference`. A test keeps it so."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pipeline.legal_record.classification import classify_claim, classify_recall, classify_rules, known_recalls
from pipeline.legal_record.dsa_codes import CATEGORY_PREFIX, SPECIFICATION_PREFIX, categories

_ROOT = Path(__file__).parents[2]
PAGE = _ROOT / "docs" / "reference" / "legal-record.md"
_NOTE = "<!-- made by `python -m pipeline.legal_record.mapping_reference`; change the data, not this file -->"
_KINDS = ("likeness", "intimate_image", "copyright", "trademark", "estate", "illegal_content")


def mapping_page() -> str:
    """Every rule, removal and kind of claim with its category, specification and ground."""
    found = {file.stem: tomllib.loads(file.read_text("utf-8")) for file in (_ROOT / "policy" / "rules").glob("*.toml")}
    of = {name: str(rule["dsa_category"]) for name, rule in found.items()}
    lines = [
        "# Which of the EU's categories each decision falls under",
        "",
        _NOTE,
        "",
        "Codes are those of the DSA Transparency Database (schema of July 2025) and of Implementing Regulation (EU)",
        "2024/2835, without their prefixes `STATEMENT_CATEGORY_` and `KEYWORD_`. A rule's category is `dsa_category`",
        "in its file, its specification is in `pipeline/legal_record/rule_codes.toml`. Which fits is our reading, and",
        "no legal advice.",
        "",
        "## Rules",
        "",
        "| category | specification | rules |",
        "|---|---|---|",
    ]
    rows: dict[tuple[str, str], list[str]] = {}
    for name in sorted(of):
        one = classify_rules([name], lambda rule: of[rule])
        rows.setdefault((one.category, _specified(one.specification, one.other)), []).append(f"`{name}`")
    order = list(categories())
    for (category, specification), names in sorted(rows.items(), key=lambda row: (order.index(row[0][0]), row[0][1])):
        lines.append(f"| {category.removeprefix(CATEGORY_PREFIX)} | {specification} | {', '.join(names)} |")
    lines += [
        "",
        "Where rules of several categories count, the one that says most stands for all (`precedence`); the others go",
        "into `category_addition`.",
        "",
        "## Removals",
        "",
        "| why | category | specification | ground |",
        "|---|---|---|---|",
    ]
    for code in sorted(known_recalls()):
        one = classify_recall(code, ("a rule",), lambda _rule: "VIOLENCE")  # of another category than the fallback
        by_rules = code in ("claim", "illegal", "policy", "other")
        category = "of the claim" if code == "claim" else "of the rules" if by_rules else one.category
        specified = "" if by_rules else _specified(one.specification, one.other)
        ground = one.legal_ground or ("of the claim" if code == "claim" else "rules of the service")
        lines.append(f"| `{code}` | {category.removeprefix(CATEGORY_PREFIX)} | {specified} | {ground} |")
    lines += [
        "",
        "Where neither a rule nor a notice says of which kind illegal content is, no category is guessed: the ground",
        "is then the service's rules, with `incompatible_content_illegal`.",
    ]
    lines += ["", "## Notices", "", "| kind | category | specification | ground |", "|---|---|---|---|"]
    for kind in _KINDS:
        one = classify_claim(kind)
        ground = one.legal_ground or "rules of the service"
        category = one.category.removeprefix(CATEGORY_PREFIX)
        lines.append(f"| `{kind}` | {category} | {_specified(one.specification, one.other)} | {ground} |")
    return "\n".join(lines) + "\n"


def _specified(code: str, other: str) -> str:
    named = code.removeprefix(SPECIFICATION_PREFIX)
    return f"{named}: {other}" if other else named


if __name__ == "__main__":
    PAGE.write_text(mapping_page(), "utf-8")
