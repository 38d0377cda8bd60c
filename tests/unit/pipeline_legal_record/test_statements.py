"""Statements of reasons: every rule has its place in the EU's lists, and what is made is what the database takes."""

from __future__ import annotations

import csv
import io
import json
import tomllib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.actions import RECALL_CODES
from pipeline.claims.claim import ClaimKind
from pipeline.legal_record.classification import classify_claim, classify_rules, known_recalls, known_rules
from pipeline.legal_record.dsa_codes import CATEGORY_PREFIX, categories, codes
from pipeline.legal_record.mapping_reference import PAGE, mapping_page
from pipeline.legal_record.restriction import Restriction
from pipeline.legal_record.statement import StatementOptions, statement_of
from pipeline.legal_record.statement_files import statements_csv, statements_json
from pipeline.legal_record.statement_schema import FIELDS, statement_problems
from policy.rule import DSA_CATEGORIES
from tests.conftest import ROOT
from tests.dsa_database.server import problems

RULES = {
    file.stem: tomllib.loads(file.read_text("utf-8"))["dsa_category"]
    for file in sorted((ROOT / "policy" / "rules").glob("*.toml"))
}
SENTENCES = {name: tomllib.loads((ROOT / f"policy/rules/{name}.toml").read_text("utf-8"))["reason"] for name in RULES}
NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
OPTIONS = StatementOptions(terms_url="https://platform.example/rules", territories=codes("european_union"))
PERSONAL = ("ana@example.org", "Ana Müller", "+49 170 1234567", "account-4711")


def category_of(rule):
    return RULES.get(rule, "")


def restriction(**given):
    whole = {
        "puid": "assay-0123",
        "case_id": "c",
        "revision": 3,
        "at": NOW,
        "asked": NOW - timedelta(hours=1),
        "kind": "refused",
        "gate": "prompt",
        "rules": ("prompt_hate_plain",),
        "code": "",
        "by_person": False,
        "public": False,
    }
    return Restriction(**(whole | given))


def made(**given):
    return statement_of(
        restriction(**given), category_of=category_of, sentences=SENTENCES, options=OPTIONS, language="en"
    )


def test_every_rule_that_comes_with_assay_has_a_category_and_a_specification_of_it():
    assert known_rules() <= set(RULES), "a rule that is gone still has a row"
    for rule in RULES:
        found = classify_rules([rule], category_of)
        assert found.category == CATEGORY_PREFIX + RULES[rule], rule
        assert found.specification in categories()[found.category], rule
        assert bool(found.other) == (found.specification == "KEYWORD_OTHER"), rule


def test_every_category_that_a_rule_may_have_is_one_of_the_lists():
    assert {CATEGORY_PREFIX + one for one in DSA_CATEGORIES} <= set(categories())
    for category in DSA_CATEGORIES:
        found = classify_rules(["an_operators_own"], lambda _rule, of=category: of)
        assert found.category == CATEGORY_PREFIX + category
        assert not found.specification or found.specification in categories()[found.category]


def test_every_recall_code_and_every_kind_of_claim_has_its_row():
    assert set(RECALL_CODES) - {"author"} <= known_recalls()
    for kind in ClaimKind:
        assert classify_claim(kind).category in categories()


def test_of_several_rules_the_category_that_says_most_stands_for_all():
    found = classify_rules(["prompt_violence", "prompt_sexual_minors", "prompt_hate"], category_of)
    assert found.category == "STATEMENT_CATEGORY_PROTECTION_OF_MINORS"
    assert found.additional == ("STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH", "STATEMENT_CATEGORY_VIOLENCE")


def test_a_refused_prompt_a_refused_video_and_a_removal_are_told_apart():
    prompt = made()
    assert prompt["decision_visibility"] == ["DECISION_VISIBILITY_OTHER"] and prompt["decision_visibility_other"]
    assert (prompt["automated_detection"], prompt["automated_decision"]) == ("Yes", "AUTOMATED_DECISION_FULLY")
    assert prompt["incompatible_content_explanation"] == SENTENCES["prompt_hate_plain"]
    video = made(gate="video", rules=("video_gore",), by_person=True)
    assert video["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_DISABLED"]
    assert (video["automated_detection"], video["automated_decision"]) == ("Yes", "AUTOMATED_DECISION_NOT_AUTOMATED")
    removed = made(kind="removed", gate="video", rules=(), code="policy", by_person=True, public=True)
    assert removed["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_REMOVED"]
    assert (removed["source_type"], removed["automated_detection"]) == ("SOURCE_VOLUNTARY", "No")


def test_a_removal_after_a_notice_names_its_source_and_the_law():
    given = {"kind": "removed", "gate": "video", "rules": (), "code": "claim", "by_person": True, "public": True}
    noticed = made(**given, claim="intimate_image")
    assert noticed["source_type"] == "SOURCE_ARTICLE_16"
    assert noticed["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT"
    assert "2024/1385" in noticed["illegal_content_legal_ground"]
    assert made(**given, claim="copyright", trusted_flagger=True)["source_type"] == "SOURCE_TRUSTED_FLAGGER"
    assert made(**(given | {"code": "consent_withdrawn"}))["source_type"] == "SOURCE_TYPE_OTHER_NOTIFICATION"


def test_what_came_down_as_illegal_and_no_rule_or_notice_says_why_is_in_no_category_that_is_guessed():
    given = {"kind": "removed", "gate": "video", "rules": (), "code": "illegal", "by_person": True, "public": True}
    alone = made(**given)
    assert alone["decision_ground"] == "DECISION_GROUND_INCOMPATIBLE_CONTENT"
    assert alone["incompatible_content_illegal"] == "Yes"
    assert alone["category"] == "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"
    assert "not stated" in alone["category_specification_other"]
    with_rule = made(**(given | {"rules": ("video_heard_hate",)}))
    assert with_rule["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT"
    assert with_rule["category"] == "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH"
    noticed = made(**(given | {"code": "claim", "claim": "illegal_content"}))
    assert noticed["category"] == "STATEMENT_CATEGORY_NOT_SPECIFIED_NOTICE"
    assert noticed["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT"
    for one in (alone, with_rule, noticed):
        assert problems(one) == statement_problems(one) == {}


def test_what_was_lifted_says_until_when_it_stood():
    assert made(lifted=NOW + timedelta(days=2))["end_date_visibility_restriction"] == "2026-12-02"
    assert "end_date_visibility_restriction" not in made()


ANY_RESTRICTION = st.builds(
    restriction,
    puid=st.from_regex(r"assay-[0-9a-f]{32}", fullmatch=True),
    kind=st.sampled_from(("refused", "declined", "removed")),
    gate=st.sampled_from(("", "prompt", "video")),
    rules=st.lists(st.sampled_from([*RULES, "moderator", "gone_rule"]), max_size=12, unique=True).map(tuple),
    code=st.sampled_from(("", "claim", "unheard_of", *RECALL_CODES)),
    by_person=st.booleans(),
    public=st.booleans(),
    lifted=st.none() | st.timedeltas(timedelta(0), timedelta(days=400)).map(lambda wait: NOW + wait),
    claim=st.sampled_from(("", *ClaimKind)),
    trusted_flagger=st.booleans(),
)


@given(ANY_RESTRICTION, st.sampled_from(("", "en", "fr", "xx")))
def test_whatever_was_decided_makes_a_statement_that_the_documented_schema_takes(one, language):
    found = statement_of(one, category_of=category_of, sentences=SENTENCES, options=OPTIONS, language=language)
    assert problems(found) == {}  # as the documentation has it
    assert statement_problems(found) == {}  # and by our own, stricter, checks


@given(ANY_RESTRICTION, st.sampled_from(PERSONAL))
def test_nothing_that_tells_who_it_was_gets_into_a_statement(one, personal):
    """Whatever is not a code, a date, a name of a rule or a sentence of a rule file stays outside."""
    known = restriction(
        puid=one.puid, kind=one.kind, gate=one.gate, rules=one.rules, case_id=personal, code=one.code, claim=one.claim
    )
    found = statement_of(known, category_of=category_of, sentences=SENTENCES, options=OPTIONS)
    assert personal not in json.dumps(found, ensure_ascii=False)
    assert one.case_id not in found.values() and set(found) <= set(FIELDS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("decision_visibility", []),
        ("decision_visibility", ["DECISION_VISIBILITY_GONE"]),
        ("decision_visibility_other", None),
        ("decision_ground", "DECISION_GROUND_TASTE"),
        ("incompatible_content_explanation", "x" * 2001),
        ("incompatible_content_ground", None),
        ("illegal_content_legal_ground", "a law beside the rules"),
        ("category", "STATEMENT_CATEGORY_NOT_SPECIFIED_ORDER"),
        ("category_specification", ["KEYWORD_NEW"]),
        ("content_type", []),
        ("territorial_scope", ["US"]),
        ("content_date", "30.11.2026"),
        ("application_date", None),
        ("automated_detection", "maybe"),
        ("puid", "with a space"),
        ("puid", "x" * 501),
        ("decision_ground_reference_url", "javascript:x"),
        ("author", "ana"),
    ],
)
def test_both_checks_refuse_what_the_documentation_does_not_know(field, value):
    statement = made() | {field: value}
    if value is None:
        del statement[field]
    assert problems(statement) != {}
    assert field in statement_problems(statement)


def test_our_checks_also_refuse_a_specification_of_another_category_and_an_end_before_the_beginning():
    assert "category_specification" in statement_problems(made() | {"category_specification": ["KEYWORD_SUICIDE"]})
    early = made() | {"end_date_visibility_restriction": "2026-11-01"}
    assert "end_date_visibility_restriction" in statement_problems(early)


def test_the_files_hold_every_statement_once():
    both = [made(), made(puid="assay-2", gate="video", rules=("video_gore",))]
    assert json.loads("".join(statements_json(both)))["statements"] == both
    assert json.loads("".join(statements_json([]))) == {"statements": []}
    rows = list(csv.DictReader(io.StringIO("".join(statements_csv(both)))))
    assert [row["puid"] for row in rows] == ["assay-0123", "assay-2"]
    assert rows[0]["territorial_scope"].split("|") == both[0]["territorial_scope"]


def test_the_page_of_categories_is_current():
    assert PAGE.read_text("utf-8") == mapping_page(), "run python -m pipeline.legal_record.mapping_reference"
