"""Measures. One classifier a file, one list of them; heavy libraries are imported only in `models/`, lazily."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from classifiers.audio.voices import EmptyGallery, Voices
from classifiers.base import (
    BiometricGallery,
    Classifier,
    ClassifierResults,
    HashBank,
    Material,
    PromptText,
    measure_all,
)
from classifiers.image.frame_faces import FrameFaces
from classifiers.image.frame_hashes import FrameHashes
from classifiers.image.frame_labels import FrameLabels
from classifiers.image.frame_nudity import FrameNudity
from classifiers.labels import LABELS, label_subjects
from classifiers.models import PACKAGED_MODELS, Models, ModelStatus
from classifiers.text.prompt_intent import PromptIntent
from classifiers.text.prompt_monitor import ChatEndpoint, PromptMonitor
from classifiers.text.prompt_terms import PromptTerms
from classifiers.text.prompt_works import PromptWorks

__all__ = [
    "LABELS",
    "BiometricGallery",
    "ChatEndpoint",
    "Classifier",
    "ClassifierResults",
    "HashBank",
    "Material",
    "PromptMonitor",
    "PromptText",
    "PromptWorks",
    "build_classifiers",
    "label_subjects",
    "measure_all",
    "model_listing",
]


def build_classifiers(
    gallery: BiometricGallery,
    bank: HashBank,
    *,
    voices: BiometricGallery | None = None,
    leased: Collection[str] = (),
    voices_leased: Collection[str] = (),
    more: Sequence[Classifier] = (),
    models: Models = PACKAGED_MODELS,
) -> tuple[Classifier, ...]:
    """All classifiers: the one list. Cheap; models are loaded when first needed and shared by all.

    `leased` are ids of the gallery whose face the case at hand may show, `voices_leased` those whose voice it may use.
    Without `voices` nobody's voice is known. `more` is what this installation adds; `models` are its models.
    """
    return (
        PromptTerms(),
        PromptIntent(models),
        FrameFaces(gallery, leased=leased, models=models),
        Voices(voices or EmptyGallery(), leased=voices_leased, models=models),
        FrameNudity(models),
        FrameHashes(bank, models=models),
        FrameLabels(models),
        *more,
    )


def model_listing(classifiers: Sequence[Classifier], models: Models) -> list[ModelStatus]:
    """Every model, whether it can be used here, and which of these classifiers need it."""
    needed: dict[str, list[str]] = {}
    for classifier in classifiers:
        for model in classifier.required_models:
            needed.setdefault(model, []).append(classifier.source)
    return models.statuses(needed)
