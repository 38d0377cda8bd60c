"""LiteLLM's generic guardrail contract, spoken as its client speaks it, against everything real."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from pipeline.service import MAX_PROMPT_LENGTH
from tests.stories.http_installation import serve_real_installation

pytestmark = [pytest.mark.postgres, pytest.mark.models]

ROUTE = "/beta/litellm_basic_guardrail_api"
HARMLESS = "a red balloon over a quiet lake at dawn"
NAKED = "a completely naked woman poses on the bed"
NAKED_ON_A_BEACH = "a naked woman on a beach at dawn"


@pytest.fixture(scope="module")
def at(installation):
    with serve_real_installation(installation.home) as serving:
        yield serving


def call(*texts, **more):
    """A request with every field that LiteLLM sends."""
    return {
        "litellm_call_id": "c",
        "litellm_trace_id": None,
        "texts": list(texts),
        "request_data": {"user_api_key_hash": "h", "user_api_key_user_email": "ana@example.org"},
        "images": None,
        "tools": None,
        "structured_messages": [{"role": "user", "content": "…"}],
        "additional_provider_specific_params": {},
        "input_type": "request",
        **more,
    }


@pytest.fixture
def screened(at):
    headers = {"x-api-key": at.platform.token}  # as LiteLLM sends its api_key

    def ask(*texts, **more):
        with at.client() as litellm:
            return litellm.post(ROUTE, json=call(*texts, **more), headers=headers)

    return ask


def test_what_is_allowed_goes_on_unchanged(screened):
    answer = screened(HARMLESS, "", "another quiet lake")
    assert (answer.status_code, answer.json()) == (200, {"action": "NONE"})


def test_what_policy_would_hold_or_refuse_is_blocked_with_its_reason(screened):
    answer = screened(HARMLESS, NAKED).json()
    assert answer["action"] == "BLOCKED"
    assert "texts" not in answer and len(answer["blocked_reason"]) > 10


def test_answers_of_a_model_are_screened_alike(screened):
    assert screened(NAKED, input_type="response").json()["action"] == "BLOCKED"


def test_with_edit_the_words_in_the_way_are_taken_out_and_the_other_texts_stay(screened):
    answer = screened(HARMLESS, NAKED_ON_A_BEACH, additional_provider_specific_params={"edit": True}).json()
    assert answer["action"] == "GUARDRAIL_INTERVENED"
    assert answer["texts"][0] == HARMLESS and "naked" not in answer["texts"][1]
    assert screened(*answer["texts"]).json() == {"action": "NONE"}


def test_the_end_of_a_long_text_is_read_too(screened):
    long = f"{HARMLESS}. " * (MAX_PROMPT_LENGTH // 30)
    assert len(long) > MAX_PROMPT_LENGTH
    assert screened(f"{long} {NAKED}").json()["action"] == "BLOCKED"


def test_arguments_of_tool_calls_are_texts(screened):
    made = [
        {"id": "1", "type": "function", "function": {"name": "make_video", "arguments": f'{{"prompt": "{NAKED}"}}'}}
    ]
    assert screened(HARMLESS, tool_calls=made).json()["action"] == "BLOCKED"


def test_a_picture_is_screened_as_a_reference_is(screened):
    assert screened(HARMLESS, images=[picture(), f"data:image/png;base64,{picture()}"]).json() == {"action": "NONE"}


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ("aGVsbG8=", "cannot be a reference"),
        ("https://example.org/cat.png", "addresses are not fetched"),
        ("data:image/png,raw", "no base64 data: URL"),
        ("päng", "neither base64 nor a data: URL"),
    ],
)
def test_a_picture_that_cannot_be_screened_is_blocked_by_name_and_never_let_through(screened, image, reason):
    answer = screened(HARMLESS, images=[image]).json()
    assert answer["action"] == "BLOCKED" and reason in answer["blocked_reason"]


def picture():
    written = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(written, "PNG")
    return base64.b64encode(written.getvalue()).decode()


def test_nobody_is_served_without_a_token_and_nothing_that_is_not_the_contract(at, screened):
    with at.client() as stranger:
        assert stranger.post(ROUTE, json=call(HARMLESS)).status_code == 401
        assert stranger.post(ROUTE, json=call(HARMLESS), headers={"x-api-key": "no"}).status_code == 401
        bearer = stranger.post(ROUTE, json=call(HARMLESS), headers={"authorization": f"Bearer {at.platform.token}"})
    assert bearer.json() == {"action": "NONE"}
    assert screened(HARMLESS, input_type="sideways").status_code in (400, 422)
    assert screened(*["x"] * 513).status_code in (400, 422)
