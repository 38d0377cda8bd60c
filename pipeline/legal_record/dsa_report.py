"""The transparency report of the DSA, filled into the official template. What cannot be known is blank, and says why.

Counting indicators are whole numbers, shares lie in [0, 1], median times are in hours (Annex II, part I, 4). A row that
applies and whose count is nothing has 0; what this service can never do, or does not know, is left blank.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from statistics import median
from typing import TypeVar

from pipeline.legal_record.dsa_codes import OTHER_SPECIFICATION, categories
from pipeline.legal_record.report_figures import ComplaintFigures, NoticeFigures, ReportFigures, Row
from pipeline.legal_record.report_template import TOTAL, Part, csv_text, expanded_rows, template_parts
from pipeline.legal_record.report_texts import qualitative_texts
from pipeline.legal_record.stated_facts import StatedFacts

F = TypeVar("F")
NO_ORDERS_KEPT = "This software keeps no register of orders of authorities; the provider states them separately."
NOT_STATED = "Not known to this software: the provider has not stated it."
NO_SUSPENSIONS = "This software suspends nobody: the provider states suspensions separately."
NO_MEASURE = "Not measured: nobody looks again at everything that was let through, so what was missed is not known."
NONE_CHECKED = "No automatic refusal was appealed and answered in the period, so there is nothing to count it from."

_FALLBACK = "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"
_UNDESCRIBED = "Another specification"
_MEASURE_COLUMNS = {
    "Number of measures taken at the provider's own initiative": "total",
    "Number of measures taken after detection with solely automated means": "automated",
    "Visibility restriction Removal": "removal",
    "Visibility restriction Disable": "disable",
    "Visibility restriction Other": "other",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DsaReport:
    """The files by their names, and the figures from which they were made."""

    files: Mapping[str, str]
    figures: ReportFigures


def make_report(figures: ReportFigures, stated: StatedFacts, *, service: str, provider: str, today: date) -> DsaReport:
    """The report of a period for one service."""
    period = _period_text(figures)
    parts = template_parts()
    head = [service, period]
    rows: dict[str, list[list[str]]] = {
        "1_report_identification": _identification(figures, stated, service, stated.provider or provider, today),
        "2_categories_names": [[*row, ""] for row in parts["2_categories_names"].rows],
        "3_member_states_orders": _orders(parts["3_member_states_orders"], stated, head),
        "4_notices": _notices(parts["4_notices"], figures, head),
        "5_own_initiative_illegal": _measures(parts["5_own_initiative_illegal"], figures.law, head),
        "6_own_initiative_TC": _measures(parts["6_own_initiative_TC"], figures.terms, head),
        "7_appeals_and_recidivism": _appeals(parts["7_appeals_and_recidivism"], figures, stated, head),
        "8_automated_means": _automation(parts["8_automated_means"], figures, head),
        "9_human_resources": [_valued(row, head, "", "") for row in expanded_rows(parts["9_human_resources"])],
        "10_AMAR": [[row[0], *head, *row[1:], ""] for row in expanded_rows(parts["10_AMAR"])],
        "11_qualitative": _qualitative(parts["11_qualitative"], figures, stated, head),
    }
    files = {parts[name].file: csv_text([parts[name].columns, *found]) for name, found in rows.items()}
    return DsaReport(files=files, figures=figures)


def last_day(figures: ReportFigures) -> date:
    """The last day of the period."""
    return (figures.period.end - timedelta(microseconds=1)).astimezone(UTC).date()


def _period_text(figures: ReportFigures) -> str:
    return f"{figures.period.start.astimezone(UTC).date()}/{last_day(figures)}"


def _identification(
    figures: ReportFigures, stated: StatedFacts, service: str, provider: str, today: date
) -> list[list[str]]:
    values = (
        provider,
        str(stated.published or today),
        str(stated.previous or ""),
        str(figures.period.start.astimezone(UTC).date()),
        str(last_day(figures)),
    )
    rows = template_parts()["1_report_identification"].rows
    return [[row[0], service, row[1], value] for row, value in zip(rows, values, strict=True)]


def _orders(part: Part, stated: StatedFacts, head: Sequence[str]) -> list[list[str]]:
    """Orders are counted nowhere here: zeros where the provider states that there were none, else blank, with why."""
    rows = []
    for row in _category_rows(part, ()):
        counted = ["0" if stated.no_orders and name.startswith("Number of") else "" for name in part.columns[6:]]
        if row.category == TOTAL and not stated.no_orders:
            counted = [NO_ORDERS_KEPT if name.startswith("Contextual") else "" for name in part.columns[6:]]
        rows.append([part.applicability, *head, row.specification or row.category, "", TOTAL, *counted])
    return rows


def _notices(part: Part, figures: ReportFigures, head: Sequence[str]) -> list[list[str]]:
    def total(within: Sequence[NoticeFigures]) -> list[str]:
        hours = [value for one in within for value in one.hours]
        flagged = [value for one in within for value in one.trusted_hours]
        counts = [
            sum(one.received for one in within),
            sum(one.trusted for one in within),
            sum(one.items for one in within),
            sum(one.trusted_items for one in within),
            _hours(median(hours) if hours else None),
            _hours(median(flagged) if flagged else None),
            sum(one.law for one in within),
            sum(one.trusted_law for one in within),
            sum(one.terms for one in within),
            sum(one.trusted_terms for one in within),
        ]
        return [str(one) for one in counts]

    blank = [""] * (len(part.columns) - 15)
    return [
        [part.applicability, *head, row.specification or row.category, row.other, *total(within), *blank]
        for row, within in _filled(part, figures.notices)
    ]


def _measures(part: Part, measures: Mapping[Row, Counter[str]], head: Sequence[str]) -> list[list[str]]:
    """Columns of what this service never does (demotion, age limits, payments, accounts …) are blank."""
    rows = []
    for row, within in _filled(part, measures):
        counts = sum(within, Counter[str]())
        cells = [
            str(counts[_MEASURE_COLUMNS[n.strip()]]) if n.strip() in _MEASURE_COLUMNS else "" for n in part.columns
        ]
        rows.append([part.applicability, *head, row.specification or row.category, row.other, *cells[5:]])
    return rows


def _filled(part: Part, found: Mapping[Row, F]) -> Iterator[tuple[Row, list[F]]]:
    """Every row of the part with what is counted in it: in a category what its specifications have, in the total all.

    What fits no row of this part is counted under other specifications of the category that comes next to it.
    """
    placed: dict[Row, list[F]] = {}
    for row, figures in found.items():
        placed.setdefault(_placed(part, row), []).append(figures)
    for row in _category_rows(part, tuple(placed)):
        if row.category == TOTAL:
            yield row, [one for within in placed.values() for one in within]
        elif not row.specification:
            yield row, [one for at, within in placed.items() if at.category == row.category for one in within]
        else:
            yield row, placed.get(row, [])


def _placed(part: Part, row: Row) -> Row:
    """The row of this part under which something is counted."""
    category = row.category
    if category not in part.categories:
        category = _FALLBACK if _FALLBACK in part.categories else part.categories[-1]
    known = categories()[category]
    if not known:
        return Row(category)
    if row.specification in known and row.specification != OTHER_SPECIFICATION:
        return Row(category, row.specification)
    return Row(category, OTHER_SPECIFICATION, row.other or row.specification or _UNDESCRIBED)


def _category_rows(part: Part, counted: Sequence[Row]) -> Iterator[Row]:
    """The total, the categories, their specifications; of the last, one for each description that is counted."""
    yield Row(TOTAL)
    for category in part.categories:
        yield Row(category)
        for specification in categories()[category]:
            others = sorted(
                row for row in counted if (row.category, row.specification) == (category, OTHER_SPECIFICATION)
            )
            if specification == OTHER_SPECIFICATION and others:
                yield from others
            else:
                yield Row(category, specification)


def _appeals(part: Part, figures: ReportFigures, stated: StatedFacts, head: Sequence[str]) -> list[list[str]]:
    return [_valued(row, head, *_complaint_value(row, figures, stated)) for row in part.rows]


def _complaint_value(row: Sequence[str], figures: ReportFigures, stated: StatedFacts) -> tuple[str, str]:
    applicability, section, indicator, scope = row
    if "online platforms" in applicability and not stated.online_platform:
        return "", ""
    if section.startswith("Out-of-court"):
        names = {
            "Total number": "total",
            "Decisions upheld": "upheld",
            "Decisions partially reversed": "partly",
            "Decisions reversed": "reversed",
            "Decision omitted": "omitted",
            "Median time": "median_hours",
            "Percentage of outcomes implemented": "implemented",
        }
        value = stated.disputes.get(names[scope])
        return (f"{value:g}", "") if value is not None else ("", NOT_STATED)
    if section.startswith("Suspensions"):
        return "", NO_SUSPENSIONS
    if indicator.startswith("Number of restrictions newly imposed"):
        return str(figures.newly_imposed), ""
    if "suspend or terminate" in indicator or "monetise" in indicator:
        return "", ""  # never done here, so nobody can complain about it
    if "Trusted Flagger" in indicator:
        return _scope_value(figures.about_flagged, scope), ""
    if "not to take action" in indicator:
        return _scope_value(figures.about_notices, scope), ""
    if indicator.startswith("Complaint regarding a decision to remove"):
        return _scope_value(figures.appeals, scope), ""
    return _scope_value(_together(figures), scope), _open_note(figures) if scope == "Total number" else ""


def _together(figures: ReportFigures) -> ComplaintFigures:
    each = (figures.appeals, figures.about_notices, figures.about_flagged)
    return ComplaintFigures(
        total=sum(one.total for one in each),
        upheld=sum(one.upheld for one in each),
        partly=sum(one.partly for one in each),
        reversed=sum(one.reversed for one in each),
        omitted=sum(one.omitted for one in each),
        hours=figures.appeals.hours,
    )


def _open_note(figures: ReportFigures) -> str:
    return (
        f"{figures.appeals_open} of them were not answered yet when this was counted." if figures.appeals_open else ""
    )


def _scope_value(found: ComplaintFigures, scope: str) -> str:
    if scope == "Median time":
        return _hours(found.hours)
    counts = {
        "Total number": found.total,
        "Decisions upheld": found.upheld,
        "Decisions partially reversed": found.partly,
        "Decisions reversed": found.reversed,
        "Decision omitted": found.omitted,
    }
    return str(counts[scope])


def _automation(part: Part, figures: ReportFigures, head: Sequence[str]) -> list[list[str]]:
    return [_valued(row, head, *_automation_value(row, figures)) for row in expanded_rows(part)]


def _automation_value(row: Sequence[str], figures: ReportFigures) -> tuple[str, str]:
    applicability, _, indicator, scope = (cell.strip() for cell in row)
    found = figures.automation
    if "VLOP" in applicability:
        return "", ""
    own = scope == "Own-initiative"
    if indicator.startswith("Number of measures solely"):
        return str(found.own_alone if own else found.alone), ""
    if indicator.startswith("Number of measures not"):
        return str(found.own_by_people if own else found.by_people), ""
    flagged = scope == "NAM Trusted Flagger"
    if indicator.startswith("Number of notices solely"):
        return "0", "Every notice is decided by a person."
    if indicator.startswith("Number of notices not"):
        notices = figures.notices.values()
        return str(sum(one.trusted if flagged else one.received for one in notices)), ""
    if scope.startswith("NAM"):
        return "", "No notice is decided by automatic means."
    if not indicator.endswith("Precision"):
        return "", NO_MEASURE
    if not found.checked:
        return "", NONE_CHECKED
    share = found.confirmed / found.checked
    return f"{share:.4f}", (
        f"Of {found.checked} automatic refusals that a person looked at on appeal, {found.confirmed} were upheld. "
        "Those that nobody appealed against are not in it, so this is not the precision of all of them."
    )


def _qualitative(part: Part, figures: ReportFigures, stated: StatedFacts, head: Sequence[str]) -> list[list[str]]:
    own = qualitative_texts(figures)
    return [
        [row[0], *head, row[1], stated.qualitative.get(number, own.get(number, ""))]
        for number, row in enumerate(part.rows, 1)
    ]


def _valued(row: Sequence[str], head: Sequence[str], value: str, context: str) -> list[str]:
    return [row[0], *head, *row[1:], value, context]


def _hours(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
