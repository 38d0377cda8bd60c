"""From a manifest store to a Reading: pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence

from core.finding import ContentCredentials
from provenance.c2pa.ai_assertions import asset_source_type, find_ai_assertions, first_assertion_data
from provenance.c2pa.credentials_report import AiAssertion, CredentialsReport, LineageStep, SoftBinding
from provenance.c2pa.ingredient_tree import flatten_ingredient_tree
from provenance.c2pa.manifest_definition import CASE_ASSERTION, ENGINE_ASSERTION
from provenance.c2pa.manifest_store import (
    ManifestNode,
    as_mapping,
    ingredient_failure_codes,
    manifest_assertions,
    mappings_in,
    walk_manifests,
)
from provenance.c2pa.redaction import find_personal_data
from provenance.declared_marks.watermark_claims import manifest_claims

_UNTRUSTED_CODES = frozenset({"signingCredential.untrusted", "signingCredential.ocsp.skipped", "timeStamp.untrusted"})


def interpret_store(
    store: Mapping[str, object], *, state: str, issues: Sequence[str] = (), time_trusted: bool = False
) -> CredentialsReport:
    """What a store says, given the state and the issues that validation came to."""
    nodes = list(walk_manifests(store))
    ai_assertions = tuple(saying for node in nodes for saying in find_ai_assertions(node))
    ingredients = ingredient_failure_codes(store)
    names, stuck = find_personal_data(store)
    return CredentialsReport(
        credentials=_credentials(
            store, nodes, ai_assertions, state, (*issues, *(f"ingredient: {code}" for code in ingredients))
        ),
        ai_assertions=ai_assertions,
        soft_bindings=tuple(binding for node in nodes for binding in _soft_bindings(node)),
        case_id=str(first_assertion_data(nodes[0], CASE_ASSERTION).get("id", "")) if nodes else "",
        existing_footage=bool(nodes) and first_assertion_data(nodes[0], ENGINE_ASSERTION).get("generated") is False,
        source_type_stated_by=str(first_assertion_data(nodes[0], ENGINE_ASSERTION).get("sourceTypeStatedBy", ""))
        if nodes
        else "",
        trust_list=str(_validation_results(store).get("trustListUri", "")) if state == "trusted" else "",
        time_trusted=time_trusted,
        lineage=tuple(_lineage_step(node) for node in flatten_ingredient_tree(store)),
        claims=manifest_claims(store),
        personal_data=names,
        unredactable_personal_data=stuck,
        broken_ingredients=tuple(code for code in ingredients if code not in _UNTRUSTED_CODES),
    )


def _credentials(
    store: Mapping[str, object],
    nodes: Sequence[ManifestNode],
    ai_assertions: Sequence[AiAssertion],
    state: str,
    issues: Sequence[str],
) -> ContentCredentials:
    active = nodes[0].manifest if nodes else {}
    # Of a manifest that is not valid nothing is attributed to anyone (C2PA 2.2, chapter 15).
    holds = state in ("trusted", "valid")
    signature = as_mapping(active.get("signature_info")) if holds else {}
    source_type = next((kind for node in nodes if node.derived and (kind := asset_source_type(node))), "")
    return ContentCredentials(
        state=state,
        ai=True
        if ai_assertions
        else None,  # what the file says, whoever says it: `state` is whether a trusted signer vouches for it
        signer=_signer(signature),
        signed_at=str(signature.get("time", "")),
        source_type=source_type,
        generator=_generator(active),
        manifest_id=str(store.get("active_manifest", "")),
        issues=tuple(issues),
    )


def _lineage_step(node: ManifestNode) -> LineageStep:
    return LineageStep(
        depth=node.depth,
        relationship=node.relationship,
        title=str(node.manifest.get("title") or node.title),
        generator=_generator(node.manifest),
        signer=_signer(as_mapping(node.manifest.get("signature_info"))),
        source_type=asset_source_type(node),
        without_credentials=not node.manifest,
    )


def _signer(signature: Mapping[str, object]) -> str:
    person, organisation = (str(signature.get(key) or "") for key in ("common_name", "issuer"))
    return f"{person} ({organisation})" if person and organisation else person or organisation


def _generator(manifest: Mapping[str, object]) -> str:
    for info in mappings_in(manifest.get("claim_generator_info")):
        return " ".join(str(info[key]) for key in ("name", "version") if info.get(key))
    return str(manifest.get("claim_generator", ""))


def _soft_bindings(node: ManifestNode) -> list[SoftBinding]:
    return [
        SoftBinding(algorithm=str(data.get("alg", "")), value=_hex(block.get("value")), depth=node.depth)
        for data in manifest_assertions(node.manifest, "c2pa.soft-binding")
        for block in mappings_in(data.get("blocks"))
    ]


def _hex(value: object) -> str:
    """A soft binding's value in hex: files hold hex text, base64 of a byte string, or a list of bytes."""
    if isinstance(value, list) and all(isinstance(number, int) and 0 <= number < 256 for number in value):
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


def _validation_results(store: Mapping[str, object]) -> Mapping[str, object]:
    return as_mapping(store.get("validation_results"))
