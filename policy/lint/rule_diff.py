"""What differs between two policies, rule by rule, in what bears on a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from policy.rule import Rule

_FIELDS = (
    "gate",
    "mode",
    "when",
    "threshold",
    "audiences",
    "then",
    "if_missing",
    "final",
    "two_person",
    "reason",
    "dsa_category",
    "version",
)

_FIELDS_OF_A_NEW_RULE = (
    "gate", "mode", "when", "threshold", "audiences", "then", "if_missing", "final", "two_person",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """A rule that was added, removed or changed, and for each field what it was and what it is."""

    rule: str
    kind: str
    fields: Mapping[str, tuple[str, str]]


def diff_rules(before: Iterable[Rule], after: Iterable[Rule]) -> Iterator[RuleChange]:
    """The changes by the rules' names."""
    old, new = ({rule.name: rule for rule in rules} for rules in (before, after))
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield RuleChange(rule=name, kind="removed", fields={})
        elif name not in old:
            rule = new[name]
            told = {field: _plain(getattr(rule, field)) for field in _FIELDS_OF_A_NEW_RULE}
            fields = {field: ("", value) for field, value in told.items() if value not in ("", "False")}
            yield RuleChange(rule=name, kind="added", fields=fields)
        elif fields := _changed(old[name], new[name]):
            yield RuleChange(rule=name, kind="changed", fields=fields)


def _changed(old: Rule, new: Rule) -> dict[str, tuple[str, str]]:
    values_by_field = {field: (_plain(getattr(old, field)), _plain(getattr(new, field))) for field in _FIELDS}
    return {field: pair for field, pair in values_by_field.items() if pair[0] != pair[1]}


def _plain(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.name).lower()
    if isinstance(value, tuple):
        return "; ".join(f"{audience}: {audience.threshold:g}{' (milder)' * audience.milder}" for audience in value)
    return "" if value is None else " ".join(str(value).split())
