"""Sealing as the stages see it: from a case and the settings to an order, its sources, the signer and the labels."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from core.assets import Asset
from core.case import Case
from core.errors import NotFound, SealBroken
from core.events import Rendered
from core.ports import BlobStore, Ledger, PublicStore
from media.transcode import Encoding
from pipeline.labelling.label_choice import label_for
from pipeline.settings import Settings
from pipeline.verification.other_installations_table import load_other_installations
from provenance.c2pa.ingredients import Ingredient, build_ingredients
from provenance.c2pa.manifest_definition import PRODUCT_NAME, SealOrder
from provenance.c2pa.signers.keys_folder import ProvenanceKeys, load_keys
from provenance.c2pa.signers.signer_config import SignerConfig
from provenance.c2pa.trust_list_files import with_trust_lists
from provenance.seal_result import SealReport

log = logging.getLogger("assay.sealing")

# x264's veryfast takes less than half of the CPU of `fast`, for files no larger at the same CRF (evals.bench, stages).
_PUBLISHED_ENCODING = Encoding(crf=19, preset="veryfast")


class RestsOn(Protocol):
    """Knows the receipts of consent."""

    def receipts(self, case: Case) -> tuple[str, ...]:
        """The SHA-256 of the receipts on which a case rests: they go into its manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSealer:
    """The Sealer of this installation. `rests_on` is None where nobody can be enrolled.

    A parent whose words and drafts were erased is fetched from the public store, for as long as it is published.
    """

    settings: Settings
    ledger: Ledger
    blob_store: BlobStore
    public_store: PublicStore
    rests_on: RestsOn | None

    def seal(self, case: Case, src: Path, dst: Path) -> SealReport:
        """Label, mark, sign, read all of it back. Raises SealBroken, or Unavailable for want of a time stamp."""
        from provenance.seal import seal
        from provenance.watermark import detect_file, mark_file

        settings = self.settings
        consents = self.rests_on.receipts(case) if self.rests_on else ()
        report = seal(
            src,
            dst,
            replace(seal_order_for(case, self.ledger, settings), consents=consents),
            keys=signing_keys(settings),  # each time, so that a renewed certificate or another key needs no restart
            mark=partial(mark_file, encoding=_PUBLISHED_ENCODING, growth=settings.mark_growth),
            detect=detect_file,
            others=load_other_installations(settings),
            sources=_sources(case, self, dst.parent),
            timestamp_wait=settings.timestamp_wait if settings.timestamp == "queue" else 0.0,
        )
        for warning in report.warnings:
            log.warning("%s", warning, extra={"case": case.id})
        return report


def signing_keys(settings: Settings) -> ProvenanceKeys:
    """This installation's keys with the signer that the settings choose. Raises Unavailable or BadInput."""
    secret = settings.signer_secret
    choice = SignerConfig(
        kind=settings.signer,
        module=settings.pkcs11_module,
        token=settings.pkcs11_token,
        url=settings.signer_url,
        secret=secret.get_secret_value() if secret else "",
        timeout=settings.signer_timeout,
        tsa_url=settings.tsa_url or None,
    )
    if settings.timestamp == "none":
        choice = replace(choice, tsa_url=None)
    keys = load_keys(settings.keys_folder, choice)
    return replace(keys, trust=with_trust_lists(keys.trust, settings.trust))


def seal_order_for(case: Case, ledger: Ledger, settings: Settings) -> SealOrder:
    """What is to be said of this case's video."""
    rendered, verdict = case.rendered, case.verdict
    if rendered is None or verdict is None:
        raise ValueError("only what was rendered and judged is sealed")
    provider = settings.provider or PRODUCT_NAME
    label = label_for(case.request, settings, provider)
    rendered_at = [entry.at for entry in ledger.history(case.id) if isinstance(entry.event, Rendered)]
    return SealOrder(
        case_id=case.id,
        engine=rendered.engine,
        engine_version=rendered.engine_version,
        policy=verdict.policy,
        when=rendered_at[-1].astimezone(UTC) if rendered_at else datetime.now(UTC),
        synthetic=rendered.synthetic,
        source_type=rendered.source_type,
        model=rendered.model,
        provider=provider,
        verifier=settings.verifier_page,
        label=label.generated if label else None,
        composite_label=label.modified if label else None,
    )


def _sources(case: Case, sealer: CaseSealer, folder: Path) -> list[Ingredient]:
    """The published file of the case that this one is made over, and the references that the engine was given."""
    request = case.request
    parent = _fetch_parent(request.parent, sealer, folder) if request.parent else None
    files = [sealer.blob_store.fetch(asset, folder / f"source-{asset.digest}") for asset in request.references]
    return build_ingredients(parent=parent, inputs=files)


def _fetch_parent(case_id: str, sealer: CaseSealer, folder: Path) -> Path:
    asset = _parent_asset(case_id, sealer.ledger)
    to = folder / f"source-{asset.digest}"
    try:
        return sealer.blob_store.fetch(asset, to)
    except NotFound:
        file = sealer.public_store.fetch(case_id, to)
    with file.open("rb") as opened:
        if hashlib.file_digest(opened, "sha256").hexdigest() != asset.digest:
            raise SealBroken("what is published of the video that this one is made over is not what was sealed")
    return file


def _parent_asset(case_id: str, ledger: Ledger) -> Asset:
    try:
        sealed = ledger.load(case_id).sealed
    except NotFound:
        sealed = None
    if sealed is None:
        raise SealBroken("the video that this one is made over was never sealed here, so it cannot be named as parent")
    return sealed.asset
