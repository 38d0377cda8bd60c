"""What a queue of held cases promises, in memory and on Postgres."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from core.case import Phase, new_case
from core.errors import BadInput
from core.events import Appealed, Commissioned, Judged, Measured, Rendered, Ruled, StageFailed, Submitted, ViewSealed
from core.verdicts import Decision, Gate, Ruling, Verdict
from ledgers.benches import PHOTO, VIDEO
from pipeline.moderation.review_queue import SKIP_CODES, Preparation, QueueFilter, Routing
from pipeline.moderation.review_rights import ReviewRights

CLOCKS = {"standard": 72.0, "appeal": 168.0, "failure": 24.0, "minors": 24.0, "trusted_flagger": 24.0}


def held(ledger, *rules, author="ana", language="", region="", photo=False):
    verdict = Verdict(gate=Gate.PROMPT, decision=Decision.HOLD, rules=(*(rules or ("gore",)), "other"), policy="p")
    asked = Submitted(
        author=author, prompt="t", region=region, end_user=f"of {author}", references=(PHOTO,) if photo else ()
    )
    case = ledger.append(new_case(), [asked, Measured(signals=(), language=language), Judged(verdict=verdict)])
    assert case.phase is Phase.HELD
    return case


def judged(decision, gate=Gate.PROMPT, rules=("gore",)):
    return Judged(verdict=Verdict(gate=gate, decision=decision, rules=rules, policy="p"))


def ids(found):
    return [one.case_id for one in found]


def test_those_that_are_equally_grave_stand_in_the_order_in_which_they_were_held_page_by_page(bench):
    ledger, queue = bench.ledger, bench.reviews
    all_ids = [held(ledger).id for _ in range(5)]
    first = queue.held("mo", limit=2)
    rest = queue.held("mo", after=first[-1].cursor, limit=10)
    assert ids((*first, *rest)) == all_ids
    assert queue.count() == 5
    with pytest.raises(BadInput):
        queue.held("mo", after="nowhere")


def test_a_page_goes_on_behind_a_case_that_was_decided_meanwhile(bench):
    ledger, queue = bench.ledger, bench.reviews
    cases = [held(ledger) for _ in range(3)]
    first = queue.held("mo", limit=1)
    allow = Ruling(gate=Gate.PROMPT, decision=Decision.ALLOW, moderator="m", over=("gore",), code="context")
    ledger.append(cases[0], [Ruled(ruling=allow)])
    assert ids(queue.held("mo", after=first[0].cursor)) == [case.id for case in cases[1:]]
    assert queue.entry(cases[0].id) is None and queue.count() == 2


def test_what_is_graver_or_due_sooner_comes_first(bench):
    ledger, queue = bench.ledger, bench.reviews
    mild, grave, minors = held(ledger, "mild"), held(ledger, "grave"), held(ledger, "minors")
    assert ids(queue.held("mo")) == [mild.id, grave.id, minors.id]
    moved = queue.set_priorities(CLOCKS, {"mild": (1, "standard"), "grave": (4, "standard"), "minors": (4, "minors")})
    assert moved == 3 and queue.set_priorities(CLOCKS, {"grave": (4, "standard")}) == 0
    assert ids(queue.held("mo")) == [minors.id, grave.id, mild.id]
    entry = queue.entry(minors.id)
    assert (entry.severity, entry.clock, entry.reach) == (4, "minors", 1)
    assert entry.due_at - entry.since == timedelta(hours=24) and entry.order_at - entry.since == timedelta(hours=6)
    later = held(ledger, "minors")
    assert queue.entry(later.id).severity == 4, "what is held later has its place at once"


def test_an_account_that_makes_much_reaches_more_and_comes_sooner(bench):
    ledger, queue = bench.ledger, bench.reviews
    small = held(ledger, author="small")
    for _ in range(20):
        ledger.append(new_case(), [Submitted(author="large", prompt="t")])
    large = held(ledger, author="large")
    assert [queue.entry(case.id).reach for case in (small, large)] == [1, 2]
    assert ids(queue.held("mo")) == [large.id, small.id]


def test_what_a_trusted_flagger_reported_comes_before_everything_else(bench):
    ledger, queue = bench.ledger, bench.reviews
    queue.set_priorities(CLOCKS, {"minors": (5, "minors")})
    _grave, plain = held(ledger, "minors"), held(ledger)
    assert queue.flag(plain.id) and not queue.flag(new_case().id)
    first = queue.held("mo")[0]
    assert first.case_id == plain.id and first.flagged and first.clock == "trusted_flagger"


def test_each_case_says_what_a_person_is_asked_about(bench):
    ledger, queue = bench.ledger, bench.reviews
    asked, fine = Submitted(author="ana", prompt="t"), judged(Decision.ALLOW, rules=())
    ordered = Commissioned(engine="e", engine_version="1", job="j")
    made = Rendered(asset=VIDEO, engine="e", engine_version="1")
    stories = {
        "prompt": [asked, Measured(signals=()), judged(Decision.HOLD)],
        "reference": [asked, Measured(signals=()), judged(Decision.HOLD, rules=("reference_nudity",))],
        "output": [
            asked,
            Measured(signals=()),
            fine,
            ordered,
            made,
            Measured(signals=()),
            judged(Decision.HOLD, Gate.VIDEO),
        ],
        "appeal": [asked, Measured(signals=()), judged(Decision.REFUSE), Appealed(by="ana")],
        "failure": [asked, *[StageFailed(phase="submitted", kind="X", error="it broke")] * 3],
    }
    cases = {name: _stored(ledger, events) for name, events in stories.items()}
    entries = {name: queue.entry(case_id) for name, case_id in cases.items()}
    assert {name: entry.subject for name, entry in entries.items()} == {name: name for name in stories}
    assert entries["output"].verdict.rendered and not entries["prompt"].verdict.rendered
    assert (entries["failure"].verdict.failure, entries["failure"].clock) == ("it broke", "failure")
    assert entries["appeal"].clock == "appeal"
    assert queue.counts()["subject"] == dict.fromkeys(sorted(stories), 1)


def _stored(ledger, events):
    case = new_case()
    for event in events:
        case = ledger.append(case, [event])
    return case.id


def test_cases_are_chosen_and_counted_by_all_that_makes_a_queue(bench):
    ledger, queue = bench.ledger, bench.reviews
    gore = held(ledger, "gore", language="en", region="DE", photo=True)
    words = [held(ledger, "words", author="bo", language="fr").id for _ in range(2)]
    for wanted, found in (
        (QueueFilter(rule="words"), words),
        (QueueFilter(language="en"), [gore.id]),
        (QueueFilter(author="bo"), words),
        (QueueFilter(region="DE"), [gore.id]),
        (QueueFilter(end_user="of bo"), words),
        (QueueFilter(severity=2), [gore.id, *words]),
        (QueueFilter(subject="output"), []),
        (QueueFilter(digest=PHOTO.digest), [gore.id]),
        (QueueFilter(rule="words", language="en"), []),
    ):
        assert (ids(queue.held("mo", wanted)), queue.count(wanted)) == (found, len(found)), wanted
    for _ in range(2):
        counts = queue.counts()
        assert counts["all"] == {"": 3} and list(counts["rule"].items()) == [("other", 3), ("words", 2), ("gore", 1)]
        assert counts["language"] == {"fr": 2, "en": 1} and counts["severity"] == {"2": 3}
        queue.tidy()
    assert queue.take_next("mo", QueueFilter(rule="gore")) == gore.id


def test_a_case_is_found_by_the_keys_of_its_words_and_by_its_looks_once_it_is_prepared(bench):
    ledger, queue = bench.ledger, bench.reviews
    one, near, far = held(ledger), held(ledger), held(ledger)
    assert [waiting.case_id for waiting in queue.unprepared(2)] == [one.id, near.id]
    queue.prepare(one.id, Preparation(words=(1, -2), poster="t9", looks=-1))
    queue.prepare(near.id, Preparation(words=(1,), looks=-8))
    queue.prepare(far.id, Preparation(looks=0))
    assert queue.unprepared(2) == () and queue.entry(one.id).poster == "t9"
    assert ids(queue.held("mo", QueueFilter(words=(1,)))) == [one.id, near.id]
    assert ids(queue.held("mo", QueueFilter(words=(1, -2)))) == [one.id]
    assert ids(queue.held("mo", QueueFilter(like=one.id))) == [one.id, near.id]
    assert queue.held("mo", QueueFilter(like=new_case().id)) == ()


def test_a_moderator_is_shown_and_given_only_what_is_theirs(bench):
    ledger, queue = bench.ledger, bench.reviews
    english, french = held(ledger, language="en"), held(ledger, language="fr")
    rights = ReviewRights(languages=("fr", "de"), subjects=("prompt",), max_severity=3)
    queue.set_rights("mo", rights)
    assert queue.rights("mo") == rights == queue.all_rights()["mo"] and queue.rights("ed") == ReviewRights()
    theirs = QueueFilter(rights=rights)
    assert ids(queue.held("mo", theirs)) == [french.id] and queue.count(theirs) == 1
    assert queue.take_next("mo", theirs) == french.id and queue.take_next("mo", theirs) == french.id
    assert "language en" in rights.refusal(queue.entry(english.id)) and not rights.refusal(queue.entry(french.id))
    for other in (replace(rights, rules=("words",)), replace(rights, max_severity=1), replace(rights, regions=("DE",))):
        assert queue.held("mo", QueueFilter(rights=other)) == () and other.refusal(queue.entry(french.id))


def test_what_is_sealed_by_a_person_or_a_rule_is_left_out_where_that_is_asked_for(bench):
    ledger, queue = bench.ledger, bench.reviews
    plain, by_rule, by_person, opened = held(ledger), held(ledger, "known_bad"), held(ledger), held(ledger, "known_bad")
    ledger.append(by_person, [ViewSealed(by="mo", code="suspected_abuse")])
    ledger.append(opened, [ViewSealed(by="mo", code="mistake", sealed=False)])
    wanted = QueueFilter(without_sealed=True, sealed_rules=("known_bad",))
    assert set(ids(queue.held("mo", wanted))) == {plain.id, opened.id}
    assert queue.count(wanted) == 2 and queue.count() == 4
    assert queue.take_next("mo", wanted, passing=[plain.id]) == opened.id
    assert by_rule.id in ids(queue.held("mo"))


def test_a_case_that_is_in_no_queue_would_stand_as_one_that_is(bench):
    ledger, queue = bench.ledger, bench.reviews
    queue.set_priorities(CLOCKS, {"minors": (4, "minors")})
    case = held(ledger, "minors", language="fr", region="eu")
    entry = queue.entry(case.id)
    assert queue.entry_as_if_held(replace(case, id="f" * 16), entry.since) == replace(entry, case_id="f" * 16)


def test_what_was_escalated_stands_in_the_queue_of_the_experts_and_in_no_other(bench):
    ledger, queue = bench.ledger, bench.reviews
    case, plain = held(ledger), held(ledger)
    assert queue.route(case.id, Routing(by="mo", expert=True, note="t7"))
    assert not queue.route(new_case().id, Routing(by="mo", expert=True))
    assert ids(queue.held("ed")) == [plain.id] and queue.count() == 1
    experts = QueueFilter(expert=True, rights=ReviewRights(expert=True))
    assert ids(queue.held("ed", experts)) == [case.id] and queue.count(experts) == 1
    assert queue.held("ed", QueueFilter(expert=True)) == ()
    assert queue.counts()["expert"] == {"": 1} and queue.counts()["all"] == {"": 1}
    entry = queue.entry(case.id)
    assert (entry.expert, entry.routed_by, entry.note) == (True, "mo", "t7")
    assert "escalated" in ReviewRights().refusal(entry)
    assert queue.take_next("ed") == plain.id and queue.take_next("ex", experts) == case.id


def test_what_was_handed_over_is_the_next_for_that_person_and_for_nobody_else(bench):
    ledger, queue = bench.ledger, bench.reviews
    first, second = held(ledger), held(ledger)
    queue.route(second.id, Routing(by="mo", assignee="ed"))
    assert ids(queue.held("ed", QueueFilter(assignee="ed"))) == [second.id]
    assert queue.counts()["assignee"] == {"ed": 1}
    assert queue.take_next("ed") == second.id
    queue.release("ed", second.id)
    assert queue.take_next("mo") == first.id and queue.take_next("mo", passing=[first.id]) is None


def test_a_case_is_one_persons_until_it_is_released(bench):
    ledger, queue = bench.ledger, bench.reviews
    case = held(ledger)
    assert [queue.take("mo", case.id), queue.take("mo", case.id), queue.take("ed", case.id)] == ["mo"] * 3
    assert queue.take_next("ed") is None and queue.take_next("mo") == case.id
    assert [one.reviewer for one in queue.held("ed")] == ["mo"]
    queue.release("ed", case.id)
    assert queue.take("ed", case.id) == "mo"
    queue.release("mo", case.id)
    assert queue.take_next("ed") == case.id


def test_nobody_is_given_what_they_ordered_skipped_or_pass_over(bench):
    ledger, queue = bench.ledger, bench.reviews
    mine, skipped, passed, last = held(ledger, author="mo"), held(ledger), held(ledger), held(ledger)
    queue.skip("mo", skipped.id, skipped.revision, code=SKIP_CODES[0])
    assert queue.take_next("mo", passing=[passed.id]) == last.id
    assert queue.take_next("mo", own=True) == mine.id
    assert [one.skipped for one in queue.held("mo")] == [False, True, False, False]


def test_whole_cases_are_read_in_the_order_that_is_asked_for(bench):
    ledger, queue = bench.ledger, bench.reviews
    one, other = held(ledger), held(ledger)
    assert queue.cases([other.id, one.id]) == (other, one)


def test_of_many_who_ask_at_once_no_two_get_the_same_case(bench):
    ledger, queue = bench.ledger, bench.reviews
    all_ids = {held(ledger).id for _ in range(8)}
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(queue.take_next, [f"mo{number}" for number in range(8)]))
    assert len(set(taken) - {None}) == len([one for one in taken if one]), "one case went to two"
    assert set(taken) - {None} <= all_ids
    late = [queue.take_next(f"late{number}") for number in range(8)]
    assert sorted([one for one in [*taken, *late] if one]) == sorted(all_ids)
