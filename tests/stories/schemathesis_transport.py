"""Sends what Schemathesis makes, by httpx: its own transport does not bear that urllib3 may be replaced."""

from __future__ import annotations

import httpx

_TAKEN = ("method", "url", "params", "headers", "json", "files")


def send_case(url: str, case, headers=None) -> httpx.Response:
    """The answer to a made request. What h11 and httpx do not take is written as they do."""
    asked = case.as_transport_kwargs(base_url=url)
    wanted = {name: asked[name] for name in _TAKEN if name in asked}
    if wanted.get("files"):
        wanted["files"] = [(name, _part(value)) for name, value in wanted["files"]]
    made = {name: value.strip() for name, value in (wanted.get("headers") or {}).items()}  # as h11 demands
    wanted["headers"] = {**made, **(headers or {})}
    if isinstance(asked.get("data"), bytes | str):
        wanted["content"] = asked["data"]
    return httpx.request(**wanted, trust_env=False, timeout=60)


def _part(value):
    """A part of a form, its content as bytes: httpx takes no numbers."""
    if isinstance(value, tuple):
        return (value[0], _part(value[1]), *value[2:])
    return value if isinstance(value, bytes | str) or hasattr(value, "read") else str(value).encode()
