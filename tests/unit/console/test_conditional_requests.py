"""Conditional requests and ranges are answered as RFC 9110 says, also where a client writes them badly."""

from datetime import UTC, datetime, timedelta

import pytest

from console.web.conditional_requests import http_date, is_not_modified, usable_range
from console.web.http_errors import RangeNotSatisfiable

MADE = datetime(2026, 5, 4, 3, 2, 1, 900_000, tzinfo=UTC)
ETAG = '"ab"'


def not_modified(**asked):
    return is_not_modified({name.replace("_", "-"): value for name, value in asked.items()}, ETAG, MADE)


def ranged(wanted, **asked):
    return usable_range({"range": wanted, **{n.replace("_", "-"): v for n, v in asked.items()}}, 1000, ETAG, MADE)


@pytest.mark.parametrize("tags", [ETAG, f"W/{ETAG}", f'"x", {ETAG}', "*"])
def test_a_known_tag_is_not_modified(tags):
    assert not_modified(if_none_match=tags)


def test_a_tag_that_is_not_known_outweighs_the_date():
    assert not not_modified(if_none_match='"other"', if_modified_since=http_date(MADE))


def test_what_was_not_changed_since_is_not_modified_to_the_second():
    assert not_modified(if_modified_since=http_date(MADE))
    assert not not_modified(if_modified_since=http_date(MADE - timedelta(seconds=1)))


@pytest.mark.parametrize("date", ["", "yesterday", "99 Xyz 9999", "Mon, 04 May 2026 03:02:01"])
def test_a_date_that_cannot_be_read_is_passed_over(date):
    assert not_modified(if_modified_since=date) == (date.startswith("Mon"))


@pytest.mark.parametrize(
    "wanted", ["bytes=0-0", "bytes=-5", "bytes=999-", "BYTES=1-2", "bytes=0-1,5-6", "bytes=0-99999"]
)
def test_ranges_that_lie_in_the_file_count(wanted):
    assert ranged(wanted) == wanted.lower()


@pytest.mark.parametrize(
    "wanted", ["bytes", "lines=0-1", "bytes=", "bytes=5-1", "bytes=a-b", "bytes=--1", "bytes=1-2;3"]
)
def test_a_range_that_cannot_be_read_is_passed_over(wanted):
    assert ranged(wanted) is None


@pytest.mark.parametrize("wanted", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_outside_the_file_cannot_be_satisfied(wanted):
    with pytest.raises(RangeNotSatisfiable):
        ranged(wanted)


def test_of_several_ranges_those_inside_the_file_are_kept():
    assert ranged("bytes=0-1,2000-") == "bytes=0-1"


def test_a_range_of_another_file_is_passed_over():
    assert ranged("bytes=0-1", if_range=ETAG) == ranged("bytes=0-1", if_range=http_date(MADE)) == "bytes=0-1"
    assert ranged("bytes=0-1", if_range='"other"') is ranged("bytes=0-1", if_range=f"W/{ETAG}") is None
