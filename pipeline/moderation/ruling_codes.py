"""The reasons of a ruling: a closed list for each decision, so that nobody allows a case for breaking the policy."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import BadInput
from core.verdicts import Decision

ALLOW_CODES = ("fits_policy", "context", "parody", "consent_shown", "false_alarm")
REFUSE_CODES = ("breaks_policy", "no_consent", "unclear")
RULING_CODES = (*ALLOW_CODES, *REFUSE_CODES)

_CODES = {Decision.ALLOW: ALLOW_CODES, Decision.REFUSE: REFUSE_CODES}


def require_ruling_code(decision: Decision, code: str) -> str:
    """The code. Raises BadInput for one that is none, or that is no reason for this decision."""
    codes = _CODES.get(decision, ())
    if code not in codes:
        raise BadInput(f"{code!r} is no reason to {decision.name.lower()}; it is one of {', '.join(codes)}")
    return code


def require_code(code: str, codes: Sequence[str]) -> None:
    """Raises BadInput for a code that is not of a closed list."""
    if code not in codes:
        raise BadInput(f"{code!r} is no reason code; it is one of {', '.join(codes)}")
