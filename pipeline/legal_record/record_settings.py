"""Settings of the record that the law wants kept and told."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from pipeline.legal_record.dsa_codes import codes
from pipeline.legal_record.statement import StatementOptions


class RecordSettings(BaseSettings):
    """What an installation may choose about statements of reasons and reports."""

    service_name: str = Field("", max_length=200, description="What the service is called in reports; default: Assay.")
    terms_url: str = Field(
        "", max_length=500, description="Address (https) of the service's rules, as statements of reasons name it."
    )
    statement_territories: str = Field(
        "EU",
        description="Where decisions apply: EU, EEA, or states of the EEA (ISO 3166, between commas).",
    )
    dsa_url: str = Field(
        "",
        description="API of the DSA Transparency Database, as https://transparency.dsa.ec.europa.eu/api/v1, or of its "
        "sandbox; empty: statements are sent nowhere.",
    )
    dsa_token: SecretStr | None = Field(None, description="The token that the database gave this platform.")
    dsa_timeout: float = Field(30.0, gt=0, le=120, description="Seconds the database may take for one request.")
    statements_sent: Literal["all", "published"] = Field(
        "published", description="Which statements are sent: of every decision, or of videos that were published."
    )
    transparency_page: bool = Field(True, description="May anybody see figures of decisions on /transparency?")
    smallest_count: int = Field(
        10,
        ge=1,
        le=1000,
        description="Counts below this are told to the public as `fewer than` it, so as to name nobody.",
    )

    @field_validator("statement_territories")
    @classmethod
    def _known_territories(cls, named: str) -> str:
        parse_territories(named)
        return named

    @field_validator("terms_url", "dsa_url")
    @classmethod
    def _addresses(cls, address: str) -> str:
        loopback = address.startswith(("http://127.0.0.1:", "http://localhost:", "http://[::1]:"))
        if address and not address.startswith("https://") and not loopback:
            raise ValueError("it begins with https://")
        return address.rstrip("/")

    @property
    def statement_options(self) -> StatementOptions:
        """What every statement states."""
        return StatementOptions(terms_url=self.terms_url, territories=parse_territories(self.statement_territories))


def parse_territories(named: str) -> tuple[str, ...]:
    """ISO codes of states. Raises ValueError for what is none of the EEA."""
    if named.strip().upper() == "EU":
        return codes("european_union")
    if named.strip().upper() == "EEA":
        return codes("territorial_scope")
    found = tuple(dict.fromkeys(one.strip().upper() for one in named.split(",") if one.strip()))
    if not found or set(found) - set(codes("territorial_scope")):
        raise ValueError("name EU, EEA, or states of the EEA as ISO 3166 has them")
    return found
