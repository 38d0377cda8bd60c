"""`python -m evals.card.report [FILE...]`: rows measured into these files go into the release card, and the card's page
docs/reference/card.md is made from it.

Rows that repeat stored figures, and those that nothing can be measured of, are made anew each time.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from evals.card.measure_card import planned_rows, stored_row
from evals.pages import render_markdown
from pipeline.release_card.card_record import CARD, CardRow, ReleaseCard, card_as_json, read_card

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "card.md"


def main(files: Iterable[str] = ()) -> None:
    """Write both."""
    rows = {row.id: row for row in read_card().rows} if CARD.exists() else {}
    for file in files:
        rows |= {row.id: row for row in read_card(Path(file)).rows}
    card = merged_card(rows.values())
    CARD.write_text(json.dumps(card_as_json(card), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(card), encoding="utf-8")


def merged_card(measured: Iterable[CardRow]) -> ReleaseCard:
    """All rows that are planned, in their order, with the words that they have now."""
    before = {row.id: row for row in measured}
    rows = []
    for plan in planned_rows():
        if plan.source or plan.measure is None:
            rows.append(stored_row(plan))
        elif plan.id in before:
            rows.append(replace(before[plan.id], group=plan.group, title=plan.title))
        else:
            rows.append(
                CardRow(id=plan.id, group=plan.group, title=plan.title, missing="Not measured for this release.")
            )
    return ReleaseCard(rows=tuple(rows))


def page(card: ReleaseCard) -> str:
    """The rows in a table for each group."""
    groups = list(dict.fromkeys(row.group for row in card.rows))
    return render_markdown(
        "card/templates/card.md.j2",
        groups={group: [row for row in card.rows if row.group == group] for group in groups},
        measured=[row for row in card.rows if row.origin and not row.origin.source],
    )


if __name__ == "__main__":
    main(sys.argv[1:])
