"""Settings of signing in: sessions, second factors and an OpenID provider."""

from __future__ import annotations

import re
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

from pipeline.access.sign_in_settings import check_oidc, parse_group_roles, parse_roles

_SECRET = re.compile(r"[0-9a-f]{64}")


class SessionSettings(BaseSettings):
    """What an installation may choose about how people sign in."""

    session_secret: SecretStr | None = Field(
        None,
        description="64 hex digits that sign sessions, for several web sides that share them; default: home's own.",
    )

    require_second_factor: str = Field(
        "",
        description="Roles (between commas: moderator, lead, operator) that need a second factor; a token alone does "
        "not open them.",
    )
    oidc_issuer: str = Field(
        "",
        description="Issuer of an OpenID provider (https://…) with which people sign in; needs web_address, "
        "oidc_client_id and oidc_roles.",
    )
    oidc_client_id: str = Field("", description="What this installation is called there.")
    oidc_client_secret: SecretStr | None = Field(None, description="Its secret there; none for a public client.")
    oidc_scopes: str = Field("openid profile", description="What it asks for; some providers want `groups` too.")
    oidc_groups_claim: str = Field("groups", description="The claim of the ID token that lists a person's groups.")
    oidc_roles: str = Field(
        "", description="Which group has which role: group=role, between commas. In none of them nobody signs in."
    )

    @field_validator("session_secret")
    @classmethod
    def _check_secret(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None and not _SECRET.fullmatch(given.get_secret_value()):
            raise ValueError("64 hex digits, as `openssl rand -hex 32` makes them")
        return given

    @field_validator("require_second_factor")
    @classmethod
    def _known_roles(cls, roles: str) -> str:
        parse_roles(roles)
        return roles

    @field_validator("oidc_roles")
    @classmethod
    def _known_group_roles(cls, mapped: str) -> str:
        parse_group_roles(mapped)
        return mapped

    @model_validator(mode="after")
    def _oidc_is_whole(self) -> Self:
        if self.oidc_issuer:
            needed = ("web_address", "oidc_client_id", "oidc_roles")
            check_oidc(self.oidc_issuer, {name: getattr(self, name) for name in needed})
        return self
