"""From evidence to a verdict: pure, and the only place where one is chosen. No path leads to "not AI"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.errors import BadMedia
from core.finding import ContentCredentials, FindingVerdict, OtherInstallationMark, WatermarkFinding
from provenance.c2pa.credential_causes import CredentialsCause, says_changed
from provenance.c2pa.credentials_report import CredentialsReport
from provenance.c2pa.manifest_definition import SOFT_BINDING_ALGORITHM
from provenance.c2pa.source_types import AI_COMPOSITE_SOURCE_TYPES, AI_SOURCE_TYPES, CAPTURE_SOURCE_TYPES
from provenance.metadata.xmp_reader import UnsignedDeclaration
from provenance.verification.recovery import RecoveredManifest, SimilarVideo

_VALID_STATES = ("trusted", "valid")
_NOT_LOOKED_FOR = "not looked for: "

WATERMARK_NOT_CHECKED = WatermarkFinding(
    detected=False, note=f"{_NOT_LOOKED_FOR}the credentials are whole and say AI already"
)
"""In place of a mark, where a quick answer was asked for."""

NO_WATERMARK_KEY = WatermarkFinding(detected=False, note=f"{_NOT_LOOKED_FOR}there is no watermark key here")
"""In place of a mark, where nobody could look for one: only the key that made a mark finds it."""


def watermark_not_searched(reason: str) -> WatermarkFinding:
    """In place of a mark, where none was looked for, with the reason in words."""
    return WatermarkFinding(detected=False, note=f"{_NOT_LOOKED_FOR}{reason}")


def pictures_not_decoded(path: Path, error: BadMedia) -> WatermarkFinding:
    """The same for a file whose pictures cannot be decoded, without our name for it and the list of other kinds."""
    message = str(error).replace(path.name, "this file").partition("; accepted are")[0]
    if message.endswith("of a kind that is not accepted"):  # what was read of it shows that it is not damaged
        return watermark_not_searched("files of this kind are not decoded here")
    return watermark_not_searched(f"its pictures are not decoded here ({message})")


def consent_ended(observations: Observations) -> bool:
    """Whether the record of the case says that somebody who is shown no longer agrees."""
    return (observations.case or {}).get("consent") == "withdrawn"


def taken_down_after_claim(observations: Observations) -> bool:
    """Whether the record of the case says that a claim took the video down."""
    return (observations.case or {}).get("taken_down") == "claim"


def reason_not_searched(mark: WatermarkFinding) -> str:
    """Why no mark was looked for in the picture; nothing where one was."""
    return "" if mark.detected or not mark.note.startswith(_NOT_LOOKED_FOR) else mark.note.removeprefix(_NOT_LOOKED_FOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """All that was found in one file.

    `case` is what the ledger says of the case that the mark names, or None; `ledger_asked` says whether there was a
    ledger to ask. `recovered_manifests` are the manifests that the repository holds for the mark, newest first;
    `similar_videos` the sealed videos that look or sound like this one, nearest first.
    `other_installation` is the mark of another installation, as its key found it or the credentials name it.
    `writers` are programs that saved it, by what the file says, each with its own words; `cameras` kinds of device that
    recorded it, likewise; `aigc` names who made it by China's label, `system` the AI system by XMP. None of them
    decides anything.
    """

    report: CredentialsReport
    watermark: WatermarkFinding
    case: Mapping[str, str] | None = None
    ledger_asked: bool = True
    declarations: tuple[UnsignedDeclaration, ...] = ()
    recovered_manifests: tuple[RecoveredManifest, ...] = ()
    similar_videos: tuple[SimilarVideo, ...] = ()
    writers: Mapping[str, str] = field(default_factory=dict)
    cameras: tuple[str, ...] = ()
    aigc: Mapping[str, str] = field(default_factory=dict)
    system: str = ""
    other_installation: OtherInstallationMark | None = None

    @property
    def other_mark(self) -> OtherInstallationMark | None:
        """The mark of another installation that is in the file itself, found with its key."""
        other = self.other_installation
        return other if other is not None and other.by == "key" else None


def evaluate_observations(observations: Observations) -> FindingVerdict:
    """The verdict. What contradicts itself is a conflict before it is anything else."""
    state = observations.report.credentials.state
    if find_conflicts(observations):
        return FindingVerdict.CLAIMS_CONFLICT
    if state in _VALID_STATES:
        return _evaluate_signed(observations.report)
    if state == "unreadable":
        return FindingVerdict.CREDENTIALS_UNREADABLE
    if state == "invalid":
        return _evaluate_invalid(observations.report)
    return _evaluate_unsigned(observations)


def find_conflicts(observations: Observations) -> tuple[str, ...]:
    """Each contradiction as a sentence. ContentCredentials that do not hold contradict nothing: they are damaged."""
    credentials, mark = observations.report.credentials, observations.watermark
    if credentials.state not in _VALID_STATES:
        return ()
    sentences = []
    if declares_capture(credentials) and is_marked(mark):
        sentences.append("The credentials say that a camera made this, the watermark says that it came from here.")
    if declares_capture(credentials) and observations.declarations:
        sentences.append("The credentials say that a camera made this, another label in the file says AI.")
    if declares_capture(credentials) and (other := observations.other_mark):
        sentences.append(
            f"The credentials say that a camera made this, the watermark says that it came from {other.name}."
        )
    payload = watermark_payload(mark)
    if payload and payload not in {binding.value for binding in observations.report.soft_bindings}:
        sentences.append(_watermark_conflict(observations.report))
    if (other := observations.other_mark) and other.case_id and not _binds(observations.report, other):
        sentences.append(
            f"The credentials do not mention the watermark of {other.name} in this file: its history was dropped."
        )
    return tuple(sentences)


def distrust_broken_ingredients(reading: CredentialsReport) -> CredentialsReport:
    """The reading; invalid, and attributed to nobody, where a signature or claim that it stands on was changed.

    The library judges the active manifest alone: the file itself may be as it was signed.
    """
    credentials = reading.credentials
    if credentials.state not in _VALID_STATES or CredentialsCause.INGREDIENT_CHANGED not in credentials.causes:
        return reading
    return replace(reading, trust_list="", credentials=replace(credentials, state="invalid", signer="", signed_at=""))


def has_valid_credentials(reading: CredentialsReport) -> bool:
    """Whether the file has credentials of its own that are whole."""
    return reading.credentials.state in _VALID_STATES


def credentials_suffice(reading: CredentialsReport) -> bool:
    """Whether credentials alone are evidence of AI that a mark could only add to: whole, and trusted."""
    return (
        evaluate_observations(Observations(report=reading, watermark=WATERMARK_NOT_CHECKED))
        is FindingVerdict.AI_MADE_TRUSTED
    )


def watermark_payload(mark: WatermarkFinding) -> str:
    """The payload (hex) read in the picture, or else in the sound, or else recognised; nothing where there is none."""
    video_payload = mark.payload or "" if mark.detected else ""
    audio_payload = mark.audio.payload or "" if mark.audio is not None and mark.audio.detected else ""
    return audio_payload or video_payload if mark.among else video_payload or audio_payload


def is_marked(mark: WatermarkFinding) -> bool:
    """Whether picture or sound carries a mark."""
    return mark.detected or (mark.audio is not None and mark.audio.detected)


def is_ai_source_type(source_type: str) -> bool:
    """Whether this digital source type says AI, of the whole or of a part."""
    return source_type in AI_SOURCE_TYPES | AI_COMPOSITE_SOURCE_TYPES


def declares_capture(credentials: ContentCredentials) -> bool:
    """Whether the credentials say that a camera made this, and nothing in them says AI."""
    return credentials.ai is None and credentials.source_type in CAPTURE_SOURCE_TYPES


def matching_manifest(observations: Observations) -> RecoveredManifest | None:
    """The newest recovered manifest whose soft bindings all match the mark that was read, or None."""
    return next((manifest for manifest in observations.recovered_manifests if manifest.matches_watermark), None)


def _binds(reading: CredentialsReport, other: OtherInstallationMark) -> bool:
    """Whether credentials name a mark of this case of another installation."""
    return any(binding.value.endswith(f"{other.issuer}{other.case_id}") for binding in reading.soft_bindings)


def _watermark_conflict(reading: CredentialsReport) -> str:
    if any(binding.algorithm == SOFT_BINDING_ALGORITHM for binding in reading.soft_bindings):
        return "The credentials name another watermark than the one in the picture: they belong to another video."
    return "The credentials do not mention the watermark that is in the picture: this video's history was dropped."


def _evaluate_signed(reading: CredentialsReport) -> FindingVerdict:
    credentials = reading.credentials
    if reading.ai_assertions:
        if credentials.source_type in AI_COMPOSITE_SOURCE_TYPES or not any(
            saying.whole for saying in reading.ai_assertions
        ):
            return FindingVerdict.CONTAINS_AI_PARTS
        if credentials.state == "trusted":
            return FindingVerdict.AI_MADE_TRUSTED
        return FindingVerdict.AI_MADE_VALID_UNKNOWN_SIGNER
    if declares_capture(credentials):
        return FindingVerdict.CAPTURE_CLAIMED
    return FindingVerdict.CREDENTIALS_WITHOUT_AI_STATEMENT


def _evaluate_invalid(reading: CredentialsReport) -> FindingVerdict:
    """Damaged only where bytes or claims disagree, or no cause is named."""
    causes = reading.credentials.causes
    if says_changed(causes) or not causes:
        return FindingVerdict.CREDENTIALS_DAMAGED
    return FindingVerdict.CREDENTIALS_UNCONFIRMED


def _evaluate_unsigned(observations: Observations) -> FindingVerdict:
    if watermark_payload(observations.watermark) and _has_record(observations):
        return FindingVerdict.RECOVERED_BY_WATERMARK
    if is_marked(observations.watermark) or observations.other_mark:
        return FindingVerdict.WATERMARK_ONLY
    if observations.declarations:
        return FindingVerdict.AI_DECLARED_UNSIGNED
    return FindingVerdict.NO_INFORMATION


def _has_record(observations: Observations) -> bool:
    """A record counts unless the repository answers with nothing but manifests of other marks."""
    if observations.recovered_manifests and matching_manifest(observations) is None:
        return False
    return observations.case is not None or matching_manifest(observations) is not None
