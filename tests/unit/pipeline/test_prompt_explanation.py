"""Lines for machines, and the smallest edit."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from core.signals import Signal, Span, Subject
from core.verdicts import Decision, Gate, Verdict
from pipeline.screening.dry_run import DryRunVerdict
from pipeline.screening.prompt_explanation import screen_jsonl, smallest_edit, top_scores
from pipeline.stages.stage_context import Measurements
from policy.explain import Reason

BAD = {"knife": 0.9, "blood": 0.8}


def ask(text: str) -> DryRunVerdict:
    """Holds one bad word and refuses two."""
    found = [(word, text.find(word)) for word in BAD if word in text.split()]
    signals = tuple(
        Signal(subject=Subject.PROMPT, label="violence", score=BAD[word], source="toy/1",
               at=Span(start=start, end=start + len(word), unit="chars"))
        for word, start in found
    ) or (Signal(subject=Subject.PROMPT, label="violence", score=0.0, source="toy/1"),)  # fmt: skip
    decision = Decision(min(2, len(found)))
    rules = ("violence",) if found else ()
    return DryRunVerdict(
        measured=Measurements(signals=signals, seconds={}),
        verdict=Verdict(gate=Gate.PROMPT, decision=decision, rules=rules, policy="p"),
        reasons=tuple(
            Reason(rule=rule, category="violence", text="no", spans=tuple((s, s + len(w)) for w, s in found))
            for rule in rules
        ),
    )


def test_a_line_is_answered_with_its_decision_scores_reasons_and_policy() -> None:
    (said,) = screen_jsonl([json.dumps({"id": "a", "prompt": "a knife falls"})], ask)
    assert said["id"] == "a" and said["decision"] == "hold" and said["scores"] == {"violence": 0.9}
    assert said["reasons"][0]["spans"] == ((2, 7),) and said["policy"] == "p" and said["sources"] == ["toy/1"]


def test_a_line_that_cannot_be_read_is_answered_and_the_next_goes_on() -> None:
    given_lines = ["{", "[1]", '{"id": 7}', "", '{"id": 8, "prompt": "a pig"}']
    said = list(screen_jsonl(given_lines, ask))
    assert [("error" in one, one["id"]) for one in said] == [(True, None), (True, None), (True, 7), (False, 8)]
    assert [one["line"] for one in said[:3]] == [1, 2, 3]


def test_what_no_source_could_tell_is_null() -> None:
    blind = Signal(subject=Subject.PROMPT, label="hate", score=None, source="toy/1")
    opinion = DryRunVerdict(
        measured=Measurements(signals=(blind,), seconds={}),
        verdict=Verdict(gate=Gate.PROMPT, decision=Decision.HOLD, policy="p"),
    )
    assert top_scores(opinion) == {"hate": None}


def test_the_smallest_edit_takes_out_the_words_that_stood_in_the_way_and_no_others() -> None:
    text = "a chef with a knife at dawn, a bird sings in blood"
    edit = smallest_edit(text, ask, ask(text))
    assert edit is not None and edit.text == "a chef at dawn, a bird sings"
    assert [text[start:end] for start, end in edit.removed] == ["with", "a", "knife", "in", "blood"]


def test_from_the_middle_of_a_clause_nothing_is_taken_that_its_verb_may_need() -> None:
    text = "a man with a knife walks by the sea"
    assert smallest_edit(text, ask, ask(text)) is None


def test_one_clause_goes_where_that_is_enough() -> None:
    """Both clauses hold a word under suspicion, and only one of them stood in the way."""
    text = "A cat sits on a window sill, rain outside, then a man takes a knife"

    def suspicious(given: str) -> DryRunVerdict:
        opinion = ask(given)
        places = tuple((given.find(word), given.find(word) + len(word)) for word in ("sill,", "knife") if word in given)
        reasons = tuple(replace(reason, category="hate", spans=places) for reason in opinion.reasons)
        return replace(opinion, reasons=reasons)

    edit = smallest_edit(text, suspicious, suspicious(text))
    assert edit is not None
    assert edit.text == "A cat sits on a window sill, rain outside"


def test_a_fragment_is_no_edit() -> None:
    text = "a man with a knife in blood stands by the sea and waits for us, cctv"
    assert smallest_edit(text, ask, ask(text)) is None


def test_where_minors_are_at_risk_nobody_is_told_how_to_word_it() -> None:
    text = "a boy plays in the park all day, a knife"
    opinion = ask(text)
    assert smallest_edit(text, ask, opinion) is not None
    minors = replace(opinion, reasons=tuple(replace(one, dsa="PROTECTION_OF_MINORS") for one in opinion.reasons))
    assert smallest_edit(text, ask, minors) is None


def test_what_is_left_is_a_sentence_or_there_is_no_edit() -> None:
    for text in ("the knife lies on a red table", "a red knife"):
        assert smallest_edit(text, ask, ask(text)) is None
    text = "A fox runs, blood everywhere, at dawn"
    edit = smallest_edit(text, ask, ask(text))
    assert edit is not None and edit.text == "A fox runs, at dawn"


def test_of_what_is_hateful_only_whole_clauses_are_taken_out() -> None:
    def hateful(text: str) -> DryRunVerdict:
        held = "women" in text
        reasons = (Reason(rule="hate", category="hate", text="no", spans=((7, 12),)),) if held else ()
        return replace(ask("a pig"), verdict=Verdict(gate=Gate.PROMPT, decision=Decision(int(held)), policy="p"),
                       reasons=reasons)  # fmt: skip

    assert smallest_edit("Muslim women", hateful, hateful("Muslim women")) is None
    text = "A calm lake, Muslim women play"
    edit = smallest_edit(text, hateful, hateful(text))
    assert edit is not None and edit.text == "A calm lake"


def test_there_is_no_edit_of_what_is_allowed_or_would_be_empty() -> None:
    assert smallest_edit("a pig", ask, ask("a pig")) is None
    assert smallest_edit("knife", ask, ask("knife")) is None


@settings(max_examples=50)
@given(st.lists(st.sampled_from(["a", "knife", "pig", "blood", "runs"]), min_size=1, max_size=8))
def test_an_edit_is_allowed_and_none_of_it_could_be_spared(words: list[str]) -> None:
    text = " ".join(words)
    edit = smallest_edit(text, ask, ask(text))
    if edit is not None:
        assert ask(edit.text).verdict.decision is Decision.ALLOW
        assert all(text[start:end] in BAD for start, end in edit.removed)
