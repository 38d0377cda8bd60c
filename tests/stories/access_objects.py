"""What the walk over all routes asks about: a fresh thing of an account for each request, so that none finds it changed."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from console.web.context import RequestContext
from core.assets import Asset
from core.case import Case, Phase, new_case
from core.codec import dump
from core.events import Appealed, Measured, Published, Rendered, Sealed, StageFailed, Submitted
from core.finding import ContentCredentials, Finding, FindingVerdict, WatermarkFinding
from core.roles import Principal, Role
from core.signals import Signal, Subject
from core.verdicts import Decision, Gate
from pipeline.accounts import new_key
from pipeline.rights.holder_works import LicenceRequest
from pipeline.webhooks.endpoints import EVENT_TYPES, WebhookEndpoint, new_endpoint_id, new_secret
from pipeline.wiring import Installation
from registry.banks.bank_entries import Bank, BankEntry, Provenance
from registry.consent import LeaseRequest
from registry.consent.requests.request_store import RequestsFrom
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

    def appealed_removal(self, owner: Principal) -> Case:
        down = carry(self.at.ledger, self.published(owner), Phase.WITHDRAWN)
        return self.at.ledger.append(down, [Appealed(by=owner.id)])

    def rendered(self, owner: Principal, **asked: object) -> Case:
        made = self.case(owner, **asked)
        return carry(self.at.ledger, made, Phase.RENDERED, rendered=self._rendered(made))

    def published(self, owner: Principal, *, prompt: str = "", cameos: tuple[str, ...] = (), **events: object) -> Case:
        made = self.case(owner, cameos=cameos, **({"prompt": prompt} if prompt else {}))
        rendered = self._rendered(made)
        sealed = Sealed(
            asset=rendered.asset,
            payload=f"{made.id}{0:08}",
            manifest_id=f"urn:{made.id}",
            manifest=self._asset(made),
            soft_binding="b",
        )
        url = self.at.service.context.public_store.publish(made.id, self.video)
        return carry(
            *(self.at.ledger, made, Phase.PUBLISHED),
            rendered=rendered, sealed=sealed, published=Published(url=url), **events,
        )  # fmt: skip

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

    def waiting(self, owner: Principal) -> tuple[str, str]:
        """An order of this account that waits for the consent of somebody whose handle comes with it."""
        person = Principal(id=f"acct_person{next(self.number)}", roles=frozenset({Role.PLATFORM}))
        handle = self._askable(person)
        return handle, self._waiting_for(handle, owner).id

    def consent_request(self, owner: Principal) -> str:
        """A request to a cameo of this account, about an order of the maker's."""
        handle = self._askable(owner)
        requests = self.at.service.cameos.requests
        case = self._waiting_for(handle, self.maker)
        with self.at.service.cameos.stores.cameos._connections.connection() as connection:
            connection.execute("DELETE FROM consent_requests WHERE asker = %s", [self.maker.id])
        return requests.ask(self.maker, case.id, handle).id

    def found(self, owner: Principal) -> tuple[str, str]:
        """A published video of the maker's in which a cameo of this account is recognised."""
        handle = self.cameo(owner)
        cameo = self.at.service.cameos.stores.cameos.by_handle(handle)
        seen = Signal(subject=Subject.VIDEO, label="protected_person", score=0.9, source="walk/1", cameo=cameo.id)
        return handle, self.published(self.maker, inspected=Measured(signals=(seen,))).id

    def _askable(self, person: Principal) -> str:
        handle = self.cameo(person)
        self.at.service.cameos.requests.set_takes(person, handle, RequestsFrom.EVERYONE)
        return handle

    def _waiting_for(self, handle: str, author: Principal) -> Case:
        cameo = self.at.service.cameos.stores.cameos.by_handle(handle)
        unleased = judged(Gate.PROMPT, Decision.HOLD, "prompt_cameo_unleased")
        return self.case(author, Measured(signals=()), unleased, cameos=(cameo.id,))

    def lease(self, owner: Principal, *, words: str = "") -> tuple[str, str]:
        handle = self.cameo(owner)
        lease, _ = self.at.service.cameos.lease(owner, handle, LeaseRequest(holder=self.maker.id, words=words))
        return handle, lease.id

    def takedown(self, owner: Principal) -> tuple[str, str]:
        """A cameo, and the takedown of a permission of it that was taken back."""
        handle, lease = self.lease(owner)
        self.at.service.cameos.revoke(owner, lease)
        return handle, self.at.service.cameos.takedown_reports(owner, handle)[0][0].id

    def erased(self, owner: Principal) -> str:
        """The id of a cameo that was erased, of which there is a certificate."""
        handle = self.cameo(owner)
        return self.at.service.cameos.erase(owner, handle).cameo

    def end_user(self, account: Principal) -> str:
        """One of the end users of an account: somebody whom they know."""
        name, cameos = f"user{next(self.number)}", self.at.service.cameos
        cameos.stores.cameos.know(cameos.end_users.named(account.id, name), account.id)
        return name

    def erased_end_user(self, account: Principal) -> str:
        """The id of an end user's erasure, of which there is a certificate."""
        return self.at.end_user_erasures.erase(account, self.end_user(account)).id

    def receipt(self, owner: Principal) -> str:
        return self.at.service.cameos.receipts(owner, self.cameo(owner))[-1].hash

    def challenge(self, owner: Principal) -> str:
        takes, many = self.at.service.cameos.enrolment.enrolments, 10_000
        handle = f"cameo{next(self.number)}"
        return takes.issue(owner.id, handle, "self", most_open=many, most_a_day=many).id

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

    def licence(self, owner: Principal) -> tuple[str, str]:
        work = self.work(owner)
        granted, _ = self.at.rights_desk.works.grant(owner, work, LicenceRequest(licensee="*"))
        return work, granted.id

    def work_draft(self, owner: Principal) -> tuple[str, str]:
        """A draft by another account that waits for the holder of a work."""
        work = self.work(owner)
        named = Signal(subject=Subject.PROMPT, label="registered_work", score=0.95, source="prompt_works/2", work=work)
        made = self.case(self.maker, Measured(signals=(named,)))
        case = carry(self.at.ledger, made, Phase.RENDERED, rendered=self._rendered(made))
        hold = judged(Gate.VIDEO, Decision.HOLD, "video_work_unapproved")
        return work, self.at.ledger.append(case, [Measured(signals=()), hold]).id

    def holder(self, owner: Principal) -> str:
        """An account that waits to be verified, and is not the owner's."""
        del owner
        name = f"acct_holder{next(self.number)}"
        asking = Principal(id=name, roles=frozenset({Role.RIGHTS_HOLDER}))
        self.at.rights_desk.verification.ask(asking, name="Walked Studios", says="We drew it")
        return name

    def own_holder(self, owner: Principal) -> None:
        """The account asks to be verified, if it has not."""
        if self.at.rights_desk.verification.holders.get(owner.id) is None:
            asking = Principal(id=owner.id, roles=frozenset({Role.RIGHTS_HOLDER}))
            self.at.rights_desk.verification.ask(asking, name="Walked Studios", says="We drew it")

    def work_image(self, owner: Principal) -> tuple[str, str]:
        work, vectors = self.work(owner), np.full((1, 512), 512**-0.5, np.float32)
        described = {"model": "clip_image_tower", "pdq": b"", "vectors": vectors, "added_by": owner.id}
        return work, self.at.registry.work_images.add(work, b"a picture", (4, 3), **described).id

    def work_sound(self, owner: Principal) -> tuple[str, str]:
        work = self.work(owner)
        kept = {"added_by": owner.id, "recording": b"a recording"}
        return work, self.at.registry.work_sounds.add(work, "a sound", [(0, b"s" * 32)], **kept).id

    def enrolment_picture(self, owner: Principal) -> tuple[str, str]:
        cameo = self.cameo(owner, active=False)
        return cameo, self.at.service.cameos.stores.enrolment_pictures.add(cameo, b"a picture")

    def refused_cameo(self, owner: Principal) -> str:
        cameo = self.cameo(owner, active=False)
        somebody = Principal(id="acct_walker", roles=frozenset({Role.MODERATOR}))
        self.at.service.cameos.review.admit(somebody, cameo, allow=False, code="unclear")
        return cameo

    def match(self, owner: Principal) -> int:
        case, known = self.published(owner), f"walked{next(self.number)}"
        desk = self.at.match_desk
        entry = BankEntry(id=known, algorithm="pdq", bits=secrets.token_bytes(32))
        desk.banks.add(Bank(name="known_listed", kind="known_listed"), [entry], Provenance(by=owner.id))
        (stored,) = desk.banks.entries(known_id=known)
        activity = desk.matches.activity
        activity.note(stored.key, case.id, score=0.9, seconds=[0], rules=["video_known_listed"], state="open", by="")
        return next(match.key for match in activity.matches(only_open=True) if match.case_id == case.id)

    def creator_link(self, owner: Principal) -> str:
        return self.at.creator_desk.offer(owner, self.refused(owner).id).secret

    def report(self, owner: Principal) -> int:
        """A report of this account about a video by another."""
        handle, case_id = self.use(owner)
        self.at.service.cameos.report(owner, handle, case_id, note="not like this")
        return self.at.report_desk.own(owner)[0].report.key

    def replay(self, owner: Principal) -> str:
        desk, name = self.at.service.policy_service, f"replay_{next(self.number)}"
        desk.rollout.policy_selector.policy_store.save(desk.rollout.installed_policy)
        desk.replays.begin(name, desk.rollout.installed_policy.digest, owner.id, 1)
        desk.replays.update(name, {}, "done")
        return name

    def shared(self, _owner: Principal) -> str:
        return self.at.service.public.sharing.share(FINDING)

    def share_token(self) -> str:
        return str(self.context.sessions.timed_serializer("assay.answer").dumps(dump(FINDING)))

    def published_token(self, owner: Principal) -> str:
        return str(self.context.sessions.timed_serializer("assay.published").dumps(self.published(owner).id))

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
