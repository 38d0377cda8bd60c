"""Recordings that are banked are heard again, wherever they were cut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from classifiers.audio.banked_sounds import BankedSounds
from classifiers.image.sampled_frames import flat_image, sample_of_images
from classifiers.models import PACKAGED_MODELS
from core.signals import Subject
from media.lookup.bank_file import BankedFile
from media.video import MONO_SAMPLE_RATE, MonoAudio
from pipeline.known_footage.bank_service import entries_of_file
from registry.banks.bank_entries import EntryState, StoredEntry
from registry.banks.hash_bank import MemoryHashBank


def melody(seed: int, seconds: int = 9) -> np.ndarray:
    """Notes of a fifth of a second, with overtones."""
    rng = np.random.default_rng(seed)
    at = np.arange(MONO_SAMPLE_RATE // 5) / MONO_SAMPLE_RATE
    notes = [sum(np.sin(2 * np.pi * f * k * at) / k for k in (1, 2, 3)) for f in rng.uniform(200, 1200, seconds * 5)]
    return (0.2 * np.concatenate(notes)).astype(np.float32)


def bank(kind: str, *recordings: np.ndarray) -> MemoryHashBank:
    return MemoryHashBank(
        [
            StoredEntry(key=key, bank=kind, kind=kind, state=EntryState.ACTIVE, entry=entry)
            for key, samples in enumerate(recordings, 1)
            for entry in entries_of_file(
                f"s{key}", BankedFile(sample=None, audio=MonoAudio(samples=samples)), PACKAGED_MODELS
            )
        ]
    )


def heard(classifier: BankedSounds, samples: np.ndarray | None, *, has_audio: bool = True):
    sample = sample_of_images(flat_image(100))
    audio = None if samples is None else MonoAudio(samples=samples)
    material = replace(sample, info=replace(sample.info, has_audio=has_audio), audio=audio)
    return {signal.label: signal for signal in classifier.measure(material, Subject.VIDEO)}


@pytest.fixture(scope="module")
def known() -> np.ndarray:
    return melody(1)


def test_an_excerpt_that_was_cut_anywhere_and_made_quieter_is_heard_with_its_seconds(known) -> None:
    quiet = 0.3 * known[int(2.37 * MONO_SAMPLE_RATE) : int(7.4 * MONO_SAMPLE_RATE)]
    found = heard(BankedSounds(bank("known_listed", melody(2), known)), np.concatenate([melody(3, 4), quiet]))
    signal = found["known_sound"]
    assert signal.score >= 0.5 and signal.evidence == "2" and found["known_noted"].score == 0.0
    assert 3.0 <= signal.at.start <= 5.0 and signal.at.end <= 9.0


def test_another_tune_is_not(known) -> None:
    assert heard(BankedSounds(bank("known_listed", known)), melody(4))["known_sound"].score == 0.0


def test_a_bank_that_only_notes_gives_its_own_label(known) -> None:
    found = heard(BankedSounds(bank("known_noted", known)), known)
    assert found["known_sound"].score == 0.0 and found["known_noted"].score >= 0.5


def test_sound_that_nobody_could_listen_to_is_not_called_unknown(known) -> None:
    found = heard(BankedSounds(bank("known_listed", known)), None)
    assert found["known_sound"].score is None and found["known_sound"].note == "cannot_tell"
    assert heard(BankedSounds(bank("known_listed", known)), None, has_audio=False)["known_sound"].score == 0.0
