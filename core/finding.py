"""What the verifier says of a file, with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FindingVerdict(StrEnum):
    """The answers the verifier can give (reference: provenance requirement list V1-V11). None of them is "not AI"."""

    AI_MADE_TRUSTED = "ai_made_trusted"
    AI_MADE_VALID_UNKNOWN_SIGNER = "ai_made_valid_unknown_signer"
    CONTAINS_AI_PARTS = "contains_ai_parts"
    AI_DECLARED_UNSIGNED = "ai_declared_unsigned"
    RECOVERED_BY_WATERMARK = "recovered_by_watermark"
    WATERMARK_ONLY = "watermark_only"
    CAPTURE_CLAIMED = "capture_claimed"
    CLAIMS_CONFLICT = "claims_conflict"
    CREDENTIALS_DAMAGED = "credentials_damaged"
    CREDENTIALS_UNREADABLE = "credentials_unreadable"
    CREDENTIALS_UNCONFIRMED = "credentials_unconfirmed"
    CREDENTIALS_WITHOUT_AI_STATEMENT = "credentials_without_ai_statement"
    NO_INFORMATION = "no_information"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One piece of evidence: what was looked at, what it says, what it proves and what it does not."""

    kind: str
    says: str
    proves: str
    limits: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentCredentials:
    """C2PA credentials of a file. `state`: trusted, valid, invalid, none, unreadable, remote, unsupported or not_read
    (reading them would have taken too much).

    `causes` are codes that say why the state is not trusted, the weightiest first (provenance.c2pa.credential_causes);
    `issues` are the codes of the C2PA specification behind them, or a line of the library.
    """

    state: str
    ai: bool | None = None
    signer: str = ""
    signed_at: str = ""
    source_type: str = ""
    generator: str = ""
    manifest_id: str = ""
    causes: tuple[str, ...] = ()
    issues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatermarkedSpan:
    """Seconds of a video over which one mark accumulates, `p_value` being of them together.

    `payload` is hex and only there when its check held.
    """

    start: float
    end: float
    payload: str | None = None
    p_value: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioWatermarkFinding:
    """What was found in a file's sound, of which there are `seconds`; `note` says so where there is none.

    `payload` and `among` as in Mark.
    """

    detected: bool
    payload: str | None = None
    p_value: float = 1.0
    seconds: float = 0.0
    note: str = ""
    among: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UnexaminedPart:
    """What was not looked at because it would have taken too much, and why in one sentence.

    `part`: credentials, picture, sound, other_installations, labels, recovered or similar.
    """

    part: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WatermarkFinding:
    """What the watermark detector found. `p_value` in [0, 1]. `payload` is hex, and only there when it is sure.

    It was read with its check, or, if `among` is not 0, matched against so many that this installation issued.
    `compared_since` is the time from which on all issued ones were compared, empty where that is all there are.
    `segments` are the seconds that carry a mark, where that was asked for; `audio` is None where sound was not
    analysed. `unexamined` says what was not searched.
    """

    detected: bool
    payload: str | None = None
    p_value: float = 1.0
    case_id: str | None = None
    note: str = ""
    among: int = 0
    compared_since: str = ""
    segments: tuple[WatermarkedSpan, ...] = ()
    audio: AudioWatermarkFinding | None = None
    unexamined: tuple[UnexaminedPart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherInstallationMark:
    """A mark of another installation that the settings name: what it is called there, and where it can be asked.

    `by` is `key` where the mark was found with its key, `credentials` where valid credentials name it. `issuer` (6 hex
    digits) is empty where it cannot be read, `case_id` (a case there) None.
    """

    name: str
    url: str = ""
    issuer: str = ""
    case_id: str | None = None
    p_value: float = 1.0
    by: str = "key"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingMark:
    """A mark of somebody else that a file carries, or that what is written in it declares.

    `kind`: watermark, fingerprint or label. `sure`: `found` (looked for and found), `signed` (credentials that hold
    name it), `unconfirmed` (credentials that do not hold, or whose signer nobody vouches for, name it) or `unsigned`
    (a label that anybody can write). `declared_in`: credentials, original_credentials, xmp, aigc, metadata or file.
    """

    name: str
    vendor: str
    kind: str
    sure: str
    declared_in: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkLayer:
    """One layer of marking, and whether it is there: credentials, watermark_picture, watermark_sound, labels,
    visible_label (which people see) or fingerprint.

    `state`: found, missing (another layer says that it was there), damaged, unconfirmed (it is there and cannot be
    relied on, and nothing was changed), absent (nothing says that it ever was there) or not_checked.
    """

    layer: str
    state: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginSpan:
    """Seconds of a file and what tells where they come from. `how`: watermark, sound_watermark, credentials,
    fingerprint or nothing.

    `by` names who or what made them, in words; `case_id` is a case here, `consent` is `withdrawn` where that of a
    person whom it shows has ended.
    """

    start: float
    end: float
    how: str
    by: str
    says: str
    case_id: str = ""
    consent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentFinding:
    """Whether those whom a video shows still agree. `state`: in_force, withdrawn, expired, changed, suspended,
    unknown, or none (it is not known to rest on anybody's; only where that was asked).

    `until` is when what is in force ends (empty: until withdrawn), `ended` when it ended; `receipts` are SHA-256
    digests of the receipts that its credentials name.
    """

    state: str
    says: str
    until: str = ""
    ended: str = ""
    receipts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The verifier's answer about one file. `case` is what the ledger shows to the public, or None.

    `other_installation` is the mark of another installation, if one was found or is named by the credentials.
    `unexamined` says what was not looked at, because it would have taken more than is spent on one file.
    `incoming` are marks of others, `layers` which marks are there and which are gone, `origins` where its seconds come
    from, `consent` whether those whom it shows still agree: None where it rests on nobody's.
    """

    file: str
    verdict: FindingVerdict
    summary: str
    credentials: ContentCredentials
    watermark: WatermarkFinding
    evidence: tuple[Evidence, ...] = ()
    case: dict[str, str] | None = None
    unexamined: tuple[UnexaminedPart, ...] = ()
    other_installation: OtherInstallationMark | None = None
    incoming: tuple[IncomingMark, ...] = ()
    layers: tuple[MarkLayer, ...] = ()
    origins: tuple[OriginSpan, ...] = ()
    consent: ConsentFinding | None = None
