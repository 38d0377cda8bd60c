"""An OpenID provider, as it is asked: authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0).

What it says of itself is read anew for each sign-in, over https or from this machine, and no redirect is followed.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from core.errors import Forbidden, Unavailable
from core.roles import Role
from pipeline.access.sign_in_settings import is_secure_address

log = logging.getLogger("assay.oidc")

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Of signatures of ID tokens: those with a public key. `none`, and HMAC with the client's secret, are not taken."""

_LEEWAY = 60  # seconds that the provider's clock may differ
_TIMEOUT = 10.0  # seconds for each question


class OidcRefused(Forbidden):
    """Your organisation's answer does not hold: sign in again."""

    def __init__(self, message: str = "") -> None:
        """The message is one line."""
        super().__init__(message or OidcRefused.__doc__ or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    """The provider, and what this installation is to it. `roles` are those of groups."""

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    scopes: str = "openid profile"
    groups_claim: str = "groups"
    roles: Mapping[str, Role] = field(default_factory=dict)
    redirect_uri: str = ""
    after_logout: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcRequest:
    """Where the browser is sent, and what has to come back with it."""

    address: str
    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcIdentity:
    """Who signed in: the subject at its issuer, which alone names an account, and the groups that it is in."""

    issuer: str
    subject: str
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcClient:
    """This installation as a client of the provider."""

    settings: OidcSettings

    def begin(self) -> OidcRequest:
        """Where to send a browser that signs in. Raises Unavailable."""
        from authlib.integrations.httpx_client import OAuth2Client

        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        address, _ = OAuth2Client(
            self.settings.client_id,
            scope=self.settings.scopes,
            redirect_uri=self.settings.redirect_uri,
            code_challenge_method="S256",
        ).create_authorization_url(
            self._metadata()["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
        )
        return OidcRequest(address=str(address), state=state, nonce=nonce, verifier=verifier)

    def finish(self, code: str, *, nonce: str, verifier: str) -> OidcIdentity:
        """Who came back with this code. Raises OidcRefused, Unavailable.

        1. The code is exchanged, with the PKCE verifier of this browser. 2. The ID token's signature is one of the
        provider's keys. 3. Issuer, audience, times and nonce are right. 4. It names a subject.
        """
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        metadata = self._metadata()
        id_token = self._exchange(metadata["token_endpoint"], code, verifier)  # 1
        try:
            keys = KeySet.import_key_set(self._get(metadata["jwks_uri"]))
            claims = jwt.decode(id_token, keys, algorithms=ALGORITHMS).claims  # 2
            jwt.JWTClaimsRegistry(  # 3
                leeway=_LEEWAY,
                iss={"essential": True, "value": self.settings.issuer},
                aud={"essential": True, "value": self.settings.client_id},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            log.warning("an ID token was refused: %s", type(error).__name__)
            raise OidcRefused from None
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if (several or "azp" in claims) and claims.get("azp") != self.settings.client_id:
            raise OidcRefused
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= 255 or "\x00" in subject:  # 4
            raise OidcRefused
        return OidcIdentity(
            issuer=self.settings.issuer, subject=subject, groups=_groups(claims.get(self.settings.groups_claim))
        )

    def logout_address(self) -> str:
        """Where a person ends the session at the provider too; empty where it has no such page. Raises Unavailable."""
        page = self._metadata().get("end_session_endpoint", "")
        if not _is_safe(page):
            return ""
        given = {"client_id": self.settings.client_id, "post_logout_redirect_uri": self.settings.after_logout}
        return f"{page}{'&' if '?' in page else '?'}{urlencode(given)}"

    # -- private

    def _metadata(self) -> dict[str, Any]:
        """What the provider says of itself (OpenID Connect Discovery 1.0)."""
        found: dict[str, Any] = self._get(f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration")
        needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if found.get("issuer") != self.settings.issuer or not all(_is_safe(found.get(name)) for name in needed):
            raise Unavailable("the OpenID provider says something else of itself than the settings do")
        return found

    def _exchange(self, endpoint: str, code: str, verifier: str) -> str:
        import httpx2
        from authlib.common.errors import AuthlibBaseError
        from authlib.integrations.httpx_client import OAuth2Client

        client = OAuth2Client(
            self.settings.client_id,
            self.settings.client_secret or None,
            redirect_uri=self.settings.redirect_uri,
            token_endpoint_auth_method="client_secret_basic" if self.settings.client_secret else "none",
            timeout=_TIMEOUT,
            follow_redirects=False,
            trust_env=False,
        )
        with client:
            try:
                answer = client.fetch_token(endpoint, code=code, code_verifier=verifier)
            except AuthlibBaseError as error:
                log.warning("the OpenID provider refused a code: %s", type(error).__name__)
                raise OidcRefused from None
            except (httpx2.HTTPError, ValueError) as error:
                raise _away(error) from None
        id_token = answer.get("id_token")
        if not isinstance(id_token, str):
            raise OidcRefused
        return id_token

    def _get(self, address: str) -> Any:
        import httpx2

        try:
            answer = httpx2.get(address, timeout=_TIMEOUT, follow_redirects=False, trust_env=False)
            answer.raise_for_status()
            found = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise _away(error) from None
        if not isinstance(found, dict):
            raise _away(TypeError())
        return found


def _away(error: Exception) -> Unavailable:
    log.warning("the OpenID provider cannot be asked: %s", type(error).__name__)
    return Unavailable("the sign-in of your organisation cannot be reached just now")


def _is_safe(address: object) -> bool:
    return isinstance(address, str) and is_secure_address(address)


def _groups(claim: object) -> frozenset[str]:
    if isinstance(claim, str):
        return frozenset({claim})
    return frozenset(one for one in claim if isinstance(one, str)) if isinstance(claim, list) else frozenset()
