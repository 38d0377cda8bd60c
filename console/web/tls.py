"""TLS for a server that faces people without a proxy before it: 1.3 and nothing older."""

from __future__ import annotations

import ssl
from pathlib import Path

from core.errors import BadInput


def server_ssl_context(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """With this chain and this key, both PEM; None where neither is named. Raises BadInput for one without the other,
    and for what is no such file or does not fit together."""
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise BadInput("TLS takes both: tls_cert, a certificate with its chain, and tls_key, its key, as PEM files")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key, password=_refuse_passphrase)
    except (OSError, ValueError) as error:  # OpenSSL's errors are among them
        raise BadInput(f"{certificate.name} and {key.name} are no certificate and its key in PEM") from error
    return context


def _refuse_passphrase() -> str:
    """A key under a passphrase: a server that starts by itself has nobody to ask."""
    raise ValueError("the key is encrypted")
