"""What was done, in order, as C2PA actions (2.4, chapter 18.15): begun, generated, laid in, labelled, marked. Pure.

The conformance rubric wants a digital source type on what is created and on every edit, and none on what is opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from provenance.source_types import uri
from provenance.sources import Source, Use

Action = dict[str, Any]


def actions(
    *,
    when: str,
    engine: Mapping[str, str],
    product: Mapping[str, str],
    source_type: str,
    remixed: bool,
    labelled: bool,
    sources: Sequence[Source],
) -> list[Action]:
    """`source_type` is a URI, empty only where a parent is opened; `engine` and `product` have a name and a version.

    `remixed` says that the engine made something over the parent, rather than having made the parent itself.
    """
    done = [_begun(when, engine, source_type, sources)]
    if remixed:
        done.append(_generated(engine, source_type, sources))
    done += [_with([one.label], {"action": "c2pa.placed"}) for one in sources if one.use == "componentOf"]
    if labelled:
        done.append(_labelled(product))
    return [*done, {"action": "c2pa.watermarked.bound", "softwareAgent": dict(product)}]


def _begun(when: str, engine: Mapping[str, str], source_type: str, sources: Sequence[Source]) -> Action:
    if opened := _labels("parentOf", sources):
        return _with(opened, {"action": "c2pa.opened", "when": when, "softwareAgent": dict(engine)})
    made: Action = {"action": "c2pa.created", "when": when, "softwareAgent": dict(engine)}
    made["digitalSourceType"] = source_type
    inputs = _labels("inputTo", sources)
    return _with(inputs, made) if inputs else made


def _generated(engine: Mapping[str, str], source_type: str, sources: Sequence[Source]) -> Action:
    """What an engine made over a parent: the action that opens it may name nothing else."""
    action: Action = {"action": "c2pa.edited", "softwareAgent": dict(engine), "digitalSourceType": source_type}
    inputs = _labels("inputTo", sources)
    return _with(inputs, action) if inputs else action


def _labelled(product: Mapping[str, str]) -> Action:
    says = "A visible label was drawn into the picture."
    drawn = {"action": "c2pa.addedText", "softwareAgent": dict(product), "description": says}
    return {**drawn, "digitalSourceType": uri("algorithmicMedia")}


def _labels(use: Use, sources: Sequence[Source]) -> list[str]:
    return [one.label for one in sources if one.use == use]


def _with(labels: Sequence[str], action: Action) -> Action:
    """The action with the labels of the ingredients it concerns."""
    return {**action, "parameters": {"ingredientIds": list(labels)}}
