"""The documented fields of a statement as JSON Schema, written from the documentation and not from our own checks."""

from __future__ import annotations

from typing import Any

from pipeline.legal_record.dsa_codes import NOT_IN_DATABASE, categories, codes, limits, specifications

CATEGORIES = sorted(set(categories()) - NOT_IN_DATABASE)
DAY = {"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"}


def text(field: str) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": limits()[field]}


def several(values: list[str] | tuple[str, ...], **more: Any) -> dict[str, Any]:
    return {"type": "array", "uniqueItems": True, "items": {"enum": list(values)}, **more}


def one(field: str) -> dict[str, Any]:
    return {"enum": list(codes(field))}


def where(field: str, value: str, then: list[str]) -> dict[str, Any]:
    """These fields are there exactly where a field has this value, or a list has it."""
    stated = {"anyOf": [{"const": value}, {"type": "array", "contains": {"const": value}}]}
    return {
        "if": {"properties": {field: stated}, "required": [field]},
        "then": {"required": then},
        "else": {"properties": dict.fromkeys(then, False)},
    }


STATEMENT: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "puid": {"type": "string", "pattern": r"^[a-zA-Z0-9\-_]+$", "maxLength": 500},
        "decision_visibility": several(codes("decision_visibility")),
        "decision_visibility_other": text("decision_visibility_other"),
        "decision_monetary": one("decision_monetary"),
        "decision_monetary_other": text("decision_monetary_other"),
        "decision_provision": one("decision_provision"),
        "decision_account": one("decision_account"),
        "account_type": one("account_type"),
        "decision_ground": one("decision_ground"),
        "decision_ground_reference_url": {"type": "string", "pattern": r"^https?://[^/\s]+", "maxLength": 500},
        "illegal_content_legal_ground": text("illegal_content_legal_ground"),
        "illegal_content_explanation": text("illegal_content_explanation"),
        "incompatible_content_ground": text("incompatible_content_ground"),
        "incompatible_content_explanation": text("incompatible_content_explanation"),
        "incompatible_content_illegal": one("incompatible_content_illegal"),
        "content_type": several(codes("content_type"), minItems=1),
        "content_type_other": text("content_type_other"),
        "category": {"enum": CATEGORIES},
        "category_addition": several(CATEGORIES),
        "category_specification": several(sorted(specifications())),
        "category_specification_other": text("category_specification_other"),
        "territorial_scope": several(codes("territorial_scope"), minItems=1),
        "content_language": one("content_language"),
        "content_date": DAY,
        "application_date": DAY,
        "end_date_visibility_restriction": DAY,
        "end_date_account_restriction": DAY,
        "end_date_monetary_restriction": DAY,
        "end_date_service_restriction": DAY,
        "decision_facts": text("decision_facts"),
        "source_type": one("source_type"),
        "source_identity": text("source_identity"),
        "automated_detection": one("automated_detection"),
        "automated_decision": one("automated_decision"),
    },
    "required": [
        *("puid", "decision_ground", "content_type", "category", "territorial_scope", "content_date"),
        *("application_date", "decision_facts", "source_type", "automated_detection", "automated_decision"),
    ],
    "anyOf": [
        {"required": ["decision_visibility"], "properties": {"decision_visibility": {"minItems": 1}}},
        {"required": ["decision_monetary"]},
        {"required": ["decision_provision"]},
        {"required": ["decision_account"]},
    ],
    "allOf": [
        where(
            "decision_ground",
            "DECISION_GROUND_ILLEGAL_CONTENT",
            ["illegal_content_legal_ground", "illegal_content_explanation"],
        ),
        where(
            "decision_ground",
            "DECISION_GROUND_INCOMPATIBLE_CONTENT",
            ["incompatible_content_ground", "incompatible_content_explanation"],
        ),
        where("decision_visibility", "DECISION_VISIBILITY_OTHER", ["decision_visibility_other"]),
        where("decision_monetary", "DECISION_MONETARY_OTHER", ["decision_monetary_other"]),
        where("content_type", "CONTENT_TYPE_OTHER", ["content_type_other"]),
    ],
}
