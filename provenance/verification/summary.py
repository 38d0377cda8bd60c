"""The answer in one plain sentence, or two."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from core.finding import FindingVerdict, OtherInstallationMark
from provenance.verification.cause_texts import CAUSE_TEXTS, main_cause
from provenance.verification.evaluate import (
    WATERMARK_NOT_CHECKED,
    Observations,
    consent_ended,
    find_conflicts,
    is_ai_source_type,
    is_marked,
    matching_manifest,
    reason_not_searched,
    taken_down_after_claim,
    watermark_payload,
)
from provenance.verification.recovery import SimilarVideo
from provenance.watermark.payload import Payload

CONSENT_ENDED = "This service has taken it down: the consent of a person it shows has ended."
"""What is said of a copy of such a video, beside whatever its marks say."""

TAKEN_DOWN_AFTER_CLAIM = "This service has taken it down after a claim."
"""The same where somebody claimed that it must not be shown. Who that was is nobody's business."""

_MAX_CASES_NAMED = 3
"""How many of the other cases of a compilation the sentence names; its seconds one by one stand below it."""

_ELSEWHERE = "Its credentials are stored on another server, and were not fetched."


def summarise(verdict: FindingVerdict, observations: Observations) -> str:
    """What the verdict means for this file. Never that it was made without AI."""
    sentence = f"{_SENTENCES[verdict](observations)}{_other_cases(observations)}{_taken_down(observations)}"
    reason = "" if observations.watermark == WATERMARK_NOT_CHECKED else reason_not_searched(observations.watermark)
    where = " in the picture" if observations.watermark.audio is not None else ""
    return f"{sentence} No watermark was looked for{where}: {reason}." if reason else sentence


def _other_cases(observations: Observations) -> str:
    """Which other marks are in some of its seconds: it was joined of several videos."""
    named = watermark_payload(observations.watermark)
    payloads = (segment.payload for segment in observations.watermark.segments if segment.payload)
    cases = [Payload.from_hex(payload).case_id for payload in dict.fromkeys(payloads) if payload != named]
    if not cases:
        return ""
    if len(cases) == 1:
        return f" Other seconds carry the watermark of case {cases[0]}."
    more = f" and {len(cases) - _MAX_CASES_NAMED} more" if len(cases) > _MAX_CASES_NAMED else ""
    return f" Other seconds carry the watermarks of cases {', '.join(cases[:_MAX_CASES_NAMED])}{more}."


def _taken_down(observations: Observations) -> str:
    if consent_ended(observations):
        return f" {CONSENT_ENDED}"
    return f" {TAKEN_DOWN_AFTER_CLAIM}" if taken_down_after_claim(observations) else ""


def _trusted(observations: Observations) -> str:
    signed_by = f"{_signer(observations)}{_list(observations)}"
    return f"{_stated(observations)}: its credentials say so, are intact, and are signed by {signed_by}."


def _unknown_signer(observations: Observations) -> str:
    signer = _signer(observations)
    return f"{_stated(observations)}: its credentials say so and are intact, but nobody here vouches for {signer}."


def _parts(observations: Observations) -> str:
    signed_by = f"{_signer(observations)}{_list(observations)}"
    return f"Parts of this file were made by AI, say its credentials, signed by {signed_by}."


def _declared(observations: Observations) -> str:
    label = f"A label in this file says AI ({observations.declarations[0].says}), but nobody signed it."
    return f"{label} {_ELSEWHERE}" if _are_elsewhere(observations) else label


def _are_elsewhere(observations: Observations) -> bool:
    return observations.report.credentials.state == "remote"


def _captured(observations: Observations) -> str:
    kind = observations.report.credentials.source_type
    return (
        f"The credentials say that a camera made this ({kind}), signed by {_signer(observations)}{_list(observations)}."
    )


def _no_ai_statement(observations: Observations) -> str:
    return (
        f"This file has intact credentials signed by {_signer(observations)}, but they do not say whether AI made it."
    )


def _conflict(observations: Observations) -> str:
    return f"What this file says of itself does not agree. {find_conflicts(observations)[0]}"


def _no_information(observations: Observations) -> str:
    similar_looking = [video for video in observations.similar_videos if video.modality == "looks"]
    if similar_looking:
        return f"Nothing in the file says how it was made, but it looks like {_sealed_here(similar_looking)}"
    if observations.similar_videos:
        return (
            f"Nothing in the file says how it was made, but it sounds like {_sealed_here(observations.similar_videos)}"
        )
    if _are_elsewhere(observations):
        return (
            "This file's credentials are stored on another server, and were not fetched: what they say is not known."
            " That does not mean that it was made without AI."
        )
    return "Nothing was found that says how this was made. That does not mean that it was made without AI."


def _sealed_here(videos: Sequence[SimilarVideo]) -> str:
    if len(videos) > 1 and videos[0].share == videos[1].share:
        description = f"a video that this service sealed more than once (first in case {videos[0].case_id})"
    else:
        description = f"a video that this service sealed (case {videos[0].case_id})"
    return f"{description}. That does not mean that it is the same."


def _signer(observations: Observations) -> str:
    return observations.report.credentials.signer or "an unnamed signer"


def _stated(observations: Observations) -> str:
    if observations.report.existing_footage and observations.report.source_type_stated_by:
        return f"The {observations.report.source_type_stated_by} who served this footage states that AI made it"
    return "This file was made by AI"


def _list(observations: Observations) -> str:
    return ", a development certificate that no authority vouches for" if _development(observations) else ""


def _development(observations: Observations) -> bool:
    return ":development:" in observations.report.trust_list


def _recovered(observations: Observations) -> str:
    source_type = (observations.case or {}).get("source_type", "")
    origin = "whose record says that AI made it" if is_ai_source_type(source_type) else "which this service sealed"
    return (
        f"The credentials are gone, but the watermark leads to case {observations.watermark.case_id}, {origin}."
        f"{_original(observations)} These bytes differ from the signed original{_described_differences(observations)}."
    )


def _original(observations: Observations) -> str:
    manifest = matching_manifest(observations)
    if manifest is None:
        return ""
    signer = manifest.report.credentials.signer or "an unnamed signer"
    return f" The credentials it was published with were recovered, signed by {signer}."


def _described_differences(observations: Observations) -> str:
    manifest = matching_manifest(observations)
    return f": {', '.join(manifest.differences)}" if manifest is not None and manifest.differences else ""


def _marked(observations: Observations) -> str:
    if (other := observations.other_mark) and not is_marked(observations.watermark):
        return other_mark_sentence(other)
    if observations.recovered_manifests and matching_manifest(observations) is None:
        return (
            "A watermark made with this service's key is in the picture, but the record that is kept for it"
            f" belongs to another file: {observations.recovered_manifests[0].mismatch_reason}."
        )
    if watermark_payload(observations.watermark) and not observations.ledger_asked:
        return (
            "A watermark made with this service's key is in the picture. The record of its case was not asked for: no"
            " ledger is open here."
        )
    if watermark_payload(observations.watermark):
        return "A watermark made with this service's key is in the picture, but there is no record of its case."
    return "A watermark made with this service's key is in the picture, too weak to read which case it names."


def other_mark_sentence(other: OtherInstallationMark) -> str:
    """That the mark of another installation is in the file, which case it names there, and where that can be asked."""
    names = f"It names case {other.case_id} there." if other.case_id else "Which case it names there cannot be read."
    where = f" It can be asked at {other.url}." if other.url else ""
    return f"A watermark made with the key of {other.name}, another installation, is in this file. {names}{where}"


def _invalid(observations: Observations) -> str:
    text = CAUSE_TEXTS[main_cause(observations.report.credentials.causes)]
    return f"{text.summary}{_trace(observations)}"


def _unreadable(observations: Observations) -> str:
    return (
        "This file has credentials, but they cannot be read: they are damaged, or written in a way that is not known"
        f" here. Nothing that they may say was used.{_trace(observations)}"
    )


def _trace(observations: Observations) -> str:
    if observations.case is None:
        return ""
    return f" The watermark still leads to case {observations.watermark.case_id}."


_SENTENCES: Mapping[FindingVerdict, Callable[[Observations], str]] = {
    FindingVerdict.AI_MADE_TRUSTED: _trusted,
    FindingVerdict.AI_MADE_VALID_UNKNOWN_SIGNER: _unknown_signer,
    FindingVerdict.CONTAINS_AI_PARTS: _parts,
    FindingVerdict.AI_DECLARED_UNSIGNED: _declared,
    FindingVerdict.RECOVERED_BY_WATERMARK: _recovered,
    FindingVerdict.WATERMARK_ONLY: _marked,
    FindingVerdict.CAPTURE_CLAIMED: _captured,
    FindingVerdict.CLAIMS_CONFLICT: _conflict,
    FindingVerdict.CREDENTIALS_DAMAGED: _invalid,
    FindingVerdict.CREDENTIALS_UNREADABLE: _unreadable,
    FindingVerdict.CREDENTIALS_UNCONFIRMED: _invalid,
    FindingVerdict.CREDENTIALS_WITHOUT_AI_STATEMENT: _no_ai_statement,
    FindingVerdict.NO_INFORMATION: _no_information,
}
