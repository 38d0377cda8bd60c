"""What is told to the public tells of nobody; and the log of intimate images says what was in time."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.languages.po_files import LANGUAGES_FOLDER, read_catalog, usable_sentences
from console.record import record_texts
from pipeline.claims.claim import Claim, ClaimDecision, ClaimKind
from pipeline.legal_record.dsa_codes import NOT_IN_DATABASE, categories
from pipeline.legal_record.record_settings import parse_territories
from pipeline.legal_record.takedown_log import takedown_csv, takedown_log
from pipeline.legal_record.transparency import public_rate, public_table, whole_months

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
COUNTS = st.dictionaries(st.text("abcdefgh", min_size=1, max_size=2), st.integers(0, 60), max_size=8)


@given(COUNTS, st.integers(1, 25))
def test_no_number_of_a_table_is_small_and_none_can_be_found_by_subtraction(counts, smallest):
    table = public_table(counts, smallest)
    total = sum(counts.values())
    if table.total is None:
        assert 0 < total < smallest and not table.rows and not table.together
        return
    assert table.total == total == sum(count for _, count in table.rows) + table.together
    assert all(count >= smallest for _, count in table.rows)
    assert table.together == 0 or table.together >= smallest
    hidden = [count for name, count in counts.items() if count and name not in dict(table.rows)]
    if any(count < smallest for count in hidden):
        assert len(hidden) != 1, "one that is too small stands alone behind the total"


@given(st.integers(0, 200), st.integers(0, 200), st.integers(1, 25))
def test_a_rate_is_told_only_of_enough_and_hides_a_small_count(count, more, smallest):
    of = count + more
    rate = public_rate(count, of, smallest)
    if of < smallest:
        assert rate is None
    elif 0 < count < smallest:
        assert rate.at_most and rate.percent >= 100 * count / of
        assert rate == public_rate(1, of, smallest), "whatever the small count, the same is told"
    elif 0 < more < smallest:
        assert rate.at_least and rate.percent <= 100 * count / of
        assert rate == public_rate(of - 1, of, smallest), "whatever is left over, the same is told"
    else:
        assert not rate.at_most and not rate.at_least and abs(rate.percent - 100 * count / of) <= 0.5


def test_figures_are_of_months_that_are_over():
    period = whole_months(NOW)
    assert (period.start, period.end) == (datetime(2025, 11, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
    assert whole_months(datetime(2028, 2, 29, 23, tzinfo=UTC)).start == datetime(2027, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize("code", ["fr", "de", "es"])
def test_every_name_on_the_public_page_is_in_each_of_its_languages(code):
    known = usable_sentences(read_catalog(LANGUAGES_FOLDER / f"{code}.po"))
    tables = [value for name, value in vars(record_texts).items() if name.endswith("_TEXTS")]
    assert [text for table in tables for text in table.values() if text not in known] == []
    assert set(record_texts.CATEGORY_TEXTS) == set(categories()) - NOT_IN_DATABASE


def claim(number, *, hours=None, **given):
    down = {"removed_at": NOW - timedelta(days=9) + timedelta(hours=hours)} if hours is not None else {}
    whole = {"kind": ClaimKind.INTIMATE_IMAGE, "received_at": NOW - timedelta(days=9)} | down | given
    return Claim(id=f"C{number}", secret_sha256="", law="us_take_it_down", **whole)


def test_the_log_says_of_each_claim_whether_it_was_in_time():
    soon = NOW - timedelta(hours=3)
    entries = takedown_log(
        [
            claim(1, hours=47.5, decision=ClaimDecision.UPHELD, case_ids=("a", "b", "c"), urls=("u",), named_count=1),
            claim(2, hours=48.1, decision=ClaimDecision.UPHELD, case_ids=("a",)),
            claim(3),
            claim(4, received_at=soon),
            claim(5, decision=ClaimDecision.REJECTED, decided_at=NOW - timedelta(days=8)),
            claim(6, hours=60, paused_at=NOW - timedelta(days=9) + timedelta(hours=1)),
            claim(7, hours=30, due_at=NOW - timedelta(days=9) + timedelta(hours=24)),
            claim(8, kind=ClaimKind.COPYRIGHT),
            claim(9, appeal_of="C1"),
        ],
        NOW,
    )
    assert [(one.claim, one.in_time) for one in entries] == [
        ("C1", "yes"),
        ("C2", "no"),
        ("C3", "no"),
        ("C4", "open"),
        ("C5", "yes"),
        ("C6", "yes"),
        ("C7", "no"),
    ]
    first = entries[0]
    assert (first.hours, first.videos, first.copies, first.decision) == ("47.50", 1, 2, "upheld")
    rows = list(csv.DictReader(io.StringIO("".join(takedown_csv(entries)))))
    assert len(rows) == 7 and rows[0]["copies"] == "2" and rows[3]["down"] == ""


def test_territories_are_states_of_the_eea():
    assert len(parse_territories("EU")) == 27 and len(parse_territories(" eea ")) == 30
    assert parse_territories("de, AT,DE") == ("DE", "AT")
    for wrong in ("", "US", "DE,XX"):
        with pytest.raises(ValueError, match="EEA"):
            parse_territories(wrong)
