"""The words that pages use for codes, phases and findings; and how they write times."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from core.case import Phase
from core.finding import FindingVerdict
from core.signals import Span
from core.verdicts import Decision, Verdict

RULING_TEXTS = {
    "fits_policy": "It fits the policy",
    "context": "The context makes it fine",
    "parody": "It is parody or satire",
    "consent_shown": "Consent was shown",
    "false_alarm": "The measurement is wrong",
    "breaks_policy": "It breaks the policy",
    "no_consent": "Somebody shown has not agreed",
    "unclear": "It stays unclear",
}
SKIP_TEXTS = {
    "too_hard_to_view": "I would rather not view this",
    "language": "I do not read this language",
    "needs_expert": "Somebody who knows the subject should look",
    "second_opinion": "I cannot decide",
    "know_the_person": "I know somebody concerned",
}
RECALL_TEXTS = {
    "consent_withdrawn": "Consent was withdrawn",
    "rights": "Somebody's rights",
    "intimate_image": "An intimate image",
    "illegal": "Illegal content",
    "author": "The author wishes it",
    "mistake": "It was published by mistake",
    "policy": "It breaks the policy",
}
ALL_RECALL_TEXTS = RECALL_TEXTS | {
    "claim": "Somebody made a claim",
    "consent_unanswered": "Nobody answered the request for consent",
}
"""With the codes that no moderator chooses."""
REVERSAL_TEXTS = {
    "mistake": "It was a mistake",
    "new_evidence": "Something new is known",
    "policy_changed": "The policy has changed",
    "slip": "Taken back at once",
}
CLAIM_REVERSAL_TEXTS = {
    "appeal_granted": "The appeal was granted",
    "claim_rejected": "The claim was rejected",
    "claim_withdrawn": "The claim was taken back",
    "claim_overturned": "The claim was decided otherwise after an appeal",
    "counter_notice": "The author sent a counter-notice, and nobody went to court",
}
SEAL_TEXTS = {
    "suspected_abuse": "Suspected sexual abuse of a child",
    "illegal_to_view": "It is illegal to view this",
    "court_order": "A court or an authority ordered it",
    "mistake": "It was a mistake",
    "cleared_by_authority": "The authority has cleared it",
}
PHASE_TEXTS = {
    Phase.NEW: "new",
    Phase.SUBMITTED: "waits to be screened",
    Phase.SCREENED: "waits for the first gate",
    Phase.ADMITTED: "may be made",
    Phase.COMMISSIONED: "is being made",
    Phase.RENDERED: "waits to be inspected",
    Phase.INSPECTED: "waits for the second gate",
    Phase.CLEARED: "waits for its marks",
    Phase.SEALED: "marked and signed",
    Phase.PUBLISHED: "published",
    Phase.HELD: "held for a person",
    Phase.REFUSED: "refused",
    Phase.FAILED: "could not be made",
    Phase.RECALLED: "is being taken down",
    Phase.WITHDRAWN: "withdrawn",
}
FINDING_HEADLINES = {
    FindingVerdict.AI_MADE_TRUSTED: ("Made with AI, says its signer", "ai"),
    FindingVerdict.AI_MADE_VALID_UNKNOWN_SIGNER: ("Made with AI, says a signer we do not know", "ai"),
    FindingVerdict.CONTAINS_AI_PARTS: ("Parts were made with AI", "ai"),
    FindingVerdict.AI_DECLARED_UNSIGNED: ("Labelled as made with AI, unsigned", "ai"),
    FindingVerdict.RECOVERED_BY_WATERMARK: ("Made with AI, found by its watermark", "ai"),
    FindingVerdict.WATERMARK_ONLY: ("Carries an AI watermark", "ai"),
    FindingVerdict.CAPTURE_CLAIMED: ("Claims to come from a camera", "open"),
    FindingVerdict.CLAIMS_CONFLICT: ("The evidence conflicts", "warn"),
    FindingVerdict.CREDENTIALS_DAMAGED: ("Credentials are damaged", "warn"),
    FindingVerdict.CREDENTIALS_UNREADABLE: ("Credentials cannot be read", "warn"),
    FindingVerdict.CREDENTIALS_UNCONFIRMED: ("Credentials could not be confirmed", "open"),
    FindingVerdict.CREDENTIALS_WITHOUT_AI_STATEMENT: ("Signed, but silent about AI", "open"),
    FindingVerdict.NO_INFORMATION: ("No information found", "open"),
}
NOTE_TEXTS = {
    "missing_model": "a model is missing here",
    "failed": "the classifier broke",
    "cannot_tell": "it cannot be told",
    "language_not_covered": "the language is not covered",
    "no_frames": "there are no pictures to look at",
    "too_long": "it is longer than what is looked at",
    "out_of_time": "the time for measuring was up",
    "cut_off": "what was found before refuses it already",
}
"""Why a signal has no score, by its note."""

DECISION_TONES = {Decision.ALLOW: "allow", Decision.HOLD: "hold", Decision.REFUSE: "refuse"}


def moderators_needed(verdict: Verdict) -> str:
    """How many moderators it takes, where one is not enough or none is."""
    if verdict.final:
        return "no ruling lifts this"
    if verdict.awaiting:
        return "needs a second moderator"
    return "needs two moderators" if verdict.two_person else ""


def readable_code(code: object) -> str:
    """A code as words: `consent_shown` is `consent shown`, `ai_statement.source` is `AI statement: source`."""
    text = str(code).replace("_", " ").replace(".", ": ")
    return re.sub(r"\bai\b", "AI", text)


def format_duration(seconds: float) -> str:
    """How long, in the two largest units that matter: `3 h 12 min`."""
    minutes = int(max(seconds, 0)) // 60
    if minutes < 1:
        return "under 1 min"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} days"


def format_moment(seconds: float) -> str:
    """A moment of a video to the tenth of a second: `4.5`, from a minute on `1:04.5`."""
    tenths = round(max(seconds, 0.0) * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    if not (hours or minutes):
        return f"{rest / 10:.1f}"
    return f"{hours}:{minutes:02}:{rest / 10:04.1f}" if hours else f"{minutes}:{rest / 10:04.1f}"


def format_time(moment: datetime) -> str:
    """A moment, in UTC to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def format_span(span: Span | None) -> str:
    """Where something was found."""
    if span is None:
        return "as a whole"
    if span.unit == "chars":
        return f"characters {span.start:.0f}–{span.end:.0f}"
    return f"{span.start:.1f}–{span.end:.1f} s"
