"""To which names a server answers, what it states of itself, and with which keys strangers are served."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from console.allowed_hosts import AllowedHostsMiddleware
from core.errors import BadInput
from pipeline.access.public_address import refuse_public_development_keys
from pipeline.diagnostics.installation_checks import make_development_keys
from pipeline.settings import Settings, load_settings
from tests.stories.http_installation import memory_installation, serve_installation

PUBLIC = {"web_address": "https://assay.example", "allowed_hosts": "verify.example, 10.1.2.3"}


@pytest.fixture(scope="module")
def private(tmp_path_factory):
    with serve_installation(memory_installation(tmp_path_factory.mktemp("private"))) as serving:
        yield serving


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    with serve_installation(memory_installation(tmp_path_factory.mktemp("public"), **PUBLIC)) as serving:
        yield serving


def asked(at, host, path="/.well-known/c2pa-soft-binding-resolution") -> httpx.Response:
    with at.client() as client:
        return client.get(path, headers={"Host": host})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8080", "localhost:1", "LOCALHOST", "[::1]:8080", "[::1]"])
def test_without_a_public_address_loopback_is_answered(private, host):
    assert asked(private, host).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "evil.example:80", "127.0.0.1.evil.example", "0", "[", "a@localhost.evil", ""])  # fmt: skip
def test_and_no_other_name_is(private, host):
    answer = asked(private, host)
    assert answer.status_code in (400, 421), answer.text
    assert "evil" not in answer.text
    assert asked(private, host, "/queue").status_code == answer.status_code


@pytest.mark.parametrize("host", ["assay.example", "assay.example:443", "ASSAY.example.", "verify.example", "10.1.2.3:80", "localhost"])  # fmt: skip
def test_addresses_that_the_server_states_are_the_settings_whatever_the_request_was_for(public, host):
    known = asked(public, host).json()
    assert (known["baseUrl"], known["openapi"]) == ("https://assay.example/c2pa", "https://assay.example/openapi.json")
    with public.browser(public.platform) as browser:
        assert "https://assay.example/v1" in browser.get("/platform", headers={"Host": host}).text


def test_a_name_that_is_not_in_the_settings_is_answered_in_the_form_of_the_api(public):
    answer = asked(public, "other.example", "/v1/videos")
    assert answer.status_code == 421
    assert set(answer.json()["error"]) == {"code", "message", "type", "param"}
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_two_names_in_one_request_are_none():
    async def app(_scope, _receive, _send):
        raise AssertionError("must not be reached")

    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "path": "/", "headers": [(b"host", b"localhost"), (b"host", b"evil.example")]}
    asyncio.run(AllowedHostsMiddleware(app, settings=Settings())(scope, None, send))
    assert sent[0]["status"] == 421


@pytest.mark.parametrize(
    "address", ["assay.example", "ftp://assay.example", "https://", "https://assay.example/console"]
)
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(BadInput, match="web_address"):
        load_settings(web_address=address)


@pytest.mark.parametrize(
    "settings", [{"host": "0.0.0.0"}, {"host": "::"}, {"host": "10.0.0.7"}, {"host": "localhost", **PUBLIC}]
)
def test_strangers_are_not_served_with_development_keys_unless_a_setting_says_so(tmp_path, settings):
    make_development_keys(Settings(home=tmp_path))
    with pytest.raises(BadInput, match="for development"):
        refuse_public_development_keys(Settings(home=tmp_path, **settings))
    refuse_public_development_keys(Settings(home=tmp_path, allow_development_keys=True, **settings))
    refuse_public_development_keys(Settings(home=tmp_path / "no keys", **settings))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_on_loopback_they_are_for_development(tmp_path, host):
    make_development_keys(Settings(home=tmp_path))
    refuse_public_development_keys(Settings(home=tmp_path, host=host))
