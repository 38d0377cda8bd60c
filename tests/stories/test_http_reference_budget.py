"""Whatever is sent to start from is decoded within a budget: by every route that takes it, and not only by the first."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from core.errors import Unavailable
from media.sandbox import client
from tests.conftest import ROOT
from tests.stories.http_installation import memory_installation, serve_installation

CLIP = ROOT / "deploy" / "demo" / "bunny.mp4"


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    with serve_installation(memory_installation(tmp_path_factory.mktemp("budget"))) as serving:
        yield serving


def picture() -> bytes:
    written = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(written, "PNG")
    return written.getvalue()


def create(client, path):
    return client.post(path, data={"prompt": "a rabbit"}, files={"input_reference": ("a.png", picture())})


def edit(client, path):
    return client.post(path, data={"prompt": "a rabbit"}, files={"video": ("a.mp4", CLIP.read_bytes())})


def guardrail(client, path):
    return client.post(path, json={"texts": ["a rabbit"], "images": [base64.b64encode(picture()).decode()]})


ROUTES = [
    (create, "/v1/videos"),
    (create, "/v1/videos/sync"),
    (edit, "/v1/videos/edits"),
    (guardrail, "/beta/litellm_basic_guardrail_api"),
]


@pytest.mark.parametrize(("send", "path"), ROUTES, ids=[path for _, path in ROUTES])
def test_where_the_sandbox_is_not_in_force_no_route_decodes_what_it_is_sent(at, monkeypatch, send, path):
    def missing():
        raise Unavailable("the sandbox does not protect files on this machine")

    monkeypatch.setattr(client, "require_sandbox", missing)  # asked of whatever is decoded within a budget
    with at.client(at.platform) as platform:
        answer = send(platform, path)
    assert answer.status_code == 503, answer.text
    assert "sandbox" in answer.text
    assert at.left_on_disk() == []
