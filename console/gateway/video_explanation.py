"""What a creator is told of a video that is held or refused: why, where, what to change, and how to appeal.

In the language of the prompt where there is a catalogue for it (console/languages), else in English.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from console.web.translations import ENGLISH, Language, available_languages
from core.case import Case, Phase
from pipeline.actions import Action
from pipeline.case_explanation import DECISION_SENTENCES, CaseExplanation, ExplainedReason

CHANGE_WORDS = "Leave out or replace these words, and ask again."
CHANGE_SECONDS = "Ask for a video without what is shown or heard in these seconds."
CHANGE_CONSENT = "Ask the people concerned for their consent, or leave them out."
CHANGE_REFERENCE = "Send another picture or clip to start from, or none."
CHANGE_PACE = "Nothing in the prompt needs to change: wait a while, or ask for fewer videos."
CHANGE_NOTHING = "Nothing needs to change: what could not be checked is looked at by a person."
CHANGE_DESCRIPTION = "Describe it in another way, without what the reason names, and ask again."
APPEAL_POSSIBLE = "If you think that this is wrong, appeal: a person will then look at it."
APPEAL_RUNS = "A person looks at this already. You need not do anything."
APPEAL_DECIDED = "A person has looked at this, and the decision stands."

_LONG_SENTENCE = 30  # characters: shorter ones could be part of what a rule says


def explanation_language(explanation: CaseExplanation | None) -> Language:
    """The language of the prompt where it has a catalogue here; English else."""
    code = explanation.language if explanation else None
    return available_languages().get(code or "en", ENGLISH)


def translated_reason(reason: str, explanation: CaseExplanation | None) -> str:
    """A verdict's reason, which is sentences of rules one after the other, in the language of the prompt.

    Also where the policy that gave it is gone, so that its rules cannot be asked any more.
    """
    language = explanation_language(explanation)
    known = {one.text for one in explanation.reasons} if explanation else set()
    whole = {one for one in language.sentences if one.endswith(".") and len(one) > _LONG_SENTENCE}
    for sentence in sorted({*known, *DECISION_SENTENCES, *whole}, key=len, reverse=True):
        reason = reason.replace(sentence, language(sentence))
    return reason


def explanation_object(
    case: Case, explanation: CaseExplanation | None, may: Collection[Action]
) -> dict[str, Any] | None:
    """What stands as `assay.explanation`; None where there is nothing to explain."""
    if explanation is None:
        return None
    language = explanation_language(explanation)
    return {
        "language": language.code,
        "reasons": [
            {
                "rule": one.rule,
                "text": language(one.text),
                "words": list(one.words),
                "seconds": [list(place) for place in one.seconds],
            }
            for one in explanation.reasons
        ],
        "change": [language(one) for one in dict.fromkeys(_change(reason) for reason in explanation.reasons)],
        "appeal": _appeal(case, may, language),
    }


def _change(reason: ExplainedReason) -> str:
    if reason.missing:
        return CHANGE_NOTHING
    if "_cameo_" in reason.rule or "without_cameo" in reason.rule or "protected" in reason.rule:
        return CHANGE_CONSENT
    if reason.rule.startswith("reference_"):
        return CHANGE_REFERENCE
    if reason.rule.startswith("author_"):
        return CHANGE_PACE
    if reason.words:
        return CHANGE_WORDS
    return CHANGE_SECONDS if reason.seconds else CHANGE_DESCRIPTION


def _appeal(case: Case, may: Collection[Action], language: Language) -> dict[str, Any]:
    if Action.APPEAL in may:
        return {
            "possible": True,
            "text": language(APPEAL_POSSIBLE),
            "method": "POST",
            "path": f"/api/cases/{case.id}/appeal",
        }
    text = APPEAL_RUNS if case.phase is Phase.HELD else APPEAL_DECIDED
    return {"possible": False, "text": language(text), "method": None, "path": None}
