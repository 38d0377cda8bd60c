"""Rows of `review_queue`: the conditions that a filter asks for, and what a row says."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core.case import Case
from pipeline.moderation.review_queue import HeldCase, HeldVerdict, QueueFilter, held_verdict
from pipeline.moderation.review_rights import ReviewRights, review_subject

LOOKS_ALIKE = 10
"""Bits of 64 in which the pictures of two videos may differ and still look alike."""

ENTRY_COLUMNS = (
    "q.case_id, q.revision, q.since, q.due_at, q.order_at, q.clock, q.severity, q.reach, q.subject, q.language,"
    " q.region, q.author, q.end_user, q.rules, q.prompt, q.held, q.flagged, q.expert, q.assignee, q.routed_by, q.note,"
    " q.poster"
)

_ASKED = {
    "rule": "r.rule = %(rule)s",
    "subject": "q.subject = %(subject)s",
    "language": "q.language = %(language)s",
    "region": "q.region = %(region)s",
    "author": "q.author = %(author)s",
    "end_user": "q.end_user = %(end_user)s AND q.end_user <> ''",
    "severity": "q.severity = %(severity)s",
    "expert": "q.expert",
    "assignee": "q.assignee = %(assignee)s",
    "words": "q.words @> %(words)s::bigint[]",
    "digest": "q.case_id IN (SELECT id FROM cases WHERE digests @> ARRAY[%(digest)s::text])",
    "like": "bit_count(q.looks # (SELECT looks FROM review_queue WHERE case_id = %(like)s)) <= %(alike)s",
}
_NOT_SEALED = "NOT coalesce((q.held ->> 'view_sealed')::boolean, q.rules && %(sealed_rules)s::text[])"
_ALLOWED = {
    "subjects": "q.subject = ANY(%(subjects)s)",
    "languages": "q.language = ANY(%(languages)s)",
    "regions": "q.region = ANY(%(regions)s)",
    "authors": "q.author = ANY(%(authors)s)",
    "rules": "q.rules && %(rules)s::text[]",
}


_ALLOWED_ONE = {
    "subjects": "q.subject = (%(subjects)s::text[])[1]",
    "languages": "q.language = (%(languages)s::text[])[1]",
    "regions": "q.region = (%(regions)s::text[])[1]",
    "authors": "q.author = (%(authors)s::text[])[1]",
}
"""Where there is but one, so that its own index serves."""


def queue_source(wanted: QueueFilter) -> str:
    """The tables, `q` and where one rule is asked for `r`, whose columns `order_at` and `case_id` are the order."""
    return "review_queue_rules r JOIN review_queue q ON q.case_id = r.case_id" if wanted.rule else "review_queue q"


def order_table(wanted: QueueFilter) -> str:
    """By whose columns `order_at` and `case_id` the page is ordered, so that one index serves both."""
    return "r" if wanted.rule else "q"


def conditions(wanted: QueueFilter) -> str:
    """SQL over `queue_source`: what is asked for, within the person's rights. Values come by `filter_values`.

    The text is made of constants alone, and says only what is asked for, so that the right index is chosen.
    """
    asked = [text for name, text in _ASKED.items() if getattr(wanted, name)]
    for name, text in _ALLOWED.items():
        if allowed := getattr(wanted.rights, name):
            asked.append(_ALLOWED_ONE.get(name, text) if len(allowed) == 1 else text)
    if wanted.without_sealed:
        asked.append(_NOT_SEALED)
    if wanted.rights.max_severity < 5:
        asked.append("q.severity <= %(max_severity)s")
    if not wanted.expert and not (wanted.assignee and wanted.rights.expert):
        asked.append("NOT q.expert")
    if wanted.expert and not wanted.rights.expert:
        asked.append("false")
    return " AND ".join(asked) or "true"


def filter_values(wanted: QueueFilter) -> dict[str, Any]:
    """The values of `conditions`."""
    rights = wanted.rights
    return {
        "rule": wanted.rule,
        "subject": wanted.subject,
        "language": wanted.language,
        "region": wanted.region,
        "author": wanted.author,
        "end_user": wanted.end_user,
        "severity": wanted.severity,
        "assignee": wanted.assignee,
        "words": list(wanted.words),
        "digest": wanted.digest,
        "like": wanted.like,
        "alike": LOOKS_ALIKE,
        "sealed_rules": list(wanted.sealed_rules),
        "subjects": list(rights.subjects),
        "languages": list(rights.languages),
        "regions": list(rights.regions),
        "authors": list(rights.authors),
        "rules": list(rights.rules),
        "max_severity": rights.max_severity,
    }


def entry_of(row: tuple[Any, ...]) -> HeldCase:
    """A row of ENTRY_COLUMNS, who has the case open, and whether it was skipped."""
    (
        case_id, revision, since, due_at, order_at, clock, severity, reach, subject, language, region, author, end_user,
        rules, prompt, held, flagged, expert, assignee, routed_by, note, poster, reviewer, skipped,
    ) = row  # fmt: skip
    return HeldCase(
        case_id=case_id,
        revision=revision,
        since=since,
        due_at=due_at,
        order_at=order_at,
        clock=clock,
        severity=severity,
        reach=reach,
        subject=subject,
        language=language,
        region=region,
        author=author,
        end_user=end_user,
        rules=tuple(rules),
        prompt=prompt,
        verdict=_verdict(held),
        flagged=flagged,
        expert=expert,
        assignee=assignee,
        routed_by=routed_by,
        note=note,
        poster=poster,
        reviewer=reviewer,
        skipped=skipped,
    )


def unheld_entry(case: Case, since: datetime, row: tuple[Any, ...]) -> HeldCase:
    """A case that is in no queue, and a row that says where it would stand: severity, clock, both times and reach."""
    severity, clock, due_at, order_at, reach = row
    return HeldCase(
        case_id=case.id,
        revision=case.revision,
        since=since,
        due_at=due_at,
        order_at=order_at,
        clock=clock,
        severity=severity,
        reach=reach,
        subject=review_subject(case),
        language=case.language,
        region=case.request.region,
        author=case.request.author,
        end_user=case.request.end_user,
        rules=case.verdict.rules if case.verdict else (),
        prompt=case.request.prompt,
        verdict=held_verdict(case),
    )


def rights_of(row: tuple[Any, ...]) -> ReviewRights:
    """A row of `review_rights`."""
    _account, subjects, languages, regions, authors, rules, max_severity, expert = row
    return ReviewRights(
        subjects=tuple(subjects),
        languages=tuple(languages),
        regions=tuple(regions),
        authors=tuple(authors),
        rules=tuple(rules),
        max_severity=max_severity,
        expert=expert,
    )


def _verdict(held: dict[str, Any]) -> HeldVerdict:
    return HeldVerdict(
        gate=held["gate"] or "",
        held_at=held["held_at"] or "",
        missing=tuple(held["missing"]),
        final=tuple(held["final"]),
        two_person=tuple(held["two_person"]),
        awaiting=tuple(held["awaiting"]),
        failure=held["failure"],
        failure_kind=held["failure_kind"],
        rendered=held["rendered"],
        allowed_by=tuple(held["allowed_by"]),
        view_sealed=held["view_sealed"],
    )
