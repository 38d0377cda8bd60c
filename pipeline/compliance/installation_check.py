"""What of the duties to mark the settings of one installation meet, as rows like the doctor's. Opens no database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core.errors import AssayError
from pipeline.access.public_address import is_public
from pipeline.compliance.duties import REGIONS, MarkingDuty, duties_of
from pipeline.labelling.region_labels import RegionLabel
from pipeline.settings import Settings

if TYPE_CHECKING:
    from provenance.c2pa.signers.keys_folder import ProvenanceKeys

_MARKING = ("eu_marking", "eu_marking_older_systems", "eu_code", "california_providers")
_VISIBLE = ("california_providers", "china_labels", "india_labels", "korea_labels")
_CHINESE = ("人工智能", "AI")
_AI_WORDS = re.compile(r"(?<![a-zà-ÿ])(?:ai|ia|ki)(?![a-zà-ÿ])|人工智能|artificial|synthe")


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyCheck:
    """One row. `state`: ok, lacks (a duty is not met by these settings), broken (nothing can be marked)."""

    subject: str
    state: str
    says: str
    duties: tuple[MarkingDuty, ...]


def check_marking_duties(settings: Settings, regions: Sequence[str] = ()) -> tuple[DutyCheck, ...]:
    """All rows that some duty of these regions asks for, in the order in which a video is marked and checked.

    Raises BadInput for a region that is not known.
    """
    known = {duty.id: duty for duty in duties_of(regions)}
    rows = (*_signing(settings), *_marks(settings), *_labels(settings), *_checking(settings))
    return tuple(
        DutyCheck(subject=subject, state=state, says=says, duties=duties)
        for subject, state, says, ids in rows
        if (duties := tuple(known[name] for name in ids if name in known))
    )


def check_as_json(check: DutyCheck) -> dict[str, object]:
    """For programs: the duties by their names and first days."""
    duties = [{"id": duty.id, "applies_from": duty.applies_from.isoformat()} for duty in check.duties]
    return {"subject": check.subject, "state": check.state, "says": check.says, "duties": duties}


_Row = tuple[str, str, str, tuple[str, ...]]


def _signing(settings: Settings) -> Iterator[_Row]:
    from pipeline.sealing import signing_keys

    try:
        keys = signing_keys(settings)
    except (AssayError, OSError) as error:
        yield "signing key", "broken", f"nothing can be signed or marked: {str(error).splitlines()[0]}", _MARKING
        return
    yield _certificate(keys, settings)
    yield _time_stamp(keys, settings)
    yield _trust_lists(keys)


def _certificate(keys: ProvenanceKeys, settings: Settings) -> _Row:
    where = "a file" if settings.signer == "file" else settings.signer
    if keys.expires <= datetime.now(UTC):
        return "signing key", "broken", f"its certificate ran out on {keys.expires:%Y-%m-%d}", _MARKING
    if keys.development:
        says = f"the key ({where}) is for development: nobody outside vouches for who signs"
        return "signing key", "lacks", says, _MARKING
    says = f"the key ({where}) signs with a certificate of your own, good until {keys.expires:%Y-%m-%d}"
    return "signing key", "ok", says, _MARKING


def _time_stamp(keys: ProvenanceKeys, settings: Settings) -> _Row:
    if not settings.tsa_url or settings.timestamp == "none":
        says = "no authority stamps the time (tsa_url): when it was signed is the signer's word alone"
        return "time stamp", "lacks", says, ("eu_code",)
    if not keys.trust.timestamp_authorities:
        says = "an authority is asked, but its root is on no list here (trusted-tsas.pem): its stamps are not believed"
        return "time stamp", "lacks", says, ("eu_code",)
    return "time stamp", "ok", "signatures are stamped by an authority that is believed here", ("eu_code",)


def _trust_lists(keys: ProvenanceKeys) -> _Row:
    own = [one for one in keys.trust.signers if not one.name.startswith("urn:list:")]
    others = len(keys.trust.signers) - len(own)
    asked = ("eu_code", "california_providers", "california_platforms")
    if others:
        return "trust list", "ok", f"{others} lists of other signers are believed when files are checked", asked
    says = (
        "only this installation's own certificate is believed: others' credentials read as from unknown signers"
        " (`assay trust update`, then the setting trust)"
    )
    return "trust list", "lacks", says, asked


def _marks(settings: Settings) -> Iterator[_Row]:
    asked = (*_MARKING, "india_labels", "korea_labels")
    if settings.mark_growth == 0:
        says = "every video is marked, but the mark may cost no bytes (mark_growth): little of it survives"
        yield "watermark", "lacks", says, asked
    else:
        says = f"every video is marked in picture and sound; the mark may add {100 * settings.mark_growth:g} % of bytes"
        yield "watermark", "ok", says, asked
    if settings.engine == "folder":
        says = "the folder engine serves footage: nothing is called AI unless its operator states a source type"
        yield "statement of AI", "lacks", says, (*_MARKING, "china_labels", "india_labels", "korea_labels")
    else:
        says = "what the engine makes is stated as made by AI, in credentials, XMP and the AIGC field"
        yield "statement of AI", "ok", says, (*_MARKING, "china_labels", "india_labels", "korea_labels")
    named = ("california_providers", "china_labels")
    if settings.provider:
        yield "provider", "ok", f"marks name {settings.provider} as provider", named
    else:
        yield "provider", "lacks", "no provider is set: marks name the product (Assay), and not who answers", named


def _labels(settings: Settings) -> Iterator[_Row]:
    """A row for each region, since each asks for another label."""
    shown = {"off": "no label is drawn", "start": "drawn for the first 4 s", "whole": "drawn throughout"}[
        settings.label
    ]
    own = settings.labelled_regions
    for duty in _VISIBLE:
        name = duty.partition("_")[0]
        region = REGIONS[name]
        if name in own:
            yield f"visible label, {region}", "ok", _region_says(own[name]), (duty,)
            continue
        says, state = f"{shown}: “{settings.label_text}”", "ok"
        if settings.label == "off":
            state, says = "lacks", "no label is drawn (label): what people see says nothing of AI"
        elif duty == "china_labels" and not any(word in settings.label_text for word in _CHINESE):
            state, says = "lacks", f"{says}, which names neither 人工智能 nor AI (label_text, label_font)"
        elif not _AI_WORDS.search(settings.label_text.casefold()):
            state, says = "lacks", f"{says}, which does not say that AI made it (label_text)"
        elif duty == "california_providers":
            says = f"{says}; the option is the installation's, not each user's"
            state = "lacks"
        yield f"visible label, {region}", state, says, (duty,)
    state, says = "lacks", "the EU's label is not drawn (label_regions), only a text of your own, if any"
    if "eu" in own:
        state, says = "ok", f"{_region_says(own['eu'])}; the words of the EU's icon, and not its drawing"
    yield f"visible label, {REGIONS['eu']}", state, says, ("eu_deep_fakes",)


def _region_says(region: RegionLabel) -> str:
    lasts = {"start": "for the first 4 s", "whole": "throughout"}[region.label]
    return f"orders of there, and those that do not say, get “{region.generated}” {lasts} (label_regions)"


def _checking(settings: Settings) -> Iterator[_Row]:
    asked = ("eu_code", "california_providers")
    if not is_public(settings):
        says = "the verifier is reached from this machine alone (web_address): nobody else can check a video"
        yield "verifier", "lacks", says, asked
    else:
        yield "verifier", "ok", "the verifier's page and interface are reached from outside, without an account", asked
    if settings.verifier_page:
        yield "where to check", "ok", f"manifests name {settings.verifier_page}", ("eu_code",)
    else:
        says = "manifests do not say where a video can be checked (verifier_page)"
        yield "where to check", "lacks", says, ("eu_code",)
    if settings.verify_urls:
        yield "check by address", "ok", "the verifier takes addresses as well as files", ("california_providers",)
    else:
        says = "the verifier takes files only (verify_urls)"
        yield "check by address", "lacks", says, ("california_providers",)
