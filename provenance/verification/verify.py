"""Verifying: the public's question, was this made by AI, answered from evidence.

1. Read the credentials, in the sandbox, without the network and without decoding a picture.
2. Look for unsigned declarations, and for traces of programs that keep no credentials.
3. Look for the watermark, and where there is none for those of other installations whose key is here. What cannot be
   decoded is answered with what (1) and (2) found; a file that said nothing there ends here, with BadMedia.
4. Ask the ledger about the case that the mark names.
5. Where the credentials are gone, fetch those that the mark is bound to, and read them against the file.
6. Where there is no readable mark either, look for a sealed video that looks or sounds like this one.
7. Weigh: a verdict, of which none is "not AI".
8. Answer: one plain sentence, every piece of evidence with its limits, marks of others, which layers are gone, where
   the seconds come from, and whether those whom it shows still agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from core.codec import dump
from core.errors import BadMedia, OverBudget, PictureTooLarge
from core.finding import ContentCredentials, Finding, FindingVerdict, WatermarkFinding
from media.container import ACCEPTED_CONTAINERS
from media.probe import probe
from provenance.c2pa.credentials_report import CredentialsReport
from provenance.c2pa.manifest_definition import SOFT_BINDING_ALGORITHM
from provenance.c2pa.reader import read_credentials_report
from provenance.c2pa.trust_store import TrustStore
from provenance.declared_marks.consent_of_file import CaseConsents, consent_of_file
from provenance.declared_marks.incoming_marks import incoming_marks
from provenance.declared_marks.mark_layers import mark_layers
from provenance.declared_marks.origin_spans import origin_spans
from provenance.metadata.xmp_reader import UnsignedMetadata, read_unsigned_metadata
from provenance.other_installations import NO_OTHER_INSTALLATIONS, OtherInstallations
from provenance.unexamined import with_unexamined, within_budget
from provenance.verification.evaluate import (
    WATERMARK_NOT_CHECKED,
    Observations,
    credentials_suffice,
    distrust_broken_ingredients,
    evaluate_observations,
    has_valid_credentials,
    is_ai_source_type,
    is_marked,
    pictures_not_decoded,
    watermark_payload,
)
from provenance.verification.finding_evidence import gather_evidence
from provenance.verification.recovery import ManifestLookup, SimilarVideo, read_recovered_manifests
from provenance.verification.summary import summarise
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload
from provenance.watermark_ports import DetectWatermark, PublicCaseLookup

EVIDENCE_OF_AI = 0  # exit codes of `assay verify`, as docs/reference/verdicts.md lists them
NO_INFORMATION = 1
CONFLICTING_OR_DAMAGED = 2
CANNOT_BE_READ = 3

_EXIT_CODES = {
    FindingVerdict.AI_MADE_TRUSTED: EVIDENCE_OF_AI,
    FindingVerdict.AI_MADE_VALID_UNKNOWN_SIGNER: EVIDENCE_OF_AI,
    FindingVerdict.CONTAINS_AI_PARTS: EVIDENCE_OF_AI,
    FindingVerdict.AI_DECLARED_UNSIGNED: EVIDENCE_OF_AI,
    FindingVerdict.RECOVERED_BY_WATERMARK: EVIDENCE_OF_AI,
    FindingVerdict.WATERMARK_ONLY: EVIDENCE_OF_AI,
    FindingVerdict.CAPTURE_CLAIMED: NO_INFORMATION,
    FindingVerdict.CREDENTIALS_WITHOUT_AI_STATEMENT: NO_INFORMATION,
    FindingVerdict.NO_INFORMATION: NO_INFORMATION,
    FindingVerdict.CLAIMS_CONFLICT: CONFLICTING_OR_DAMAGED,
    FindingVerdict.CREDENTIALS_DAMAGED: CONFLICTING_OR_DAMAGED,
    FindingVerdict.CREDENTIALS_UNREADABLE: CONFLICTING_OR_DAMAGED,
    FindingVerdict.CREDENTIALS_UNCONFIRMED: NO_INFORMATION,
}

_ACCEPTED_KINDS = f"{ACCEPTED_CONTAINERS}, PNG, JPEG, WEBP, BMP, MP3, WAV, FLAC, OGG, AAC"
"""What is looked at, of pictures and sound too."""

_STATES_WORTH_AN_ANSWER = ("trusted", "valid", "invalid", "unreadable", "remote")
"""States of credentials that are an answer, whether or not the file can be decoded."""


def verify(  # noqa: PLR0913 - what is believed, looked for and asked
    path: Path,
    *,
    trust: TrustStore,
    keys: Sequence[WatermarkKey],
    detect: DetectWatermark,
    look_up: PublicCaseLookup | None,
    repository: ManifestLookup | None = None,
    others: OtherInstallations = NO_OTHER_INSTALLATIONS,
    consents: CaseConsents | None = None,
    issuer: int | None = None,
    at: datetime | None = None,
    quick: bool = False,
) -> Finding:
    """The finding about one file, as of now or of another time.

    `quick` looks for no mark where whole credentials of a trusted signer say AI already: a tenth of the time, and no
    answer to whether that signer dropped this office's history. `look_up` is None where there is no ledger to ask; the
    finding says so then. `others` are installations whose marks are looked for where there is none of this one.
    `repository` is None where there is none: then nothing is recovered. `consents` knows on whose consent cases rest,
    `issuer` is this installation's number in watermarks. What takes more than the
    budget of a scan (media.sandbox.scan) is named in `unexamined`. Raises BadMedia if the file cannot be read and its
    credentials and labels say nothing, Unavailable if a part does not answer.
    """
    reading, unread = within_budget(  # 1
        "credentials",
        lambda: distrust_broken_ingredients(read_credentials_report(path, trust, at=at)),
        lambda why: CredentialsReport(credentials=ContentCredentials(state="not_read", issues=(why,))),
    )
    unsigned, unlabelled = within_budget("labels", lambda: read_unsigned_metadata(path), _no_metadata)  # 2
    mark = (
        WATERMARK_NOT_CHECKED
        if quick and credentials_suffice(reading)
        else _find_watermark(path, keys, detect, answerable=bool(unsigned.declarations), reading=reading)
    )  # 3
    other, unsearched = (None, ()) if is_marked(mark) or mark == WATERMARK_NOT_CHECKED else others.search(path)
    case = look_up(mark.case_id) if look_up is not None and mark.case_id else None  # 4
    found = Observations(
        report=reading,
        watermark=replace(mark, unexamined=()),  # said once, of the whole finding
        case=case,
        ledger_asked=look_up is not None,
        declarations=unsigned.declarations,
        writers=unsigned.writers,
        cameras=unsigned.cameras,
        aigc=unsigned.aigc,
        system=unsigned.system,
        other_installation=other or others.named_in(reading, algorithm=SOFT_BINDING_ALGORITHM),
    )
    unexamined = (*unread, *mark.unexamined, *unsearched, *unlabelled)
    if not has_valid_credentials(reading):
        payload = watermark_payload(mark)
        entries = repository.stored(payload) if payload and repository else ()
        recovered, uncompared = within_budget(  # 5
            "recovered", lambda: read_recovered_manifests(path, payload, entries, trust, at=at), _nothing
        )
        similar, unmatched = within_budget(  # 6
            "similar", lambda: _find_similar(path, repository) if repository and not payload else (), _nothing
        )
        found = replace(found, recovered_manifests=recovered, similar_videos=similar)
        unexamined = (*unexamined, *uncompared, *unmatched)
    verdict = evaluate_observations(found)  # 7
    return Finding(  # 8
        file=path.name,
        verdict=verdict,
        summary=with_unexamined(summarise(verdict, found), unexamined),
        credentials=reading.credentials,
        watermark=mark,
        evidence=gather_evidence(found),
        case=None if case is None else dict(case),
        unexamined=unexamined,
        other_installation=found.other_installation,
        incoming=incoming_marks(found, issuer),
        layers=mark_layers(found, looked_up=repository is not None),
        origins=origin_spans(found, look_up, _seconds(path, found)),
        consent=consent_of_file(found, consents),
    )


def exit_code(finding: Finding) -> int:
    """0 evidence of AI, 1 no information, 2 conflicting or damaged evidence. (3, cannot be read, is BadMedia.)"""
    source_type = (finding.case or {}).get("source_type")
    if (
        finding.verdict is FindingVerdict.RECOVERED_BY_WATERMARK
        and source_type is not None
        and not is_ai_source_type(source_type)
    ):
        return NO_INFORMATION
    marked_elsewhere = finding.other_installation is not None and finding.other_installation.by == "key"
    if finding.verdict is FindingVerdict.CREDENTIALS_UNCONFIRMED and (is_marked(finding.watermark) or marked_elsewhere):
        return EVIDENCE_OF_AI
    return _EXIT_CODES[finding.verdict]


def finding_to_json(finding: Finding) -> dict[str, object]:
    """The finding as JSON values: file, verdict, summary, credentials, watermark, evidence, case."""
    value: dict[str, object] = dump(finding)
    return value


def _find_similar(path: Path, repository: ManifestLookup) -> tuple[SimilarVideo, ...]:
    """What it looks or sounds like; nothing where it can be neither looked at nor listened to."""
    try:
        return tuple(repository.similar(path))
    except OverBudget:
        raise
    except BadMedia:
        return ()


def _seconds(path: Path, found: Observations) -> float:
    """How long it is, where anything tells of some of its seconds; 0 where nothing does, or it cannot be said."""
    if not (is_marked(found.watermark) or found.report.claims.placed or found.similar_videos):
        return 0.0
    try:
        return probe(path).duration
    except (BadMedia, OverBudget):
        return found.watermark.audio.seconds if found.watermark.audio is not None else 0.0


def _no_metadata(_why: str) -> UnsignedMetadata:
    return UnsignedMetadata()


def _nothing(_why: str) -> tuple[()]:
    return ()


def _find_watermark(
    path: Path,
    keys: Sequence[WatermarkKey],
    detect: DetectWatermark,
    *,
    answerable: bool,
    reading: CredentialsReport,
) -> WatermarkFinding:
    """The mark; of a file that cannot be decoded why none was looked for, if there is anything else to say of it.

    `answerable`: unsigned labels say something. They count only in a container that was searched for credentials, since
    any text may hold such words. Raises BadMedia for a file of which nothing can be said.
    """
    try:
        return _with_case_id(detect(path, keys=keys))
    except BadMedia as error:
        state = reading.credentials.state
        known_container = state == "none" and (answerable or isinstance(error, PictureTooLarge))
        explained = type(error)(str(error).replace(ACCEPTED_CONTAINERS, _ACCEPTED_KINDS))
        if state not in _STATES_WORTH_AN_ANSWER and not known_container:
            raise explained from error
        return pictures_not_decoded(path, explained)


def _with_case_id(mark: WatermarkFinding) -> WatermarkFinding:
    """The mark with the case its payload names, and no case without a payload."""
    payload = watermark_payload(mark)
    return replace(mark, case_id=Payload.from_hex(payload).case_id if payload else None)
