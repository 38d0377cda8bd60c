"""Enrolling somebody: a challenge, one take of a camera, measurements, and policy's verdict over them.

The take itself is never kept where policy allows or refuses. Where it holds, a person looks at what was measured.
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
from core.ports import Texts
from core.signals import Signal
from core.verdicts import Decision, Facts, Gate, Ruling, Verdict
from pipeline.cameo_review import CameoReview
from pipeline.people import Person, Role, require
from registry.cameos import ACTIVE, ERASED, HELD, REFUSED, Cameo, PostgresCameos, checked
from registry.enrolments import Challenge, PostgresEnrolments
from registry.templates import PostgresTemplates

MOST_PICTURES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a take gave: signals, hashes of its pictures (n, 32), and templates as (kind, model, vector)."""

    signals: tuple[Signal, ...]
    looks: NDArray[np.uint8]
    templates: tuple[tuple[str, str, NDArray[np.float32]], ...] = field(default=(), repr=False)


class CaptureMeasurer(Protocol):
    """Measures what somebody enrols with."""

    def check_video(self, path: Path) -> tuple[float, int, int]:
        """Seconds, width and height of a file that can be looked at. Raises BadMedia."""

    def measure(self, file: Path, challenge: Challenge, *, earlier: NDArray[np.uint8], mine: Sequence[str]) -> Taken:
        """A take against its challenge. `earlier` are looks of earlier takes; `mine` cameos that may be alike.

        Raises BadMedia for what is no video.
        """

    def describe(self, picture: Path) -> tuple[str, NDArray[np.float32]] | None:
        """The template of the one face of a picture file as (model, vector), or None."""


class EnrolmentGate(Protocol):
    """Decides by policy whether somebody may be enrolled."""

    def judge(self, gate: Gate, signals: Sequence[Signal], facts: Facts, rulings: Sequence[Ruling]) -> Verdict:
        """A verdict by the policy that is in force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """How a take ended: `outcome` is active, held or refused; a refused one has no cameo."""

    outcome: str
    cameo: Cameo | None
    verdict: Verdict
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """Enrolling, from the challenge to the verdict."""

    cameos: PostgresCameos
    enrolments: PostgresEnrolments
    templates: PostgresTemplates
    review: CameoReview
    texts: Texts
    capture: CaptureMeasurer
    policy: EnrolmentGate

    def challenge(self, who: Person, handle: str, *, kind: str = "self") -> Challenge:
        """What to say and do before the camera, good for one take within five minutes. Raises BadInput."""
        require(who, Role.PLATFORM)
        checked(handle, kind)
        if kind == "estate":
            raise BadInput("nobody can take up a challenge for an estate: send pictures and proof instead")
        self._free(who, handle)
        return self.enrolments.issue(who.id, handle, kind)

    def take(self, who: Person, challenge_id: str, file: Path, *, proof: str = "") -> Enrolled:
        """Enrol with a take. The challenge is spent, whatever comes of it. Raises NotFound, NotNow, BadMedia."""
        require(who, Role.PLATFORM)
        if self.enrolments.get(challenge_id).kind != "self" and not proof.strip():
            raise BadInput("say what shows that you are the guardian")
        challenge = self.enrolments.claim(challenge_id, who.id)
        self.capture.check_video(file)
        self._free(who, challenge.handle)
        mine = [one.id for one in self.cameos.of(who.id)]
        taken = self.capture.measure(file, challenge, earlier=self.enrolments.looks(but=challenge.id), mine=mine)
        verdict = self.policy.judge(Gate.ENROL, taken.signals, {"enrol_for_another": challenge.kind != "self"}, ())
        cameo = self._kept(who, challenge, taken, verdict, proof)
        outcome = cameo.state if cameo else REFUSED
        self.enrolments.end(
            challenge.id,
            outcome,
            cameo=cameo.id if cameo else "",
            signals=dump(taken.signals),
            rules=verdict.rules,
            looks=taken.looks,
        )
        return Enrolled(outcome=outcome, cameo=cameo, verdict=verdict, signals=taken.signals)

    def estate(self, who: Person, handle: str, pictures: Sequence[Path], *, proof: str) -> Cameo:
        """Enrol somebody who has died, by who speaks for them. Always held: a person looks at the proof."""
        require(who, Role.PLATFORM)
        checked(handle, "estate")
        self._free(who, handle)
        if not proof.strip():
            raise BadInput("say what shows that you may speak for the estate")
        if not 0 < len(pictures) <= MOST_PICTURES:
            raise BadInput(f"send 1 to {MOST_PICTURES} pictures, each of this person alone")
        found = [one for picture in pictures if (one := self.capture.describe(picture)) is not None]
        if not found:
            raise BadInput("in none of the pictures is exactly one face that can be read")
        cameo = self.cameos.add(handle, who.id, kind="estate", state=HELD)
        for model, vector in found:
            self.templates.add(cameo.id, "face", model, vector)
        return self._proved(cameo, proof)

    def signals_of(self, who: Person, cameo_id: str) -> Sequence[Challenge]:
        """What was measured when somebody enrolled. For moderators."""
        require(who, Role.MODERATOR)
        return self.enrolments.about(cameo_id)

    def kept(self, who: Person) -> Sequence[Challenge]:
        """What is kept of the person's own enrolments."""
        return self.enrolments.of(who.id)

    def forget(self, cameo: Cameo) -> None:
        """Delete what is kept of the takes of a cameo."""
        self.enrolments.forget(cameo.id)

    def sweep(self, at: datetime | None = None) -> None:
        """Delete what need not be kept any more."""
        self.enrolments.sweep(at or datetime.now(UTC))

    def _kept(self, who: Person, challenge: Challenge, taken: Taken, verdict: Verdict, proof: str) -> Cameo | None:
        if verdict.decision is Decision.REFUSE:
            return None
        cameo = self.cameos.add(challenge.handle, who.id, kind=challenge.kind, state=HELD)
        for kind, model, vector in taken.templates:
            self.templates.add(cameo.id, kind, model, vector)
        if proof.strip():
            cameo = self._proved(cameo, proof)
        if verdict.decision is Decision.ALLOW:
            self.review.activate(cameo, by=who.id)
        return self.cameos.get(cameo.id)

    def _proved(self, cameo: Cameo, proof: str) -> Cameo:
        self.cameos.prove(cameo.id, self.texts.keep(proof, case_id=cameo.id))
        return self.cameos.get(cameo.id)

    def _free(self, who: Person, handle: str) -> None:
        taken = self.cameos.named(handle)
        if taken is not None and taken.state != ERASED:
            raise BadInput("this handle is taken")
        if any(one.state == ACTIVE and one.kind == "self" for one in self.cameos.of(who.id)):
            raise BadInput("you are enrolled already: one person, one cameo")
