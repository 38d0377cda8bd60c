"""Enrolling somebody: a challenge, one take of a camera, measurements, and policy's verdict over them.

The take itself is never kept. Where policy holds, a person looks at what was measured and at a few pictures of it,
which are kept encrypted until it is decided for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.codec import dump
from core.errors import BadInput
from core.ports import TextStore
from core.roles import Principal, Role, Scope, require_role, require_scope
from core.signals import Signal
from core.verdicts import Decision, Facts, Gate, Ruling, Verdict
from registry.consent.biometric_templates import FACE, PostgresBiometricTemplates
from registry.consent.cameo_review import CameoReview
from registry.consent.cameos import ACTIVE, ERASED, HELD, REFUSED, Cameo, PostgresCameos, validate_cameo
from registry.consent.enrolment_challenges import EnrolmentChallenge, PostgresEnrolmentChallenges
from registry.consent.enrolment_pictures import PostgresEnrolmentPictures

MAX_ESTATE_PHOTOS = 20  # photographs from which one estate is enrolled
DUPLICATE_SCORE = 0.4
"""From this likeness on a moderator is shown another enrolment: somewhat below the threshold, 0.5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureResult:
    """What a take gave: signals, hashes of its pictures (n, 32), and templates as (kind, model, vector).

    `stills` are a few of its pictures, as JPEG, for the person who looks at a held one.
    """

    signals: tuple[Signal, ...]
    capture_hashes: NDArray[np.uint8]
    templates: tuple[tuple[str, str, NDArray[np.float32]], ...] = field(default=(), repr=False)
    stills: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelyDuplicate:
    """An enrolment whose face is like another's; `score` is 0.5 at the threshold."""

    cameo: Cameo
    score: float


class CaptureMeasurer(Protocol):
    """Measures the capture of an enrolment."""

    def check_video(self, path: Path) -> tuple[float, int, int]:
        """Duration in seconds, width and height of a file. Raises BadMedia."""

    def measure(
        self, file: Path, challenge: EnrolmentChallenge, *, earlier: NDArray[np.uint8], own_cameos: Sequence[str]
    ) -> CaptureResult:
        """A take against its challenge. `earlier` are looks of earlier takes; `own_cameos` cameos that may be alike.

        Raises BadMedia for what is no video.
        """

    def describe(self, picture: Path) -> tuple[str, NDArray[np.float32]] | None:
        """The template of the one face of a picture file as (model, vector), or None."""

    def still(self, picture: Path) -> bytes:
        """A picture file as a small JPEG, decoded in the sandbox. Raises BadMedia."""

    def likeness(self, model: str, distance: float, size: int) -> float | None:
        """How alike two faces at this distance are, from 0 to 1, 0.5 at the threshold among `size`; None: unknown."""


class EnrolmentGate(Protocol):
    """Decides by policy whether somebody may be enrolled."""

    def judge(self, gate: Gate, signals: Sequence[Signal], facts: Facts, rulings: Sequence[Ruling]) -> Verdict:
        """A verdict by the policy that is in force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentOutcome:
    """How a take ended: `outcome` is active, held or refused; a refused one has no cameo."""

    outcome: str
    cameo: Cameo | None
    verdict: Verdict
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentService:
    """Enrolling, from the challenge to the verdict."""

    cameos: PostgresCameos
    enrolments: PostgresEnrolmentChallenges
    templates: PostgresBiometricTemplates
    review: CameoReview
    pictures: PostgresEnrolmentPictures
    texts: TextStore
    capture: CaptureMeasurer
    policy: EnrolmentGate

    def challenge(self, principal: Principal, handle: str, *, kind: str = "self") -> EnrolmentChallenge:
        """What to say and do before the camera, good for one take within five minutes. Raises BadInput."""
        require_role(principal, Role.PLATFORM)
        validate_cameo(handle, kind)
        if kind == "estate":
            raise BadInput("somebody who has died cannot film themselves: send pictures and proof instead")
        self._require_available(principal, handle, kind)
        return self.enrolments.issue(principal.id, handle, kind)

    def take(self, principal: Principal, challenge_id: str, file: Path, *, proof: str = "") -> EnrolmentOutcome:
        """Enrol with a take, which spends the challenge if it is a video. Raises NotFound, NotNow, BadMedia."""
        require_role(principal, Role.PLATFORM)
        if self.enrolments.get(challenge_id).kind != "self" and not proof.strip():
            raise BadInput("say what shows that you are the guardian")
        self.capture.check_video(file)  # before it is spent: a file chosen by mistake tells nobody anything
        challenge = self.enrolments.redeem(challenge_id, principal.id)
        self._require_available(principal, challenge.handle, challenge.kind)
        own_cameos = [own.id for own in self.cameos.of(principal.id)]
        capture = self.capture.measure(
            file, challenge, earlier=self.enrolments.capture_hashes(exclude=challenge.id), own_cameos=own_cameos
        )
        verdict = self.policy.judge(Gate.ENROL, capture.signals, {"enrol_for_another": challenge.kind != "self"}, ())
        cameo = self._store_cameo(principal, challenge, capture, verdict, proof)
        outcome = cameo.state if cameo else REFUSED
        self.enrolments.record_outcome(
            challenge.id,
            outcome,
            cameo=cameo.id if cameo else "",
            signals=dump(capture.signals),
            rules=verdict.rules,
            capture_hashes=capture.capture_hashes,
        )
        return EnrolmentOutcome(outcome=outcome, cameo=cameo, verdict=verdict, signals=capture.signals)

    def estate(self, principal: Principal, handle: str, pictures: Sequence[Path], *, proof: str) -> Cameo:
        """Enrol somebody who has died, on behalf of their estate. Always held: a moderator checks the proof."""
        require_role(principal, Role.PLATFORM)
        validate_cameo(handle, "estate")
        self._require_available(principal, handle, "estate")
        if not proof.strip():
            raise BadInput("say what shows that you may speak for the estate")
        if not 0 < len(pictures) <= MAX_ESTATE_PHOTOS:
            raise BadInput(f"send 1 to {MAX_ESTATE_PHOTOS} pictures, each of this person alone")
        templates = [template for picture in pictures if (template := self.capture.describe(picture)) is not None]
        if not templates:
            raise BadInput("we need a picture that shows exactly one face well")
        cameo = self.cameos.add(handle, principal.id, kind="estate", state=HELD)
        for model, vector in templates:
            self.templates.add(cameo.id, "face", model, vector)
        for picture in pictures:
            self.pictures.add(cameo.id, self.capture.still(picture))
        cameo = self._store_proof(cameo, proof)
        self._ask_for_review(cameo)
        return cameo

    def signals_of(self, principal: Principal, cameo_id: str) -> Sequence[EnrolmentChallenge]:
        """The measurements of an enrolment. For moderators."""
        require_role(principal, Role.MODERATOR)
        return self.enrolments.by_cameo(cameo_id)

    def own_challenges(self, principal: Principal) -> Sequence[EnrolmentChallenge]:
        """The stored challenges of the person's own enrolments."""
        return self.enrolments.of(principal.id)

    def forget(self, cameo: Cameo) -> None:
        """Delete the stored measurements of a cameo's takes, refused ones too."""
        self.enrolments.forget(cameo.id, account=cameo.owner, kind=cameo.kind)

    def delete_expired(self, at: datetime | None = None) -> None:
        """Delete what has passed its retention period."""
        self.enrolments.delete_expired(at or datetime.now(UTC))

    def _store_cameo(
        self, principal: Principal, challenge: EnrolmentChallenge, capture: CaptureResult, verdict: Verdict, proof: str
    ) -> Cameo | None:
        if verdict.decision is Decision.REFUSE:
            return None
        cameo = self.cameos.add(challenge.handle, principal.id, kind=challenge.kind, state=HELD)
        for kind, model, vector in capture.templates:
            self.templates.add(cameo.id, kind, model, vector)
        if proof.strip():
            cameo = self._store_proof(cameo, proof)
        if verdict.decision is Decision.ALLOW:
            self.review.activate(cameo, by=principal.id)
        else:
            for still in capture.stills:
                self.pictures.add(cameo.id, still)
            self._ask_for_review(cameo)
        return self.cameos.get(cameo.id)

    def likely_duplicates(self, principal: Principal, cameo_id: str) -> Sequence[LikelyDuplicate]:
        """Who is enrolled, or waits to be, and looks like this person; the most alike first. For moderators."""
        require_role(principal, Role.MODERATOR)
        require_scope(principal, Scope.MODERATE)
        return self._duplicates(self.cameos.get(cameo_id))

    def _ask_for_review(self, cameo: Cameo) -> None:
        """Tell moderators that a person has to look, and people who are enrolled and look like this one."""
        self.review.wait(cameo)
        for duplicate in self._duplicates(cameo):
            if duplicate.cameo.state == ACTIVE and duplicate.cameo.owner != cameo.owner:
                self.review.notices.notify(duplicate.cameo.owner, "enrolment_like_you", cameo=duplicate.cameo.id)

    def _duplicates(self, cameo: Cameo) -> Sequence[LikelyDuplicate]:
        known = [*self.templates.all(FACE), *self.templates.undecided(FACE)]
        nearest: dict[str, float] = {}
        for own in (one for one in known if one.cameo == cameo.id):
            others = [one for one in known if one.cameo != cameo.id and one.model == own.model]
            vectors = np.stack([one.vector for one in others]) if others else np.zeros((0, len(own.vector)), np.float32)
            for other, distance in zip(others, np.linalg.norm(vectors - own.vector, axis=1), strict=True):
                score = self.capture.likeness(own.model, float(distance), len(known))
                if score is not None and score >= DUPLICATE_SCORE:
                    nearest[other.cameo] = max(score, nearest.get(other.cameo, 0.0))
        found = [LikelyDuplicate(cameo=self.cameos.get(name), score=score) for name, score in nearest.items()]
        return sorted(found, key=lambda duplicate: -duplicate.score)

    def _store_proof(self, cameo: Cameo, proof: str) -> Cameo:
        self.cameos.set_proof(cameo.id, self.texts.put(proof, case_id=cameo.id))
        return self.cameos.get(cameo.id)

    def _require_available(self, principal: Principal, handle: str, kind: str) -> None:
        existing = self.cameos.by_handle(handle)
        if existing is not None and existing.state != ERASED:
            raise BadInput("this handle is taken")
        if kind == "self" and any(
            cameo.state == ACTIVE and cameo.kind == "self" for cameo in self.cameos.of(principal.id)
        ):
            raise BadInput("you are enrolled already: one person, one cameo")
