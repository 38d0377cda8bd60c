"""Whoever is enrolled may speak for others too: a guardian for a minor, an heir for an estate; also as an end user."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifiers import LABELS
from core.errors import BadInput
from core.signals import Signal, Subject
from policy.decide import decide
from registry.consent.enrolment_service import CaptureResult
from tests.contract.cameo_installation import ANA, MIRA, MODERATOR, POLICY
from tests.stub_pipeline.stage_parts import StubPolicy

pytestmark = pytest.mark.postgres


class PerfectTake:
    """A camera before which everything is well."""

    def __init__(self, number):
        self.vector = np.eye(512, dtype=np.float32)[number]

    def check_video(self, path):
        return 10.0, 640, 480

    def measure(self, file, challenge, *, earlier, own_cameos):
        labels = [name for name, label in LABELS.items() if Subject.TAKE in label.subjects]
        signals = tuple(Signal(subject=Subject.TAKE, label=name, score=0.0, source="t/1") for name in labels)
        return CaptureResult(
            signals=signals,
            capture_hashes=np.zeros((0, 32), np.uint8),
            templates=(("face", "t", self.vector),),
            stills=(b"a picture",),
        )

    def describe(self, picture):
        return "t", self.vector

    def still(self, picture):
        return b"a picture"

    def likeness(self, model, distance, size):
        return 0.0


def enrolment_of(house, number):
    policy = StubPolicy(lambda gate, signals, facts, rulings: decide(gate, signals, facts, rulings, POLICY))
    return replace(house.service.enrolment, capture=PerfectTake(number), policy=policy)


@pytest.mark.parametrize("user", ["", "one"])
def test_a_guardian_or_heir_who_is_enrolled_enrols_the_other_person_too(house, tmp_path, user):
    who = replace(ANA, id=house.service.end_users.named(ANA.id, user))
    own = enrolment_of(house, 0)
    themselves = own.take(who, own.challenge(who, "ana").id, tmp_path)
    assert themselves.outcome == "active", themselves.verdict
    with pytest.raises(BadInput, match="one person, one cameo"):
        own.challenge(who, "ana-again")
    minor = enrolment_of(house, 1)
    child = minor.take(who, minor.challenge(who, "child", kind="minor").id, tmp_path, proof="I am the mother")
    estate = enrolment_of(house, 2).estate(who, "grandmother", [Path("p.png")], proof="I am the heir")
    assert (child.outcome, estate.state) == ("held", "held")
    for cameo in (child.cameo, estate):
        house.service.review.admit(MODERATOR, cameo.id, allow=True)
    enrolled = house.service.own_cameos(who)
    assert [(cameo.handle, cameo.kind, cameo.state) for cameo in enrolled] == [
        ("ana", "self", "active"),
        ("child", "minor", "active"),
        ("grandmother", "estate", "active"),
    ]
    assert house.service.own_cameos(MIRA) == ()
