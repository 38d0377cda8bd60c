"""What /v1/moderations says: what was not measured is not said to be found, and a long text is read whole."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from console.gateway.moderations_api import _result
from core.signals import Signal, Subject
from core.verdicts import Decision, Gate, Verdict
from pipeline.screening.dry_run import DryRunVerdict
from pipeline.screening.long_texts import highest_scores, screen_pieces, text_pieces
from pipeline.stages.stage_context import Measurements

LABELS = ("harassment", "violence", "hate", "illicit", "self_harm", "sexual", "sexual_minors", "gore")


def opinion(scores: dict[str, float | None], decision: Decision = Decision.ALLOW) -> DryRunVerdict:
    signals = tuple(
        Signal(subject=Subject.PROMPT, label=label, score=score, source="toy/1") for label, score in scores.items()
    )
    verdict = Verdict(gate=Gate.PROMPT, decision=decision, policy="p")
    return DryRunVerdict(measured=Measurements(signals=signals, seconds={}), verdict=verdict)


def test_what_could_not_be_measured_is_null_and_flagged_by_policy() -> None:
    unread = opinion(dict.fromkeys(LABELS), Decision.HOLD)
    for scores in (True, False):
        said = _result([("ילדים", unread)], "", scores=scores)
        assert said["flagged"] is True
        assert set(said["categories"].values()) == {None}
        assert set(said["category_scores"].values()) == {None}


def test_a_category_of_two_labels_is_not_found_where_the_known_one_is_low() -> None:
    said = _result([("x", opinion({**dict.fromkeys(LABELS, 0.1), "violence": None}))], "", scores=True)
    assert said["categories"]["hate/threatening"] is False
    assert said["categories"]["violence"] is None


def test_a_long_text_is_read_whole_and_its_gravest_piece_decides() -> None:
    text = "a calm lake. " * 1_500 + "knife"

    def screen(piece: str) -> DryRunVerdict:
        bad = "knife" in piece
        return opinion(dict.fromkeys(LABELS, 0.9 if bad else 0.1), Decision.HOLD if bad else Decision.ALLOW)

    pieces = screen_pieces(text, screen)
    assert len(pieces) > 1
    assert pieces[0][1].verdict.decision is Decision.HOLD
    assert highest_scores(pieces)["violence"] == 0.9
    assert "".join(dict.fromkeys(text_pieces("short"))) == "short"


def test_one_piece_that_cannot_be_read_leaves_the_label_unknown() -> None:
    assert highest_scores([("a", opinion({"hate": 0.1})), ("b", opinion({"hate": None}))]) == {"hate": None}


def test_what_word_lists_alone_looked_at_is_not_said_to_be_absent_and_what_they_found_is_found() -> None:
    for listed, said in ((0.0, None), (0.9, 0.9)):
        signals = tuple(
            Signal(subject=Subject.PROMPT, label="hate", score=score, source=source)
            for score, source in ((listed, "prompt_terms/3"), (None, "prompt_intent/7"))
        )
        heard = replace(opinion({}), measured=Measurements(signals=signals, seconds={}))
        assert highest_scores([("x", heard)]) == {"hate": said}


@given(st.dictionaries(st.sampled_from(LABELS), st.floats(0, 1), min_size=len(LABELS)))
def test_in_a_text_that_passes_no_category_is_found(scores: dict[str, float]) -> None:
    """A platform's client asks `flagged or any(categories)`: "I killed the process" said violence, and passed."""
    passes, stopped = (
        _result([("x", opinion(dict(scores), how))], "", scores=True) for how in (Decision.ALLOW, Decision.HOLD)
    )
    assert passes["flagged"] is False
    assert not any(passes["categories"].values())
    assert passes["category_scores"] == stopped["category_scores"]


def test_minors_whom_only_word_lists_look_for_are_not_absent_in_a_script_that_no_model_reads() -> None:
    unread = {**dict.fromkeys(LABELS), "sexual_minors": 0.0}
    assert _result([("x", opinion(unread, Decision.HOLD))], "", scores=True)["categories"]["sexual/minors"] is None
    found = {**unread, "sexual_minors": 0.9}
    assert _result([("x", opinion(found, Decision.HOLD))], "", scores=True)["categories"]["sexual/minors"] is True
