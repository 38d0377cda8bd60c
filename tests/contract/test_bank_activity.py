"""A hash that comes later is compared with what is published; one that fires too often is quarantined."""

from __future__ import annotations

import secrets
from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from classifiers import label_subjects
from core.case import Case, Phase
from core.errors import BadInput, Forbidden, NotNow
from core.events import Measured, Recalled, Submitted
from core.roles import Principal, Role
from core.signals import Signal, Subject
from core.verdicts import Decision, Verdict
from pipeline.known_footage.published_matches import PublishedMatches
from pipeline.known_footage.quarantine import QUARANTINE_ACTOR, Quarantine, QuarantineLimits
from pipeline.ledgers.postgres_ledger import PostgresLedger
from registry.banks.bank_activity import BankActivity, flipped_views
from registry.banks.bank_entries import Bank, BankEntry, EntryState, Provenance
from registry.banks.hash_bank import PostgresHashBank
from tests.lawful import WAY, carry

pytestmark = pytest.mark.postgres
MODERATOR = Principal(id="mo", roles=frozenset({Role.MODERATOR}))
OPERATOR = Provenance(by="olga")


class Policy:
    """Refuses known_bad and known_claimed, holds known_listed and notes the rest, as the policy that comes with Assay does."""

    def judge(self, gate, signals, facts, rulings, case_id=""):
        scores = {s.label: s.score for s in signals if s.score}
        if scores.get("known_bad", 0) >= 0.5:
            return Verdict(gate=gate, decision=Decision.REFUSE, rules=("video_known_bad",), policy="ab" * 32)
        if scores.get("known_claimed", 0) >= 0.5:
            return Verdict(gate=gate, decision=Decision.REFUSE, rules=("video_known_claimed",), policy="ab" * 32)
        if scores.get("known_listed", 0) >= 0.5:
            return Verdict(gate=gate, decision=Decision.HOLD, rules=("video_known_listed",), policy="ab" * 32)
        return Verdict(gate=gate, decision=Decision.ALLOW, policy="ab" * 32)


class Service:
    """Recalls as CaseService does, and knows whose case is whose."""

    context = SimpleNamespace(policy=Policy(), facts=SimpleNamespace(facts=lambda _case: {}))

    def __init__(self, ledger) -> None:
        self.ledger = ledger

    def conflict(self, who, case):
        return "it is your own" if case.request.author == who.id else ""

    def recall(self, who, case_id, *, code):
        return self.ledger.append(self.ledger.load(case_id), [Recalled(by=who.id, code=code)])


@pytest.fixture
def bank(database):
    with database.owner_connection() as connection:
        connection.execute("TRUNCATE bank_entries, bank_progress CASCADE")
        connection.execute("TRUNCATE cases")
    return PostgresHashBank(database)


@pytest.fixture
def ledger(database, bank):
    return PostgresLedger(database)


@pytest.fixture
def matches(database, ledger):
    return PublishedMatches(activity=BankActivity(database), service=Service(ledger))


def hashes(count: int) -> np.ndarray:
    return np.frombuffer(secrets.token_bytes(32 * count), np.uint8).reshape(-1, 32)


def published(ledger, rows: np.ndarray, author: str = "ana") -> str:
    written = tuple(f"{second}:{row.tobytes().hex()}:100" for second, row in enumerate(rows))
    sealed = type(WAY[Phase.SEALED])(
        **{name: getattr(WAY[Phase.SEALED], name) for name in ("asset", "payload", "manifest_id", "manifest", "soft_binding")},
        fingerprint=written,
    )  # fmt: skip
    case = Case(id=secrets.token_hex(8))
    return carry(ledger, case, Phase.PUBLISHED, submitted=Submitted(author=author, prompt="t"), sealed=sealed).id


def video(rows: np.ndarray, name: str = "v") -> BankEntry:
    return BankEntry(id=name, algorithm="vpdq", bits=rows.tobytes(), times=tuple(map(float, range(len(rows)))))


def test_what_policy_refuses_is_recalled_and_nothing_else_is(bank, ledger, matches) -> None:
    known = hashes(8)
    shown, other = published(ledger, np.concatenate([hashes(3), known[:5]])), published(ledger, hashes(8))
    bank.banks.add(Bank(name="known_bad", kind="known_bad"), [video(known)], OPERATOR)
    report = matches.run()
    assert (report.entries, report.videos, report.recalled, report.open) == (1, 2, 1, 0)
    assert ledger.load(shown).phase is Phase.RECALLED and ledger.load(other).phase is Phase.PUBLISHED
    (match,) = matches.open_matches(MODERATOR, every=True)
    assert (match.case_id, match.state, match.seconds) == (shown, "recalled", (3, 4, 5, 6, 7))
    assert match.rules == ("video_known_bad",) and match.decided_by == "assay:banks"
    assert matches.run().entries == 0


def test_a_copy_of_what_a_claim_took_down_is_asked_about_and_not_recalled_by_its_hash(bank, ledger, matches) -> None:
    known = hashes(8)
    shown = published(ledger, known)
    bank.banks.add(Bank(name="known_claimed", kind="known_claimed"), [video(known)], OPERATOR)
    assert matches.run().open == 1 and ledger.load(shown).phase is Phase.PUBLISHED
    (match,) = matches.open_matches(MODERATOR)
    assert match.rules == ("video_known_claimed",)
    assert matches.decide(MODERATOR, match.key, recall=True).state == "recalled"
    assert ledger.load(shown).recalled.code == "rights"


def test_a_mirrored_copy_is_found_by_what_its_seal_keeps(bank, ledger, matches) -> None:
    known = hashes(4)
    mirrored = np.stack([flipped_views(row.tobytes())[1] for row in known])
    shown = published(ledger, mirrored)
    bank.banks.add(Bank(name="known_bad", kind="known_bad"), [video(known)], OPERATOR)
    assert matches.run().recalled == 1 and ledger.load(shown).phase is Phase.RECALLED


def test_what_policy_would_hold_is_a_question_that_a_moderator_answers_once(bank, ledger, matches) -> None:
    known = hashes(6)
    first, second = published(ledger, known), published(ledger, known)
    bank.banks.add(Bank(name="known_listed", kind="known_listed"), [video(known)], OPERATOR)
    assert matches.run().open == 2
    assert {ledger.load(one).phase for one in (first, second)} == {Phase.PUBLISHED}
    to_keep, to_recall = matches.open_matches(MODERATOR)
    assert matches.decide(MODERATOR, to_keep.key, recall=False).state == "kept"
    assert matches.decide(MODERATOR, to_recall.key, recall=True).state == "recalled"
    assert ledger.load(to_recall.case_id).phase is Phase.RECALLED
    assert ledger.load(to_keep.case_id).phase is Phase.PUBLISHED
    with pytest.raises(NotNow, match="kept already"):
        matches.decide(MODERATOR, to_keep.key, recall=True)
    assert matches.open_matches(MODERATOR) == [] and matches.run().open == 0


def test_nobody_decides_about_a_video_of_their_own_and_no_operator_does(bank, ledger, matches) -> None:
    known = hashes(6)
    published(ledger, known, author="mo")
    bank.banks.add(Bank(name="known_listed", kind="known_listed"), [video(known)], OPERATOR)
    matches.run()
    (match,) = matches.open_matches(MODERATOR)
    with pytest.raises(NotNow, match="your own"):
        matches.decide(MODERATOR, match.key, recall=False)
    with pytest.raises(Forbidden):
        matches.open_matches(Principal(id="olga", roles=frozenset({Role.OPERATOR})))


def test_what_a_harmless_bank_has_is_not_recalled(bank, ledger, matches) -> None:
    known = hashes(6)
    shown = published(ledger, known)
    bank.banks.add(Bank(name="known_harmless", kind="known_harmless"), [video(known, "h")], OPERATOR)
    matches.run()
    bank.banks.add(Bank(name="known_bad", kind="known_bad"), [video(known)], OPERATOR)
    assert matches.run().recalled == 0 and ledger.load(shown).phase is Phase.PUBLISHED


def test_whoever_is_interrupted_goes_on_and_asks_nothing_twice(bank, ledger, matches, monkeypatch) -> None:
    known = hashes(6)
    for _ in range(3):
        published(ledger, known)
    bank.banks.add(Bank(name="known_listed", kind="known_listed"), [video(known)], OPERATOR)

    def stop(_entries: int, videos: int) -> None:
        if videos == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        matches.run(stop)
    assert len(matches.open_matches(MODERATOR)) == 1
    assert matches.run().open == 2 and len(matches.open_matches(MODERATOR)) == 3


def test_what_was_measured_before_a_hash_came_and_sealed_after_it_is_compared_too(bank, ledger, matches) -> None:
    known = hashes(6)
    bank.banks.add(Bank(name="known_bad", kind="known_bad"), [video(known)], OPERATOR)
    assert matches.run().videos == 0
    late = published(ledger, known)
    assert matches.run().recalled == 1 and ledger.load(late).phase is Phase.RECALLED


def measured(ledger, entry: int, times: int, *, end_user: str = "") -> None:
    for _ in range(times):
        signal = Signal(
            subject=Subject.VIDEO,
            label="known_bad",
            score=0.6 if entry else 0.0,
            source="x/1",
            evidence=str(entry or ""),
        )
        submitted = Submitted(author="ana", prompt="t", end_user=end_user)
        carry(ledger, Case(id=secrets.token_hex(8)), Phase.INSPECTED, submitted=submitted, inspected=Measured(signals=(signal,)))  # fmt: skip


def quarantine(database, bank, **limits) -> Quarantine:
    given = {"share": 0.2, "count": 3, "window": timedelta(hours=1), **limits}
    return Quarantine(banks=bank.banks, activity=BankActivity(database), limits=QuarantineLimits(**given))


def test_a_hash_that_fires_too_often_stops_deciding_and_says_why(database, bank, ledger) -> None:
    bank.banks.add(Bank(name="known_bad", kind="known_bad"), [video(hashes(2), "a"), video(hashes(2), "b")], OPERATOR)
    often, rarely = (one.key for one in bank.banks.entries())
    with database.connection() as connection:  # of other tests, within the hour
        (before,) = connection.execute(
            "SELECT count(DISTINCT case_id) FROM measurements WHERE subject = 'video'"
        ).fetchone()
    measured(ledger, often, 4)
    measured(ledger, rarely, 2)
    measured(ledger, 0, 4)
    assert bank.size == 2 and list(quarantine(database, bank, share=3.5 / (before + 10)).run()) == [often]
    assert bank.size == 1
    (taken,) = bank.banks.entries(states=(EntryState.QUARANTINED,))
    change = bank.banks.history(taken.key)[-1]
    assert (change.change, change.by) == ("quarantined", QUARANTINE_ACTOR)
    assert change.reason == f"found in 4 of {before + 10} cases within 1 hours"
    bank.banks.change([often], "released", OPERATOR)
    assert list(quarantine(database, bank).run()) == [] and bank.size == 2  # an operator has looked at it


def test_one_end_user_alone_quarantines_nothing(database, bank, ledger) -> None:
    bank.banks.add(Bank(name="known_bad", kind="known_bad"), [video(hashes(2))], OPERATOR)
    (one,) = bank.banks.entries()
    measured(ledger, one.key, 6, end_user="eve")
    assert list(quarantine(database, bank).run()) == []
    assert list(quarantine(database, bank, share=0.0, count=1).run()) == []


def test_every_label_of_a_bank_is_in_the_vocabulary() -> None:
    assert {"known_bad", "known_work", "known_listed", "known_noted", "known_sound"} <= label_subjects().keys()


def test_an_answer_has_a_reason_that_fits_and_a_false_match_counts_against_its_entry(bank, ledger, matches):
    known = hashes(6)
    shown = published(ledger, known)
    bank.banks.add(Bank(name="known_listed", kind="known_listed"), [video(known)], OPERATOR)
    matches.run()
    (match,) = matches.open_matches(MODERATOR)
    with pytest.raises(BadInput, match="looks_alike"):
        matches.decide(MODERATOR, match.key, recall=False, code="illegal")
    with pytest.raises(BadInput, match="rights"):
        matches.decide(MODERATOR, match.key, recall=True, code="looks_alike")
    decided = matches.decide(MODERATOR, match.key, recall=False, code="looks_alike")
    assert (decided.state, decided.code, decided.decided_by) == ("false", "looks_alike", MODERATOR.id)
    assert matches.activity.count_false(match.entry) == 1
    assert ledger.load(shown).phase is Phase.PUBLISHED
