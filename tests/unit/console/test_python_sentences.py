"""What Python puts together for a page (names, history, places, times) is in the French catalog."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from console.claims import claim_texts
from console.moderation.case_timeline import timeline_entry
from console.web import display_text
from console.web.translations import Language, available_languages
from core.case import Phase
from core.events import (
    Appealed,
    Claimed,
    Commissioned,
    EngineDeclined,
    EngineFailed,
    Judged,
    Measured,
    Published,
    Recalled,
    Resumed,
    Reversed,
    Ruled,
    StageFailed,
    Submitted,
    ViewSealed,
    Waiting,
    Withdrawn,
)
from core.finding import ContentCredentials, WatermarkedSpan, WatermarkFinding
from core.ports import RecordedEvent
from core.signals import Signal, Span, Subject
from core.verdicts import Decision, Gate, Ruling, Verdict
from pipeline.claims.claim import ClaimDecision, ClaimKind
from pipeline.claims.claim_codes import CLAIM_CODE_TEXTS
from pipeline.claims.claim_forms import MISSING_FIELD_TEXTS
from provenance.c2pa.credentials_report import CredentialsReport
from provenance.verification.evaluate import Observations
from provenance.verification.external_evidence import segment_evidence
from registry.consent.notices import NOTICE_TEXTS
from tests.conftest import ROOT

NOW = datetime(2026, 11, 1, tzinfo=UTC)
FRENCH = available_languages()["fr"]
RULES = sorted(file.stem for file in (ROOT / "policy" / "rules").glob("*.toml"))
LABELS = sorted(set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/reference/classifiers.md").read_text("utf-8"), re.M)))


def unknown(sentences):
    return [one for one in sentences if FRENCH.translation(one) is None]


def test_every_rule_label_subject_and_phase_has_a_french_name():
    assert len(RULES) > 100 and len(LABELS) > 100
    assert unknown(map(display_text.readable_code, [*RULES, *LABELS, *Subject, *Phase])) == []


@pytest.mark.parametrize("name", [name for name in dir(display_text) if name.endswith("_TEXTS")])
def test_every_word_for_a_code_has_its_french_also_inside_a_sentence(name):
    texts = list(getattr(display_text, name).values())
    assert unknown(texts) == []
    if name in ("RULING_TEXTS", "RECALL_TEXTS", "REVERSAL_TEXTS", "SEAL_TEXTS"):
        assert unknown(text.lower() for text in texts) == []


@pytest.mark.parametrize("code", ["fr", "de", "es"])
def test_whatever_a_claimant_reads_is_there_in_their_language(code):
    language = available_languages()[code]
    names = [name for name in dir(claim_texts) if name.isupper() and name not in ("LONG_FIELDS", "AUTOCOMPLETE")]
    texts = [
        one
        for name in names
        if name not in ("ACTION_NAMES", "DECISION_LOOKS")
        for one in getattr(claim_texts, name).values()
    ]
    texts += [*CLAIM_CODE_TEXTS.values(), *MISSING_FIELD_TEXTS.values()]
    assert [one for one in texts if language.translation(one) is None] == []


def test_what_moderators_and_authors_read_of_claims_is_french():
    texts = [*claim_texts.ACTION_NAMES.values(), *map(display_text.readable_code, ClaimKind)]
    texts += [text for code, text in NOTICE_TEXTS.items() if code.startswith("claim_")]
    assert unknown(texts) == []


def events():
    for decision in Decision:
        for gate in Gate:
            yield Judged(
                verdict=Verdict(
                    gate=gate,
                    decision=decision,
                    rules=("r_1",),
                    missing=("r_1",),
                    final=("r_1",),
                    two_person=("r_1",),
                    awaiting=("r_1",),
                    lifted=("r_1",),
                    shadow=("r_1",),
                    policy="p",
                    reason="",
                )
            )
    for code in display_text.RULING_TEXTS:
        for decision in (Decision.ALLOW, Decision.REFUSE):
            yield Ruled(ruling=Ruling(gate=Gate.PROMPT, decision=decision, moderator="x_1", over=("r_1",), code=code))
    yield from (Recalled(by="x_1", code=code) for code in display_text.RECALL_TEXTS)
    yield from (Reversed(by="x_1", code=code) for code in display_text.REVERSAL_TEXTS)
    yield from (
        ViewSealed(by="x_1", code=c, sealed=sealed) for c in display_text.SEAL_TEXTS for sealed in (True, False)
    )
    one = Signal(subject=Subject.PROMPT, label="gore", score=None, source="s/1")
    two = Signal(subject=Subject.VIDEO, label="gore", score=0.5, source="s/1")
    yield from (Measured(signals=signals) for signals in ((), (one,), (two,), (one, two)))
    yield Submitted(author="x_1", prompt="p", model="m_1", seconds=4, cameos=("c_1",), account_minor=True, region="DE")
    yield Submitted(author="x_1", prompt="p", audience="teen", tier="t_1", end_user="u_1")
    yield StageFailed(phase="submitted", kind="Unavailable", error="e_1")
    yield from (Waiting(phase="submitted", reason=reason, since=NOW) for reason in ("", "e_1"))
    yield from (Resumed(by="x_1"), Appealed(by="x_1"), Withdrawn())
    for step, decision in [
        ("paused", ""),
        ("countered", ""),
        ("restored", ""),
        *(("decided", d) for d in ClaimDecision),
    ]:
        yield Claimed(claim="C_1", kind="copyright", law="l_1", step=step, by="x_1", decision=decision, code="illegal")
    yield Commissioned(engine="e_1", engine_version="1", job="j_1")
    yield from (EngineDeclined(engine="e_1", code="c_1"), EngineFailed(engine="e_1", code="c_1"))
    yield Published(url="u_1")


def test_the_history_of_a_case_is_french_whatever_happened():
    said = set()
    for event in events():
        line = timeline_entry(RecordedEvent(revision=1, at=NOW, event=event))
        said |= {line.text, *line.details}
    assert len(said) > 60
    english = re.compile(r"\b(the|and|by|of|ruled|held|measured|with|from|job|was)\b")
    left = [one for one in sorted(said) if re.search("[a-z]{3}", one) and _left(one, english)]
    assert left == []


def _left(sentence: str, english: re.Pattern[str]) -> bool:
    """Whether a sentence has no French, or English words inside it."""
    if re.fullmatch(r"[\d.]+ s", sentence):
        return False
    french = FRENCH.translation(sentence)
    return french is None or english.search(french) is not None


def test_places_and_times_are_french():
    places = [display_text.format_span(one) for one in (None, Span(start=1, end=2, unit="chars"))]
    times = [display_text.format_duration(seconds) for seconds in (1, 3 * 86400)]
    assert unknown(places + times) == []


def test_what_is_little_more_than_slots_is_a_translation_only_of_parts_that_have_one():
    from console.web.translations import _pattern

    patterns = [(_pattern("{one} and {other}"), "{one} et {other}")]
    spoken = Language(code="fr", name="F", sentences={"a cat": "un chat"}, patterns=patterns)
    assert spoken.translation("a cat and a_1") == "un chat et a_1"
    assert spoken.translation("Said and done") is None


FOLLOWING_SENTENCES = [
    "It can be asked at https://example.org/verify.",
    "The watermark still leads to case 00112233445566aa.",
    "Other seconds carry the watermarks of cases 01, 02, 03 and 2 more.",
    "This service has taken it down after a claim.",
    "No watermark was looked for in the picture: there is no watermark key here.",
    "Not everything in this file was looked at: that would have taken too much.",
]
"""What may follow the sentence of a finding, in the order in which it does."""


@pytest.mark.parametrize("code", ["fr", "de", "es"])
@pytest.mark.parametrize("first", range(len(FOLLOWING_SENTENCES)))
def test_what_follows_the_sentence_of_a_finding_is_translated_up_to_its_end(code, first):
    first_sentence = "A watermark made with this service's key is in the picture, but there is no record of its case."
    following = FOLLOWING_SENTENCES[first:]
    language = available_languages()[code]
    whole = language(" ".join([first_sentence, *following]))
    assert whole.startswith(language(first_sentence))
    parts = [language(f"{first_sentence} {one}").removeprefix(language(first_sentence)) for one in following]
    assert whole == language(first_sentence) + "".join(parts)
    assert not {"looked", "carry", "leads", "taken", "asked", "more"} & set(re.findall(r"\w+", whole))


@pytest.mark.parametrize("code", ["fr", "de", "es"])
def test_what_is_said_of_marked_seconds_is_translated(code):
    spans = (
        WatermarkedSpan(start=0.0, end=2.5, payload="01abcdef00112233445566aa", p_value=1e-20),
        WatermarkedSpan(start=3.0, end=4.0, p_value=1e-12),
    )
    report = CredentialsReport(credentials=ContentCredentials(state="none"))
    mark = WatermarkFinding(detected=True, segments=spans)
    language = available_languages()[code]
    said = list(segment_evidence(Observations(report=report, watermark=mark)))
    assert len(said) == 2
    assert [
        one for each in said for one in (each.says, each.proves, each.limits) if not language.translation(one)
    ] == []


@pytest.mark.parametrize("code", ["fr", "de", "es"])
def test_how_a_copy_differs_is_translated(code):
    """In the sentence of a finding and in the piece of evidence, alone and one after the other."""
    differences = [
        "1,988,806 bytes instead of 1,801,203",
        "640×360 pixels instead of 1280×720",
        "40.5 s long instead of 5.3 s",
        "Matroska or WebM instead of MP4",
        "compressed as hevc instead of h264",
    ]
    language = available_languages()[code]
    assert [one for one in differences if not language.translation(one)] == []
    sentence = (
        "The credentials are gone, but the watermark leads to case 00112233445566aa, whose record says that AI made it."
        " The credentials it was published with were recovered, signed by Assay. These bytes differ from the signed"
        f" original: {', '.join(differences)}."
    )
    assert "instead" not in language(sentence) and language("1,988,806 bytes instead of 1,801,203") in language(
        sentence
    )
