"""Under which names this installation is reached, and what it must not do where strangers reach it."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from core.errors import BadInput
from pipeline.settings import Settings
from provenance.c2pa.signers.keys_folder import are_development_keys


def is_loopback(host: str) -> bool:
    """Whether a name or address, without a port, is this machine's own and reached from nowhere else."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.casefold().rstrip(".") == "localhost"


def host_of_address(host: str) -> str:
    """The name in a Host header, without its port, in lower case; empty for what is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def accepted_hosts(settings: Settings) -> frozenset[str]:
    """The names under which requests are answered, besides loopback's: of web_address, and those of allowed_hosts."""
    names = {host_of_address(name.strip()) for name in settings.allowed_hosts.split(",") if name.strip()}
    return frozenset(names | ({urlsplit(settings.web_address).hostname or ""} if settings.web_address else set()))


def is_public(settings: Settings) -> bool:
    """Whether others than this machine reach the web side: it listens for them, or has an address for them."""
    return not is_loopback(settings.host) or any(not is_loopback(name) for name in accepted_hosts(settings))


def refuse_public_development_keys(settings: Settings) -> None:
    """Raises BadInput where strangers would be served with keys that no authority vouches for."""
    if is_public(settings) and not settings.allow_development_keys and are_development_keys(settings.keys_folder):
        raise BadInput(
            "the signing keys are for development, and this address is not loopback's: nobody should believe them."
            " Put keys of your own there (docs/how-to/signing.md), or listen on 127.0.0.1;"
            " ASSAY_ALLOW_DEVELOPMENT_KEYS=true overrules this, to try things out"
        )
