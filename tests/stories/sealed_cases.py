"""Cases of a house, sealed with a real manifest around a stand-in mark, so that it is quick."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.case import Case, Phase
from core.events import Rendered, Sealed, Submitted
from provenance.c2pa.signers.dev_keys import make_dev_keys
from provenance.seal import seal
from tests.lawful import carry
from tests.unit.provenance.conftest import StandInWatermark, make_order


def append_sealed_case(installation, folder: Path, video: Path, case_id: str) -> Case:
    """A case of this house, sealed with a real manifest around a stand-in mark, so that it is quick."""
    keys, mark = make_dev_keys(installation.settings.keys_folder).keys, StandInWatermark()
    report = seal(video, folder / f"{case_id}.mp4", replace(make_order(), case_id=case_id), keys=keys, mark=mark.mark, detect=mark.detect)  # fmt: skip
    vault = installation.service.context.blob_store
    asset = vault.put(folder / f"{case_id}.mp4", media_type="video/mp4", owner=case_id)
    sealed = Sealed(
        asset=asset,
        payload=report.payload,
        manifest_id=report.manifest_id,
        manifest=vault.put(report.manifest, media_type="application/c2pa", owner=case_id),
        soft_binding=report.soft_binding,
        fingerprint=report.fingerprint,
        sound=report.sound,
    )
    rendered = Rendered(asset=asset, engine="wan", engine_version="2.2", duration=5.3, width=1280, height=720)
    asked = Submitted(author="a", prompt="p")
    return carry(installation.ledger, Case(id=case_id), Phase.SEALED, submitted=asked, rendered=rendered, sealed=sealed)
