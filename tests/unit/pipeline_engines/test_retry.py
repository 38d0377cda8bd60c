from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from core.errors import Unavailable
from pipeline.engines.retry import RetryableError, RetryPolicy, retry_after_seconds


def asked(patience_given, *answers):
    """What comes of these answers, and the pauses made."""
    pauses, rest = [], list(answers)

    def once():
        answer = rest.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    patience = RetryPolicy(**{"tries": 4, "seconds": 100, "first_delay": 1.0, "sleep": pauses.append, **patience_given})
    try:
        return patience.call(once), pauses
    except Unavailable:
        return "gave up", pauses


def busy(after=0.0):
    return RetryableError(Unavailable("busy"), after)


def test_pauses_double():
    assert asked({}, busy(), busy(), busy(), "video") == ("video", [1.0, 2.0, 4.0])


def test_a_server_that_says_when_is_waited_for():
    assert asked({}, busy(after=7), "video") == ("video", [7])


def test_tries_end():
    assert asked({}, *[busy()] * 9) == ("gave up", [1.0, 2.0, 4.0])


def test_a_pause_that_would_outlast_the_deadline_is_not_begun():
    assert asked({}, busy(after=101), "video") == ("gave up", [])


def test_there_is_no_policy_that_never_asks():
    with pytest.raises(ValueError, match="at least once"):
        RetryPolicy(tries=0)


def test_what_is_no_passing_trouble_is_not_asked_again():
    with pytest.raises(ZeroDivisionError):
        asked({}, ZeroDivisionError(), "video")


def test_retry_after_is_a_number_or_a_date_or_nothing():
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    past = format_datetime(datetime.now(UTC) - timedelta(seconds=90), usegmt=True)
    assert retry_after_seconds("3") == 3.0
    assert 60 < retry_after_seconds(soon) <= 90
    assert [retry_after_seconds(value) for value in (past, None, "", "soon", "-5", "1e9", "²")] == [0.0] * 7
