"""A client that leaves ends the work on what it sent: references, comparisons and takes, not only verifying."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import httpx
import pytest

from core.errors import Abandoned
from core.roles import Role
from media.sandbox import client as sandbox
from media.sandbox.client import run_sandboxed
from tests.stories.http_installation import memory_installation, serve_installation
from tests.stories.test_http_reference_budget import create, edit, guardrail, picture


def compare(client, path):
    return client.post(path, files={"a": ("a.png", picture()), "b": ("b.png", picture())})


def take(client, path):
    return client.post(path, data={"challenge": "c"}, files={"take": ("a.mp4", picture())})


def estate(client, path):
    return client.post(path, data={"handle": "somebody"}, files={"picture": ("a.png", picture())})


ROUTES = [
    (create, "/v1/videos"),
    (create, "/v1/videos/sync"),
    (edit, "/v1/videos/edits"),
    (guardrail, "/beta/litellm_basic_guardrail_api"),
    (compare, "/api/likeness/compare"),
    (take, "/api/cameos/take"),
    (estate, "/api/cameos/estates"),
]


def decode_for_ever(*_given, **_named):
    return run_sandboxed("signal:pause", {})


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    house = memory_installation(tmp_path_factory.mktemp("leaving"))
    endless = SimpleNamespace(
        pair=decode_for_ever, enrolment=SimpleNamespace(take=decode_for_ever, estate=decode_for_ever)
    )
    service = replace(house.service, likeness=endless)
    with pytest.MonkeyPatch.context() as patch, serve_installation(replace(house, service=service)) as serving:
        patch.setattr(type(service), "cameos", endless)  # nobody can be enrolled in an installation in memory
        yield serving


@pytest.mark.parametrize(("send", "path"), ROUTES, ids=[path for _, path in ROUTES])
def test_a_client_that_leaves_ends_the_work(at, monkeypatch, send, path):
    ended, run = [], sandbox.run_request

    def endless(request, *more):
        try:
            return run({**request, "function": "signal:pause", "arguments": {}}, *more)
        except Abandoned:
            ended.append(request["function"])
            raise

    monkeypatch.setattr(sandbox, "run_request", endless)
    account = at.installation.account(Role.PLATFORM)
    with at.client(account) as client, pytest.raises(httpx.ReadTimeout):
        client.timeout = 1.5
        send(client, path)
    deadline = time.monotonic() + 120  # of a request that would pause for ever; how soon is a bench's business
    while (not ended or at.left_on_disk()) and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    assert not at.left_on_disk()
    assert len(ended) == 1
