"""How the brokers are reached: their addresses, TLS and SASL, in the words of kafka-python and of Faust."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from core.errors import BadInput

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaConnection:
    """`servers` are host:port, comma-separated. `ca_file` holds the roots that the brokers' certificates lead to (PEM);
    without it the system's are taken. `cert_file` and `key_file` are this client's own, where brokers ask for one.
    """

    servers: str
    protocol: SecurityProtocol = "PLAINTEXT"
    mechanism: SaslMechanism = "SCRAM-SHA-512"
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    @property
    def addresses(self) -> list[str]:
        """Each host:port."""
        return [server.strip() for server in self.servers.split(",")]

    def client_options(self) -> dict[str, Any]:
        """What KafkaProducer and KafkaAdminClient are told, beside the addresses. Raises BadInput."""
        options: dict[str, Any] = {"security_protocol": self.protocol}
        if self._by_tls:
            options["ssl_context"] = self._ssl_context()
        if self._by_sasl:
            options |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        return options

    def faust_credentials(self) -> Any:
        """What `broker_credentials` of a Faust app is; None for a plain connection. Raises BadInput."""
        import faust.auth

        context = self._ssl_context() if self._by_tls else None
        if self._by_sasl:
            return faust.auth.SASLCredentials(
                username=self.username, password=self.password, mechanism=self.mechanism, ssl_context=context
            )
        return faust.auth.SSLCredentials(context) if context else None

    @property
    def _by_tls(self) -> bool:
        return self.protocol in ("SSL", "SASL_SSL")

    @property
    def _by_sasl(self) -> bool:
        return self.protocol in ("SASL_PLAINTEXT", "SASL_SSL")

    def _ssl_context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.cert_file:
                context.load_cert_chain(self.cert_file, self.key_file)
        except (OSError, ssl.SSLError) as error:
            raise BadInput(f"the certificates for Kafka cannot be read: {error}") from error
        return context
