import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RENDER_FAILURE_CODES
from pipeline.engines.body_format import FormatMemory, is_format_refusal
from pipeline.engines.failure_codes import failure_code, failure_reason
from pipeline.engines.safe_reason import MAX_REASON_LENGTH, safe_reason


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("size must be divisible by 16", "size must be divisible by 16"),
        ("num_frames must be 4n+1, got 50", "num_frames must be 4n+1, got 50"),
        ("CUDA out of memory. Tried to allocate 20.00 GiB", "CUDA out of memory. Tried to allocate 20.00 GiB"),
        ("width is not supported, see https://gpu-1.internal/docs", "width is not supported, …"),
        ("cannot read /srv/models/wan/config.json", "cannot read …"),
        ('size is invalid\nTraceback (most recent call last):\n  File "/opt/a.py", line 3, in f', "size is invalid"),
        ("Zebedee asked for a naked hedgehog", ""),
        ("", ""),
        (None, ""),
        ({"a": 1}, ""),
    ],
)
def test_an_engines_sentence_keeps_the_words_of_the_trade(message, kept):
    assert safe_reason(message) == kept


@given(st.text(string.ascii_lowercase + " ./:-@", max_size=300))
def test_a_word_that_is_not_known_never_passes(text):
    secret = "qzvxk"
    kept = safe_reason(f"size must be smaller {text} {secret} {secret}.internal /srv/{secret} than width")
    assert secret not in kept
    assert len(kept) <= MAX_REASON_LENGTH
    assert kept.isprintable()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": "out_of_memory"}, "out_of_memory"),
        ({"message": "torch.OutOfMemoryError: CUDA out of memory"}, "out_of_memory"),
        ({"code": "invalid_size", "message": "no"}, "invalid_parameters"),
        ({"message": "height must be divisible by 16"}, "invalid_parameters"),
        ("num_frames exceeds the limit", "invalid_parameters"),
        ({"code": 500, "message": "oh"}, "engine_error"),
        ({}, "engine_error"),
        ({"code": 503}, ""),
        ({"message": "connection to worker 3 lost"}, ""),
        ({"message": "Request timed out"}, ""),
    ],
)
def test_a_failure_is_over_for_good_or_worth_another_order(error, code):
    assert failure_code(error) == code
    assert code == "" or code in RENDER_FAILURE_CODES
    assert failure_reason(code, error)


@pytest.mark.parametrize(
    ("status", "body", "unread"),
    [
        (415, "", True),
        (422, "", True),
        (400, "", False),
        (400, {"error": {"message": "the form field 'prompt' is missing", "code": 400}}, True),
        (400, {"error": {"message": "{'type': 'missing', 'loc': ('body', 'prompt'), 'msg': 'Field required'}"}}, True),
        (422, {"detail": [{"loc": ["body", "prompt"], "msg": "Field required", "type": "missing"}]}, True),
        (422, {"detail": [{"loc": ["body"], "msg": "Input should be a valid dictionary", "type": "dict_type"}]}, True),
        (422, {"detail": [{"loc": ["body", 0], "msg": "JSON decode error", "type": "json_invalid"}]}, True),
        (422, {"detail": [{"loc": ["body", "size"], "msg": "String should match", "type": "string_pattern"}]}, False),
        (400, {"detail": "prompt is required"}, True),
        (400, {"error": {"message": "size must be one of 1280x720", "code": "invalid_size"}}, False),
        (500, {"error": {"message": "Field required"}}, False),
        (403, {"error": {"message": "multipart"}}, False),
    ],
)
def test_a_body_that_was_not_read_is_told_from_an_order_that_was_refused(status, body, unread):
    raw = body if isinstance(body, str) else json.dumps(body)
    assert is_format_refusal(status, raw.encode()) is unread


def test_a_file_goes_as_a_form_until_something_else_is_known():
    memory = FormatMemory()
    assert memory.candidates(has_file=True) == ("multipart", "json")
    assert memory.candidates(has_file=False) == ("json", "multipart")
    memory.found("multipart")
    assert memory.candidates(has_file=False) == ("multipart", "json")
    assert FormatMemory("json").candidates(has_file=True) == ("json",)
