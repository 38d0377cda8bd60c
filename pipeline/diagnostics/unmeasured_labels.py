"""Labels that enforced rules read and that nothing on this machine measures: which, why, and what happens instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.signals import Subject
from core.verdicts import Decision
from pipeline.capture_signals import FROM_PROVIDERS
from pipeline.policy_rollout import policy_loading
from pipeline.settings import Settings
from policy.rule import Mode, Rule

_CONSEQUENCES = {
    Decision.HOLD: "Each case that {rules} asks about waits for a person.",
    Decision.REFUSE: "Each case that {rules} asks about is refused.",
    Decision.ALLOW: "{rules} lets it pass, as its file says.",
}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class UnmeasuredLabel:
    """A label, why it is not measured, the enforced rules that read it, and what they answer then."""

    label: str
    why: str
    rules: tuple[str, ...]
    instead: str


def unmeasured_labels(settings: Settings, folder: Path | None) -> Sequence[UnmeasuredLabel]:
    """What the models that are here cannot measure of the rules in a folder, or of those that the settings name."""
    policy = policy_loading.load_policy(settings, folder)
    reading: dict[str, list[Rule]] = {}
    for clauses in policy.compiled_rules.values():
        for one in clauses:
            for label in one.labels if one.rule.mode is Mode.ENFORCE else ():
                reading.setdefault(label, []).append(one.rule)
    return [
        _unmeasured_label(label, why, reading[label])
        for label, why in _labels_without_model(settings).items()
        if label in reading
    ]


def _labels_without_model(settings: Settings) -> dict[str, str]:
    """Labels that no classifier measures, or one whose model is not here, and why."""
    from classifiers import build_classifiers, model_listing
    from classifiers.models import Models
    from registry.banks.hash_bank import MemoryHashBank
    from registry.banks.protected_gallery import MemoryGallery

    models = Models(settings.model_options())
    classifiers = build_classifiers(MemoryGallery(), MemoryHashBank(), models=models)
    missing = {model.name: model.missing for model in model_listing(classifiers, models) if not model.present}
    measured = {label for classifier in classifiers for label in classifier.labels} | _measured_elsewhere()
    found = dict.fromkeys(policy_loading.policy_vocabulary().labels.keys() - measured, "no classifier measures it yet")
    for classifier in classifiers:
        if whys := [missing[name] for name in classifier.required_models if name in missing]:
            found |= dict.fromkeys(classifier.labels, "; ".join(whys))
    if "speech" in missing:
        found["digits_wrong"] = missing["speech"]
    return dict(sorted(found.items()))


def _measured_elsewhere() -> set[str]:
    """What `classifiers.liveness` measures of takes, and what is asked only where a reasoning model is set up."""
    takes = {
        label for label, subjects in policy_loading.policy_vocabulary().labels.items() if subjects == {Subject.TAKE}
    }
    return (takes - FROM_PROVIDERS) | {"monitor"}


def _unmeasured_label(label: str, why: str, rules: Sequence[Rule]) -> UnmeasuredLabel:
    names = tuple(sorted({rule.name for rule in rules}))
    gravest = max(rule.if_missing for rule in rules)
    instead = _CONSEQUENCES[gravest].format(rules=", ".join(names))
    return UnmeasuredLabel(label=label, why=why, rules=names, instead=instead)
