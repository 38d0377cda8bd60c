"""Second reviews over each ledger: what is dealt, what it shows, and that the case stays as it was."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.case import Phase, new_case
from core.errors import Conflict, NotFound, NotNow
from core.events import Judged, Measured, Resumed, Reversed, Ruled, Submitted, ViewSealed
from core.roles import Principal, Role
from core.verdicts import Decision, Gate, Ruling, Verdict
from pipeline.access.conflicts import ConflictOfInterest
from pipeline.ledgers.postgres_review_checks import PostgresReviewChecks
from pipeline.moderation.quality.blind_cases import BlindLedger
from pipeline.moderation.quality.blind_review import BlindReview
from pipeline.moderation.quality.review_sampling import ReviewSampling
from pipeline.moderation.review_rights import ReviewRights
from pipeline.testing.memory_ledger import MemoryTexts
from pipeline.testing.memory_review_checks import MemoryReviewChecks

MO, ED, IDA = (Principal(id=name, roles=frozenset({Role.MODERATOR})) for name in ("mo", "ed", "ida"))
VERDICT = Verdict(gate=Gate.PROMPT, decision=Decision.HOLD, rules=("gore",), policy="p")


def ruled(by, decision=Decision.ALLOW):
    code = "context" if decision is Decision.ALLOW else "breaks_policy"
    return Ruled(ruling=Ruling(gate=Gate.PROMPT, decision=decision, moderator=by, over=("gore",), code=code))


@pytest.fixture
def texts():
    return MemoryTexts()


@pytest.fixture
def blind(bench, texts):
    checks = PostgresReviewChecks(bench.database) if bench.database else MemoryReviewChecks()
    sampling = ReviewSampling(key=b"k" * 32, second_share=1.0, golden_share=0.0)
    return BlindReview(ledger=bench.ledger, texts=texts, checks=checks, sampling=sampling, golden_days=90)


@pytest.fixture
def conflicts(bench, blind):
    ledger = BlindLedger(ledger=bench.ledger, checks=blind.checks)
    return ConflictOfInterest(ledger=ledger, cameos=None, one_person=False)


def held(bench, texts):
    case = new_case()
    prompt = texts.put("a battle", case_id=case.id)
    events = [Submitted(author="ana", prompt=prompt), Measured(signals=()), Judged(verdict=VERDICT)]
    return bench.ledger.append(case, events)


def ruled_once(bench, blind, texts):
    case = held(bench, texts)
    after = bench.ledger.append(case, [ruled("mo")])
    blind.note_ruling(case, after.rulings[-1])
    return after


def dealt(blind, who, conflicts):
    while not blind.sampling.second_turn(who.id, blind.checks.turn(who.id)):
        blind.checks.next_turn(who.id)
    return blind.deal(who, conflicts)


def test_a_check_shows_the_case_as_it_was_held_and_as_old_as_what_waits(bench, blind, texts, conflicts):
    case = ruled_once(bench, blind, texts)
    waits = held(bench, texts)
    ledger = BlindLedger(ledger=bench.ledger, checks=blind.checks)
    check_id = dealt(blind, ED, conflicts)
    shown, history = blind.load(ED, check_id), ledger.history(check_id)
    assert (shown.id, shown.phase, shown.revision, shown.rulings) == (check_id, Phase.HELD, 3, ())
    assert shown.request == case.request and len(history) == 3
    assert history[-1].at == bench.ledger.history(waits.id)[-1].at
    gaps = [entry.at - history[0].at for entry in history]
    real = bench.ledger.history(case.id)
    assert gaps == [entry.at - real[0].at for entry in real[:3]]


def test_a_ruling_on_a_check_changes_no_case_and_is_given_once(bench, blind, texts, conflicts):
    case = ruled_once(bench, blind, texts)
    check_id = dealt(blind, ED, conflicts)
    shown = blind.load(ED, check_id)
    assert blind.divert(shown, ruled("ed", Decision.REFUSE)).rulings[-1].moderator == "ed"
    with pytest.raises(Conflict):
        blind.divert(shown, ruled("ed"))
    assert bench.ledger.load(case.id) == case and len(bench.ledger.history(case.id)) == case.revision
    assert [one.first.case_id for one in blind.checks.disagreements(limit=5)] == [case.id]
    after = blind.load(ED, check_id)
    assert (after.revision, after.rulings[-1].decision) == (4, Decision.REFUSE)


def test_nothing_else_can_be_done_to_a_check(bench, blind, texts, conflicts):
    ruled_once(bench, blind, texts)
    shown = blind.load(ED, dealt(blind, ED, conflicts))
    with pytest.raises(NotNow):
        blind.divert(shown, Resumed(by="ed"))
    with pytest.raises(NotNow):
        BlindLedger(ledger=bench.ledger, checks=blind.checks).append(shown, [ruled("ed")])


def test_a_real_case_is_diverted_nowhere(bench, blind, texts):
    case = held(bench, texts)
    assert blind.divert(case, ruled("ed")) is None and blind.true_id(case.id) == case.id
    assert blind.load(None, case.id) == case


def test_a_check_is_read_by_its_reviewer_only(bench, blind, texts, conflicts):
    ruled_once(bench, blind, texts)
    check_id = dealt(blind, ED, conflicts)
    for stranger in (MO, IDA, None):
        with pytest.raises(NotFound):
            blind.load(stranger, check_id)
    blind.leave_to_others(MO, check_id)
    assert blind.load(ED, check_id).id == check_id
    blind.leave_to_others(ED, check_id)
    with pytest.raises(NotFound):
        blind.load(ED, check_id)


def test_a_rule_that_is_asked_for_gives_only_checks_that_it_holds(bench, blind, texts, conflicts):
    ruled_once(bench, blind, texts)
    dealt_first = dealt(blind, ED, conflicts)
    assert blind.deal(ED, conflicts, rule="gore") == dealt_first
    assert blind.deal(ED, conflicts, rule="words") is None


def test_where_nothing_is_held_a_check_is_a_few_minutes_old(bench, blind, texts, conflicts):
    ruled_once(bench, blind, texts)
    check_id = dealt(blind, ED, conflicts)
    age = datetime.now(UTC) - blind.checks.check(check_id).shown_since
    assert timedelta(minutes=5) <= age < timedelta(minutes=10)


def test_a_ruling_that_is_not_there_any_more_as_it_was_noted_is_reviewed_by_nobody(bench, blind, texts, conflicts):
    case = held(bench, texts)
    blind.note_ruling(case, ruled("mo").ruling)  # and then the process ended: the ruling was never stored
    assert dealt(blind, ED, conflicts) is None
    assert blind.checks.waiting_seconds("ed", days=14, limit=5) == ()


def test_a_check_whose_words_are_erased_meanwhile_comes_no_more(bench, blind, texts, conflicts):
    case = ruled_once(bench, blind, texts)
    check_id = dealt(blind, ED, conflicts)
    texts.erase(case_id=case.id)
    assert blind.deal(ED, conflicts) is None and blind.checks.check(check_id).dropped == "gone"


def test_what_was_sealed_since_is_no_check_and_an_open_one_is_closed(bench, blind, texts, conflicts):
    case = ruled_once(bench, blind, texts)
    check_id = dealt(blind, ED, conflicts)
    assert check_id is not None
    refused = Judged(verdict=replace(VERDICT, decision=Decision.REFUSE))
    bench.ledger.append(case, [refused, ViewSealed(by="mo", code="suspected_abuse")])
    with pytest.raises(NotFound):
        blind.load(ED, check_id)
    assert blind.deal(ED, conflicts) is None


@pytest.mark.parametrize(
    "rights",
    [ReviewRights(languages=("fr",)), ReviewRights(rules=("hate",)), ReviewRights(max_severity=3)],
)
def test_a_moderator_of_other_queues_is_given_no_check_of_these(bench, blind, texts, conflicts, rights):
    ruled_once(bench, blind, texts)
    while not blind.sampling.second_turn(ED.id, blind.checks.turn(ED.id)):
        blind.checks.next_turn(ED.id)
    assert blind.deal(ED, conflicts, rights=rights) is None
    assert blind.deal(ED, conflicts, rights=ReviewRights(rules=("gore",))) is not None


def test_what_a_rule_seals_by_now_is_no_check_though_it_was_held_by_another(bench, blind, texts, conflicts):
    blind = replace(blind, sealed_rules=frozenset({"known_bad"}))
    case = ruled_once(bench, blind, texts)
    check_id = dealt(blind, ED, conflicts)
    sealing = replace(VERDICT, decision=Decision.REFUSE, rules=("known_bad",))
    bench.ledger.append(case, [Judged(verdict=sealing)])
    with pytest.raises(NotFound):
        blind.load(ED, check_id)
    assert blind.deal(ED, conflicts) is None


def test_whoever_seals_a_check_seals_its_case_and_is_noted_to_refuse_it(bench, blind, texts, conflicts):
    case = ruled_once(bench, blind, texts)
    case = bench.ledger.append(case, [Judged(verdict=replace(VERDICT, decision=Decision.REFUSE))])
    check_id = dealt(blind, ED, conflicts)
    blind.divert(blind.load(ED, check_id), ViewSealed(by="ed", code="suspected_abuse"))
    assert bench.ledger.load(case.id).view_seal == ViewSealed(by="ed", code="suspected_abuse")
    assert blind.checks.check(check_id).decision == "refuse"


def test_a_check_of_what_is_public_is_refused_by_whoever_seals_it_and_the_case_stays(bench, blind, texts, conflicts):
    case = ruled_once(bench, blind, texts)
    check_id = dealt(blind, ED, conflicts)
    blind.divert(blind.load(ED, check_id), ViewSealed(by="ed", code="suspected_abuse"))
    assert bench.ledger.load(case.id) == case and blind.checks.check(check_id).decision == "refuse"


def test_a_ruling_on_a_check_is_taken_back_as_long_as_one_on_a_case(bench, blind, texts, conflicts):
    ruled_once(bench, blind, texts)
    check_id = dealt(blind, ED, conflicts)
    held_as_before = blind.load(ED, check_id)
    answered = blind.divert(held_as_before, ruled("ed", Decision.REFUSE))
    assert replace(blind, undo_seconds=60.0).may_take_back(check_id) and not blind.may_take_back(check_id)
    assert len(blind.checks.disagreements(limit=5)) == 1
    assert blind.divert(answered, Reversed(by="ed", code="slip")).phase is Phase.HELD
    assert blind.load(ED, check_id) == held_as_before and blind.checks.disagreements(limit=5) == ()
    with pytest.raises(Conflict):
        blind.divert(answered, Reversed(by="ed", code="slip"))


def test_a_ruling_that_a_lead_has_settled_is_not_taken_back(bench, blind, texts, conflicts):
    case = ruled_once(bench, blind, texts)
    check_id = dealt(blind, ED, conflicts)
    answered = blind.divert(blind.load(ED, check_id), ruled("ed", Decision.REFUSE))
    assert blind.checks.settle(case.id, 3, by="lea", decision="refuse")
    with pytest.raises(Conflict):
        blind.divert(answered, Reversed(by="ed", code="slip"))


def test_a_ruling_that_was_taken_back_is_given_by_nobody_once_more(bench, blind, texts, conflicts):
    case = ruled_once(bench, blind, texts)
    blind.forget_ruling(case)
    assert dealt(blind, ED, conflicts) is None
