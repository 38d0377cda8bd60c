"""Whether those whom a video shows still agree, by the record of the case that its watermark leads to.

What credentials say of receipts is not believed here: anybody can sign a file that names a receipt of somebody else's
video. Without a case of this service the answer is that it is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from core.finding import ConsentFinding
from provenance.verification.evaluate import Observations, consent_ended, matching_manifest

_MAX_RECEIPTS = 16
_ENDED = ("withdrawn", "expired")


class CaseConsents(Protocol):
    """Knows on whose consent cases rest (pipeline.verification.consent_lookup)."""

    def of_case(self, case_id: str) -> ConsentFinding | None:
        """What holds of it today; None where a case rests on nobody's consent. Raises Unavailable."""


def consent_of_file(observations: Observations, lookup: CaseConsents | None) -> ConsentFinding | None:
    """The worst that holds of anybody it shows; None where the file is not known to rest on anybody's consent."""
    receipts = _receipts(observations)[:_MAX_RECEIPTS]
    case_id = observations.watermark.case_id
    found = lookup.of_case(case_id) if lookup and case_id and observations.case is not None else None
    if consent_ended(observations) and (found is None or found.state not in _ENDED):
        ended = (observations.case or {}).get("consent_ended", "")
        return consent_finding("withdrawn", ended=ended, receipts=receipts)
    if found is not None:
        return consent_finding(found.state, until=found.until, ended=found.ended, receipts=receipts)
    return consent_finding("unknown", receipts=receipts) if receipts and observations.case is None else None


def consent_finding(state: str, *, until: str = "", ended: str = "", receipts: Sequence[str] = ()) -> ConsentFinding:
    """A state in words. Times are ISO 8601; only their day is said."""
    return ConsentFinding(
        state=state, says=_says(state, until[:10], ended[:10]), until=until, ended=ended, receipts=tuple(receipts)
    )


def _says(state: str, until: str, ended: str) -> str:
    if state == "in_force":
        return f"The consent is in force until {until}." if until else "The consent is in force until it is withdrawn."
    if state == "withdrawn":
        return f"The consent was withdrawn on {ended}." if ended else "The consent was withdrawn."
    if state == "expired":
        return f"The consent ended on {ended}, as it was given." if ended else "The consent has ended, as it was given."
    if state == "changed":
        return "The consent was changed since: what is agreed now is in another receipt."
    if state == "suspended":
        return "The consent is suspended while something about it is looked into."
    if state == "none":
        return "It is not known here to rest on anybody's consent."
    return "Whether the consent still holds is not known here."


def _receipts(observations: Observations) -> tuple[str, ...]:
    """Those that the file's credentials name, or those that its watermark led to."""
    original = matching_manifest(observations)
    return observations.report.claims.consents or (original.report.claims.consents if original is not None else ())
