"""A statement of reasons as the DSA Transparency Database wants it, from a restriction and the rules that it names.

Only closed words go in: codes, dates, names of rules and the sentences of rule files. Nothing that a person wrote, no
account, no name and no address of a video: nobody may send personal data there (Article 24(5) DSA). What a moderator
noted stays in the case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.legal_record.classification import CategoryOf, Classification
from pipeline.legal_record.dsa_codes import OTHER_SPECIFICATION, codes, limits
from pipeline.legal_record.restriction import Restriction, RestrictionGroup, classify, source_of

Payload = dict[str, str | list[str]]
"""A statement as JSON."""

NOT_MADE = "The video was not made: the request was stopped before."
_RULES_SHOWN = 8
_GATES = {"prompt": "what was asked for", "video": "the video that was made"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementOptions:
    """What an operator states once for all statements.

    `terms_url` leads to the service's rules, empty for none; `territories` are ISO codes of states of the EEA.
    """

    terms_url: str
    territories: tuple[str, ...]


def statement_of(
    one: Restriction,
    *,
    category_of: CategoryOf,
    sentences: Mapping[str, str],
    options: StatementOptions,
    language: str = "",
) -> Payload:
    """The statement. `sentences` are those of rules by name, as their files have them; `language` is ISO 639-1."""
    found = classify(one, category_of)
    statement: Payload = {
        "puid": one.puid,
        **_measure(one),
        **_ground(one, found, sentences, options),
        "category": found.category,
        "content_type": ["CONTENT_TYPE_SYNTHETIC_MEDIA", "CONTENT_TYPE_VIDEO"],
        "territorial_scope": sorted(options.territories),
        "content_date": _day(one.asked),
        "application_date": _day(one.at),
        "decision_facts": _cut("decision_facts", _facts(one, found)),
        "source_type": source_of(one, found),
        "automated_detection": "No" if one.kind == "removed" and one.by_person else "Yes",
        "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED" if one.by_person else "AUTOMATED_DECISION_FULLY",
    }
    if found.additional:
        statement["category_addition"] = list(found.additional)
    if found.specification:
        statement["category_specification"] = [found.specification]
    if found.specification == OTHER_SPECIFICATION:
        statement["category_specification_other"] = _cut("category_specification_other", found.other)
    if language.upper() in codes("content_language"):
        statement["content_language"] = language.upper()
    if one.lifted is not None:
        statement["end_date_visibility_restriction"] = _day(one.lifted)
    return dict(sorted(statement.items()))


def measure_of(one: Restriction | RestrictionGroup) -> str:
    """What was done to the video, as the database has it: it came down, it is kept from everybody, or was not made."""
    if one.kind == "removed" and one.public:
        return "DECISION_VISIBILITY_CONTENT_REMOVED"
    made = one.gate == "video" and one.kind != "declined"
    return "DECISION_VISIBILITY_CONTENT_DISABLED" if made else "DECISION_VISIBILITY_OTHER"


def _measure(one: Restriction) -> Payload:
    measure = measure_of(one)
    other: Payload = {"decision_visibility_other": NOT_MADE} if measure == "DECISION_VISIBILITY_OTHER" else {}
    return {"decision_visibility": [measure], **other}


def _ground(
    one: Restriction, found: Classification, sentences: Mapping[str, str], options: StatementOptions
) -> Payload:
    words = _explanation(one, found, sentences)
    link: Payload = {"decision_ground_reference_url": options.terms_url} if options.terms_url else {}
    if found.legal_ground:
        return {
            "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
            "illegal_content_legal_ground": _cut("illegal_content_legal_ground", found.legal_ground),
            "illegal_content_explanation": _cut("illegal_content_explanation", words),
        }
    named = ", ".join(one.rules[:_RULES_SHOWN]) if one.kind != "removed" or not found.explanation else one.code
    ground = f"Rules of the service for videos: {named}" if named else "Rules of the service for videos"
    illegal: Payload = {"incompatible_content_illegal": "Yes"} if found.illegal else {}
    return (link | illegal) | {
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": _cut("incompatible_content_ground", ground),
        "incompatible_content_explanation": _cut("incompatible_content_explanation", words),
    }


def _explanation(one: Restriction, found: Classification, sentences: Mapping[str, str]) -> str:
    if found.explanation:
        return found.explanation
    said = [sentences[rule] for rule in one.rules[:_RULES_SHOWN] if rule in sentences]
    return " ".join(dict.fromkeys(said)) or "The rules of the service do not allow this video."


def _facts(one: Restriction, found: Classification) -> str:
    told = [f"A video was asked for on {_day(one.asked)}; it would be, or is, made by artificial intelligence."]
    if one.kind == "removed":
        told.append("It had been published." if one.public else "It had not been published.")
        told.append(_source_in_words(one, found))
    elif one.kind == "declined":
        told.append("The engine that was to make it declined the request by its own moderation.")
    else:
        about = _GATES.get(one.gate, "the request")
        told.append(f"Automatic checks of {about} found what these rules are about: {_rules(one.rules)}.")
    if one.kind != "declined":
        told.append(
            "A person decided." if one.by_person else "The decision was taken by automatic means, and can be appealed."
        )
    return " ".join(told)


def _source_in_words(one: Restriction, found: Classification) -> str:
    if one.claim:
        who = "a trusted flagger" if one.trusted_flagger else "somebody outside the service"
        return f"It came down after a notice by {who}."
    own = found.source == "voluntary"
    return "It came down at the service's own initiative." if own else "It came down after somebody objected to it."


def _rules(rules: Sequence[str]) -> str:
    shown = ", ".join(rules[:_RULES_SHOWN]) or "none that is named"
    return f"{shown} and {len(rules) - _RULES_SHOWN} more" if len(rules) > _RULES_SHOWN else shown


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()


def _cut(field: str, text: str) -> str:
    """The text, no longer than the database takes it."""
    most = limits()[field]
    return text if len(text) <= most else text[: most - 1] + "…"
