"""Schemathesis asks the running server whatever its own description allows, and more: nothing breaks it."""

from __future__ import annotations

import json

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from core.roles import Role
from pipeline.accounts import create_account
from pipeline.settings import load_settings
from pipeline.wiring import build_installation
from tests.stories.http_installation import ApiAccount, serve_installation

pytestmark = [pytest.mark.postgres, pytest.mark.models]

EXAMPLES = 4
"""Requests for each operation: there are more than a hundred."""
LEFT_OUT = {
    "/v1/videos/sync",  # answers once the video is there; its own stories drive it
    "/c2pa/matches/byContent",  # bodies of application/c2pa and footage, for which Schemathesis has no serializer
    "/c2pa/manifests",
}


@pytest.fixture(scope="module")
def at(installation):
    built = build_installation(
        load_settings(
            home=installation.home, engine_folder=installation.home / "engine", frames=4, requests_per_minute=0
        )
    )
    try:
        with serve_installation(built) as serving:
            yield serving
    finally:
        built.close()


def send(at, case, account) -> httpx.Response:
    """By httpx: schemathesis' own transport does not bear that urllib3 may be replaced by another package."""
    asked = case.as_transport_kwargs(base_url=at.url)
    wanted = {name: asked[name] for name in ("method", "url", "params", "headers", "json", "files") if asked.get(name)}
    if "files" in wanted:
        wanted["files"] = [(name, _part(value)) for name, value in wanted["files"]]
    headers = {name: value.strip() for name, value in (wanted.get("headers") or {}).items()}  # as h11 demands
    wanted["headers"] = {**headers, **account.bearer}
    if isinstance(asked.get("data"), bytes | str):
        wanted["content"] = asked["data"]
    return httpx.request(**wanted, trust_env=False, timeout=60)


def _part(value):
    """A part of a form, its content as bytes: httpx takes no numbers."""
    if isinstance(value, tuple):
        return (value[0], _part(value[1]), *value[2:])
    return value if isinstance(value, bytes | str) or hasattr(value, "read") else str(value).encode()


@pytest.mark.parametrize("role", [Role.PLATFORM, Role.MODERATOR])
def test_no_request_that_the_description_allows_or_forbids_breaks_the_server(at, role):
    account = ApiAccount(*create_account(at.installation.accounts, [role]))
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(at.app.openapi())))
    tried = set()
    for operation in (found.ok() for found in schema.get_all_operations()):
        if operation.path in LEFT_OUT:
            continue

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        @given(case=operation.as_strategy())
        def ask(case):
            answer = send(at, case, account)
            tried.add((case.method, case.operation.path))
            assert answer.status_code < 500 or answer.status_code == 501, (case.method, case.path, answer.text[:300])

        ask()
    assert len(tried) > 60
