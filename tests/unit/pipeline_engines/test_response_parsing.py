import contextlib
import string

from hypothesis import given
from hypothesis import strategies as st

from core.errors import Declined, EngineFault, RenderFailed, Unavailable
from core.ports import JobState
from pipeline.engines.response_parsing import error_for_status, job_of, parse_json_object, progress_of

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["code", "type", "message", "x"]), inner)
    ),
    max_leaves=5,
)
ANSWERS = st.dictionaries(st.sampled_from(["id", "status", "progress", "error", "detail", "data"]), JSON)


@given(answer=ANSWERS)
def test_no_answer_breaks_the_adapter_or_counts_as_done(answer):
    for read in (job_of, progress_of):
        try:
            read(answer)
        except (EngineFault, Declined):
            continue
    if not isinstance(answer.get("status"), str):
        with contextlib.suppress(EngineFault, Declined):
            assert progress_of(answer).state is not JobState.DONE


@given(body=st.binary(max_size=60), status=st.integers(300, 599))
def test_every_refusal_is_one_of_ours_in_one_line(body, status):
    error = error_for_status(status, body, "an order")
    assert isinstance(error, Declined | Unavailable | EngineFault | RenderFailed)
    assert str(error).isprintable()


@given(words=st.text(string.ascii_letters + " ", min_size=5).filter(lambda t: " " in t.strip()))
def test_a_sentence_never_passes_for_a_code(words):
    body = b'{"error": {"code": "%s", "message": "%s qzvxk"}}' % (words.encode(), words.encode())
    said = str(error_for_status(400, body, "an order"))
    assert f"HTTP 400, {words}" not in said
    assert "qzvxk" not in said  # of the message only words that say nothing about a person are kept: safe_reason


def test_a_document_is_an_object():
    for body in (b"", b"[]", b"1", b"<html>", b"\xff\xfe", b'"text"', b"nul"):
        try:
            parse_json_object(body)
        except EngineFault:
            continue
        raise AssertionError(body)


def test_codes_of_moderation_are_told_from_others():
    def kind(code, status=400):
        return type(error_for_status(status, b'{"error": {"code": "%s"}}' % code, "an order"))

    for code in (b"moderation_blocked", b"content_policy_violation", b"sentinel_block", b"contentFilter", b"NSFW"):
        assert kind(code) is Declined
        assert kind(code, 403) is Declined
    assert kind(b"invalid_size") is RenderFailed
    assert kind(b"invalid_api_key", 401) is Unavailable
    assert kind(b"moderation_blocked", 503) is Unavailable
    assert kind(b"moderation_blocked", 500) is EngineFault
