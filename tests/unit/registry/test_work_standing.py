"""How a case stands with the works that it names or looks like: by terms, licences and answers alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.assets import Asset
from core.case import Case, Phase
from core.errors import BadInput
from core.events import Rendered, Submitted
from core.signals import ExampleMatch, Signal, Subject
from registry.rights.registered_works import RegisteredWork, UnstatedTerms
from registry.rights.work_answers import WorkAnswer
from registry.rights.work_licences import (
    LicenceLimit,
    WorkLicence,
    WorkUse,
    covering_licence,
    nearest_limits,
    new_licence,
)
from registry.rights.work_standing import found_works, work_standings

NOW = datetime.now(UTC)
DRAFT = Asset(digest="d" * 64, size=1, media_type="video/mp4")


def work(terms: str = "ask", holder: str = "studio") -> RegisteredWork:
    return RegisteredWork(id="w", kind="character", names=("Pipkin Hatter",), holder=holder, terms=terms)


def named(score: float = 0.95) -> Signal:
    return Signal(subject=Subject.PROMPT, label="registered_work", score=score, source="t/1", work="w")


def shown(score: float = 0.7) -> Signal:
    match = ExampleMatch(work="w", image="i", similarity=0.8, threshold=0.7)
    return Signal(subject=Subject.VIDEO, label="work_likeness", score=score, source="t/1", example=match)


def case(*signals: Signal, draft: bool = False, phase: Phase = Phase.SCREENED, **asked: object) -> Case:
    rendered = Rendered(asset=DRAFT, engine="e", engine_version="1") if draft else None
    order = Submitted(author="ana", prompt="p", **asked)
    return Case(id="c" * 16, phase=phase, submitted=order, signals=signals, rendered=rendered)


def licence(licensee: str = "*", **limits: object) -> WorkLicence:
    return new_licence("w", licensee, **limits)


def standing(asked: Case, registered: RegisteredWork, *licences: WorkLicence, said: str = ""):
    answers = [WorkAnswer(asked.id, "w", DRAFT.digest, said, "", NOW)] if said else []
    [one] = work_standings(asked, [registered], licences, answers)
    return one


def test_a_name_counts_as_named_a_description_does_not_and_a_weak_likeness_is_none():
    assert found_works([named()])["w"].is_named
    assert not found_works([named(0.7)])["w"].is_named
    assert found_works([named(0.5), shown(0.4)]) == {}
    both = found_works([named(), shown()])["w"]
    assert both.is_named and both.is_shown


def test_of_a_named_work_that_is_asked_about_a_draft_is_made_and_waits_for_its_holder():
    assert standing(case(named()), work()).is_covered
    waits = standing(case(named(), draft=True), work())
    assert (waits.is_covered, waits.awaits_holder) == (False, True)
    assert standing(case(named(), draft=True), work(), said="approved").is_covered
    assert standing(case(named(), draft=True), work(), said="refused").is_refused


def test_what_is_only_described_or_whose_holder_has_no_account_is_a_moderators():
    assert not standing(case(named(0.7)), work()).is_covered
    assert not standing(case(named(0.7), draft=True), work()).awaits_holder
    assert not standing(case(named()), work(holder="")).is_covered
    assert not standing(case(shown()), work()).is_covered


def test_an_answer_says_nothing_of_another_draft():
    other = WorkAnswer("c" * 16, "w", "e" * 64, "approved", "", NOW)
    [one] = work_standings(case(named(), draft=True), [work()], [], [other])
    assert one.awaits_holder and not one.is_covered


def test_what_is_forbidden_is_so_until_a_licence_covers_it():
    assert standing(case(named()), work("forbid")).is_forbidden
    assert standing(case(named()), work("forbid"), licence()).is_covered
    assert standing(case(named()), work("forbid"), licence("ana")).licence is not None
    assert standing(case(named()), work("allow")).is_covered


@pytest.mark.parametrize(
    ("given", "asked", "limit"),
    [
        ({"licensee": "ben"}, {}, LicenceLimit.AUDIENCE),
        ({"purposes": ["news"]}, {"purpose": "commercial"}, LicenceLimit.PURPOSE),
        ({"purposes": ["news"]}, {}, LicenceLimit.PURPOSE),  # what is not stated is not assumed
        ({"parody": "no"}, {"purpose": "parody"}, LicenceLimit.PARODY),
        ({"parody": "only"}, {"purpose": "news"}, LicenceLimit.PARODY),
        ({"parody": "only"}, {}, LicenceLimit.PARODY),
        ({"territory": ["DE"]}, {"territory": ("DE", "FR")}, LicenceLimit.TERRITORY),
        ({"territory": ["DE"]}, {}, LicenceLimit.TERRITORY),
        ({"until": NOW - timedelta(seconds=1)}, {}, LicenceLimit.ENDED),
    ],
)
def test_the_limit_that_an_order_does_not_keep_to_is_told(given, asked, limit):
    found = standing(case(named(), **asked), work("forbid"), licence(**given))
    assert not found.is_covered and not found.is_forbidden
    assert found.limits == {limit}


def test_parody_that_is_allowed_needs_no_other_purpose_to_be_listed():
    found = standing(case(named(), purpose="parody"), work("forbid"), licence(purposes=["news"]))
    assert found.is_covered


def test_a_licence_for_the_account_counts_alone_and_the_nearest_one_is_told():
    use = WorkUse(account="ana", at=NOW, purpose="news")
    own, everyone = licence("ana", parody="only"), licence()
    assert covering_licence([own, everyone], use) is None
    assert nearest_limits([own, everyone], use) == {LicenceLimit.PARODY}
    far = licence("ben", purposes=["education"], territory=["DE"])
    assert nearest_limits([far, licence(parody="only")], use) == {LicenceLimit.PARODY}
    assert nearest_limits([], use) == frozenset()


def test_what_ends_later_stops_what_is_not_published_yet_and_no_more():
    ended = licence(until=NOW - timedelta(days=1))
    assert standing(case(named(), draft=True, phase=Phase.PUBLISHED), work("forbid"), ended).is_covered
    assert not standing(case(named(), draft=True, phase=Phase.SEALED), work("forbid"), ended).is_covered


def test_a_work_that_is_no_longer_registered_says_nothing():
    assert work_standings(case(named()), [], [], []) == ()


def test_a_character_is_never_allowed_without_its_holders_word():
    with pytest.raises(BadInput):
        UnstatedTerms(character="allow")
    terms = UnstatedTerms(character="forbid", other="allow")
    assert (terms.of_kind("character"), terms.of_kind("brand")) == ("forbid", "allow")


@pytest.mark.parametrize(
    "bad",
    [
        {"licensee": " "},
        {"licensee": "*", "parody": "maybe"},
        {"licensee": "*", "purposes": ["parody"]},
        {"licensee": "*", "purposes": ["fun"]},
        {"licensee": "*", "territory": ["Germany"]},
        {"licensee": "*", "until": datetime(2027, 1, 1)},  # noqa: DTZ001 - without a zone, on purpose
    ],
)
def test_a_licence_that_cannot_be_meant_is_refused(bad):
    with pytest.raises(BadInput):
        licence(**bad)
