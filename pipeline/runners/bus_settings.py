"""Settings of what carries tickets between workers: memory, or Kafka."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings

from pipeline.runners.kafka_connection import KafkaConnection, SaslMechanism, SecurityProtocol


class BusSettings(BaseSettings):
    """What an installation may choose about tickets."""

    bus: Literal["local", "kafka"] = Field("local", description="Who carries tickets between workers.")
    kafka_servers: str = Field("127.0.0.1:9092", description="Bootstrap servers, where bus is kafka.")
    kafka_group: str = Field("assay", description="Prefix of Kafka topics and consumer groups.")
    kafka_account: str = Field(
        "",
        description="Whose requests are taken from Kafka: an account, or topic=account, comma-separated. Empty: none.",
    )
    kafka_security_protocol: SecurityProtocol = Field(
        "PLAINTEXT", description="How brokers are spoken to: SSL is TLS, SASL_… with a user name and a password."
    )
    kafka_ca_file: Path | None = Field(
        None, description="Roots (PEM) of the brokers' certificates; without it those of the system."
    )
    kafka_cert_file: Path | None = Field(None, description="This client's own certificate (PEM), where brokers ask.")
    kafka_key_file: Path | None = Field(None, description="Its key (PEM), where the certificate's file has none.")
    kafka_sasl_mechanism: SaslMechanism = Field("SCRAM-SHA-512", description="How user name and password are proved.")
    kafka_username: str = Field("", description="User name for SASL.")
    kafka_password: SecretStr | None = Field(None, description="Password for SASL.")
    kafka_partitions: int = Field(
        12, ge=1, description="Partitions of topics that are made: so many workers of a role can be busy at once."
    )
    kafka_session_seconds: float = Field(
        30.0, ge=6, le=300, description="A worker of which the broker hears nothing for so long counts as dead."
    )
    kafka_instance_id: str = Field(
        "", description="A name of this worker that survives its restart: then no other waits for it. One each."
    )
    kafka_replicas: int = Field(1, ge=1, description="Brokers that keep each of these topics: 3 on a cluster.")

    @field_validator("kafka_account")
    @classmethod
    def _read_by_workers(cls, accounts: str, info: ValidationInfo) -> str:
        if accounts and info.data.get("bus") != "kafka":
            raise ValueError("nobody reads topics unless bus is kafka")
        return accounts

    @model_validator(mode="after")
    def _credentials_are_whole(self) -> Self:
        by_sasl = self.kafka_security_protocol.startswith("SASL")
        if by_sasl and not (self.kafka_username and self.kafka_password):
            raise ValueError(
                f"{self.kafka_security_protocol} for Kafka needs a user: kafka_username or kafka_password is missing"
            )
        if not by_sasl and (self.kafka_username or self.kafka_password):
            raise ValueError(
                "kafka_username is given, and kafka_security_protocol is no SASL_… one: nobody would ask for it"
            )
        certificates = self.kafka_ca_file or self.kafka_cert_file or self.kafka_key_file
        if certificates and not self.kafka_security_protocol.endswith("SSL"):
            raise ValueError("certificates for Kafka are given, and kafka_security_protocol is not SSL or SASL_SSL")
        if self.kafka_key_file and not self.kafka_cert_file:
            raise ValueError("kafka_key_file is given without kafka_cert_file")
        return self

    def kafka_connection(self) -> KafkaConnection:
        """How these settings reach the brokers."""
        return KafkaConnection(
            servers=self.kafka_servers,
            protocol=self.kafka_security_protocol,
            mechanism=self.kafka_sasl_mechanism,
            username=self.kafka_username,
            password=self.kafka_password.get_secret_value() if self.kafka_password else "",
            ca_file=self.kafka_ca_file,
            cert_file=self.kafka_cert_file,
            key_file=self.kafka_key_file,
        )
