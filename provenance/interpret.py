"""From a manifest store to a Reading: pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from core.finding import Credentials
from provenance.claims import CASE, ENGINE
from provenance.lineage import history
from provenance.manifests import Node, assertions, ingredient_failures, items, mapping, walk
from provenance.reading import Reading, Saying, SoftBinding, Step
from provenance.redaction import personal
from provenance.sayings import own, sayings, source_type

_ONLY_TRUST = frozenset({"signingCredential.untrusted", "signingCredential.ocsp.skipped", "timeStamp.untrusted"})


def interpret(
    store: Mapping[str, Any], *, state: str, issues: Sequence[str] = (), time_trusted: bool = False
) -> Reading:
    """What a store says, given the state and the issues that validation came to."""
    nodes = list(walk(store))
    said = tuple(saying for node in nodes for saying in sayings(node))
    ingredients = ingredient_failures(store)
    names, stuck = personal(store)
    return Reading(
        credentials=_credentials(store, nodes, said, state, (*issues, *(f"ingredient: {one}" for one in ingredients))),
        sayings=said,
        soft_bindings=tuple(binding for node in nodes for binding in _bindings(node)),
        case_id=str(own(nodes[0], CASE).get("id", "")) if nodes else "",
        served=bool(nodes) and own(nodes[0], ENGINE).get("generated") is False,
        source_type_stated_by=str(own(nodes[0], ENGINE).get("sourceTypeStatedBy", "")) if nodes else "",
        trust_list=str(_results(store).get("trustListUri", "")) if state == "trusted" else "",
        time_trusted=time_trusted,
        lineage=tuple(_step(node) for node in history(store)),
        personal=names,
        personal_to_stay=stuck,
        broken_ingredients=tuple(one for one in ingredients if one not in _ONLY_TRUST),
    )


def _credentials(
    store: Mapping[str, Any], nodes: Sequence[Node], said: Sequence[Saying], state: str, issues: Sequence[str]
) -> Credentials:
    active = nodes[0].manifest if nodes else {}
    # Of a manifest that is not valid nothing is attributed to anyone (C2PA 2.2, chapter 15).
    holds = state in ("trusted", "valid")
    signature = mapping(active.get("signature_info")) if holds else {}
    stated = next((kind for node in nodes if node.derived and (kind := source_type(node))), "")
    return Credentials(
        state=state,
        ai=True if said else None,  # what the file says, whoever says it: `state` tells whether anybody vouches for it
        signer=_signer(signature),
        signed_at=str(signature.get("time", "")),
        source_type=stated,
        generator=_generator(active),
        manifest_id=str(store.get("active_manifest", "")),
        issues=tuple(issues),
    )


def _step(node: Node) -> Step:
    return Step(
        depth=node.depth,
        relationship=node.relationship,
        title=str(node.manifest.get("title") or node.title),
        generator=_generator(node.manifest),
        signer=_signer(mapping(node.manifest.get("signature_info"))),
        source_type=source_type(node),
        bare=not node.manifest,
    )


def _signer(signature: Mapping[str, Any]) -> str:
    person, organisation = (str(signature.get(key) or "") for key in ("common_name", "issuer"))
    return f"{person} ({organisation})" if person and organisation else person or organisation


def _generator(manifest: Mapping[str, Any]) -> str:
    for info in items(manifest.get("claim_generator_info")):
        return " ".join(str(info[key]) for key in ("name", "version") if info.get(key))
    return str(manifest.get("claim_generator", ""))


def _bindings(node: Node) -> list[SoftBinding]:
    return [
        SoftBinding(algorithm=str(data.get("alg", "")), value=_hex(block.get("value")), depth=node.depth)
        for data in assertions(node.manifest, "c2pa.soft-binding")
        for block in items(data.get("blocks"))
    ]


def _hex(value: object) -> str:
    """A soft binding's value in hex: files hold hex text, base64 of a byte string, or a list of bytes."""
    if isinstance(value, list) and all(isinstance(one, int) and 0 <= one < 256 for one in value):
        return bytes(value).hex()
    if not isinstance(value, str):
        return ""
    text = value
    try:
        return bytes.fromhex(text).hex()
    except ValueError:
        pass
    try:
        return base64.b64decode(text, validate=True).hex()
    except (binascii.Error, ValueError):
        return text


def _results(store: Mapping[str, Any]) -> Mapping[str, Any]:
    return mapping(store.get("validation_results"))
