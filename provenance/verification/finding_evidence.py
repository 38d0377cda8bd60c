"""The evidence behind a verdict, piece by piece: what it says, what it proves, and what it does not."""

from __future__ import annotations

from collections.abc import Iterator

from core.finding import Evidence, WatermarkFinding
from provenance.c2pa.credential_causes import CredentialsCause
from provenance.verification.cause_texts import CAUSE_TEXTS
from provenance.verification.evaluate import (
    NO_WATERMARK_KEY,
    WATERMARK_NOT_CHECKED,
    Observations,
    consent_ended,
    find_conflicts,
    reason_not_searched,
    taken_down_after_claim,
    watermark_payload,
)
from provenance.verification.external_evidence import (
    lineage_evidence,
    recovery_evidence,
    segment_evidence,
    similarity_evidence,
    sound_watermark_evidence,
)
from provenance.verification.summary import CONSENT_ENDED, TAKEN_DOWN_AFTER_CLAIM, other_mark_sentence

_MAX_LISTED = 8  # values named in one sentence
_STATES = {
    "trusted": (
        "The signature holds, the bytes are those that were signed, and the signer is on the list {list}.",
        "Who signed it, and that it was not changed since.",
        "Not that what the signer says is true.",
    ),
    "valid": (
        "The signature holds and the bytes are those that were signed, but the signer is on no list here.",
        "That it was not changed since it was signed.",
        "Not who signed it: anybody can make such a certificate.",
    ),
    "invalid": (
        "There are credentials, and they do not hold.",
        "That they cannot be relied on; why is named next.",
        "Nothing that they say: it is attributed to nobody.",
    ),
    "unreadable": (
        "There are credentials, and they cannot be read.",
        "That something is or was there.",
        "Nothing of what they may have said.",
    ),
    "remote": (
        "The credentials are on another server. They were not fetched.",
        "Nothing: the address may be anybody's.",
        "",
    ),
    "unsupported": (
        "Files of this kind were not searched for credentials.",
        "Nothing: there may be some.",
        "",
    ),
    "not_read": (
        "The credentials, if there are any, were not read.",
        "Nothing: there may be some.",
        "",
    ),
    "none": (
        "There are no credentials in the file.",
        "Nothing: most programs drop them when a video is saved again.",
        "",
    ),
}


def gather_evidence(observations: Observations) -> tuple[Evidence, ...]:
    """Everything that was looked at, the empty-handed looks included."""
    return (
        *_conflicts(observations),
        _credentials(observations),
        *_cause_evidence(observations),
        *_writer_evidence(observations),
        *_ai_assertion_evidence(observations),
        *_engine(observations),
        *_ingredients(observations),
        *_time(observations),
        *lineage_evidence(observations),
        _watermark(observations),
        *segment_evidence(observations),
        *sound_watermark_evidence(observations),
        *_other_installation(observations),
        *_bindings(observations),
        *_ledger(observations),
        *recovery_evidence(observations),
        *similarity_evidence(observations),
        *_declaration_evidence(observations),
        *_camera_evidence(observations),
    )


def _conflicts(observations: Observations) -> Iterator[Evidence]:
    for sentence in find_conflicts(observations):
        yield Evidence(
            kind="conflict",
            says=sentence,
            proves="That at least one of the two is wrong.",
            limits="Not which; the watermark is the harder one to forge.",
        )


def _credentials(observations: Observations) -> Evidence:
    credentials = observations.report.credentials
    says, proves, limits = _STATES[credentials.state]
    says = says.format(list=observations.report.trust_list)
    if credentials.issues:
        says = f"{says} ({'; '.join(credentials.issues[:_MAX_LISTED])})"
    if ":development:" in observations.report.trust_list:
        limits = f"{limits} The list is for development and vouches for nobody."
    return Evidence(kind="credentials", says=says, proves=proves, limits=limits)


def _cause_evidence(observations: Observations) -> Iterator[Evidence]:
    """Each cause by its code; not what the state says already."""
    credentials = observations.report.credentials
    for cause in map(CredentialsCause, credentials.causes):
        if cause is CredentialsCause.SIGNER_NOT_TRUSTED and credentials.state != "invalid":
            continue
        if text := CAUSE_TEXTS.get(cause):
            yield Evidence(kind=f"credentials.{cause.value}", says=text.says, proves=text.proves, limits=text.limits)


def _writer_evidence(observations: Observations) -> Iterator[Evidence]:
    """Why it has none, if the file shows that."""
    if observations.report.credentials.state != "none":
        return
    for name, words in observations.writers.items():
        yield Evidence(
            kind="trace",
            says=f"This file says that {name} wrote it ({words}), "
            "which keeps no credentials when it saves a file again.",
            proves="Nothing about AI: it explains why there are no credentials, if there ever were any.",
            limits="Not that there were some.",
        )


def _ai_assertion_evidence(observations: Observations) -> Iterator[Evidence]:
    if observations.report.credentials.state not in ("trusted", "valid"):
        return
    for saying in observations.report.ai_assertions[:_MAX_LISTED]:
        location = "the file itself" if saying.depth == 0 else f"an ingredient, {saying.depth} step(s) back"
        yield Evidence(
            kind=f"ai_statement.{saying.route}",
            says=f"{saying.says} (of {location})",
            proves="That the signer says AI made it." if saying.whole else "That the signer says AI made a part of it.",
            limits="It is the signer's word.",
        )


def _engine(observations: Observations) -> Iterator[Evidence]:
    if observations.report.existing_footage:
        by = observations.report.source_type_stated_by
        yield Evidence(
            kind="engine",
            says=f"The engine was a folder of files, which generated nothing; the source type was stated by {by}.",
            proves="That the footage went through this service.",
            limits="Not how the footage was made.",
        )


def _ingredients(observations: Observations) -> Iterator[Evidence]:
    if observations.report.broken_ingredients:
        yield Evidence(
            kind="ingredients",
            says=f"Something it was made from does not verify: {', '.join(observations.report.broken_ingredients)}.",
            proves="That the history before this signature cannot be relied on.",
            limits="The file itself may be as it was signed.",
        )


def _time(observations: Observations) -> Iterator[Evidence]:
    if signed_at := observations.report.credentials.signed_at:
        trusted = observations.report.time_trusted
        yield Evidence(
            kind="time",
            says=f"Signed at {signed_at}.",
            proves="When it was signed, by a trusted authority."
            if trusted
            else "Nothing: no trusted authority says so.",
        )


def _watermark(observations: Observations) -> Evidence:
    mark = observations.watermark
    if mark == WATERMARK_NOT_CHECKED:
        return Evidence(
            kind="watermark",
            says="No watermark was looked for: the credentials are whole and say AI already.",
            proves="Nothing.",
            limits="Not that this service's mark agrees with the credentials.",
        )
    if mark == NO_WATERMARK_KEY:
        return Evidence(
            kind="watermark",
            says="No watermark was looked for: there is no watermark key here.",
            proves="Nothing: there may be one, and only who has its key can find it.",
        )
    if reason := reason_not_searched(mark):
        return Evidence(
            kind="watermark",
            says=f"No watermark was looked for{'' if mark.audio is None else ' in the picture'}: {reason}.",
            proves="Nothing: there may be one.",
        )
    if not mark.detected:
        return Evidence(
            kind="watermark",
            says=f"No watermark of this service was found. {mark.note}".strip(),
            proves="Nothing: it may have been destroyed, and other makers' marks cannot be seen here.",
            limits=_compared_since(mark),
        )
    return Evidence(
        kind="watermark",
        says=(
            f"A watermark made with this service's key is in the picture (p = {mark.p_value:.1e}). {_named_case(mark)}"
        ),
        proves="That these pictures, or what they were made from, went through this service.",
        limits=f"Not that nothing was changed since. {'' if mark.payload else _compared_since(mark)}".strip(),
    )


def _compared_since(mark: WatermarkFinding) -> str:
    """Among which a damaged mark was looked for, where that is not all."""
    if not mark.compared_since:
        return ""
    return (
        f"A damaged watermark was looked for among those of videos sealed since {mark.compared_since}, and among older"
        " ones only where the file looks or sounds like them."
    )


def _other_installation(observations: Observations) -> Iterator[Evidence]:
    """A mark of another installation that the settings name, found with its key or named by the credentials."""
    other = observations.other_installation
    if other is None:
        return
    if other.by == "key":
        yield Evidence(
            kind="other_installation",
            says=other_mark_sentence(other),
            proves="That this file, or what it was made from, went through that installation.",
            limits="Not that nothing was changed since.",
        )
        return
    where = f" It can be asked at {other.url}." if other.url else ""
    yield Evidence(
        kind="other_installation",
        says=f"The credentials name the watermark of {other.name}, another installation (case {other.case_id}).{where}",
        proves="That whoever signed them says so.",
        limits="Not that this watermark is in the file.",
    )


def _named_case(mark: WatermarkFinding) -> str:
    if not mark.payload:
        return "Which case it names cannot be read."
    if not mark.among:
        return f"It names case {mark.case_id}."
    issued = f"of {mark.among:,} that this service issued it is" if mark.among > 1 else "it is"
    return f"It is too damaged to be read by itself, but {issued} that of case {mark.case_id}."


def _bindings(observations: Observations) -> Iterator[Evidence]:
    for binding in observations.report.soft_bindings[:_MAX_LISTED]:
        same = watermark_payload(observations.watermark) == binding.value
        yield Evidence(
            kind="soft_binding",
            says=f"The credentials name the watermark {binding.value[:64]} ({binding.algorithm[:64]}).",
            proves="That picture and credentials belong together." if same else "Nothing: no such mark was read here.",
        )


def _ledger(observations: Observations) -> Iterator[Evidence]:
    if not watermark_payload(observations.watermark):
        return
    if not observations.ledger_asked:
        yield Evidence(
            kind="ledger",
            says=f"The record of case {observations.watermark.case_id} was not asked for: no ledger is open here.",
            proves="Nothing.",
        )
    else:
        has_record = observations.case is not None
        yield Evidence(
            kind="ledger",
            says=(
                f"The record of case {observations.watermark.case_id} {'was found' if has_record else 'was not found'}."
            ),
            proves="What this service recorded when it sealed the video." if has_record else "Nothing.",
        )
    if consent_ended(observations):
        yield Evidence(
            kind="consent",
            says=CONSENT_ENDED,
            proves="That whoever shows this copy today shows it without that consent.",
            limits="Nothing about how the video was made.",
        )
    elif taken_down_after_claim(observations):
        yield Evidence(
            kind="claim",
            says=TAKEN_DOWN_AFTER_CLAIM,
            proves="That whoever shows this copy today shows what this service no longer shows.",
            limits="Nothing about how the video was made, nor who claimed what.",
        )


def _declaration_evidence(observations: Observations) -> Iterator[Evidence]:
    for declaration in observations.declarations:
        yield Evidence(
            kind="declaration",
            says=f"{declaration.field}: {declaration.says}.",
            proves="That somebody wrote so into the file.",
            limits="Not who: it is not signed.",
        )


def _camera_evidence(observations: Observations) -> Iterator[Evidence]:
    """What the file says of a camera: it changes no answer. That the picture itself was not judged is said."""
    for name in observations.cameras:
        yield Evidence(
            kind="camera",
            says=f"The file says that {name} recorded it.",
            proves="Nothing: anyone can write that into a file.",
            limits="Whether the picture looks recorded or made was not judged: no detector here can be relied on.",
        )
