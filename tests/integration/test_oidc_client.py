"""What a provider may answer that is not to be believed: a server on this machine says each of it."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from core.errors import Unavailable
from core.roles import Role
from pipeline.access.oidc_client import OidcClient, OidcIdentity, OidcRefused, OidcSettings

SECRET = "the-secret-that-the-provider-knows"
KEY, OTHER = (RSAKey.generate_key(2048, {"kid": name}) for name in ("first", "second"))


@dataclass
class Provider:
    """What it answers, and what it was asked."""

    issuer: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "first"})
    key: Any = field(default_factory=lambda: KEY)
    token: Any = None
    status: int = 200
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    authorization: str = ""

    def answer(self, path: str) -> tuple[int, Any]:
        if path == "/.well-known/openid-configuration":
            names = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "jwks"}
            return 200, {"issuer": self.issuer, **{n: f"{self.issuer}/{p}" for n, p in names.items()}, **self.metadata}
        if path == "/jwks":
            return 200, {"keys": [KEY.as_dict(private=False)]}
        claims = {
            "iss": self.issuer, "aud": "assay", "sub": "u1", "nonce": "the-nonce", "groups": ["g", 1],
            "iat": int(time.time()), "exp": int(time.time()) + 300,
        } | self.claims  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        signed = self.token if self.token is not None else jwt.encode(self.header, claims, self.key, ["RS256", "HS256"])
        return self.status, {"access_token": "a", "token_type": "Bearer", "id_token": signed}


@contextmanager
def running(provider: Provider):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", f"{provider.issuer}/jwks")
                self.end_headers()
                return
            self._send(*provider.answer(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            provider.asked.append(parse_qs(body))
            provider.authorization = self.headers.get("Authorization", "")
            self._send(*provider.answer(self.path))

        def _send(self, status: int, content: Any) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield OidcClient(
            settings=OidcSettings(
                issuer=provider.issuer,
                client_id="assay",
                client_secret=SECRET,
                redirect_uri="https://assay.example/login/oidc/callback",
                roles={"g": Role.MODERATOR},
            )
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def finish(client: OidcClient) -> OidcIdentity:
    return client.finish("the-code", nonce="the-nonce", verifier="v" * 43)


def test_the_code_is_exchanged_with_the_verifier_and_the_clients_secret():
    provider = Provider()
    with running(provider) as client:
        assert finish(client) == OidcIdentity(issuer=provider.issuer, subject="u1", groups=frozenset({"g"}))
        (asked,) = provider.asked
        assert (asked["code"], asked["code_verifier"], asked["grant_type"]) == (
            ["the-code"],
            ["v" * 43],
            ["authorization_code"],
        )
        assert asked["redirect_uri"] == [client.settings.redirect_uri] and provider.authorization.startswith("Basic ")
        assert SECRET not in repr(client)


@pytest.mark.parametrize(
    "wrong",
    [
        {"claims": {"nonce": "another"}},
        {"claims": {"nonce": None}},
        {"claims": {"iss": "https://evil.example"}},
        {"claims": {"aud": "another-client"}},
        {"claims": {"aud": None}},
        {"claims": {"aud": ["assay", "another"], "azp": "another"}},
        {"claims": {"aud": ["assay", "another"]}},
        {"claims": {"exp": 1_000}},
        {"claims": {"exp": None}},
        {"claims": {"iat": int(time.time()) + 7200}},
        {"claims": {"sub": None}},
        {"claims": {"sub": ""}},
        {"claims": {"sub": 7}},
        {"claims": {"sub": "a\x00b"}},
        {"key": OTHER},
        {"key": OTHER, "header": {"alg": "RS256", "kid": "second"}},
        {"key": OctKey.import_key(SECRET), "header": {"alg": "HS256"}},
        {"token": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1MSJ9."},
        {"token": "no token"},
        {"token": 7},
    ],
)
def test_an_id_token_that_does_not_hold_opens_nothing(wrong):
    with running(Provider(**wrong)) as client, pytest.raises(OidcRefused):
        finish(client)


@pytest.mark.parametrize(
    "wrong",
    [
        {"metadata": {"issuer": "https://evil.example"}},
        {"metadata": {"token_endpoint": "http://evil.example/token"}},
        {"metadata": {"jwks_uri": None}},
        {"status": 500, "token": "x"},
    ],
)
def test_a_provider_that_is_not_the_one_of_the_settings_or_is_broken_is_not_asked_further(wrong):
    with running(Provider(**wrong)) as client, pytest.raises((Unavailable, OidcRefused)):
        finish(client)


def test_no_redirect_of_the_provider_is_followed():
    provider = Provider()
    with running(provider) as client:
        provider.metadata = {"jwks_uri": f"{provider.issuer}/moved"}
        with pytest.raises(Unavailable):
            finish(client)
