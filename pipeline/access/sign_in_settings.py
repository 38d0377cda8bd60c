"""What settings about signing in may say: roles, groups with their roles, the address of the pages, an issuer."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from core.roles import Role

_LOCAL = ("localhost", "127.0.0.1")


def parse_roles(listed: str) -> frozenset[Role]:
    """Roles between commas. Raises ValueError."""
    return frozenset(Role(name.strip()) for name in listed.split(",") if name.strip())


def parse_group_roles(listed: str) -> dict[str, Role]:
    """group=role, between commas. Raises ValueError."""
    pairs = [one.rsplit("=", 1) for one in listed.split(",") if one.strip()]
    if any(len(pair) != 2 or not pair[0].strip() for pair in pairs):
        raise ValueError("write group=role, between commas")
    return {group.strip(): Role(role.strip()) for group, role in pairs}


def parse_origin(address: str) -> str:
    """Only the origin, which is what a browser says of itself; empty for an empty address. Raises ValueError."""
    if not address:
        return ""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("an address as https://assay.example or http://localhost:8080 is expected, without a path")
    usual = {"https": 443, "http": 80}[parts.scheme]
    port = f":{parts.port}" if parts.port and parts.port != usual else ""
    return f"{parts.scheme}://{parts.hostname}{port}"


def is_secure_address(address: str) -> bool:
    """Whether this is https, or a server on this machine."""
    parts = urlsplit(address)
    local = parts.scheme == "http" and parts.hostname in _LOCAL
    return bool(parts.hostname) and (parts.scheme == "https" or local)


def check_oidc(issuer: str, needed: Mapping[str, str]) -> None:
    """Raises ValueError for an issuer or a public address without https, and for a needed setting that is empty."""
    if not is_secure_address(issuer):
        raise ValueError("oidc_issuer is an https address")
    if lacking := [name for name, value in needed.items() if not value]:
        raise ValueError(f"oidc_issuer needs {' and '.join(lacking)} too")
    if not is_secure_address(needed["web_address"]):
        raise ValueError("oidc_issuer needs a web_address with https")
