"""An owner for stories of the portal: enrolled, with permissions given and videos made of them."""

from __future__ import annotations

from classifiers import LABELS
from core.assets import Asset
from core.case import Phase, new_case
from core.events import Measured, Published, Rendered, Sealed, Submitted
from core.roles import Role
from core.signals import Signal, Subject
from core.verdicts import Decision, Gate
from pipeline.accounts import create_account
from registry.consent import LeaseRequest
from tests.conftest import ROOT
from tests.lawful import carry, judged
from tests.stories.http_installation import ApiAccount

BUNNY = ROOT / "deploy" / "demo" / "bunny.mp4"


class EnrolledOwner:
    """Somebody new who is enrolled, whoever makes videos of them, and what was made."""

    def __init__(self, at, handle):
        self.at, self.handle = at, handle
        self.account, self.maker, self.other = (
            ApiAccount(*create_account(at.installation.accounts, [Role.PLATFORM])) for _ in range(3)
        )
        self.cameos = at.installation.service.cameos
        self.cameo = self.cameos.stores.cameos.add(handle, self.account.person.id)
        self.cameos.review.activate(self.cameo, by=self.account.person.id)

    @property
    def page(self):
        return f"/me/{self.handle}"

    def allow(self, holder, **more):
        return self.cameos.lease(self.account.person, self.handle, LeaseRequest(holder=holder, **more))[0]

    def _case(self, maker, **asked):
        case = new_case()
        text = self.at.installation.service.context.texts.put("somebody waves", case_id=case.id)
        asked = {"cameos": (self.cameo.id,), "purpose": "personal", **asked}
        return self.at.installation.ledger.append(case, [Submitted(author=maker.person.id, prompt=text, **asked)])

    def _rendered(self, case):
        store = self.at.installation.service.context.blob_store
        asset = store.put(BUNNY, media_type="video/mp4", owner=case.id)
        store.confirm(asset.digest)
        return Rendered(asset=asset, engine="wan", engine_version="2.2", duration=5.0, width=1280, height=720)

    def draft(self, maker=None):
        """A finished draft that waits for the owner; nothing else is wrong with it."""
        case = self._case(maker or self.maker)
        ledger = self.at.installation.ledger
        screened = Measured(signals=_nothing(Subject.PROMPT), language="en")
        case = carry(ledger, case, Phase.RENDERED, screened=screened, rendered=self._rendered(case))
        waits = judged(Gate.VIDEO, Decision.HOLD, "video_cameo_unapproved")
        return ledger.append(case, [Measured(signals=_nothing(Subject.VIDEO)), waits]).id

    def published(self, maker=None, **asked):
        case = self._case(maker or self.maker, **asked)
        rendered = self._rendered(case)
        manifest = Asset(digest="0" * 64, media_type="application/c2pa", size=1)
        sealed = Sealed(
            asset=rendered.asset, payload=case.id, manifest_id=f"urn:{case.id}", manifest=manifest, soft_binding="b"
        )
        url = self.at.installation.service.context.public_store.publish(case.id, BUNNY)
        made = {"rendered": rendered, "sealed": sealed, "published": Published(url=url)}
        return carry(self.at.installation.ledger, case, Phase.PUBLISHED, **made).id

    def phase(self, case_id):
        return self.at.installation.ledger.load(case_id).phase


def _nothing(subject):
    labels = [name for name, label in LABELS.items() if subject in label.subjects]
    return tuple(Signal(subject=subject, label=name, score=0.0, source="story/1") for name in labels)
