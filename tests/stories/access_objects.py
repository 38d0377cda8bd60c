"""What the walk over all routes asks about: a fresh thing of an account for each request, so that none finds it changed."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from console.web.context import RequestContext
from core.assets import Asset
from core.case import Case, Phase, new_case
from core.codec import dump
from core.events import Measured, Published, Rendered, Sealed, StageFailed, Submitted
from core.finding import ContentCredentials, Finding, FindingVerdict, WatermarkFinding
from core.roles import Principal
from core.verdicts import Decision, Gate
from pipeline.accounts import new_key
from pipeline.webhooks.endpoints import EVENT_TYPES, WebhookEndpoint, new_endpoint_id, new_secret
from pipeline.wiring import Installation
from registry.consent import LeaseRequest
from registry.rights.registered_works import RegisteredWork
from tests.lawful import carry, judged

FINDING = Finding(
    file="",
    verdict=FindingVerdict.NO_INFORMATION,
    summary="s",
    credentials=ContentCredentials(state="none"),
    watermark=WatermarkFinding(detected=False, p_value=0.5),
    evidence=(),
)


@dataclass(frozen=True, kw_only=True)
class AccessObjects:
    """Makes things for accounts, past the service. `maker` is an account that only orders videos of others."""

    at: Installation
    context: RequestContext
    video: Path
    maker: Principal
    maker_token: str
    number: itertools.count = field(default_factory=itertools.count)

    def case(self, owner: Principal, *events: object, **asked: object) -> Case:
        made = new_case()
        text = self.at.service.context.texts.put("a rabbit", case_id=made.id)
        return self.at.ledger.append(made, [Submitted(author=owner.id, prompt=text, **asked), *events])

    def held(self, owner: Principal) -> Case:
        return self.case(owner, Measured(signals=()), judged(Gate.PROMPT, Decision.HOLD, "r"))

    def broken(self, owner: Principal) -> Case:
        return self.case(owner, *[StageFailed(phase="submitted", kind="Unavailable", error="away")] * 3)

    def refused(self, owner: Principal) -> Case:
        return self.case(owner, Measured(signals=()), judged(Gate.PROMPT, Decision.REFUSE, "r"))

    def rendered(self, owner: Principal, **asked: object) -> Case:
        made = self.case(owner, **asked)
        return carry(self.at.ledger, made, Phase.RENDERED, rendered=self._rendered(made))

    def published(self, owner: Principal) -> Case:
        made = self.case(owner)
        rendered = self._rendered(made)
        sealed = Sealed(
            asset=rendered.asset,
            payload=made.id,
            manifest_id=f"urn:{made.id}",
            manifest=self._asset(made),
            soft_binding="b",
        )
        url = self.at.service.context.public_store.publish(made.id, self.video)
        return carry(
            self.at.ledger, made, Phase.PUBLISHED, rendered=rendered, sealed=sealed, published=Published(url=url)
        )

    def cameo(self, owner: Principal, *, active: bool = True) -> str:
        stores = self.at.service.cameos.stores
        cameo = stores.cameos.add(f"cameo{next(self.number)}", owner.id)
        if active:
            self.at.service.cameos.review.activate(cameo, by=owner.id)
        return cameo.handle if active else cameo.id

    def use(self, owner: Principal) -> tuple[str, str]:
        handle = self.cameo(owner)
        cameo = self.at.service.cameos.stores.cameos.by_handle(handle)
        return handle, self.rendered(self.maker, cameos=(cameo.id,)).id

    def lease(self, owner: Principal, *, words: str = "") -> tuple[str, str]:
        handle = self.cameo(owner)
        lease, _ = self.at.service.cameos.lease(owner, handle, LeaseRequest(holder=self.maker.id, words=words))
        return handle, lease.id

    def receipt(self, owner: Principal) -> str:
        return self.at.service.cameos.receipts(owner, self.cameo(owner))[-1].hash

    def challenge(self, owner: Principal) -> str:
        return self.at.service.cameos.enrolment.enrolments.issue(owner.id, f"cameo{next(self.number)}", "self").id

    def key(self, owner: Principal) -> str:
        for old in self.at.accounts.keys(owner.id):
            if old.name.startswith("walked") and old.revoked is None:
                self.at.accounts.save_key(replace(old, revoked=datetime.now(UTC)))
        key, _ = new_key(owner.id, f"walked{next(self.number)}")
        self.at.accounts.save_key(key)
        return key.id

    def endpoint(self, owner: Principal) -> str:
        now = datetime.now(UTC)
        made = WebhookEndpoint(
            id=new_endpoint_id(), account=owner.id, name="walked", url="https://hooks.invalid/", event_types=EVENT_TYPES,
            secret=new_secret(), created=now, updated=now,
        )  # fmt: skip
        self.at.service.webhooks.webhooks.save(made)
        return made.id

    def delivery(self, owner: Principal) -> tuple[str, str]:
        endpoint = self.endpoint(owner)
        self.refused(owner)
        deliveries = self.at.service.webhooks.webhooks.deliveries(endpoint, state=None, before=None, limit=1)
        return endpoint, str(deliveries[0].id)

    def manifest(self, owner: Principal) -> str:
        manifest_id, asset = f"urn:c2pa:{next(self.number)}", self._asset(new_case())
        self.at.service.public.repository.manifests.store(manifest_id, asset.digest, asset.size, by=owner.id)
        return manifest_id

    def binding(self, owner: Principal) -> str:
        manifest_id = self.manifest(owner)
        self.at.service.public.repository.manifests.bind("com.example.1", "00", manifest_id, by=owner.id)
        return manifest_id

    def work(self, owner: Principal) -> str:
        name = f"work{next(self.number)}"
        work = RegisteredWork(id=name, kind="character", names=("Walked Fox",), holder=owner.id)
        self.at.registry.works.put([work])
        return name

    def work_image(self, owner: Principal) -> tuple[str, str]:
        work, vectors = self.work(owner), np.full((1, 512), 512**-0.5, np.float32)
        described = {"model": "clip_image_tower", "pdq": b"", "vectors": vectors, "added_by": owner.id}
        return work, self.at.registry.work_images.add(work, b"a picture", (4, 3), **described).id

    def shared(self, _owner: Principal) -> str:
        return self.at.service.public.sharing.share(FINDING)

    def share_token(self) -> str:
        return str(self.context.sessions.timed_serializer("assay.answer").dumps(dump(FINDING)))

    def _rendered(self, made: Case) -> Rendered:
        return Rendered(asset=self._asset(made, self.video), engine="e", engine_version="1", duration=5.0)

    def _asset(self, made: Case, file: Path | None = None) -> Asset:
        path = file or self.at.settings.root / f"walked-{made.id}"
        if file is None:
            path.write_bytes(made.id.encode())
        store = self.at.service.context.blob_store
        asset = store.put(path, media_type="video/mp4" if file else "application/c2pa", owner=made.id)
        store.confirm(asset.digest)
        return asset
