"""What a report needs and no installation can know: the provider states it in a TOML file.

published = 2027-02-15
previous = 2026-02-15            # of the report before; leave it out for the first one
online_platform = true           # videos are shown to the public by this service: more rows apply

[orders]                         # of authorities; `none = true` where there were none
none = true

[out_of_court]                   # disputes before bodies of Article 21
total = 2
upheld = 1
partly = 0
reversed = 1
omitted = 0
median_hours = 120.0
implemented = 1.0                # share of the reversed ones that were carried out

[qualitative]                    # by the indicator's number in part 11, from 1 on: your words in place of ours
1 = "…"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from core.errors import BadInput

_KNOWN = {"provider", "published", "previous", "online_platform", "orders", "out_of_court", "qualitative"}
_DISPUTES = ("total", "upheld", "partly", "reversed", "omitted", "median_hours", "implemented")
_MOST_TEXT = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedFacts:
    """What the provider states. `no_orders`: no authority ordered anything. `disputes` by their TOML names."""

    provider: str = ""
    published: date | None = None
    previous: date | None = None
    online_platform: bool = True
    no_orders: bool = False
    disputes: Mapping[str, float] = field(default_factory=dict)
    qualitative: Mapping[int, str] = field(default_factory=dict)


def parse_stated_facts(text: str) -> StatedFacts:
    """The file. Raises BadInput, saying what is wrong."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"the file of stated facts is no TOML: {error}") from None
    if unknown := sorted(set(found) - _KNOWN):
        raise BadInput(f"{unknown[0]!r} is not among what can be stated: {', '.join(sorted(_KNOWN))}")
    return StatedFacts(
        provider=str(found.get("provider", "")),
        published=_day(found, "published"),
        previous=_day(found, "previous"),
        online_platform=found.get("online_platform", True) is not False,
        no_orders=_table(found, "orders").get("none", False) is True,
        disputes=_disputes(_table(found, "out_of_court")),
        qualitative=_texts(_table(found, "qualitative")),
    )


def _table(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = found.get(name, {})
    if not isinstance(table, dict):
        raise BadInput(f"{name} is no table")
    return table


def _day(found: Mapping[str, Any], name: str) -> date | None:
    value = found.get(name)
    if value is not None and type(value) is not date:
        raise BadInput(f"{name} is no day, as 2027-02-15 without quotes")
    return value


def _disputes(table: Mapping[str, Any]) -> dict[str, float]:
    for name, value in table.items():
        if name not in _DISPUTES or isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise BadInput(f"out_of_court takes numbers named {', '.join(_DISPUTES)}")
        if name == "implemented" and value > 1:
            raise BadInput("implemented is a share from 0 to 1")
    return dict(table)


def _texts(table: Mapping[str, Any]) -> dict[int, str]:
    texts: dict[int, str] = {}
    for name, value in table.items():
        if not name.isdigit() or not isinstance(value, str) or len(value) > _MOST_TEXT:
            raise BadInput(f"qualitative takes texts of at most {_MOST_TEXT} characters by the indicator's number")
        texts[int(name)] = value
    return texts
