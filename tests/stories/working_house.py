"""A real house in the middle of a day: cases of every kind wait, and owners, platforms and leads have asked for things.

Everything is kept by the real stores and shown by the real desk. What classifiers would say is written down here, so that
no model is loaded. The prompts are tame on purpose: pictures of them stand in the docs.
"""

from __future__ import annotations

import secrets
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from classifiers import LABELS
from core.assets import Asset
from core.case import Case, Phase, new_case
from core.events import Appealed, Event, Judged, Measured, Rendered, StageFailed, Submitted
from core.ports import Ticket
from core.roles import Role
from core.signals import ExampleMatch, Signal, Span, Subject
from core.verdicts import Decision, Gate, Verdict
from pipeline.accounts import create_account
from pipeline.advance import advance
from pipeline.moderation.review_rights import ReviewRights
from pipeline.rights.holder_works import LicenceRequest
from registry.banks.bank_entries import Bank, BankEntry, Provenance
from registry.consent import LeaseRequest
from registry.rights.registered_works import RegisteredWork
from tests.contract.test_enrolment_review import NearIsAlike
from tests.lawful import carry
from tests.stories.drawn_mascot import mascot
from tests.stories.http_installation import ApiAccount, ServedInstallation

GORE = "A knight rides home over the battlefield, wounded, with blood on his shield, in the style of an old painting"
BLOOD = Span(start=GORE.index("with blood"), end=GORE.index(", in the"), unit="chars")
FRAUD_SEEN = (
    '[{"kind": "seen", "text": "Send 50 and get 500 back today", "at": {"start": 1, "end": 3}, "certainty": 0.93}]'
)


@dataclass(frozen=True)
class WorkingHouse:
    """The house, who works in it by role, and the addresses of what its pages are about by what they show."""

    at: ServedInstallation
    people: dict[str, ApiAccount]
    addresses: dict[str, str]


def fill_house(at: ServedInstallation, video: Path, picture: Path) -> WorkingHouse:
    """This new house, once people have worked in it for a while. `picture` is of somebody who is enrolled."""
    roles = {"lead": (Role.LEAD, Role.MODERATOR), "expert": (Role.MODERATOR,), "operator": (Role.OPERATOR,)}
    roles |= {"studio": (Role.RIGHTS_HOLDER,), "society": (Role.RIGHTS_HOLDER,)}
    made = {name: ApiAccount(*create_account(at.installation.accounts, given)) for name, given in roles.items()}
    people = {"moderator": at.moderator, "owner": at.other, "platform": at.platform} | made
    day = _Day(at=at, people=people, video=video)
    at.installation.service.reviews.queue.set_rights(people["expert"].person.id, ReviewRights(expert=True))
    day.come_from_this_policy()
    addresses = day.wait() | day.rule() | day.ask_for_likenesses(picture) | day.stage_a_rule() | day.hold_rights()
    day.have_waited()
    queue = at.installation.service.reviews.stores.queue
    while queue.unprepared(1):
        at.installation.review_worker.beside()
    return WorkingHouse(at=at, people=people, addresses=addresses)


@dataclass(frozen=True)
class _Day:
    at: ServedInstallation
    people: dict[str, ApiAccount]
    video: Path

    def come_from_this_policy(self) -> None:
        """The policy in force is kept, so that cases tell by which thresholds they were held."""
        rollout = self.at.installation.service.policy_service.rollout
        rollout.policy_selector.policy_store.save(rollout.installed_policy)

    def have_waited(self) -> None:
        """Hours went by for some of those that wait: a clock ran out, another soon does."""
        with self.at.installation.ledger._database.connection() as connection:
            for rule, hours in {
                "prompt_political": 73,
                "prompt_gore": 70,
                "video_seen_fraud": 9,
                "video_nudity": 26,
            }.items():
                connection.execute(
                    "UPDATE review_queue SET since = since - wait, due_at = due_at - wait, order_at = order_at - wait"
                    " FROM make_interval(hours => %s) AS wait WHERE rules @> ARRAY[%s] AND subject <> 'appeal'",
                    (hours, rule),
                )

    def wait(self) -> dict[str, str]:
        """Cases that wait for a moderator, and where they are."""
        prompt = self._prompt(GORE, "prompt_gore", gore=0.91)
        output = self._output("A masseuse works on a back, close up", "video_nudity", nudity=0.72)
        self._output("A street with a shop that promises riches", "video_seen_fraud", words=FRAUD_SEEN, seen_fraud=0.88)
        self._prompt("The prime minister dances on a table at a birthday", "prompt_public_figure", public_figure=0.86)
        self._prompt("Un spot pour le candidat de notre ville", "prompt_political", language="fr", political=0.77)
        self._prompt("My neighbour at the beach, undressed", "prompt_intimate_image_possible", intimate_image=0.55)
        broken = self._case("A rabbit in a meadow, at dawn")
        self._append(broken, *[StageFailed(phase="submitted", kind="Unavailable", error="the engine is away")] * 3)
        appeal = self._refused("Soldiers of tin fall off a shelf, red paint everywhere", gore=0.98, unsafe=0.71)
        note = self._text(appeal, "It is stop motion with toys. The red is paint, as the prompt says.")
        self._append(appeal, Appealed(by=self._author, note=note))
        likeness = self._likeness()
        return {
            "queue": "/queue",
            "case-prompt": f"/cases/{prompt.id}?show=prompt",
            "case-output": f"/cases/{output.id}",
            "case-appeal": f"/cases/{appeal.id}?show=prompt",
            "case-likeness": f"/cases/{likeness.id}",
            "likenesses": "/matches/likenesses",
        }

    def rule(self) -> dict[str, str]:
        """Rulings of two moderators, for the leads' pages."""
        service = self.at.installation.service
        for number in range(6):
            case = self._prompt(f"A storm over a small harbour, take {number + 1}", "prompt_gore", gore=0.74)
            decision = Decision.REFUSE if number == 4 else Decision.ALLOW
            code = "breaks_policy" if decision is Decision.REFUSE else "false_alarm"
            who = self.people[("moderator", "expert", "lead")[number % 3]].person
            service.rule(who, case.id, decision, code=code)
            self._judge(case.id)
        lead = self.people["lead"].person
        service.quality.make_golden(lead, case.id, decision="allow", reason="A storm is no blood.")
        return {
            "overview": "/overview",
            "decisions": "/decisions",
            "quality": "/quality",
            "platform": "/platform",
            "quality-own": "/quality",
        }

    def ask_for_likenesses(self, picture: Path) -> dict[str, str]:
        """An enrolment, limits in words and a match that wait, and the portal of an owner."""
        cameos, owner = self.at.installation.service.cameos, self.people["owner"].person
        mira = cameos.stores.cameos.add("mira", owner.id)
        cameos.review.activate(mira, by=owner.id)
        enrolment = replace(cameos.enrolment, capture=NearIsAlike())
        held = enrolment.estate(
            self._platform, "rosa", [picture], proof="I am her daughter, and the executor of her will."
        )
        asked = LeaseRequest(holder=self._author, words="Nothing that my children could not watch with me")
        wording, _ = cameos.lease(owner, "mira", asked)
        cameos.lease(owner, "mira", LeaseRequest(holder="*"))
        draft, down = self._showing(mira.id), self._showing(mira.id)
        cameos.veto(owner, "mira", down.id)
        takedown = cameos.takedown_reports(owner, "mira")[0][0]
        cameos.know(owner, self._author)
        cameos.portal.block(owner, self.people["expert"].person.id)
        return {
            "use": f"/me/mira/uses/{draft.id}",
            "takedown": f"/me/mira/down/{takedown.id}",
            "people": "/people",
            "enrolments": "/enrolments",
            "enrolment": f"/enrolments/{held.id}",
            "wordings": "/wordings",
            "wording": f"/wordings/{wording.id}",
            "matches": "/matches",
            "match": f"/matches/{self._match()}",
            "portal": "/me",
            "cameo": "/me/mira",
        }

    def hold_rights(self) -> dict[str, str]:
        """A studio with a character and a draft that waits for it, and a holder who waits to be verified."""
        desk, studio, society = self.at.installation.rights_desk, self.people["studio"].person, self.people["society"]
        kit = {
            "kind": "character",
            "names": ["Kit Lantern", "Kit"],
            "description": "A round, hatted creature",
        }
        work = desk.works.register(studio, **kit)
        desk.verification.ask(studio, name="Lantern Studios", says="We drew Kit Lantern in 2019.")
        moderator = self.people["moderator"].person
        seen = desk.verification.holder(moderator, studio.id).seen
        desk.verification.decide(moderator, studio.id, verify=True, seen=seen)
        desk.works.grant(studio, work.id, LicenceRequest(licensee="*", parody="only"))
        for tilt in (0, 14, -12):
            described = {"model": "clip_image_tower", "pdq": b"", "vectors": np.full((1, 512), 512**-0.5, np.float32)}
            self.at.installation.registry.work_images.add(
                work.id, mascot(tilt=tilt), (640, 700), added_by=studio.id, **described
            )
        desk.works.register(society.person, kind="work", names=["The Gilded Otter"])
        desk.verification.ask(
            society.person, name="Society of Illustrators", says="We act for its author: otter.example/rights"
        )
        asked = self._case("Kit Lantern walks over a meadow")
        named = Signal(
            subject=Subject.PROMPT, label="registered_work", score=0.95, source="prompt_works/2", work=work.id,
            at=Span(start=0, end=11, unit="chars"),
        )  # fmt: skip
        asked = self._append(asked, Measured(signals=(named,)))
        rendered = Rendered(asset=self._asset(asked), engine="wan", engine_version="2.2", duration=5.0)
        made = carry(self.at.installation.ledger, asked, Phase.RENDERED, rendered=rendered)
        hold = self._judged(Gate.VIDEO, Decision.HOLD, "video_work_unapproved")
        self._append(made, Measured(signals=()), hold)
        return {
            "works": "/works",
            "work": f"/works/{work.id}",
            "work-draft": f"/works/{work.id}/matches/{made.id}",
            "holders": "/holders",
        }

    def stage_a_rule(self) -> dict[str, str]:
        """Another threshold of a rule, which a share of the cases tries."""
        desk, operator = self.at.installation.service.policy_service, self.people["operator"].person
        text = desk.rollout.installed_policy.files["prompt_gore.toml"].replace(
            "threshold    = 0.7", "threshold    = 0.68"
        )
        draft = desk.draft_rule(operator, "prompt_gore", text)
        desk.stage(operator, draft, share=5.0, seen=0, digest=draft.stored.digest)
        return {
            "policy": "/policy",
            "policy-rule": "/policy/rules/prompt_gore",
            "policy-preview": f"/policy/preview?digest={draft.stored.digest}&act=promote",
        }

    @property
    def _platform(self):
        return self.people["platform"].person

    @property
    def _author(self) -> str:
        return self._platform.id

    def _append(self, case: Case, *events: Event) -> Case:
        return self.at.installation.ledger.append(case, list(events))

    def _text(self, case: Case, words: str) -> str:
        return self.at.installation.service.context.texts.put(words, case_id=case.id)

    def _case(self, prompt: str) -> Case:
        case = new_case()
        return self._append(case, Submitted(author=self._author, prompt=self._text(case, prompt)))

    def _judge(self, case_id: str) -> None:
        """The gate weighs the ruling, as a worker lets it; nothing is made of it."""
        works, case = self.at.installation.works, self.at.installation.ledger.load(case_id)
        ticket = Ticket(case_id=case_id, revision=case.revision, phase=case.phase)
        advance(ticket, replace(works, accepted_phases=frozenset({Phase.SCREENED})))

    def _asset(self, case: Case) -> Asset:
        store = self.at.installation.service.context.blob_store
        asset = store.put(self.video, media_type="video/mp4", owner=case.id)
        store.confirm(asset.digest)
        return asset

    def _prompt(self, prompt: str, rule: str, *, language: str = "en", **scores: float) -> Case:
        measured = Measured(signals=_signals(Subject.PROMPT, prompt, scores), language=language)
        return self._append(self._case(prompt), measured, self._judged(Gate.PROMPT, Decision.HOLD, rule))

    def _refused(self, prompt: str, **scores: float) -> Case:
        measured = Measured(signals=_signals(Subject.PROMPT, prompt, scores), language="en")
        return self._append(
            self._case(prompt), measured, self._judged(Gate.PROMPT, Decision.REFUSE, "prompt_gore_plain")
        )

    def _output(self, prompt: str, rule: str, words: str = "", **scores: float) -> Case:
        case = self._case(prompt)
        rendered = Rendered(
            asset=self._asset(case), engine="wan", engine_version="2.2", duration=5.0, width=1280, height=720
        )
        made = carry(self.at.installation.ledger, case, Phase.RENDERED, rendered=rendered)
        texts = (self._text(case, words),) if words else ()
        measured = Measured(signals=_signals(Subject.VIDEO, "", scores), words=texts)
        return self._append(made, measured, self._judged(Gate.VIDEO, Decision.HOLD, rule))

    def _judged(self, gate: Gate, decision: Decision, rule: str) -> Judged:
        """A verdict of the policy in force, for the reason that its rule gives."""
        policy = self.at.installation.service.policy_service.rollout.installed_policy
        reason = tomllib.loads(policy.files[f"{rule}.toml"])["reason"]
        verdict = Verdict(gate=gate, decision=decision, rules=(rule,), policy=policy.digest, reason=reason)
        return Judged(verdict=verdict, facts={"account_minor": False, "audience": "general"})

    def _likeness(self) -> Case:
        """A held video that looks like a registered character."""
        registry = self.at.installation.registry
        registry.works.put(
            [RegisteredWork(id="w-pip", kind="character", names=("Pipkin Hatter",), holder=self._author)]
        )
        case = self._case("A small yellow fellow in a red hat walks through the rain")
        vectors = np.full((1, 512), 512**-0.5, np.float32)
        described = {"model": "clip_image_tower", "pdq": b"", "vectors": vectors, "added_by": self._author}
        image = registry.work_images.add("w-pip", mascot(), (256, 256), **described)
        example = ExampleMatch(work="w-pip", image=image.id, similarity=0.81, threshold=0.7)
        signal = Signal(
            subject=Subject.VIDEO, label="work_likeness", score=0.77, source="work_examples/1", example=example,
            at=Span(start=1.0, end=2.0),
        )  # fmt: skip
        rendered = Rendered(asset=self._asset(case), engine="wan", engine_version="2.2", duration=5.0)
        made = carry(self.at.installation.ledger, case, Phase.RENDERED, rendered=rendered)
        return self._append(
            made, Measured(signals=(signal,)), self._judged(Gate.VIDEO, Decision.HOLD, "video_work_likeness")
        )

    def _showing(self, cameo: str) -> Case:
        """A draft that waits for the yes or no of the person whom it shows."""
        case = new_case()
        text = self._text(case, "@mira waves from a meadow")
        case = self._append(case, Submitted(author=self._author, prompt=text, cameos=(cameo,)))
        rendered = Rendered(
            asset=self._asset(case), engine="wan", engine_version="2.2", duration=5.0, width=1280, height=720
        )
        made = carry(self.at.installation.ledger, case, Phase.RENDERED, rendered=rendered)
        signals = _signals(Subject.VIDEO, "", {"nudity": 0.02})
        held = self._judged(Gate.VIDEO, Decision.HOLD, "video_cameo_unapproved")
        return self._append(made, Measured(signals=signals), held)

    def _match(self) -> int:
        """A published video that shows what a bank came to know."""
        case = self._case("A cat walks along a wall")
        rendered = Rendered(asset=self._asset(case), engine="wan", engine_version="2.2", duration=5.0)
        carry(self.at.installation.ledger, case, Phase.PUBLISHED, rendered=rendered)
        desk = self.at.installation.match_desk
        entry = BankEntry(id="entry-17", algorithm="pdq", bits=secrets.token_bytes(32))
        desk.banks.add(Bank(name="known_listed", kind="known_listed"), [entry], Provenance(by="olga", source="a list"))
        (stored,) = desk.banks.entries(known_id=entry.id)
        desk.matches.activity.note(
            stored.key, case.id, score=0.82, seconds=[0, 1], rules=["video_known_listed"], state="open", by=""
        )
        return next(one.key for one in desk.queue(self.people["moderator"].person) if one.case_id == case.id)


def _signals(subject: Subject, prompt: str, scores: dict[str, float]) -> tuple[Signal, ...]:
    """What was measured, and two labels beside it that found nothing."""
    where = Span(start=1.0, end=2.5) if subject is Subject.VIDEO else BLOOD if prompt == GORE else None
    source = "frame_unsafe/2" if subject is Subject.VIDEO else "text_unsafe/3"
    found = [
        Signal(subject=subject, label=label, score=score, source=source, at=where) for label, score in scores.items()
    ]
    quiet = [name for name, label in LABELS.items() if subject in label.subjects and name not in scores]
    return (*found, *(Signal(subject=subject, label=name, score=0.0, source=source) for name in quiet))
