"""Turns the OpenAPI description into what the page /docs shows: FastAPI's own page loads scripts from elsewhere."""

from __future__ import annotations

from typing import Any

OpenAPIOperation = dict[str, Any]


def operations_by_tag(schema: dict[str, Any]) -> dict[str, list[OpenAPIOperation]]:
    """Every operation by its tag, with its method, its path, the fields of its body and which of them it needs."""
    groups: dict[str, list[OpenAPIOperation]] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            body = _body(operation, schema)
            documented = operation | {
                "method": method.upper(),
                "path": path,
                "fields": body.get("properties", {}),
                "needed": body.get("required", []),
            }
            groups.setdefault(operation["tags"][0], []).append(documented)
    return groups


def _body(operation: OpenAPIOperation, specification: dict[str, Any]) -> dict[str, Any]:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schema: dict[str, Any] = content["schema"]
        name = schema.get("$ref", "").rpartition("/")[2]
        return specification["components"]["schemas"][name] if name else schema
    return {}
