"""Why a claim was decided as it was: closed lists, in the words that both sides read."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import BadInput
from pipeline.claims.claim import Claim, ClaimDecision, ClaimKind
from pipeline.claims.claim_limits import LIMIT_RULE_TEXTS

UPHELD_TEXTS: Mapping[str, str] = {
    "intimate_without_consent": "It shows somebody intimately without their consent.",
    "likeness_without_consent": "It uses somebody’s face or voice without their consent.",
    "copyright_infringed": "It uses a protected work without permission.",
    "estate_right": "It uses the likeness of somebody who has died without the consent of those who may give it.",
    "mark_infringed": "It uses a trademark in a way that can mislead.",
    "illegal": "The law forbids it.",
}
"""Why a claim is upheld."""

REJECTED_TEXTS: Mapping[str, str] = {
    "not_here": "The video that is meant was not found here.",
    "no_right_shown": "It was not shown whose right it is, or that whoever made the claim may act for them.",
    "allowed_by_owner": "Whoever may allow it has allowed it.",
    "lawful_use": "The law allows this use, for example as parody, quotation, criticism or news.",
    "no_infringement": "What the claim says is not to be found in the video.",
    "incomplete": "What the law asks for is missing, and was not supplied.",
    "duplicate": "The same claim was decided before.",
    "misuse": "The claim was not made in good faith.",
}
"""Why a claim is rejected."""

MISUSE = "misuse"
"""The one of these that counts against whoever made the claim."""

APPEAL_WON_TEXTS: Mapping[str, str] = {
    "mistake": "The first decision was a mistake.",
    "new_evidence": "Something is known now that was not known before.",
}
"""Why an appeal is upheld."""

APPEAL_LOST_TEXTS: Mapping[str, str] = {
    "confirmed": "Somebody else looked at it, and decides as the first did.",
    "nothing_new": "Nothing was brought forward that could change the decision.",
}
"""Why an appeal is rejected."""

COUNTER_TEXTS: Mapping[str, str] = {
    "deficient": "The counter-notice lacks what the law asks for.",
    "in_court": "A court decides about it.",
}
"""Why a counter-notice is rejected."""

OWN_CLAIM_CODES: Mapping[str, str] = {
    "taken_back": "Whoever made it took it back.",
    "counter_carried_out": "The wait that the law sets is over, and nobody went to court.",
}
"""What no moderator chooses."""

CLAIM_CODE_TEXTS: Mapping[str, str] = {
    **UPHELD_TEXTS,
    **{rule.value: text for rule, text in LIMIT_RULE_TEXTS.items()},
    **REJECTED_TEXTS,
    **APPEAL_WON_TEXTS,
    **APPEAL_LOST_TEXTS,
    **COUNTER_TEXTS,
    **OWN_CLAIM_CODES,
}
"""All of them."""

USUAL_CODES: Mapping[ClaimKind, str] = {
    ClaimKind.INTIMATE_IMAGE: "intimate_without_consent",
    ClaimKind.LIKENESS: "likeness_without_consent",
    ClaimKind.COPYRIGHT: "copyright_infringed",
    ClaimKind.ESTATE: "estate_right",
    ClaimKind.TRADEMARK: "mark_infringed",
    ClaimKind.ILLEGAL_CONTENT: "illegal",
}
"""For which reason a claim of a kind is upheld as a rule: it is offered first."""


def claim_codes(claim: Claim, decision: ClaimDecision) -> Mapping[str, str]:
    """The reasons among which a moderator chooses."""
    upholds = decision is not ClaimDecision.REJECTED
    if claim.counter_of:
        return {} if upholds else COUNTER_TEXTS
    if claim.appeal_of:
        return APPEAL_WON_TEXTS if upholds else APPEAL_LOST_TEXTS
    return UPHELD_TEXTS if upholds else REJECTED_TEXTS


def require_claim_code(claim: Claim, decision: ClaimDecision, code: str) -> str:
    """The code. Raises BadInput for one that does not fit the claim and the decision."""
    possible = claim_codes(claim, decision)
    if code not in possible:
        raise BadInput(f"{code!r} is no reason for this: it is one of {', '.join(possible) or 'none'}", param="code")
    return code
