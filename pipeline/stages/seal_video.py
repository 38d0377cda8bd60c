"""seal: mark, sign, read both back. What does not carry both is not sealed."""

from __future__ import annotations

from collections.abc import Sequence

from core.case import Case
from core.errors import SealBroken
from core.events import Event, Sealed
from pipeline.stages.stage_context import StageContext


def seal_video(case: Case, context: StageContext) -> Sequence[Event]:
    """Make the file that may be published. Raises SealBroken, and then keeps nothing."""
    if case.rendered is None:
        raise SealBroken("nothing was rendered, so nothing can be sealed")
    with context.temp_folder() as folder:
        source, finished = context.fetch_asset(case.rendered.asset, folder), folder / "sealed.mp4"
        sealing = context.sealer.seal(case, source, finished)
        manifest = context.blob_store.put(sealing.manifest, media_type="application/c2pa", owner=case.id)
        asset = context.blob_store.put(finished, media_type="video/mp4", owner=case.id)
    return [
        Sealed(
            asset=asset,
            payload=sealing.payload,
            manifest_id=sealing.manifest_id,
            manifest=manifest,
            soft_binding=sealing.soft_binding,
            fingerprint=sealing.fingerprint,
            issuer=sealing.issuer,
            signer=sealing.signer,
            sound=sealing.sound,
        )
    ]
