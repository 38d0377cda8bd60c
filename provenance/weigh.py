"""From evidence to a verdict: pure, and the only place where one is chosen. No path leads to "not AI"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.finding import Credentials, FindingVerdict, Mark
from provenance.claims import SOFT_BINDING
from provenance.reading import Reading
from provenance.recovery import Recovered, Similar
from provenance.source_types import AI_PARTS, AI_WHOLE, CAPTURE
from provenance.xmp import Declaration

_HOLDS = ("trusted", "valid")
_DAMAGED = ("invalid", "unreadable")

NOT_LOOKED_FOR = Mark(detected=False, note="not looked for: the credentials are whole and say AI")
"""In place of a mark, where whoever asked wanted no more than is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """All that was found in one file.

    `case` is what the ledger tells of the case that the mark names, or None. `recovered` are the manifests that the
    repository holds for the mark, newest first; `similar` the sealed videos that look or sound like this one,
    nearest first.
    `writers` are programs that saved it, by what the file says, each with its own words.
    """

    reading: Reading
    mark: Mark
    case: Mapping[str, str] | None = None
    declared: tuple[Declaration, ...] = ()
    recovered: tuple[Recovered, ...] = ()
    similar: tuple[Similar, ...] = ()
    writers: Mapping[str, str] = field(default_factory=dict)


def weigh(found: Weighed) -> FindingVerdict:
    """The verdict. What contradicts itself is a conflict before it is anything else."""
    state = found.reading.credentials.state
    if conflicts(found):
        return FindingVerdict.CLAIMS_CONFLICT
    if state in _HOLDS:
        return _signed(found.reading)
    if state in _DAMAGED:
        return FindingVerdict.CREDENTIALS_DAMAGED
    return _unsigned(found)


def conflicts(found: Weighed) -> tuple[str, ...]:
    """Each contradiction as a sentence. Credentials that do not hold contradict nothing: they are damaged."""
    credentials, mark = found.reading.credentials, found.mark
    if credentials.state not in _HOLDS:
        return ()
    sentences = []
    if says_camera(credentials) and _is_marked(mark):
        sentences.append("The credentials say that a camera made this, the watermark says that it came from here.")
    if says_camera(credentials) and found.declared:
        sentences.append("The credentials say that a camera made this, another label in the file says AI.")
    payload = payload_of(mark)
    if payload and payload not in {one.value for one in found.reading.soft_bindings}:
        sentences.append(_other_mark(found.reading))
    return tuple(sentences)


def holds(reading: Reading) -> bool:
    """Whether the file has credentials of its own that are whole."""
    return reading.credentials.state in _HOLDS


def settled(reading: Reading) -> bool:
    """Whether credentials alone are evidence of AI that a mark could only add to: whole, and trusted."""
    return weigh(Weighed(reading=reading, mark=NOT_LOOKED_FOR)) is FindingVerdict.AI_MADE_TRUSTED


def payload_of(mark: Mark) -> str:
    """The payload (hex) read in the picture, or else in the sound, or else recognised; nothing where there is none."""
    seen = mark.payload or "" if mark.detected else ""
    heard = mark.audio.payload or "" if mark.audio is not None and mark.audio.detected else ""
    return heard or seen if mark.among else seen or heard


def _is_marked(mark: Mark) -> bool:
    return mark.detected or (mark.audio is not None and mark.audio.detected)


def is_ai(source_type: str) -> bool:
    """Whether this digital source type says AI, of the whole or of a part."""
    return source_type in AI_WHOLE | AI_PARTS


def says_camera(credentials: Credentials) -> bool:
    """Whether the credentials say that a camera made this, and nothing in them says AI."""
    return credentials.ai is None and credentials.source_type in CAPTURE


def belonging(found: Weighed) -> Recovered | None:
    """The newest recovered manifest whose soft bindings all match the mark that was read, or None."""
    return next((one for one in found.recovered if one.belongs), None)


def _other_mark(reading: Reading) -> str:
    if any(one.algorithm == SOFT_BINDING for one in reading.soft_bindings):
        return "The credentials name another watermark than the one in the picture: they belong to another video."
    return "The credentials do not mention the watermark that is in the picture: this video's history was dropped."


def _signed(reading: Reading) -> FindingVerdict:
    credentials = reading.credentials
    if reading.sayings:
        if credentials.source_type in AI_PARTS or not any(saying.whole for saying in reading.sayings):
            return FindingVerdict.CONTAINS_AI_PARTS
        if credentials.state == "trusted":
            return FindingVerdict.AI_MADE_TRUSTED
        return FindingVerdict.AI_MADE_VALID_UNKNOWN_SIGNER
    if says_camera(credentials):
        return FindingVerdict.CAPTURE_CLAIMED
    return FindingVerdict.CREDENTIALS_WITHOUT_AI_STATEMENT


def _unsigned(found: Weighed) -> FindingVerdict:
    if payload_of(found.mark) and _has_record(found):
        return FindingVerdict.RECOVERED_BY_WATERMARK
    if _is_marked(found.mark):
        return FindingVerdict.WATERMARK_ONLY
    if found.declared:
        return FindingVerdict.AI_DECLARED_UNSIGNED
    return FindingVerdict.NO_INFORMATION


def _has_record(found: Weighed) -> bool:
    """A record counts unless the repository answers with nothing but manifests of other marks."""
    if found.recovered and belonging(found) is None:
        return False
    return found.case is not None or belonging(found) is not None
