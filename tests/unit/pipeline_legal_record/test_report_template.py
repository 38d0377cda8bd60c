"""The transparency report is filled in as the official template wants it, and the checker finds what is not."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from pipeline.claims.claim import Claim, ClaimDecision, ClaimKind
from pipeline.legal_record.dsa_codes import categories
from pipeline.legal_record.dsa_report import NO_ORDERS_KEPT, NOT_STATED, make_report
from pipeline.legal_record.report_figures import ReportFigures, Row, count_report
from pipeline.legal_record.report_template import check_report, template_parts
from pipeline.legal_record.restriction import AppealGroup, Period, RestrictionGroup, ReviewAccuracy
from pipeline.legal_record.stated_facts import StatedFacts, parse_stated_facts

PERIOD = Period(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2027, 1, 1, tzinfo=UTC))
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
NOTHING = ReviewAccuracy(golden=0, golden_right=0, held=0, confirmed=0)
RULES = {"hate": "ILLEGAL_OR_HARMFUL_SPEECH", "strikes": "OTHER_VIOLATION_TC", "minors": "PROTECTION_OF_MINORS"}


class Log:
    """Restrictions that a test states."""

    def __init__(self, groups=(), appeals=(), hours=None, accuracy=NOTHING):
        self._groups, self._appeals, self._hours, self._accuracy = groups, appeals, hours, accuracy

    def groups(self, _period):
        return self._groups

    def appeals(self, _period):
        return self._appeals

    def median_appeal_hours(self, _period):
        return self._hours

    def accuracy(self, _period):
        return self._accuracy


def group(count, **given):
    whole = {
        "kind": "refused",
        "gate": "prompt",
        "rules": ("hate",),
        "code": "",
        "by_person": False,
        "public": False,
        "claim": "",
        "trusted_flagger": False,
    }
    return RestrictionGroup(**(whole | given), count=count)


def claim(number, kind, hours=None, **given):
    received = NOON
    decided = {"decision": ClaimDecision.UPHELD, "decided_at": received + timedelta(hours=hours)} if hours else {}
    return Claim(
        id=f"C{number}", secret_sha256="", kind=ClaimKind(kind), law="l", received_at=received, **(decided | given)
    )


def counted(log, claims=()):
    return count_report(log, claims, PERIOD, lambda rule: RULES.get(rule, ""))


def report(figures, **stated):
    return make_report(
        figures, StatedFacts(**stated), service="Video house", provider="House GmbH", today=date(2027, 2, 1)
    )


def rows(found, name):
    return list(csv.DictReader(io.StringIO(found.files[f"{name}.csv"])))


def row(found, part, **where):
    (only,) = [one for one in rows(found, part) if all(one[name.replace("_", " ")] == v for name, v in where.items())]
    return only


EMPTY = report(counted(Log()))
FULL = report(
    counted(
        Log(
            groups=[
                group(5),
                group(2, by_person=True, gate="video"),
                group(1, rules=("strikes",)),
                group(1, rules=("an_operators_own",)),
                group(3, kind="declined", rules=()),
                group(4, kind="removed", gate="video", rules=(), code="policy", by_person=True, public=True),
                group(
                    1,
                    kind="removed",
                    gate="video",
                    rules=(),
                    code="claim",
                    by_person=True,
                    public=True,
                    claim="copyright",
                ),
                group(1, kind="removed", gate="video", rules=("hate",), code="illegal", by_person=True, public=True),
                group(1, kind="removed", gate="video", rules=(), code="illegal", by_person=True, public=True),
            ],
            appeals=[
                AppealGroup(rules=("hate",), kind="refused", by_person=False, outcome="upheld", count=3),
                AppealGroup(rules=("hate",), kind="refused", by_person=False, outcome="reversed", count=1),
                AppealGroup(rules=("hate",), kind="refused", by_person=True, outcome="reversed", count=1),
                AppealGroup(rules=("hate",), kind="refused", by_person=True, outcome="", count=2),
            ],
            hours=7.25,
            accuracy=ReviewAccuracy(golden=10, golden_right=9, held=20, confirmed=5),
        ),
        [
            claim(1, "copyright", 10, urls=("a", "b")),
            claim(2, "copyright", 20, trusted_flagger=True),
            claim(3, "likeness"),
            claim(4, "copyright", 5, appeal_of="C3"),
            claim(5, "copyright", 8, counter_of="C1", by_author=True),
        ],
    ),
    previous=date(2026, 2, 1),
)


def test_an_empty_report_and_a_full_one_pass_the_checker():
    assert check_report(EMPTY.files) == []
    assert check_report(FULL.files) == []
    assert list(FULL.files) == [part.file for part in template_parts().values()] and len(FULL.files) == 11


def test_measures_are_counted_by_ground_category_and_kind():
    total = row(
        FULL, "6_own_initiative_TC", **{"Category_of_incompatibility_with_the_provider's_terms_and_conditions": "TOTAL"}
    )
    assert total["Number of measures taken at the provider's own initiative "] == "17"
    assert total["Number of measures taken after detection with solely automated means "] == "10"
    assert (total["Visibility restriction Removal"], total["Visibility restriction Disable"]) == ("5", "2")
    assert total["Visibility restriction Other"] == "10" and total["Account restriction Suspension"] == ""
    law = row(FULL, "5_own_initiative_illegal", Category_of_illegal_content="TOTAL")
    assert law["Number of measures taken at the provider's own initiative "] == "1", "the notice is no own initiative"
    speech = row(FULL, "5_own_initiative_illegal", Category_of_illegal_content="KEYWORD_HATE_SPEECH")
    assert speech["Number of measures taken at the provider's own initiative "] == "1"
    violence = row(FULL, "5_own_initiative_illegal", Category_of_illegal_content="STATEMENT_CATEGORY_VIOLENCE")
    assert violence["Number of measures taken at the provider's own initiative "] == "0"


def test_other_specifications_have_a_row_for_each_description():
    others = [
        one['Description of the sub-category "Other"']
        for one in rows(FULL, "6_own_initiative_TC")
        if one["Category of incompatibility with the provider's terms and conditions"] == "KEYWORD_OTHER"
    ]
    assert {"Another rule of the service", "Declined by the moderation of the video engine"} <= set(others)


def test_notices_are_counted_with_what_was_done_and_how_long_it_took():
    found = row(FULL, "4_notices", Category_of_illegal_content="KEYWORD_COPYRIGHT_INFRINGEMENT")
    assert (found["Number of notices received "], found["Number of notices received from Trusted flaggers"]) == (
        "2",
        "1",
    )
    assert found["Number of specific items of information included in the total number of notices"] == "3"
    assert (found["Median time to take action"], found["Median time to take action (Trusted Flagger notices)"]) == (
        "15.00",
        "20.00",
    )
    assert found["Number of actions taken on the basis of the law"] == "2"
    likeness = row(FULL, "4_notices", Category_of_illegal_content="KEYWORD_MISSING_PROCESSING_GROUND")
    assert (likeness["Number of notices received "], likeness["Median time to take action"]) == ("1", "")


def test_appeals_are_counted_by_what_came_of_them():
    about = "Complaint regarding a decision to remove or disable access to or restrict visibility of information"
    found = {one["Scope"]: one["Value"] for one in rows(FULL, "7_appeals_and_recidivism") if one["Indicator"] == about}
    assert found == {
        "Total number": "8",
        "Decisions upheld": "3",
        "Decisions partially reversed": "0",
        "Decisions reversed": "3",
        "Median time": "7.25",
    }
    whole = rows(FULL, "7_appeals_and_recidivism")
    assert whole[0]["Value"] == "9" and "2 of them were not answered" in whole[0]["Contextual Information"]
    disputes = [one for one in whole if one["Section"].startswith("Out-of-court")]
    assert {(one["Value"], one["Contextual Information"]) for one in disputes} == {("", NOT_STATED)}


def test_automatic_means_state_their_precision_with_what_it_was_counted_from():
    found = {(one["Indicator"].strip(), one["Scope"].strip()): one for one in rows(FULL, "8_automated_means")}
    assert found["Number of measures solely taken by automated means", "Total number"]["Value"] == "10"
    precision = found["Accuracy of the automated means - Precision", "Total number"]
    assert precision["Value"] == "0.7500" and "Of 4 automatic refusals" in precision["Contextual Information"]
    recall = found["Accuracy of the automated means - Recall", "Total number"]
    assert recall["Value"] == "" and recall["Contextual Information"]
    words = rows(FULL, "11_qualitative")[3]["Value"]
    assert "10 answers" in words and "rate of error: 0.100" in words and "false alarms: 0.750" in words


def test_what_nobody_here_can_know_is_blank_with_a_reason_until_the_provider_states_it():
    assert row(EMPTY, "3_member_states_orders", Category_of_illegal_content="TOTAL")[
        "Contextual information on number of orders to act against illegal content received"
    ] == (NO_ORDERS_KEPT)
    told = report(
        counted(Log()),
        no_orders=True,
        disputes={"total": 2, "reversed": 1, "implemented": 1.0, "median_hours": 30.5},
        qualitative={1: "Our own words."},
    )
    assert check_report(told.files) == []
    orders = row(told, "3_member_states_orders", Category_of_illegal_content="TOTAL")
    assert orders["Number of orders to act against illegal content received"] == "0"
    disputes = {
        one["Scope"]: one["Value"] for one in rows(told, "7_appeals_and_recidivism") if one["Section"][:3] == "Out"
    }
    assert (disputes["Total number"], disputes["Median time"], disputes["Percentage of outcomes implemented"]) == (
        "2",
        "30.5",
        "1",
    )
    assert rows(told, "11_qualitative")[0]["Value"] == "Our own words."


def test_rows_that_are_only_for_platforms_are_blank_for_others():
    found = report(counted(Log(appeals=FULL_APPEALS)), online_platform=False)
    values = {one["Applicability"]: one["Value"] for one in rows(found, "7_appeals_and_recidivism")}
    assert values["Only for providers of online platforms"] == "" and values["All"] == "3"


FULL_APPEALS = [AppealGroup(rules=("hate",), kind="refused", by_person=False, outcome="upheld", count=3)]

SPOILED = {
    "a column is renamed": ("8_automated_means.csv", "Indicator,Scope", "Indicator,Range"),
    "a code is misspelt": ("4_notices.csv", "KEYWORD_ANIMAL_HARM", "KEYWORD_ANIMAL_HURT"),
    "a count is no whole number": ("7_appeals_and_recidivism.csv", "Decisions upheld,3,", "Decisions upheld,3.5,"),
    "a share is above one": ("8_automated_means.csv", "0.7500", "7.5"),
    "a period is turned round": ("9_human_resources.csv", "2026-01-01/2026-12-31", "2026-12-31/2026-01-01"),
    "a day is written otherwise": ("1_report_identification.csv", "2026-02-01", "1.2.2026"),
    "a sum is wrong": ("4_notices.csv", "KEYWORD_COPYRIGHT_INFRINGEMENT,,2", "KEYWORD_COPYRIGHT_INFRINGEMENT,,3"),
    "a language is missing": ("9_human_resources.csv", ",bg,,", ",xx,,"),
    "another service is named": ("11_qualitative.csv", "All,Video house", "All,Other house"),
}


@pytest.mark.parametrize("what", SPOILED)
def test_the_checker_finds_that(what):
    name, before, after = SPOILED[what]
    assert before in FULL.files[name], "the test spoils nothing"
    wrong = check_report(FULL.files | {name: FULL.files[name].replace(before, after, 1)})
    assert wrong and all(line.startswith(name) for line in wrong)


def test_the_checker_finds_a_missing_file_and_one_too_many():
    assert check_report({n: t for n, t in FULL.files.items() if n != "10_AMAR.csv"}) == ["10_AMAR.csv: it is missing"]
    assert check_report(FULL.files | {"12_more.csv": ""}) == ["12_more.csv: the template has no such file"]


ANY_ROW = st.sampled_from([Row(c, s) for c, found in categories().items() for s in (found or ("",))]) | st.builds(
    Row,
    st.sampled_from([name for name, found in categories().items() if found]),
    st.sampled_from(("KEYWORD_OTHER", "KEYWORD_STALKING")),
    st.sampled_from(("", "One", 'Two, and "more"')),
)
COUNTS = st.dictionaries(st.sampled_from(("total", "automated", "removal", "disable", "other")), st.integers(0, 9))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(ANY_ROW, COUNTS, max_size=8), st.dictionaries(ANY_ROW, COUNTS, max_size=8))
def test_whatever_is_counted_the_report_adds_up(law, terms):
    figures = ReportFigures(
        period=PERIOD,
        law={at: Counter(found) for at, found in law.items()},
        terms={at: Counter(found) for at, found in terms.items()},
        accuracy=NOTHING,
    )
    found = report(figures)
    assert check_report(found.files) == []
    total = row(found, "5_own_initiative_illegal", Category_of_illegal_content="TOTAL")
    assert int(total["Number of measures taken at the provider's own initiative "]) == sum(
        one.get("total", 0) for one in law.values()
    )


def test_what_the_provider_states_is_read_strictly():
    text = "published = 2027-02-15\nonline_platform = false\n[orders]\nnone = true\n[qualitative]\n1 = 'ours'\n"
    found = parse_stated_facts(text)
    assert (found.published, found.online_platform, found.no_orders) == (date(2027, 2, 15), False, True)
    assert replace(found, published=None).qualitative == {1: "ours"}
    for wrong in (
        "orders = 3",
        "unheard = 1",
        "published = '2027'",
        "[out_of_court]\ntotal = -1",
        "[qualitative]\nx = 'y'",
        "=",
    ):
        with pytest.raises(BadInput):
            parse_stated_facts(wrong)
