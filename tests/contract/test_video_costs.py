"""Seconds of video have a price, as the settings stated it then: what was rendered cost it, what was refused saved it."""

from datetime import UTC, datetime, timedelta

import pytest

from core.assets import Asset
from core.case import new_case
from core.events import Commissioned, EngineDeclined, EngineFailed, Judged, Measured, Rendered, Submitted
from core.signals import Signal, Subject
from core.verdicts import Decision, Gate, Verdict
from pipeline.access.usage import ASSUMED_SECONDS
from pipeline.access.video_costs import CostLine, EnginePrice, prices_of_settings, total_amount
from pipeline.ledgers.postgres_costs import PostgresVideoCosts
from pipeline.ledgers.postgres_ledger import PostgresLedger
from pipeline.settings import Settings

pytestmark = pytest.mark.postgres
VIDEO = Asset(digest="a1" * 32, media_type="video/mp4", size=7)
PRICES = (
    EnginePrice(engine="big", models=("wan", "ltx"), cost_per_second=0.5),
    EnginePrice(engine="small", models=("ltx",), cost_per_second=0.1),
    EnginePrice(engine="free", models=("toy",)),
)


@pytest.fixture
def author(request):
    return f"acct_{abs(hash(request.node.name)) % 10**12}"


@pytest.fixture
def costs(database):
    with database.owner_connection() as connection:
        connection.execute("TRUNCATE engine_prices")
    return PostgresVideoCosts(database)


@pytest.fixture
def happened(database, author):
    ledger = PostgresLedger(database)

    def append(*events, model="", seconds=None):
        return ledger.append(
            new_case(), [Submitted(author=author, prompt="t", model=model, seconds=seconds), *measured(), *events]
        )

    return append


def measured(subject=Subject.PROMPT):
    return [Measured(signals=(Signal(subject=subject, label="violence", score=0.1, source="s/1"),))]


def judged(decision, gate=Gate.PROMPT):
    return Judged(verdict=Verdict(gate=gate, decision=decision, policy="p"))


def ordered(engine="routed", job="big:video_1"):
    return judged(Decision.ALLOW), Commissioned(engine=engine, engine_version="1", job=job)


def rendered(seconds):
    return Rendered(asset=VIDEO, engine="routed", engine_version="1", duration=seconds)


def lines(costs, author, **since):
    now = datetime.now(UTC)
    found = costs.lines(now - timedelta(**(since or {"hours": 1})), now + timedelta(hours=1), author=author)
    return {(line.outcome, line.engine): line for line in found}


def test_what_was_rendered_costs_its_seconds_at_the_engine_that_had_the_job(costs, happened, author):
    costs.note_prices(PRICES)
    happened(*ordered(), rendered(4.0), seconds=8)
    happened(*ordered(job="small:v:2"), rendered(10.0), model="ltx")
    happened(*ordered(engine="small", job="v"), rendered(2.0))
    assert lines(costs, author) == {
        ("rendered", "big"): CostLine(outcome="rendered", engine="big", videos=1, seconds=4.0, amount=2.0, unpriced=0),
        ("rendered", "small"): CostLine(
            outcome="rendered", engine="small", videos=2, seconds=12.0, amount=pytest.approx(1.2), unpriced=0
        ),
    }


def test_what_was_refused_before_rendering_saved_the_lowest_price_of_its_model(costs, happened, author):
    costs.note_prices(PRICES)
    happened(judged(Decision.REFUSE), model="wan", seconds=10)
    happened(judged(Decision.REFUSE), model="ltx", seconds=10)
    happened(judged(Decision.REFUSE))
    happened(judged(Decision.HOLD))
    (line,) = lines(costs, author).values()
    assert (line.outcome, line.engine, line.videos) == ("refused", "", 3)
    assert line.seconds == 20 + ASSUMED_SECONDS
    assert line.amount == pytest.approx(5.0 + 1.0 + 0.1 * ASSUMED_SECONDS)
    assert total_amount([line], "refused") == line.amount and total_amount([line], "rendered") == 0


def test_what_is_refused_after_rendering_was_paid_for_and_saved_nothing(costs, happened, author):
    costs.note_prices(PRICES)
    happened(*ordered(), rendered(4.0), *measured(Subject.VIDEO), judged(Decision.REFUSE, Gate.VIDEO))
    assert set(lines(costs, author)) == {("rendered", "big")}


def test_what_an_engine_declined_or_failed_at_is_neither_paid_for_nor_saved(costs, happened, author):
    costs.note_prices(PRICES)
    happened(*ordered(), EngineFailed(engine="routed", code="out_of_memory"), seconds=4)
    happened(*ordered(), EngineDeclined(engine="routed", code="nsfw"), seconds=4)
    happened(judged(Decision.ALLOW), EngineFailed(engine="routed", code="invalid_parameters"), model="ltx", seconds=4)
    found = lines(costs, author)
    assert {key: line.amount for key, line in found.items()} == {
        ("failed", "big"): 2.0,
        ("declined", "big"): 2.0,
        ("failed", ""): pytest.approx(0.4),
    }
    assert total_amount(found.values(), "rendered") == total_amount(found.values(), "refused") == 0


def test_what_was_delivered_and_shows_nothing_is_the_engines_failure_and_not_paid_for(costs, happened, author):
    costs.note_prices(PRICES)
    empty = EngineFailed(engine="routed", code="nothing_to_see")
    happened(*ordered(), rendered(6.0), *measured(Subject.VIDEO), empty, seconds=4)
    found = lines(costs, author)
    assert {key: (line.seconds, line.amount) for key, line in found.items()} == {("failed", "big"): (6.0, 3.0)}


def test_a_price_that_nobody_stated_is_no_price_of_nothing(costs, happened, author):
    happened(*ordered(), rendered(4.0))
    costs.note_prices(PRICES)
    happened(*ordered(job="free:1"), rendered(4.0))
    happened(*ordered(job="gone:1"), rendered(4.0))
    assert {key: (line.amount, line.unpriced) for key, line in lines(costs, author).items()} == {
        ("rendered", "big"): (0.0, 1),
        ("rendered", "free"): (0.0, 1),
        ("rendered", "gone"): (0.0, 1),
    }


def test_a_new_price_counts_from_then_on(costs, happened, author):
    costs.note_prices(PRICES)
    happened(*ordered(), rendered(4.0))
    assert costs.note_prices([EnginePrice(engine="big", cost_per_second=1.0)])
    happened(*ordered(), rendered(4.0))
    assert lines(costs, author)["rendered", "big"].amount == 2.0 + 4.0


def test_prices_are_noted_once_and_not_by_who_knows_none(costs, database):
    assert costs.note_prices(PRICES)
    assert not costs.note_prices(tuple(reversed(PRICES)))
    assert not costs.note_prices(prices_of_settings(Settings(), "folder"))
    with database.connection() as connection:
        assert connection.execute("SELECT count(*) FROM engine_prices").fetchone() == (3,)


def test_an_account_sees_its_own_and_a_time_has_an_end(costs, happened, author):
    costs.note_prices(PRICES)
    happened(*ordered(), rendered(4.0))
    assert lines(costs, "acct_of_nobody") == {}
    now = datetime.now(UTC)
    assert costs.lines(now + timedelta(hours=1), now + timedelta(hours=2), author=author) == ()


def test_the_settings_state_prices_of_one_engine_or_of_several():
    assert prices_of_settings(Settings(engine_cost_per_second=0.2), "http") == (
        EnginePrice(engine="http", cost_per_second=0.2),
    )
    table = {
        "a": {"url": "http://a/v1", "models": ["wan"], "cost_per_second": 0.03},
        "b": {"url": "http://b/v1"},
    }
    assert prices_of_settings(Settings(engine="routed", engines=table), "routed") == (
        EnginePrice(engine="a", models=("wan",), cost_per_second=0.03),
        EnginePrice(engine="b"),
    )


def test_an_order_that_was_stopped_by_a_preview_is_counted_as_ordered(costs, happened, author):
    costs.note_prices(PRICES)
    refused = judged(Decision.REFUSE, Gate.VIDEO)
    happened(*ordered(), *measured(Subject.PREVIEW), refused, seconds=10)
    [line] = lines(costs, author).values()
    assert (line.outcome, line.engine, line.seconds, line.amount) == ("stopped", "big", 10.0, 5.0)
    assert total_amount([line], "rendered") == total_amount([line], "refused") == 0


def test_seconds_of_measuring_that_was_cut_off_are_counted(costs, happened, author):
    now = datetime.now(UTC)
    bad = Signal(subject=Subject.VIDEO, label="known_bad", score=1.0, source="s/1")
    cut = Measured(signals=(bad,), cut_off=("footage_words/1",), saved_seconds=2.5)
    for measured_so in (cut, cut, *measured(Subject.VIDEO)):
        happened(*ordered(), rendered(4.0), measured_so)
    found = costs.saved_measuring(now - timedelta(hours=1), now + timedelta(hours=1), author=author)
    assert (found.videos, found.seconds) == (2, 5.0)
