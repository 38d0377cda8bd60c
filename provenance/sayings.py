"""The five ways in which real files say AI, looked for in every node of the ingredient graph.

1. a digital source type in an action or in metadata (DALL-E, Titan, Firefly since 2024) · 2. only in an ingredient
(ChatGPT) · 3. Adobe's assertion of 2023 (Firefly) · 4. a description in words (Bing) · 5. `c2pa.ai-disclosure`.
The second is not a route of its own here: every route is walked in every ingredient.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from provenance.manifests import Node, actions, assertions, base_label, items
from provenance.reading import Saying
from provenance.source_types import AI_PARTS, AI_WHOLE, name_of

_IN_WORDS = re.compile(r"\bAI[- ](generated|created|made)\b|\bgenerated (by|with|using) (an? )?AI\b", re.IGNORECASE)
_BEGINS = ("c2pa.created", "c2pa.opened")
_METADATA_KEYS = ("Iptc4xmpExt:DigitalSourceType", "iptc:DigitalSourceType", "digitalSourceType")


def sayings(node: Node) -> Iterator[Saying]:
    """All that this node says of AI."""
    for action in actions(node.manifest):
        yield from _of_action(node, action)
    for assertion in items(node.manifest.get("assertions")):
        yield from _of_assertion(node, assertion)
    for label, written in _in_metadata(node):
        if (kind := name_of(written)) in AI_WHOLE | AI_PARTS:
            yield _saying(node, "digital_source_type", f"{label}: {kind}", whole=kind in AI_WHOLE)


def source_type(node: Node) -> str:
    """The digital source type with which this node's asset began, else what signed metadata say of it, or nothing."""
    for action in actions(node.manifest):
        if action.get("action") in _BEGINS and action.get("digitalSourceType"):
            return name_of(action["digitalSourceType"])
    return next((name_of(kind) for _, kind in _in_metadata(node)), "")


def _of_action(node: Node, action: Mapping[str, Any]) -> Iterator[Saying]:
    kind = name_of(action.get("digitalSourceType", ""))
    if kind in AI_WHOLE | AI_PARTS:
        whole = kind in AI_WHOLE and action.get("action") in _BEGINS
        yield _saying(node, "digital_source_type", f"{action.get('action')}: {kind}", whole=whole)
    described = str(action.get("description", ""))
    if _IN_WORDS.search(described):
        yield _saying(node, "description", f"{action.get('action')}: {described[:80]}")


def _of_assertion(node: Node, assertion: Mapping[str, Any]) -> Iterator[Saying]:
    label, data = base_label(assertion), assertion.get("data")
    if label == "com.adobe.generative-ai":
        yield _saying(node, "generative_assertion", label)
    if label == "c2pa.ai-disclosure" and isinstance(data, Mapping):
        yield _saying(node, "ai_disclosure", f"model {str(data.get('modelName', 'not named'))[:80]}")


def _in_metadata(node: Node) -> Iterator[tuple[str, str]]:
    for assertion in items(node.manifest.get("assertions")):
        label, data = base_label(assertion), assertion.get("data")
        if label.endswith("metadata") and isinstance(data, Mapping):
            yield from ((label, str(data[key])) for key in _METADATA_KEYS if data.get(key))


def _saying(node: Node, route: str, says: str, *, whole: bool = True) -> Saying:
    return Saying(route=route, says=says, depth=node.depth, whole=whole and node.derived)


def own(node: Node, label: str) -> Mapping[str, Any]:
    """The data of one of Assay's own assertions, or nothing."""
    found = assertions(node.manifest, label)
    return found[0] if found else {}
