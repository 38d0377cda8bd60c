"""The five ways in which real files say AI, looked for in every node of the ingredient graph.

1. a digital source type in an action or in metadata (DALL-E, Titan, Firefly since 2024) · 2. only in an ingredient
(ChatGPT) · 3. Adobe's assertion of 2023 (Firefly) · 4. a description in words (Bing) · 5. `c2pa.ai-disclosure`.
The second is not a route of its own here: every route is walked in every ingredient.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from provenance.c2pa.credentials_report import AiAssertion
from provenance.c2pa.manifest_store import ManifestNode, base_label, manifest_actions, manifest_assertions, mappings_in
from provenance.c2pa.source_types import AI_COMPOSITE_SOURCE_TYPES, AI_SOURCE_TYPES, source_type_name

_AI_DESCRIPTION = re.compile(
    r"\bAI[- ](generated|created|made)\b|\bgenerated (by|with|using) (an? )?AI\b", re.IGNORECASE
)
_FIRST_ACTIONS = ("c2pa.created", "c2pa.opened")
_METADATA_KEYS = ("Iptc4xmpExt:DigitalSourceType", "iptc:DigitalSourceType", "digitalSourceType")


def find_ai_assertions(node: ManifestNode) -> Iterator[AiAssertion]:
    """All that this node says of AI."""
    for action in manifest_actions(node.manifest):
        yield from _from_action(node, action)
    for assertion in mappings_in(node.manifest.get("assertions")):
        yield from _from_assertion(node, assertion)
    for label, written in _metadata_source_types(node):
        if (kind := source_type_name(written)) in AI_SOURCE_TYPES | AI_COMPOSITE_SOURCE_TYPES:
            yield _ai_assertion(node, "digital_source_type", f"{label}: {kind}", whole=kind in AI_SOURCE_TYPES)


def asset_source_type(node: ManifestNode) -> str:
    """The digital source type with which this node's asset began, else what signed metadata say of it, or nothing."""
    for action in manifest_actions(node.manifest):
        if action.get("action") in _FIRST_ACTIONS and action.get("digitalSourceType"):
            return source_type_name(action["digitalSourceType"])
    return next((source_type_name(kind) for _, kind in _metadata_source_types(node)), "")


def _from_action(node: ManifestNode, action: Mapping[str, object]) -> Iterator[AiAssertion]:
    kind = source_type_name(action.get("digitalSourceType", ""))
    if kind in AI_SOURCE_TYPES | AI_COMPOSITE_SOURCE_TYPES:
        whole = kind in AI_SOURCE_TYPES and action.get("action") in _FIRST_ACTIONS
        yield _ai_assertion(node, "digital_source_type", f"{action.get('action')}: {kind}", whole=whole)
    described = str(action.get("description", ""))
    if _AI_DESCRIPTION.search(described):
        yield _ai_assertion(node, "description", f"{action.get('action')}: {described[:80]}")


def _from_assertion(node: ManifestNode, assertion: Mapping[str, object]) -> Iterator[AiAssertion]:
    label, data = base_label(assertion), assertion.get("data")
    if label == "com.adobe.generative-ai":
        yield _ai_assertion(node, "generative_assertion", label)
    if label == "c2pa.ai-disclosure" and isinstance(data, Mapping):
        yield _ai_assertion(node, "ai_disclosure", f"model {str(data.get('modelName', 'not named'))[:80]}")


def _metadata_source_types(node: ManifestNode) -> Iterator[tuple[str, str]]:
    for assertion in mappings_in(node.manifest.get("assertions")):
        label, data = base_label(assertion), assertion.get("data")
        if label.endswith("metadata") and isinstance(data, Mapping):
            yield from ((label, str(data[key])) for key in _METADATA_KEYS if data.get(key))


def _ai_assertion(node: ManifestNode, route: str, says: str, *, whole: bool = True) -> AiAssertion:
    return AiAssertion(route=route, says=says, depth=node.depth, whole=whole and node.derived)


def first_assertion_data(node: ManifestNode, label: str) -> Mapping[str, object]:
    """The data of one of Assay's own assertions, or nothing."""
    assertions = manifest_assertions(node.manifest, label)
    return assertions[0] if assertions else {}
