"""What pages call kinds of claims, their steps and decisions."""

from __future__ import annotations

from collections.abc import Mapping

KIND_NAMES: Mapping[str, str] = {
    "intimate_image": "An intimate image of me",
    "likeness": "My face or my voice",
    "copyright": "A work of mine",
    "estate": "Somebody who has died",
    "trademark": "A trademark",
    "illegal_content": "Something illegal",
}
KIND_HINTS: Mapping[str, str] = {
    "intimate_image": "A video shows you naked or in a sexual situation, whether it is real or made by a computer.",
    "likeness": "A video uses your face or your voice without your consent.",
    "copyright": "A video uses a work of yours, such as a film, a picture, music or a character.",
    "estate": "A video uses the face or the voice of somebody whose estate you represent.",
    "trademark": "A video uses your trademark in a way that can mislead.",
    "illegal_content": "A video is against the law for another reason.",
}
KIND_TITLES: Mapping[str, str] = {
    "intimate_image": "Report an intimate image",
    "likeness": "Report the use of your face or voice",
    "copyright": "Report the use of a work",
    "estate": "Report the use of a likeness for an estate",
    "trademark": "Report the use of a trademark",
    "illegal_content": "Report illegal content",
}
STEP_NAMES: Mapping[str, str] = {
    "received": "It came in.",
    "joined": "Somebody has said the same of this video already: both are decided together.",
    "behind": "It is looked at after those of others. Its clock runs all the same.",
    "file_not_read": "The file could not be looked at. What you wrote was kept.",
    "proof_not_kept": "What was sent as proof was not kept: too much came from this internet address today.",
    "proof_first": "It is looked at once you have proved who you are and what is yours.",
    "proof_asked": "A moderator asked for proof.",
    "proof_came": "More proof came in.",
    "proof_missing": "The proof did not come in time. It is decided on what there is, unless some comes before.",
    "proved": "A moderator looked at the proof: it is enough.",
    "paused": "The video was hidden until it is decided.",
    "named": "A moderator found the video that is meant.",
    "decided": "It was decided.",
    "removed": "The video is down everywhere on this service.",
    "restored": "The video was put back.",
    "withdrawn": "Whoever made it took it back.",
    "appealed": "The decision was appealed.",
    "countered": "The author of the video sent a counter-notice.",
    "court": "The claimant says that a court was asked.",
    "confirmed": "Somebody else looked at it, and the decision stands.",
    "overturned": "Somebody else looked at it, and decided otherwise.",
    "counter_carried_out": "The wait after the counter-notice is over.",
    "escalated": "Moderators were told that the clock is about to run out.",
    "proof_erased": "What was sent as proof was erased.",
    "personal_erased": "Contact and words were erased.",
}
PROOF_LABELS: Mapping[str, str] = {
    "identity": "Who you are",
    "authority": "That you may act for somebody else",
    "work": "The work or the mark that is meant",
}
"""What a file proves, as whoever sends it reads it."""
PROOF_WANTED: Mapping[str, str] = {
    "identity": "Who they are",
    "authority": "That they may act for somebody else",
    "work": "That the work, or the mark, is theirs",
}
"""What a moderator asks for."""
DECISION_NAMES: Mapping[str, str] = {
    "upheld": "Upheld",
    "partly": "Upheld in part",
    "rejected": "Rejected",
    "withdrawn": "Taken back",
}
DECISION_LOOKS: Mapping[str, str] = {"upheld": "open", "partly": "open", "rejected": "plain", "withdrawn": "plain"}
"""The tone in which a decision is shown: what is good news for one side is not for the other."""
ACTION_NAMES: Mapping[str, str] = {
    "upheld": "Uphold: the video comes down and stays down",
    "partly": "Uphold in part: only the videos chosen below come down",
    "rejected": "Reject: the video stays, or comes back",
}
FIELD_LABELS: Mapping[str, str] = {
    "work": "The work that is meant",
    "deceased": "Name of the person who has died",
    "registration": "Number of the trademark, and the office where it is registered",
    "explanation": "What is wrong with it",
    "authority": "What shows that you may act for somebody else",
    "name": "Your name",
    "email": "E-mail address",
    "address": "Postal address",
    "phone": "Telephone",
    "signature": "Signature: type your full name",
}
"""What is asked for, in the order of the form."""
GIVEN_LABELS: Mapping[str, str] = {
    **FIELD_LABELS,
    "name": "Name",
    "signature": "Signature",
    "authority": "What shows that they may act for somebody else",
}
"""What was given, as others read it."""
COUNTER_LABELS: Mapping[str, str] = {**FIELD_LABELS, "explanation": "Why it was a mistake"}
"""What is asked for in a counter-notice."""
LONG_FIELDS = frozenset({"work", "explanation", "authority", "address"})
AUTOCOMPLETE: Mapping[str, str] = {"name": "name", "email": "email", "address": "street-address", "phone": "tel"}
