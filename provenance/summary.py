"""The answer in one plain sentence, or two."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from core.finding import FindingVerdict
from provenance.recovery import Similar
from provenance.weigh import Weighed, belonging, conflicts, is_ai, payload_of


def summarise(verdict: FindingVerdict, found: Weighed) -> str:
    """What the verdict means for this file. Never that it was made without AI."""
    return _SENTENCES[verdict](found)


def _trusted(found: Weighed) -> str:
    return f"{_stated(found)}: its credentials say so, are intact, and are signed by {_signer(found)}{_list(found)}."


def _unknown(found: Weighed) -> str:
    return f"{_stated(found)}: its credentials say so and are intact, but nobody here vouches for {_signer(found)}."


def _parts(found: Weighed) -> str:
    return f"Parts of this video were made by AI, say its credentials, signed by {_signer(found)}{_list(found)}."


def _declared(found: Weighed) -> str:
    return f"A label in this file says AI ({found.declared[0].says}), but nobody signed it."


def _captured(found: Weighed) -> str:
    kind = found.reading.credentials.source_type
    return f"The credentials say that a camera made this ({kind}), signed by {_signer(found)}{_list(found)}."


def _silent(found: Weighed) -> str:
    return f"This file has intact credentials signed by {_signer(found)}, but they do not say whether AI made it."


def _conflict(found: Weighed) -> str:
    return f"What this file says of itself does not agree. {conflicts(found)[0]}"


def _nothing(found: Weighed) -> str:
    looks = [one for one in found.similar if one.by == "looks"]
    if looks:
        return f"Nothing in the file says how it was made, but it looks like {_sealed_here(looks)}"
    if found.similar:
        return f"Nothing in the file says how it was made, but it sounds like {_sealed_here(found.similar)}"
    return "Nothing was found that says how this was made. That does not mean that it was made without AI."


def _sealed_here(alike: Sequence[Similar]) -> str:
    if len(alike) > 1 and alike[0].share == alike[1].share:
        which = f"a video that this office sealed more than once (first in case {alike[0].case_id})"
    else:
        which = f"a video that this office sealed (case {alike[0].case_id})"
    return f"{which}. That does not mean that it is the same."


def _signer(found: Weighed) -> str:
    return found.reading.credentials.signer or "an unnamed signer"


def _stated(found: Weighed) -> str:
    if found.reading.served and found.reading.source_type_stated_by:
        return f"The {found.reading.source_type_stated_by} who served this footage states that AI made it"
    return "This video was made by AI"


def _list(found: Weighed) -> str:
    return ", a development certificate that no authority vouches for" if _development(found) else ""


def _development(found: Weighed) -> bool:
    return ":development:" in found.reading.trust_list


def _recovered(found: Weighed) -> str:
    stated = (found.case or {}).get("source_type", "")
    says = "whose record says that AI made it" if is_ai(stated) else "which this office sealed"
    return (
        f"The credentials are gone, but the watermark leads to case {found.mark.case_id}, {says}."
        f"{_original(found)} These bytes differ from the signed original{_how(found)}."
    )


def _original(found: Weighed) -> str:
    one = belonging(found)
    if one is None:
        return ""
    who = one.reading.credentials.signer or "an unnamed signer"
    return f" The credentials it was published with were recovered, signed by {who}."


def _how(found: Weighed) -> str:
    one = belonging(found)
    return f": {', '.join(one.differences)}" if one is not None and one.differences else ""


def _marked(found: Weighed) -> str:
    if found.recovered and belonging(found) is None:
        return (
            "A watermark made with this office's key is in the picture, but the record that is kept for it"
            f" belongs to another file: {found.recovered[0].problem}."
        )
    if payload_of(found.mark):
        return "A watermark made with this office's key is in the picture, but there is no record of its case."
    return "A watermark made with this office's key is in the picture, too weak to read which case it names."


def _damaged(found: Weighed) -> str:
    broken = "cannot be read" if found.reading.credentials.state == "unreadable" else "do not fit the file any more"
    trace = f" The watermark still leads to case {found.mark.case_id}." if found.case is not None else ""
    return f"This file has credentials, but they {broken}: it was changed after it was signed, or damaged.{trace}"


_SENTENCES: Mapping[FindingVerdict, Callable[[Weighed], str]] = {
    FindingVerdict.AI_MADE_TRUSTED: _trusted,
    FindingVerdict.AI_MADE_VALID_UNKNOWN_SIGNER: _unknown,
    FindingVerdict.CONTAINS_AI_PARTS: _parts,
    FindingVerdict.AI_DECLARED_UNSIGNED: _declared,
    FindingVerdict.RECOVERED_BY_WATERMARK: _recovered,
    FindingVerdict.WATERMARK_ONLY: _marked,
    FindingVerdict.CAPTURE_CLAIMED: _captured,
    FindingVerdict.CLAIMS_CONFLICT: _conflict,
    FindingVerdict.CREDENTIALS_DAMAGED: _damaged,
    FindingVerdict.CREDENTIALS_WITHOUT_AI_STATEMENT: _silent,
    FindingVerdict.NO_INFORMATION: _nothing,
}
