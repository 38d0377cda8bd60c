"""Measures the rows of the release card, one by one, and keeps each as soon as it is there.

`assay eval card --data DIR` calls it. The file that it writes is read first, and rows that it has of the same commit
and limit are not measured again: so it can be interrupted.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from core.errors import BadInput
from evals.bench.machine_info import machine_info
from evals.card.cameo_rows import cameo_rows
from evals.card.cited_rows import cited_origin, cited_rows
from evals.card.footage_rows import footage_rows
from evals.card.picture_rows import picture_rows
from evals.card.prompt_rows import prompt_rows
from evals.card.request_decisions import RequestDecisions
from evals.card.row_plan import CardBench, RowFigures, RowPlan, measured_share
from evals.card.symbol_rows import symbol_rows
from evals.card.unmeasured_rows import unmeasured_rows
from pipeline.release_card.card_record import CardRow, ReleaseCard, RowOrigin, card_as_json, read_card

_ROOT = Path(__file__).parents[2]


def planned_rows() -> list[RowPlan]:
    """Every row of the card, groups together, in the order of the page."""
    prompts = prompt_rows()
    prompts[1:1] = cameo_rows()[:1]
    clips = [*footage_rows(), *picture_rows(), *symbol_rows()]
    rows = [*prompts, *cameo_rows()[1:], *clips, *unmeasured_rows(), *cited_rows()]
    groups = list(dict.fromkeys(row.group for row in rows))
    return sorted(rows, key=lambda row: groups.index(row.group))


def measure_card(
    data: Path | None, out: Path, *, limit: int = 0, rows: Collection[str] = (), say: Callable[[str], None] = print
) -> ReleaseCard:
    """The card, with `rows` alone if any are named. Without `data`, rows that need none. Raises BadInput.

    Rows that only repeat stored figures and those that nothing can be measured of are always there.
    """
    plans = planned_rows()
    if unknown := set(rows) - {plan.id for plan in plans}:
        raise BadInput(f"there is no row {', '.join(sorted(unknown))}")
    meant = [plan for plan in plans if (not rows or plan.id in rows) and (data or not plan.needs_data)]
    commit, kept = _commit(), _kept(out)
    done: list[CardRow] = []
    with closing(RequestDecisions()) as decisions, tempfile.TemporaryDirectory(prefix="card-clips-") as folder:
        for place, plan in enumerate(meant):
            before = kept.get(plan.id)
            if before and before.origin and (before.origin.commit, before.origin.limit) == (commit, limit):
                done.append(before)
                continue
            if plan.measure and not plan.source:
                say(f"{place + 1}/{len(meant)} {plan.title}")
            bench = CardBench(decisions=decisions, data=data, limit=limit, folder=Path(folder), say=say)
            done.append(_measured(plan, bench, commit))
            _write(
                out, ReleaseCard(rows=(*done, *(row for row in kept.values() if row.id not in {d.id for d in done})))
            )
    return ReleaseCard(rows=tuple(done))


def stored_row(plan: RowPlan) -> CardRow:
    """A row that repeats stored figures, or of which nothing can be measured."""
    if plan.measure is None:
        return _row(plan, RowFigures())
    with closing(RequestDecisions()) as decisions:
        bench = CardBench(decisions=decisions, data=None, limit=0, folder=_ROOT, say=print)
        return replace(_row(plan, plan.measure(bench)), origin=cited_origin(plan.source))


def _measured(plan: RowPlan, bench: CardBench, commit: str) -> CardRow:
    if plan.source or plan.measure is None:
        return stored_row(plan)
    began = time.process_time()
    row = _row(plan, plan.measure(bench))
    machine = machine_info()
    origin = RowOrigin(
        date=datetime.now(UTC).date().isoformat(),
        machine=f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}",
        commit=commit,
        command=f"assay eval card --data DIR --row {plan.id}{f' --limit {bench.limit}' if bench.limit else ''}",
        policy=bench.decisions.policy,
        limit=bench.limit,
        seconds=round(time.process_time() - began, 1),
    )
    return replace(row, origin=origin)


def _row(plan: RowPlan, figures: RowFigures) -> CardRow:
    bad, good = figures.unsafe, figures.harmless
    return CardRow(
        id=plan.id,
        group=plan.group,
        title=plan.title,
        about=" ".join(filter(None, (plan.about, figures.about))),
        missing=" ".join(filter(None, (plan.missing, figures.missing))),
        unsafe=bad,
        harmless=good,
        not_unsafe=measured_share(bad.n - bad.passed, bad.n) if bad else None,
        not_overrefuse=measured_share(good.passed, good.n) if good else None,
        survived=figures.survived,
        published_percent=plan.published_percent,
    )


def _commit() -> str:
    """The checkout's commit; with a plus where files of it were changed."""
    told = subprocess.run(
        ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"],
        cwd=_ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return told.stdout.strip() or "unknown"


def _kept(out: Path) -> dict[str, CardRow]:
    return {row.id: row for row in read_card(out).rows} if out.exists() else {}


def _write(out: Path, card: ReleaseCard) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    new = out.with_suffix(".tmp")
    new.write_text(json.dumps(card_as_json(card), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    new.replace(out)
