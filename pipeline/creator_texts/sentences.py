"""The sentences that a creator can be told beside the reasons of rules, in English. Each is in every catalog.

`{name}` stands for what is filled in.
"""

from __future__ import annotations

from policy.decide import (
    A_PERSON_ALLOWED,
    A_PERSON_HOLDS,
    A_PERSON_REFUSED,
    A_SECOND_PERSON,
    COULD_NOT_CHECK,
    COULD_NOT_CHECK_AT_ALL,
)

DECISION_SENTENCES = (
    COULD_NOT_CHECK_AT_ALL,
    COULD_NOT_CHECK,
    A_PERSON_REFUSED,
    A_PERSON_HOLDS,
    A_SECOND_PERSON,
    A_PERSON_ALLOWED,
)
"""What a verdict's reason can hold beside the reasons of rules."""

CHANGE_WORDS = "Leave out or replace these words, and ask again."
CHANGE_SECONDS = "Ask for a video without what is shown or heard in these seconds."
CHANGE_CONSENT = "Ask the people concerned for their consent, or leave them out."
CHANGE_WORK = "Ask the holder of the work for their permission, or leave the work out."
CHANGE_REFERENCE = "Send another picture or clip to start from, or none."
CHANGE_PACE = "Nothing in the prompt needs to change: wait a while, or ask for fewer videos."
CHANGE_NOTHING = "Nothing needs to change: what could not be checked is looked at by a person."
CHANGE_DESCRIPTION = "Describe it in another way, without what the reason names, and ask again."
APPEAL_POSSIBLE = "If you think that this is wrong, appeal: a person will then look at it."
APPEAL_RUNS = "A person looks at this already. You need not do anything."
APPEAL_DECIDED = "A person has looked at this, and the decision stands."

RECALLED = "This video was recalled ({code})."
CONSENT_UNANSWERED = "Nobody answered the request for consent in time, so this order was stopped."
ENGINE_FAILED = "The engine could not make this video: {why}."
ENGINE_DECLINED = "The engine declined to make this ({code})."
POLICY_REFUSED = "This does not fit the policy."
PICTURE_REFUSED = "A picture does not fit the policy."
HELD_BY_FAILURE = "A part of Assay broke; somebody is looking at it."
PERSON_NEEDED = "A person looks at this first; ask again at the address in Location."
TAKES_LONGER = "This takes longer than is waited here; ask again at the address in Location."
WHOLE_PROMPT = "No single words carry this: it is the prompt as a whole."

REPLIES = {
    "fine": "A person has looked at this, and it is fine as it is.",
    "too_strict": "We were too strict here, and are sorry that you had to wait.",
    "change_it": "This cannot be made as you asked for it. Change what the reasons name, and ask again.",
    "ask_them": "Somebody who is shown or named here has not agreed. Ask them first, and then ask again.",
    "appeal_read": "We have read your appeal and looked at this again. The decision stands, for the reasons given.",
}
"""What a moderator may choose to say to the author of a case, by its code; and instead of it their own words."""

FAILURE_CAUSES = {
    "invalid_parameters": "it does not take what was asked for",
    "out_of_memory": "it ran out of memory",
    "not_a_video": "what it sent is not a video",
    "nothing_to_see": "there is nothing to see or hear in what it sent",
    "engine_error": "something went wrong in it",
    "engine_timeout": "it took too long",
    "engine_unavailable": "it could not be reached for too long",
}
"""Why an engine failed, by core.errors.RENDER_FAILURE_CODES, for languages that the engine's own words are not in."""

CREATOR_SENTENCES = (
    *DECISION_SENTENCES,
    CHANGE_WORDS,
    CHANGE_SECONDS,
    CHANGE_CONSENT,
    CHANGE_WORK,
    CHANGE_REFERENCE,
    CHANGE_PACE,
    CHANGE_NOTHING,
    CHANGE_DESCRIPTION,
    APPEAL_POSSIBLE,
    APPEAL_RUNS,
    APPEAL_DECIDED,
    RECALLED,
    CONSENT_UNANSWERED,
    ENGINE_FAILED,
    ENGINE_DECLINED,
    POLICY_REFUSED,
    PICTURE_REFUSED,
    HELD_BY_FAILURE,
    PERSON_NEEDED,
    TAKES_LONGER,
    WHOLE_PROMPT,
    *REPLIES.values(),
    *FAILURE_CAUSES.values(),
)
"""All of them."""
