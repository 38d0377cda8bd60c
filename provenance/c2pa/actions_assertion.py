"""What was done, in order, as C2PA actions (2.4, chapter 18.15): begun, generated, laid in, labelled, marked. Pure.

The conformance rubric wants a digital source type on what is created and on every edit, and none on what is opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provenance.c2pa.ingredients import Ingredient, IngredientRelationship
from provenance.c2pa.source_types import source_type_uri

ManifestAction = dict[str, object]


def build_actions(
    *,
    when: str,
    engine: Mapping[str, str],
    product: Mapping[str, str],
    source_type: str,
    remixed: bool,
    labelled: bool,
    sources: Sequence[Ingredient],
) -> list[ManifestAction]:
    """`source_type` is a URI, empty only where a parent is opened; `engine` and `product` have a name and a version.

    `remixed` says that the engine made something over the parent, rather than having made the parent itself.
    """
    done = [_first_action(when, engine, source_type, sources)]
    if remixed:
        done.append(_generated_over_parent(engine, source_type, sources))
    done += [
        _with_ingredients([one.label], {"action": "c2pa.placed"})
        for one in sources
        if one.relationship == "componentOf"
    ]
    if labelled:
        done.append(_visible_label_action(product))
    return [*done, {"action": "c2pa.watermarked.bound", "softwareAgent": dict(product)}]


def _first_action(
    when: str, engine: Mapping[str, str], source_type: str, sources: Sequence[Ingredient]
) -> ManifestAction:
    if opened := _labels("parentOf", sources):
        return _with_ingredients(opened, {"action": "c2pa.opened", "when": when, "softwareAgent": dict(engine)})
    made: ManifestAction = {"action": "c2pa.created", "when": when, "softwareAgent": dict(engine)}
    made["digitalSourceType"] = source_type
    inputs = _labels("inputTo", sources)
    return _with_ingredients(inputs, made) if inputs else made


def _generated_over_parent(
    engine: Mapping[str, str], source_type: str, sources: Sequence[Ingredient]
) -> ManifestAction:
    """What an engine made over a parent: the action that opens it may name nothing else."""
    action: ManifestAction = {"action": "c2pa.edited", "softwareAgent": dict(engine), "digitalSourceType": source_type}
    inputs = _labels("inputTo", sources)
    return _with_ingredients(inputs, action) if inputs else action


def _visible_label_action(product: Mapping[str, str]) -> ManifestAction:
    says = "A visible label was drawn into the picture."
    drawn = {"action": "c2pa.addedText", "softwareAgent": dict(product), "description": says}
    return {**drawn, "digitalSourceType": source_type_uri("algorithmicMedia")}


def _labels(use: IngredientRelationship, sources: Sequence[Ingredient]) -> list[str]:
    return [one.label for one in sources if one.relationship == use]


def _with_ingredients(labels: Sequence[str], action: ManifestAction) -> ManifestAction:
    """The action with the labels of the ingredients it concerns."""
    return {**action, "parameters": {"ingredientIds": list(labels)}}
