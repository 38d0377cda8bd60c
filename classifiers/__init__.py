"""Measures. One classifier a file, one table of them (`registered`); heavy libraries load lazily, in `models/` only."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from classifiers.audio.sounds_of_works import WorkSounds
from classifiers.audio.voices import EmptyGallery
from classifiers.base import (
    BiometricGallery,
    Classifier,
    ClassifierContext,
    ClassifierResults,
    HashBank,
    Material,
    PromptText,
    locate_all,
    measure_all,
)
from classifiers.image.work_likeness import WorkLikeness
from classifiers.labels import LABELS, LabelDefinition
from classifiers.models import PACKAGED_MODELS, Models, ModelStatus
from classifiers.registered import build_one, classifier_types, label_subjects, vocabulary
from classifiers.text.prompt_monitor import ChatEndpoint, PromptMonitor
from classifiers.text.prompt_works import PromptWorks

__all__ = [
    "LABELS",
    "BiometricGallery",
    "ChatEndpoint",
    "Classifier",
    "ClassifierContext",
    "ClassifierResults",
    "HashBank",
    "LabelDefinition",
    "Material",
    "PromptMonitor",
    "PromptText",
    "PromptWorks",
    "WorkLikeness",
    "WorkSounds",
    "build_classifiers",
    "label_subjects",
    "locate_all",
    "measure_all",
    "model_listing",
    "vocabulary",
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
    """All classifiers that are registered. Cheap; models are loaded when first needed and shared by all.

    `leased` are ids of the gallery whose face the case at hand may show, `voices_leased` those whose voice it may use.
    Without `voices` nobody's voice is known. `more` is what this installation adds; `models` are its models.
    Raises PluginError for a classifier from outside that cannot be used: nothing is measured with one missing.
    """
    context = ClassifierContext(
        gallery=gallery,
        bank=bank,
        voices=voices or EmptyGallery(),
        leased=frozenset(leased),
        voices_leased=frozenset(voices_leased),
        models=models,
    )
    return (*(build_one(plugin, kind, context) for plugin, kind in classifier_types()), *more)


def model_listing(classifiers: Sequence[Classifier], models: Models) -> list[ModelStatus]:
    """Every model, whether it can be used here, and which of these classifiers need it."""
    needed: dict[str, list[str]] = {}
    for classifier in classifiers:
        for model in classifier.required_models:
            needed.setdefault(model, []).append(classifier.source)
    return models.statuses(needed)
