"""What a moderator may review: queues by subject, language, region, tenant, rule and gravity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from core.case import Case
from core.verdicts import Decision, Gate


class Reviewable(Protocol):
    """What rights are asked about."""

    @property
    def subject(self) -> str:
        """What a person is asked about."""

    @property
    def language(self) -> str:
        """Of the prompt (ISO 639-1), or empty."""

    @property
    def region(self) -> str:
        """Of the account, or empty."""

    @property
    def author(self) -> str:
        """Whose it is."""

    @property
    def rules(self) -> tuple[str, ...]:
        """What holds it."""

    @property
    def severity(self) -> int:
        """From 1 to 5."""

    @property
    def expert(self) -> bool:
        """Whether it was escalated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRights:
    """An empty list leaves nothing out. `expert`: also what was escalated, which nobody else rules on."""

    subjects: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    max_severity: int = 5
    expert: bool = False

    @property
    def limited(self) -> bool:
        """Whether there is anything that this person may not review, escalated cases apart."""
        return self.max_severity < 5 or any((self.subjects, self.languages, self.regions, self.authors, self.rules))

    def refusal(self, case: Reviewable) -> str:
        """Why a case is not this person's, in their words; empty where it is."""
        if case.expert and not self.expert:
            return "this case was escalated: it is in the queue of the experts"
        for kind, value, allowed in (
            ("subject", case.subject, self.subjects),
            ("language", case.language, self.languages),
            ("region", case.region, self.regions),
            ("account", case.author, self.authors),
        ):
            if allowed and value not in allowed:
                return f"this case is in the queue of the {kind} {value or 'unknown'}, which is not yours"
        if self.rules and not set(self.rules) & set(case.rules):
            return f"this case is in the queue of the rule {', '.join(case.rules) or 'unknown'}, which is not yours"
        if case.severity > self.max_severity:
            return f"this case is of severity {case.severity}, and yours end at {self.max_severity}"
        return ""


EVERYTHING = ReviewRights()


@dataclass(frozen=True, slots=True)
class DecidedCase:
    """A case that is in no queue any more, as rights see it. How grave it was is not known: it counts as 5."""

    case: Case

    @property
    def subject(self) -> str:
        """What a person was asked about."""
        return review_subject(self.case)

    @property
    def language(self) -> str:
        """Of the prompt."""
        return self.case.language

    @property
    def region(self) -> str:
        """Of the account."""
        return self.case.request.region

    @property
    def author(self) -> str:
        """Whose it is."""
        return self.case.request.author

    @property
    def rules(self) -> tuple[str, ...]:
        """What held it."""
        return self.case.verdict.rules if self.case.verdict else ()

    @property
    def severity(self) -> int:
        """The highest."""
        return 5

    @property
    def expert(self) -> bool:
        """Escalating ends with the ruling."""
        return False


def review_subject(case: Case) -> str:
    """What a held case asks a person about, as `review_subject` in the database says it of the queue's rows."""
    if case.last_failure is not None or case.verdict is None:
        return "failure"
    if case.verdict.decision is Decision.REFUSE:
        return "appeal"
    if case.verdict.gate is Gate.VIDEO:
        return "output"
    return "reference" if any(rule.startswith("reference_") for rule in case.verdict.rules) else "prompt"
