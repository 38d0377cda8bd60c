"""What the ledger does, the outbox knows: in one transaction, one row for each event and endpoint."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from core.case import Phase, new_case
from core.events import Submitted
from core.roles import Role
from core.verdicts import Decision, Gate
from pipeline.accounts import Account
from pipeline.ledgers.database import Database
from pipeline.ledgers.postgres_accounts import PostgresAccounts
from pipeline.ledgers.postgres_ledger import PostgresLedger
from pipeline.webhooks.endpoints import EVENT_TYPES, DeliveryState, WebhookEndpoint, new_endpoint_id, new_secret
from pipeline.webhooks.postgres_webhooks import PostgresWebhooks
from tests.lawful import carry, judged, way_to

pytestmark = pytest.mark.postgres
NOW = datetime.now(UTC)
LEASE = timedelta(minutes=1)


@pytest.fixture
def ledger(database: Database) -> PostgresLedger:
    with database.owner_connection() as connection:
        connection.execute("TRUNCATE accounts CASCADE")
    return PostgresLedger(database)


@pytest.fixture
def webhooks(database: Database, ledger: PostgresLedger) -> PostgresWebhooks:
    for account in ("ana", "ben"):
        PostgresAccounts(database).save(Account(id=account, roles=frozenset({Role.PLATFORM})))
    return PostgresWebhooks(database)


def endpoint(webhooks: PostgresWebhooks, account="ana", events=EVENT_TYPES) -> WebhookEndpoint:
    made = WebhookEndpoint(
        id=new_endpoint_id(), account=account, name="n", url="https://e.example/", event_types=tuple(events),
        secret=new_secret(), created=NOW, updated=NOW,
    )  # fmt: skip
    webhooks.save(made)
    return made


def told(webhooks: PostgresWebhooks, of: WebhookEndpoint) -> list[str]:
    return [one.event_type for one in reversed(webhooks.deliveries(of.id, limit=100))]


def take(webhooks: PostgresWebhooks, **given):
    return webhooks.take_due(**{"most": 100, "each": 100, "busy": (), "lease": LEASE} | given)


def test_each_end_of_a_case_is_told_under_the_name_that_openai_gives_it(ledger, webhooks):
    mine, other = endpoint(webhooks), endpoint(webhooks, "ben")
    case = carry(ledger, new_case(), Phase.PUBLISHED)
    assert told(webhooks, mine) == ["video.completed"]
    carry(ledger, case, Phase.WITHDRAWN)
    assert told(webhooks, mine) == ["video.completed", "assay.video.withdrawn"]
    assert told(webhooks, other) == []


def test_a_refusal_is_told_as_failed_and_by_its_own_name_and_a_hold_each_time(ledger, webhooks):
    mine = endpoint(webhooks)
    ledger.append(new_case(), [*way_to(Phase.SCREENED), judged(Gate.PROMPT, Decision.REFUSE, "r")])
    assert sorted(told(webhooks, mine)) == ["assay.video.refused", "video.failed"]
    ledger.append(new_case(), [*way_to(Phase.SCREENED), judged(Gate.PROMPT, Decision.HOLD, "r")])
    assert told(webhooks, mine)[2:] == ["assay.video.held"]


def test_a_video_that_is_recalled_before_anybody_could_have_it_is_told_as_failed_too(ledger, webhooks):
    mine = endpoint(webhooks)
    case = carry(ledger, new_case(), Phase.SCREENED)
    ledger.append(case, way_to(Phase.WITHDRAWN, after=Phase.PUBLISHED))
    assert sorted(told(webhooks, mine)) == ["assay.video.withdrawn", "video.failed"]


def test_only_what_was_asked_for_is_told_and_nothing_to_whom_it_was_disabled(ledger, webhooks):
    some, disabled = endpoint(webhooks, events=["video.completed"]), endpoint(webhooks)
    webhooks.disable(disabled.id, "gone")
    case = carry(ledger, new_case(), Phase.PUBLISHED)
    carry(ledger, case, Phase.WITHDRAWN)
    assert (told(webhooks, some), told(webhooks, disabled)) == (["video.completed"], [])


def test_what_the_ledger_did_not_store_is_not_told(ledger, webhooks):
    mine = endpoint(webhooks)
    case = carry(ledger, new_case(), Phase.SEALED)
    carry(ledger, case, Phase.PUBLISHED)
    with pytest.raises(Exception, match="changed since"):
        carry(ledger, case, Phase.PUBLISHED)
    assert told(webhooks, mine) == ["video.completed"]


def test_every_endpoint_gets_the_same_id_of_an_event_and_every_event_another(ledger, webhooks):
    one, two = endpoint(webhooks), endpoint(webhooks)
    for _ in range(3):
        carry(ledger, new_case(), Phase.PUBLISHED)
    ids = [[d.event_id for d in webhooks.deliveries(of.id)] for of in (one, two)]
    assert ids[0] == ids[1] and len(set(ids[0])) == 3


def test_of_several_senders_one_gets_a_delivery_and_another_only_when_its_lease_is_over(ledger, webhooks):
    endpoint(webhooks)
    for _ in range(20):
        ledger.append(new_case(), way_to(Phase.PUBLISHED))
    with ThreadPoolExecutor(4) as pool:
        taken = [d.id for part in pool.map(lambda _: take(webhooks, most=10), range(8)) for d, _ in part]
    assert sorted(taken) == sorted(set(taken)) and len(taken) == 20
    assert take(webhooks) == ()


def test_what_was_taken_and_not_recorded_is_due_again(ledger, webhooks):
    endpoint(webhooks)
    carry(ledger, new_case(), Phase.PUBLISHED)
    ((first, _),) = take(webhooks, lease=timedelta(0))
    ((again, _),) = take(webhooks)
    assert (first.id, first.attempts, again.id, again.attempts) == (again.id, 1, first.id, 2)


def test_no_endpoint_takes_more_than_its_share_and_a_busy_one_nothing(ledger, webhooks):
    mine, other = endpoint(webhooks), endpoint(webhooks)
    for _ in range(5):
        carry(ledger, new_case(), Phase.PUBLISHED)
    taken = [of.id for _, of in take(webhooks, each=2)]
    assert sorted(taken) == sorted([mine.id] * 2 + [other.id] * 2)
    assert {of.id for _, of in take(webhooks, busy=[mine.id])} == {other.id}


def test_a_closed_account_gets_nothing_until_it_is_open_again(ledger, webhooks, database):
    endpoint(webhooks)
    carry(ledger, new_case(), Phase.PUBLISHED)
    accounts = PostgresAccounts(database)
    accounts.save(Account(id="ana", roles=frozenset(), closed=True))
    assert take(webhooks) == ()
    accounts.save(Account(id="ana", roles=frozenset()))
    assert len(take(webhooks)) == 1


def test_what_is_done_with_is_forgotten_and_what_waits_is_not(ledger, webhooks):
    mine = endpoint(webhooks)
    for _ in range(3):
        carry(ledger, new_case(), Phase.PUBLISHED)
    (first, _), (second, _), (third, _) = take(webhooks)
    webhooks.record_delivered(first, 200)
    webhooks.record_failure(second, status=500, error="e", next_attempt=None)
    webhooks.record_failure(third, status=500, error="e", next_attempt=NOW)
    assert webhooks.forget_older_than(timedelta(hours=1)) == 0
    assert webhooks.forget_older_than(timedelta(0)) == 2
    assert [d.state for d in webhooks.deliveries(mine.id)] == [DeliveryState.PENDING]


def test_an_author_without_an_account_moves_as_ever(ledger, webhooks):
    case = ledger.append(new_case(), [Submitted(author="local:op", prompt="t")])
    assert carry(ledger, case, Phase.PUBLISHED).phase is Phase.PUBLISHED
