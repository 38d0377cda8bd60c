"""The table of laws is data that hangs together, and its clocks run as the laws say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from pipeline.claims.business_days import after_business_days, is_business_day
from pipeline.claims.claim import ClaimDecision, ClaimKind
from pipeline.claims.claim_codes import CLAIM_CODE_TEXTS, USUAL_CODES, claim_codes
from pipeline.claims.claim_forms import MISSING_FIELD_TEXTS, ClaimForm, check_claim_form
from pipeline.claims.claim_laws import CLAIM_FIELDS, load_claim_laws
from tests.unit.claims.claim_house import a_claim

LAWS = load_claim_laws()
MONDAY = datetime(2026, 11, 30, 9, tzinfo=UTC)


@pytest.mark.parametrize("law", LAWS.by_id.values(), ids=lambda law: law.id)
def test_each_law_says_where_it_stands_since_when_and_when_this_was_written(law):
    assert law.source.startswith("https://") and law.title
    assert law.enacted <= law.in_force <= law.written <= date(2027, 1, 1)
    assert (law.hours is None) != (law.business_days is None)
    assert {*law.asks, *law.takes} <= {*CLAIM_FIELDS} and {*law.asks} <= {*MISSING_FIELD_TEXTS}
    for statement in law.statements:
        assert len({statement.said(code) for code in ("en", "fr", "de", "es")}) == 4
        assert statement.said("pl") == statement.said("en")


@pytest.mark.parametrize("kind", ClaimKind)
def test_every_kind_has_a_law_everywhere_and_a_reason_to_uphold_it(kind):
    for territory in ("", "US", "DE", "JP"):
        assert kind in LAWS.choose(kind, territory=territory).kinds
    assert USUAL_CODES[kind] in claim_codes(a_claim(kind=kind), ClaimDecision.UPHELD)
    with pytest.raises(BadInput):
        LAWS.choose(kind, "us_dmca_512_counter")


def test_the_law_of_where_somebody_is_comes_first():
    assert LAWS.choose(ClaimKind.LIKENESS, territory="US").id == "us_right_of_publicity"
    assert LAWS.choose(ClaimKind.LIKENESS, territory="DE").id == "eu_dsa_16"
    assert LAWS.choose(ClaimKind.INTIMATE_IMAGE, territory="DE").id == "us_take_it_down"


def test_an_intimate_image_has_forty_eight_hours_and_a_trusted_flagger_comes_first():
    assert LAWS.get("us_take_it_down").due(MONDAY) == MONDAY + timedelta(hours=48)
    notice = LAWS.get("eu_dsa_16")
    assert notice.due(MONDAY, trusted=True) < notice.due(MONDAY)


def test_a_counter_notice_waits_ten_to_fourteen_business_days_and_holidays_do_not_count():
    law = LAWS.get("us_dmca_512_counter")
    assert law.restore_from(MONDAY) == datetime(2026, 12, 14, 9, tzinfo=UTC)
    assert law.due(MONDAY) == datetime(2026, 12, 18, 9, tzinfo=UTC)
    # Christmas Day is a Friday in 2026, and the first of January 2027 too.
    assert law.restore_from(datetime(2026, 12, 21, 9, tzinfo=UTC)) == datetime(2027, 1, 6, 9, tzinfo=UTC)


def test_business_days_are_those_of_washington_whose_evening_is_the_next_day_in_utc():
    friday_evening = datetime(2026, 12, 5, 2, tzinfo=UTC)  # a Saturday in UTC
    assert after_business_days(friday_evening, 1) == datetime(2026, 12, 8, 2, tzinfo=UTC)  # on Monday evening
    sunday_evening = datetime(2026, 12, 7, 2, tzinfo=UTC)  # a Monday in UTC
    assert after_business_days(sunday_evening, 1) == datetime(2026, 12, 8, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 7, 3),  # the fourth of July 2026 is a Saturday
        date(2027, 7, 5),  # and in 2027 a Sunday
        date(2021, 12, 31),  # New Year's Day 2022 is a Saturday
        date(2026, 1, 19),
        date(2026, 5, 25),
        date(2026, 11, 26),
        date(2026, 11, 28),
    ],
)
def test_holidays_count_on_the_day_on_which_they_are_observed(day):
    assert not is_business_day(day)


@given(st.integers(0, 2000), st.integers(0, 30))
def test_so_many_business_days_lie_between(start, days):
    moment = MONDAY + timedelta(days=start)
    later = after_business_days(moment, days)
    passed = [(moment + timedelta(days=n + 1)).date() for n in range((later - moment).days)]
    assert sum(map(is_business_day, passed)) == days
    assert later.timetz() == moment.timetz()


def full(law):
    return {name: ("a1",) if name == "about" else "a@b.example" if name == "email" else "x" for name in law.asks} | {
        "statements": tuple(one.id for one in law.statements)
    }


@pytest.mark.parametrize("law", LAWS.by_id.values(), ids=lambda law: law.id)
def test_what_a_law_asks_for_is_enough_and_each_of_it_is_needed(law):
    kind = law.kinds[0] if law.kinds else ClaimKind.COPYRIGHT
    given = full(law)
    check_claim_form(ClaimForm(kind=kind, **given), law, has_file=False)
    for name in law.asks:
        empty = () if name == "about" else " "
        with pytest.raises(BadInput) as error:
            check_claim_form(ClaimForm(kind=kind, **{**given, name: empty}), law, has_file=False)
        assert error.value.param == name
    if law.statements:
        with pytest.raises(BadInput):
            check_claim_form(ClaimForm(kind=kind, **{**given, "statements": ()}), law, has_file=False)


def test_nobody_has_to_name_themselves_who_reports_the_abuse_of_a_child():
    law = LAWS.get("eu_dsa_16")
    form = ClaimForm(kind=ClaimKind.ILLEGAL_CONTENT, about=("a1",), explanation="x", statements=("bona_fide",))
    with pytest.raises(BadInput):
        check_claim_form(form, law, has_file=False)
    check_claim_form(
        ClaimForm(kind=form.kind, about=form.about, explanation="x", statements=form.statements, child_abuse=True),
        law,
        has_file=False,
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no address"),
        ("email", "a@b"),
        ("territory", "Germany"),
        ("explanation", "x" * 8001),
        ("about", tuple(f"a{n}" for n in range(21))),
    ],
)
def test_what_cannot_be_used_is_named(field, value):
    law = LAWS.get("eu_dsa_16")
    with pytest.raises(BadInput) as error:
        check_claim_form(ClaimForm(kind=ClaimKind.ILLEGAL_CONTENT, **{**full(law), field: value}), law, has_file=False)
    assert error.value.param == field


def test_a_file_says_what_a_claim_is_about():
    law = LAWS.get("us_take_it_down")
    check_claim_form(ClaimForm(kind=ClaimKind.INTIMATE_IMAGE, **{**full(law), "about": ()}), law, has_file=True)


def test_every_code_has_words_and_no_two_the_same():
    assert len({*CLAIM_CODE_TEXTS.values()}) == len(CLAIM_CODE_TEXTS)
