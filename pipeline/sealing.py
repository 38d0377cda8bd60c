"""Sealing as the stages see it: from a case and the settings to an order, its sources, the signer and the labels."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.assets import Asset
from core.case import Case
from core.errors import NotFound, SealBroken
from core.events import Rendered
from core.ports import BlobStore, Ledger
from media.transcode import Encoding
from pipeline.settings import Settings
from pipeline.verification.other_installations_table import load_other_installations
from provenance.c2pa.ingredients import Ingredient, build_ingredients
from provenance.c2pa.manifest_definition import PRODUCT_NAME, SealOrder
from provenance.c2pa.signers.keys_folder import ProvenanceKeys, load_keys
from provenance.c2pa.signers.signer_config import SignerConfig
from provenance.c2pa.trust_list_files import with_trust_lists
from provenance.seal_result import SealReport

if TYPE_CHECKING:
    from provenance.watermark_ports import EmbedWatermark

log = logging.getLogger("assay.sealing")

# x264's veryfast takes less than half of the CPU of `fast`, for files no larger at the same CRF (evals.bench, stages).
_PUBLISHED_ENCODING = Encoding(crf=19, preset="veryfast")
_LABEL_SECONDS = 4.0


class RestsOn(Protocol):
    """Knows the receipts of consent."""

    def receipts(self, case: Case) -> tuple[str, ...]:
        """The SHA-256 of the receipts on which a case rests: they go into its manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSealer:
    """The Sealer of this installation. `rests_on` is None where nobody can be enrolled."""

    settings: Settings
    ledger: Ledger
    blob_store: BlobStore
    rests_on: RestsOn | None

    def seal(self, case: Case, src: Path, dst: Path) -> SealReport:
        """Label, mark, sign, read all of it back. Raises SealBroken, or Unavailable for want of a time stamp."""
        from provenance.seal import seal
        from provenance.watermark import detect_file

        settings = self.settings
        consents = self.rests_on.receipts(case) if self.rests_on else ()
        report = seal(
            src,
            dst,
            replace(seal_order_for(case, self.ledger, settings), consents=consents),
            keys=signing_keys(settings),  # each time, so that a renewed certificate or another key needs no restart
            mark=_watermarker(settings),
            detect=detect_file,
            others=load_other_installations(settings),
            sources=_sources(case, self.ledger, self.blob_store, dst.parent),
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
        provider=settings.provider or PRODUCT_NAME,
        verifier=settings.verifier_page,
        labelled=settings.label != "off",
    )


def _watermarker(settings: Settings) -> EmbedWatermark:
    from provenance.watermark import mark_file

    mark = partial(mark_file, encoding=_PUBLISHED_ENCODING, growth=settings.mark_growth)
    if settings.label == "off":
        return mark
    from media.label_overlay import VisibleLabel
    from provenance.visible_label import embed_with_visible_label

    text = f"{settings.label_text} | {settings.provider or PRODUCT_NAME}"
    seconds = _LABEL_SECONDS if settings.label == "start" else None
    return embed_with_visible_label(mark, VisibleLabel(text=text, seconds=seconds, font=str(settings.label_font or "")))


def _sources(case: Case, ledger: Ledger, blob_store: BlobStore, folder: Path) -> list[Ingredient]:
    """The published file of the case that this one is made over, and the references that the engine was given."""
    request = case.request
    assets = [_parent_asset(request.parent, ledger)] if request.parent else []
    files = [blob_store.fetch(asset, folder / f"source-{asset.digest}") for asset in (*assets, *request.references)]
    return build_ingredients(parent=files[0] if assets else None, inputs=files[len(assets) :])


def _parent_asset(case_id: str, ledger: Ledger) -> Asset:
    try:
        sealed = ledger.load(case_id).sealed
    except NotFound:
        sealed = None
    if sealed is None:
        raise SealBroken("the video that this one is made over was never sealed here, so it cannot be named as parent")
    return sealed.asset
