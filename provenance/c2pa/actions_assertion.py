"""What was done, in order, as C2PA actions (2.4, chapter 18.15): begun, generated, laid in, labelled, marked. Pure.

The conformance rubric wants a digital source type on what is created and on every edit, and none on what is opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from media.labels.label_terms import VisibleLabel
from provenance.c2pa.ingredients import Ingredient, IngredientRelationship
from provenance.c2pa.source_types import source_type_uri

LABEL_PARAMETER = "com.assay.label"
"""The parameter of an action that says what label was drawn."""
ManifestAction = dict[str, object]


def build_actions(
    *,
    when: str,
    engine: Mapping[str, str],
    product: Mapping[str, str],
    source_type: str,
    remixed: bool,
    label: VisibleLabel | None,
    sources: Sequence[Ingredient],
) -> list[ManifestAction]:
    """`source_type` is a URI, empty only where a parent is opened; `engine` and `product` have a name and a version.

    `remixed` says that the engine made something over the parent, rather than having made the parent itself.
    """
    actions = [_first_action(when, engine, source_type, sources)]
    if remixed:
        actions.append(_generated_over_parent(engine, source_type, sources))
    actions += [
        _with_ingredients([source.label], {"action": "c2pa.placed"})
        for source in sources
        if source.relationship == "componentOf"
    ]
    if label:
        actions.append(_visible_label_action(product, label))
    return [*actions, {"action": "c2pa.watermarked.bound", "softwareAgent": dict(product)}]


def _first_action(
    timestamp: str, engine: Mapping[str, str], source_type: str, sources: Sequence[Ingredient]
) -> ManifestAction:
    if opened := _labels("parentOf", sources):
        return _with_ingredients(opened, {"action": "c2pa.opened", "when": timestamp, "softwareAgent": dict(engine)})
    action: ManifestAction = {"action": "c2pa.created", "when": timestamp, "softwareAgent": dict(engine)}
    action["digitalSourceType"] = source_type
    inputs = _labels("inputTo", sources)
    return _with_ingredients(inputs, action) if inputs else action


def _generated_over_parent(
    engine: Mapping[str, str], source_type: str, sources: Sequence[Ingredient]
) -> ManifestAction:
    """What an engine made over a parent: the action that opens it may name nothing else."""
    action: ManifestAction = {"action": "c2pa.edited", "softwareAgent": dict(engine), "digitalSourceType": source_type}
    inputs = _labels("inputTo", sources)
    return _with_ingredients(inputs, action) if inputs else action


def _visible_label_action(product: Mapping[str, str], label: VisibleLabel) -> ManifestAction:
    """What it says and where, also for programs: `seconds` from the start, or nothing where it is there throughout."""
    text = " ".join(label.text.replace("|", " ").split())
    told: dict[str, object] = {"text": text, "place": label.place}
    if label.seconds is not None:
        told["seconds"] = label.seconds
    return {
        "action": "c2pa.addedText",
        "softwareAgent": dict(product),
        "description": f"A visible label was drawn into the picture: {text}",
        "digitalSourceType": source_type_uri("algorithmicMedia"),
        "parameters": {LABEL_PARAMETER: told},
    }


def _labels(use: IngredientRelationship, sources: Sequence[Ingredient]) -> list[str]:
    return [source.label for source in sources if source.relationship == use]


def _with_ingredients(labels: Sequence[str], action: ManifestAction) -> ManifestAction:
    """The action with the labels of the ingredients it concerns."""
    return {**action, "parameters": {"ingredientIds": list(labels)}}
