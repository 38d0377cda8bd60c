"""Which classifiers there are, Assay's own and those from outside, and which labels they may give.

A classifier from outside gives labels of the shared vocabulary or brings its own (`new_labels`). Fail closed: one that
is no Classifier, claims a label that another one has, or gives one that it does not declare, is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from classifiers.base import Classifier, ClassifierContext
from classifiers.labels import LABELS, LabelDefinition
from core.plugins import CLASSIFIERS, Plugin, PluginError, plugins
from core.signals import Subject

BUNDLED_CLASSIFIERS: Mapping[str, str] = MappingProxyType(
    {
        "prompt_terms": "classifiers.text.prompt_terms:PromptTerms",
        "prompt_intent": "classifiers.text.prompt_intent:PromptIntent",
        "negative_prompt": "classifiers.text.negative_prompt:NegativePrompt",
        "frame_faces": "classifiers.image.frame_faces:FrameFaces",
        "voices": "classifiers.audio.voices:Voices",
        "frame_nudity": "classifiers.image.frame_nudity:FrameNudity",
        "frame_hashes": "classifiers.image.frame_hashes:FrameHashes",
        "viewing_hazards": "classifiers.image.viewing_hazards:ViewingHazards",
        "sound_levels": "classifiers.audio.sound_levels:SoundLevels",
        "footage_words": "classifiers.text.footage_words:FootageWordScreening",
        "hate_symbols": "classifiers.image.hate_symbols:HateSymbols",
        "frame_objects": "classifiers.image.frame_objects:FrameObjects",
        "frame_labels": "classifiers.image.frame_labels:FrameLabels",
        "video_coverage": "classifiers.image.video_coverage:VideoCoverage",
        "banked_sounds": "classifiers.audio.banked_sounds:BankedSounds",
    }
)
"""Subclasses of Classifier, in the order in which they measure; pyproject declares the same.

PromptWorks, WorkLikeness, WorkSounds and PromptMonitor are not among them: the pipeline adds them, over its registers
and settings.
"""

_LABEL_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@cache
def classifier_types() -> tuple[tuple[Plugin, type[Classifier]], ...]:
    """All that are registered, checked. Raises PluginError."""
    return tuple((plugin, _classifier_type(plugin)) for plugin in plugins(CLASSIFIERS, BUNDLED_CLASSIFIERS).values())


def build_one(plugin: Plugin, kind: type[Classifier], context: ClassifierContext) -> Classifier:
    """The classifier over this context. Raises PluginError if one from outside breaks or makes something else."""
    if plugin.bundled:
        return kind.build(context)
    try:
        classifier = kind.build(context)
    except Exception as error:  # it is another's code, which may raise anything
        raise PluginError(f"{plugin} cannot be built: {type(error).__name__}: {error}") from error
    if not isinstance(classifier, kind):
        raise PluginError(f"{plugin} cannot be built: build() made no {kind.__name__}")
    return classifier


@cache
def vocabulary() -> Mapping[str, LabelDefinition]:
    """Every label that a classifier may give: the shared ones, and those that plugins bring. Raises PluginError."""
    labels, owners = dict(LABELS), dict.fromkeys(LABELS, "Assay's vocabulary")
    for plugin, kind in classifier_types():
        for name, definition in kind.new_labels.items():
            if name in labels:
                raise PluginError(f"{plugin} declares the label {name}, which {owners[name]} declares already")
            if not _LABEL_NAME.fullmatch(name) or not isinstance(definition, LabelDefinition):
                raise PluginError(f"{plugin} declares {name!r}: a label is a lower-case name with a LabelDefinition")
            labels[name], owners[name] = definition, str(plugin)
    for plugin, kind in classifier_types():
        for label in kind.labels:
            if label not in labels:
                raise PluginError(f"{plugin} gives the label {label}, which nobody declares (new_labels)")
            if owners[label] != str(plugin) and label not in LABELS:
                raise PluginError(f"{plugin} gives the label {label}, which belongs to {owners[label]}")
            if odd := kind.subjects - labels[label].subjects:
                raise PluginError(f"{plugin} gives the label {label} of {min(odd)}, of which it is not declared")
    return MappingProxyType(labels)


def label_subjects() -> Mapping[str, frozenset[Subject]]:
    """Every label and the subjects of which it is measured: what policy rules may speak of. Raises PluginError."""
    return {name: label.subjects for name, label in vocabulary().items()}


def _classifier_type(plugin: Plugin) -> type[Classifier]:
    kind = plugin.load()
    if not (isinstance(kind, type) and issubclass(kind, Classifier)):
        raise PluginError(f"{plugin} is no subclass of classifiers.Classifier")
    if plugin.bundled:
        return kind
    lacking = [name for name in ("name", "version", "subjects", "labels", "covers") if not getattr(kind, name, None)]
    if lacking or kind.name != plugin.name:
        raise PluginError(f"{plugin} does not say its {lacking[0] if lacking else 'name, which is the plugin’s'}")
    if len(set(kind.labels)) != len(kind.labels):
        raise PluginError(f"{plugin} declares a label twice")
    return kind
