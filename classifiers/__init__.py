"""Measures. One classifier a file, one list of them; heavy libraries are imported only in `models/`, lazily."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from classifiers.base import (
    Classifier,
    Gallery,
    HashBank,
    Material,
    Measurements,
    PromptText,
    measure_all,
)
from classifiers.frame_faces import FrameFaces
from classifiers.frame_hashes import FrameHashes
from classifiers.frame_labels import FrameLabels
from classifiers.frame_nudity import FrameNudity
from classifiers.labels import LABELS, vocabulary
from classifiers.models import ModelStatus, listing
from classifiers.prompt_intent import PromptIntent
from classifiers.prompt_monitor import Chat, PromptMonitor
from classifiers.prompt_terms import PromptTerms
from classifiers.prompt_works import PromptWorks
from classifiers.voices import NoGallery, Voices

__all__ = [
    "LABELS",
    "Chat",
    "Classifier",
    "Gallery",
    "HashBank",
    "Material",
    "Measurements",
    "PromptMonitor",
    "PromptText",
    "PromptWorks",
    "build",
    "measure_all",
    "model_listing",
    "vocabulary",
]


def build(
    gallery: Gallery,
    bank: HashBank,
    *,
    voices: Gallery | None = None,
    leased: Collection[str] = (),
    voices_leased: Collection[str] = (),
    more: Sequence[Classifier] = (),
) -> tuple[Classifier, ...]:
    """All classifiers: the one list. Cheap; models are loaded when first needed and shared by all.

    `leased` are ids of the gallery whose face the case at hand may show, `voices_leased` those whose voice it may use.
    Without `voices` nobody's voice is known. `more` is what this installation adds.
    """
    return (
        PromptTerms(),
        PromptIntent(),
        FrameFaces(gallery, leased=leased),
        Voices(voices or NoGallery(), leased=voices_leased),
        FrameNudity(),
        FrameHashes(bank),
        FrameLabels(),
        *more,
    )


def model_listing(classifiers: Sequence[Classifier]) -> list[ModelStatus]:
    """Every model, whether it can be used here, and which of these classifiers need it."""
    needed: dict[str, list[str]] = {}
    for classifier in classifiers:
        for model in classifier.needs:
            needed.setdefault(model, []).append(classifier.source)
    return listing(needed)
