"""Measuring a video step by step: what is cut off once it is refused for good, and what no time was left for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from classifiers.base import Classifier, ClassifierExample, Material, MeasuringOrder
from classifiers.image.frame_hashes import FrameHashes
from classifiers.image.sampled_frames import flat_image, sample_of_images
from classifiers.image.video_coverage import VideoCoverage
from classifiers.image.viewing_hazards import ViewingHazards
from classifiers.models import PACKAGED_MODELS
from classifiers.time_limit import is_time_up, time_limit
from core.errors import OverBudget
from core.permitted import NO_CAMEOS
from core.signals import Signal, Subject
from core.verdicts import Decision, Gate
from media.sandbox.limits import InputLimits
from pipeline.screening import measuring_steps
from pipeline.screening.measurement import ClassifierMeasurer
from pipeline.screening.measuring_steps import StepDurations, first_look, may_settle_at_once, measure_in_steps
from policy.decide import decide, refuses_for_good
from policy.pack import Policy, load
from registry.banks.hash_bank import MemoryHashBank
from tests.unit.policy.packs import VOCABULARY, rule, write_pack

SAMPLE = sample_of_images(flat_image(128), flat_image(40))


class Scripted(Classifier):
    """Says the same of every video, and notes that it was asked."""

    version = 1
    subjects = frozenset({Subject.VIDEO})
    covers = "Nothing."

    def __init__(self, label: str, order: MeasuringOrder, score: float, asked: list[str]) -> None:
        self.name, self.labels, self.order, self._score, self._asked = label, (label,), order, score, asked

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        self._asked.append(self.name)
        return [self.signal(subject, self.name, self._score)]

    def examples(self) -> Sequence[ClassifierExample]:
        return []


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def no_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring_steps, "find_words", lambda _sample, _models, _hosts: measuring_steps.NO_WORDS)


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    """Gore refuses for good from 0.8 on, and holds where it is missing; nudity refuses, and a ruling may lift that."""
    final = rule("gore", gate="video", then="refuse", at=0.8, more="final = true\n")
    nudity = rule("nudity", gate="video", then="refuse", at=0.5)
    folder = write_pack(tmp_path_factory.mktemp("pack"), video_gore=final, video_nudity=nudity)
    return load(folder, VOCABULARY)


def classifiers(asked: list[str], **scores: float) -> list[Classifier]:
    orders = {"gore": MeasuringOrder.COPIES, "nudity": MeasuringOrder.WORDS}
    return [Scripted(label, orders[label], score, asked) for label, score in reversed(list(scores.items()))]


def measured(several: list[Classifier], policy: Policy, durations: StepDurations | None = None):
    return measure_in_steps(
        SAMPLE,
        Path("unused.mp4"),
        several,
        PACKAGED_MODELS,
        subject=Subject.VIDEO,
        durations=durations or StepDurations(),
        is_certain=lambda signals: refuses_for_good(Gate.VIDEO, signals, policy),
    )


@pytest.mark.usefixtures("no_words")
def test_a_refusal_for_good_cuts_off_the_rest(policy: Policy, asked: list[str]) -> None:
    durations = StepDurations()
    durations.note(MeasuringOrder.WORDS, 6.0, 4.0)  # as it took for a video before
    found = measured(classifiers(asked, gore=0.9, nudity=0.0), policy, durations)
    assert asked == ["gore"]
    assert [(s.label, s.score, s.note) for s in found.signals] == [("gore", 0.9, ""), ("nudity", None, "cut_off")]
    assert (found.cut_off, found.saved_seconds) == (("nudity/1",), 3.0)
    verdict = decide(Gate.VIDEO, found.signals, {}, [], policy)
    assert (verdict.decision, verdict.rules, verdict.missing) == (Decision.REFUSE, ("video_gore",), ())


@pytest.mark.usefixtures("no_words")
@pytest.mark.parametrize("scores", [{"gore": 0.7, "nudity": 0.9}, {"nudity": 0.9, "gore": 0.0}])
def test_nothing_is_cut_off_for_what_is_not_certain(policy: Policy, asked: list[str], scores: dict[str, float]) -> None:
    found = measured(classifiers(asked, **scores), policy)
    assert sorted(asked) == ["gore", "nudity"]
    assert (found.cut_off, found.saved_seconds) == ((), 0.0)


@pytest.mark.usefixtures("no_words")
def test_the_last_step_is_not_asked_about(policy: Policy, asked: list[str]) -> None:
    found = measured(classifiers(asked, gore=0.9), policy)
    assert (asked, found.cut_off) == (["gore"], ())


def test_a_few_pictures_settle_it_where_what_costs_least_refuses(policy: Policy, asked: list[str]) -> None:
    def looked(**scores: float):
        several = classifiers(asked, **scores)
        return first_look(
            SAMPLE,
            several,
            subject=Subject.VIDEO,
            durations=StepDurations(),
            is_certain=lambda signals: refuses_for_good(Gate.VIDEO, signals, policy),
        )

    found = looked(gore=0.9, nudity=0.9)
    assert found is not None
    assert (asked, found.cut_off) == (["gore"], ("nudity/1",))
    assert looked(gore=0.7, nudity=0.9) is None
    assert looked(nudity=0.9) is None


def test_a_bank_in_which_there_is_nothing_is_no_reason_for_a_first_look(asked: list[str]) -> None:
    several = classifiers(asked, gore=0.0, nudity=0.0)
    assert may_settle_at_once(several, Subject.VIDEO)
    assert not may_settle_at_once([one for one in several if one.labels == ("nudity",)], Subject.VIDEO)
    assert not may_settle_at_once([FrameHashes(MemoryHashBank())], Subject.VIDEO)


@pytest.mark.usefixtures("no_words")
def test_sound_that_cannot_be_decoded_in_time_is_tried_once(
    policy: Policy, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Path] = []

    def too_much(path: Path, **_more: object) -> None:
        tried.append(path)
        raise OverBudget

    monkeypatch.setattr(measuring_steps, "decode_mono_audio", too_much)
    heard = replace(SAMPLE, info=replace(SAMPLE.info, has_audio=True), audio=None)
    orders = [MeasuringOrder.SOUND, MeasuringOrder.WORDS, MeasuringOrder.LAST]
    several = [Scripted("nudity", order, 0.0, asked) for order in orders]
    measure_in_steps(heard, Path("a.mp4"), several, PACKAGED_MODELS, subject=Subject.VIDEO, durations=StepDurations())
    assert (len(asked), tried) == (3, [Path("a.mp4")])


def test_a_missing_signal_is_no_certain_refusal(policy: Policy) -> None:
    unknown = Signal(subject=Subject.VIDEO, label="gore", score=None, source="t/1")
    assert not refuses_for_good(Gate.VIDEO, [unknown], policy)
    assert refuses_for_good(Gate.VIDEO, [unknown, replace(unknown, score=0.8)], policy)


def test_a_refusal_that_rests_on_a_fact_is_not_certain(tmp_path: Path) -> None:
    text = rule("gore", gate="video", then="refuse", more="final = true\n")
    text = text.replace("gore >= 0.5", "cameos_minor >= 1 && gore >= 0.5")
    text = text.replace("\ngives", "\nfacts = { cameos_minor = 1 }\ngives")
    policy = load(write_pack(tmp_path, video_minor=text), VOCABULARY)
    gore = Signal(subject=Subject.VIDEO, label="gore", score=0.9, source="t/1")
    assert decide(Gate.VIDEO, [gore], {"cameos_minor": 1}, [], policy).decision is Decision.REFUSE
    assert not refuses_for_good(Gate.VIDEO, [gore], policy)


@pytest.mark.usefixtures("no_words")
def test_when_the_time_is_up_the_rest_is_out_of_time_and_said_to_be_not_looked_at(asked: list[str]) -> None:
    several = [*classifiers(asked, gore=0.9, nudity=0.0), VideoCoverage()]
    with time_limit(0.0):
        assert is_time_up()
        found = measure_in_steps(
            SAMPLE, Path("x"), several, PACKAGED_MODELS, subject=Subject.VIDEO, durations=StepDurations()
        )
    assert asked == []
    assert {(s.label, s.score, s.note) for s in found.signals} == {
        ("gore", None, "out_of_time"),
        ("nudity", None, "out_of_time"),
        ("not_looked_at", 1.0, ""),
    }
    assert not is_time_up()


def test_an_inner_time_limit_is_no_longer_than_the_outer_one() -> None:
    with time_limit(0.0), time_limit(60.0):
        assert is_time_up()


class _TwoClassifiers:
    def build(self, leased: object) -> Sequence[Classifier]:
        del leased
        return [VideoCoverage(), ViewingHazards()]


def measurer(seconds: float) -> ClassifierMeasurer:
    return ClassifierMeasurer(
        classifiers=_TwoClassifiers(),
        models=PACKAGED_MODELS,
        every=0.5,
        min_frames=12,
        max_frames=30,
        limits=InputLimits(),
        seconds=seconds,
    )


@pytest.fixture(scope="module")
def three_hours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Three hours of video, a picture every ten seconds."""
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(1, 10), options={"preset": "ultrafast", "g": "30"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        picture = np.full((48, 64, 3), 90, np.uint8)
        for number in range(1080):
            picture[:, : number % 64] = number % 200
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    yield path


@pytest.mark.usefixtures("no_words")
def test_of_three_hours_what_lies_between_the_frames_is_not_looked_at(three_hours: Path) -> None:
    found = measurer(60.0).video(three_hours, Subject.VIDEO, NO_CAMEOS)
    [unseen] = [s for s in found.signals if s.label == "not_looked_at"]
    assert unseen.score == pytest.approx(1 - 5 * 30 / 10_800, abs=0.02)
    assert unseen.at is not None
    assert unseen.at.end - unseen.at.start == pytest.approx(unseen.score * 10_800, abs=10)
    assert {s.label for s in found.signals} >= {"flash", "black_picture"}


def test_three_hours_end_within_a_small_time_and_nothing_of_them_counts_as_looked_at(three_hours: Path) -> None:
    found = measurer(0.001).video(three_hours, Subject.VIDEO, NO_CAMEOS)
    assert {(s.label, s.score, s.note) for s in found.signals if s.label in ("not_looked_at", "flash")} == {
        ("not_looked_at", 1.0, ""),
        ("flash", None, "out_of_time"),
    }


@pytest.mark.usefixtures("no_words")
def test_a_picture_that_an_engine_shows_is_measured_as_a_video_is(tmp_path: Path) -> None:
    Image.new("RGB", (64, 48), (90, 90, 90)).save(tmp_path / "preview.bin", "PNG")
    found = measurer(60.0).video(tmp_path / "preview.bin", Subject.VIDEO, NO_CAMEOS, lambda _: False)
    assert {(s.label, s.score) for s in found.signals if s.label in ("not_looked_at", "flash")} == {
        ("not_looked_at", 0.0),
        ("flash", None),
    }


def test_a_slow_show_of_pictures_that_were_all_looked_at_leaves_nothing_out() -> None:
    slides = replace(SAMPLE, frames=tuple(replace(one, at=one.at * 20) for one in SAMPLE.frames))
    shown = replace(slides, info=replace(slides.info, duration=40.0))
    [found] = VideoCoverage().measure(shown, Subject.VIDEO)
    assert found.score == 0.0
    [of_many] = VideoCoverage().measure(replace(shown, info=replace(shown.info, frames=900)), Subject.VIDEO)
    assert of_many.score == 15 / 40
