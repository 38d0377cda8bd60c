"""What the manifest says of a sealed video: a pure function from an order to a C2PA manifest definition.

It says what is known and no more. A video that an engine made is `c2pa.created` as trainedAlgorithmicMedia. Footage
that an engine only served was not made here: it is `c2pa.opened` from the served file as parent, without any
statement of AI, unless the operator of that folder states a source type; then the statement is the operator's and
`com.assay.engine` says so. Never in it: the prompt, a person's name, the rules that fired.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from core.errors import BadInput
from media.labels.label_terms import VisibleLabel
from provenance.c2pa.actions_assertion import build_actions
from provenance.c2pa.ingredients import PARENT_LABEL, Ingredient
from provenance.c2pa.redaction import redaction_actions
from provenance.c2pa.source_types import AI_COMPOSITE_SOURCE_TYPES, AI_SOURCE_TYPES, SOURCE_TYPES, source_type_uri

PRODUCT_NAME = "Assay"
PRODUCT_VERSION = "0.1.0"
C2PA_SPEC_VERSION = "2.4.0"
SOFT_BINDING_ALGORITHM = "com.assay.lattice.1"
CASE_ASSERTION = "com.assay.case"
ENGINE_ASSERTION = "com.assay.engine"
POLICY_ASSERTION = "com.assay.policy"
CONSENT_ASSERTION = "com.assay.consent"
METADATA_ASSERTION = "cawg.metadata"

_CASE_ID = re.compile(r"[0-9a-f]{16}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CONTEXT = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}
_EXISTING_FOOTAGE_NOTE = "The engine was a folder of files: it served footage that existed and generated nothing."
_TRAINING_MINING_ENTRIES = ("cawg.ai_generative_training", "cawg.ai_training", "cawg.ai_inference", "cawg.data_mining")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealOrder:
    """What is to be sealed.

    `case_id` is 16 hex digits, `policy` the SHA-256 of the policy that allowed it, `when` the time of rendering in
    UTC. `synthetic` is false where the engine served footage that exists; `source_type` (a plain name of
    provenance.c2pa.source_types) is then what the operator states of it, and empty where nothing is stated. `provider`
    is the legal entity behind this installation (the product where none is named), `verifier` the address at which
    anybody can check; `consents` are SHA-256 digests of receipts. `label` is drawn into what AI made, and
    `composite_label` into what it made a part of.
    """

    case_id: str
    engine: str
    engine_version: str
    policy: str
    when: datetime
    synthetic: bool = True
    source_type: str = ""
    model: str = ""
    soft_binding: str = SOFT_BINDING_ALGORITHM
    provider: str = PRODUCT_NAME
    verifier: str = ""
    consents: tuple[str, ...] = ()
    label: VisibleLabel | None = None
    composite_label: VisibleLabel | None = None

    def __post_init__(self) -> None:
        if not _CASE_ID.fullmatch(self.case_id):
            raise ValueError(f"not a case id: {self.case_id!r}")
        if not _DIGEST.fullmatch(self.policy):
            raise ValueError(f"not a policy digest: {self.policy!r}")
        if wrong := [digest for digest in self.consents if not _DIGEST.fullmatch(digest)]:
            raise ValueError(f"not the digest of a receipt: {wrong[0]!r}")
        if self.when.tzinfo is None:
            raise ValueError("the time of rendering needs a time zone")
        if self.source_type and self.source_type not in SOURCE_TYPES:  # an operator wrote it, next to the footage
            raise BadInput(f"{self.source_type[:60]!r} is not a digital source type: see docs/reference/verdicts.md")


def manifest_source_type(order: SealOrder) -> str:
    """The digital source type that the manifest states, or nothing."""
    return order.source_type or ("trainedAlgorithmicMedia" if order.synthetic else "")


def needs_parent(order: SealOrder, *, has_credentials: bool) -> bool:
    """Whether the served file must be named as parent: it came with credentials, or it was not made here."""
    return has_credentials or not order.synthetic


def declares_ai(order: SealOrder) -> bool:
    """Whether the manifest will state that AI made the video, or part of it."""
    return manifest_source_type(order) in AI_SOURCE_TYPES | AI_COMPOSITE_SOURCE_TYPES


def as_composite_order(order: SealOrder) -> SealOrder:
    """The order of a video into which footage went that no engine made."""
    return replace(order, source_type="compositeWithTrainedAlgorithmicMedia")


def drawn_label(order: SealOrder) -> VisibleLabel | None:
    """The visible label that is drawn: none where nothing says that AI had a part in it."""
    if not declares_ai(order):
        return None
    return order.composite_label if manifest_source_type(order) in AI_COMPOSITE_SOURCE_TYPES else order.label


def format_timestamp(moment: datetime) -> str:
    """A time as manifests and XMP write it."""
    return moment.isoformat(timespec="seconds")


def build_manifest_definition(
    order: SealOrder,
    *,
    payload: str,
    has_parent: bool = False,
    sources: Sequence[Ingredient] = (),
    redacted: tuple[str, ...] = (),
) -> dict[str, object]:
    """The manifest definition. `payload` is the watermark's, in hex: the one id that every layer of the file carries.

    `sources` are those that `sign` is given; `has_parent` stands for a parent alone. `redacted` are addresses in the
    sources' credentials.
    """
    sources = sources or (
        [Ingredient(relationship="parentOf", path=Path(), label=PARENT_LABEL, remixed=False)] if has_parent else []
    )
    assertions = [
        _assertion("c2pa.actions.v2", {"actions": _actions(order, sources, redacted), "allActionsIncluded": True}),
        _assertion("c2pa.soft-binding", _soft_binding(order, payload)),
        _assertion(
            "cawg.training-mining", {"entries": {name: {"use": "notAllowed"} for name in _TRAINING_MINING_ENTRIES}}
        ),
        _assertion(METADATA_ASSERTION, _metadata(order, payload, sources)),
        _assertion(CASE_ASSERTION, {"id": order.case_id, "payload": payload}),
        _assertion(ENGINE_ASSERTION, _engine(order)),
        _assertion(POLICY_ASSERTION, {"sha256": order.policy}),
    ]
    if order.consents:
        assertions.append(
            _assertion(CONSENT_ASSERTION, {"receipts": [{"sha256": digest} for digest in order.consents]})
        )
    if order.synthetic:
        assertions.append(_assertion("c2pa.ai-disclosure", _disclosure(order)))
    return {
        "claim_generator_info": [{"name": PRODUCT_NAME, "version": PRODUCT_VERSION, "specVersion": C2PA_SPEC_VERSION}],
        "title": f"Video {order.case_id}",
        "assertions": assertions,
        **({"redactions": list(redacted)} if redacted else {}),
    }


def _assertion(label: str, data: Mapping[str, object]) -> dict[str, object]:
    return {"label": label, "created": True, "data": dict(data)}


def _actions(order: SealOrder, sources: Sequence[Ingredient], redacted: tuple[str, ...]) -> list[dict[str, object]]:
    stated = manifest_source_type(order)
    begun, *rest = build_actions(
        when=format_timestamp(order.when),
        engine={"name": order.engine, "version": order.engine_version},
        product={"name": PRODUCT_NAME, "version": PRODUCT_VERSION},
        source_type=source_type_uri(stated) if stated else "",
        remixed=order.synthetic and any(one.relationship == "parentOf" and one.remixed for one in sources),
        label=drawn_label(order),
        sources=sources,
    )
    return [begun, *redaction_actions(redacted), *rest]


def _metadata(order: SealOrder, payload: str, sources: Sequence[Ingredient]) -> dict[str, object]:
    """The fields of §5.5 of the reference that no assertion of C2PA has a place for, signed with the rest.

    Where a parent is opened no action may say what the whole is, so that is said here.
    """
    said: dict[str, object] = {"@context": _CONTEXT, "dc:identifier": payload, "dc:publisher": order.provider}
    if order.verifier:
        said["dcterms:provenance"] = order.verifier
    if (stated := manifest_source_type(order)) and any(one.relationship == "parentOf" for one in sources):
        said["Iptc4xmpExt:DigitalSourceType"] = source_type_uri(stated)
    return said


def _soft_binding(order: SealOrder, payload: str) -> dict[str, object]:
    # The specification wants a byte string here, which the library's JSON route cannot write (c2pa-rs #2689).
    return {"alg": order.soft_binding, "blocks": [{"scope": {}, "value": payload}]}


def _engine(order: SealOrder) -> dict[str, object]:
    engine: dict[str, object] = {"name": order.engine, "version": order.engine_version, "generated": order.synthetic}
    if not order.synthetic:
        engine["note"] = _EXISTING_FOOTAGE_NOTE
        engine["sourceTypeStatedBy"] = "operator" if order.source_type else "nobody"
    return engine


def _disclosure(order: SealOrder) -> dict[str, object]:
    return {
        "modelType": "c2pa.types.model",
        "modelName": order.model or order.engine,
        "contentProfile": {"humanOversightLevel": "prompt_guided"},
    }
