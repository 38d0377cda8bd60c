"""Requests over topics without a broker: each opens one case, and every step that is told reaches the outbox once."""

import json
import threading
from concurrent.futures import Future
from dataclasses import replace

import pytest

from core.case import Phase
from core.errors import NotFound, Unavailable
from core.events import Recalled
from core.ports import Ticket
from core.roles import Principal, Role, UsageLimits
from pipeline.accounts import create_account
from pipeline.advance import advance
from pipeline.ledgers.database import open_database
from pipeline.runners.local_bus import LocalBus
from pipeline.service import VideoRequest
from pipeline.topic_contract.outcome_sender import send_outcomes
from pipeline.topic_contract.request_document import NotARequest
from pipeline.topic_contract.request_topics import RequestTopic
from tests.stories.http_installation import FINE, HELD, REFUSED
from tests.stub_pipeline.topic_bridge import bridged_installation

pytestmark = pytest.mark.postgres
ACCOUNTS: dict[str, Principal] = {}


class Broker:
    """What was sent, in order; refuses everything while it is away."""

    def __init__(self):
        self.sent, self.away = [], False

    def __call__(self, topic, *, key, value):
        done: Future[object] = Future()
        if self.away:
            done.set_exception(Unavailable("the broker is away"))
        else:
            self.sent.append((topic, key.decode(), json.loads(value)))
            done.set_result(None)
        return done


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    opened = open_database(tmp_path_factory.mktemp("topics"))
    yield opened
    opened.close()


@pytest.fixture
def at(database, tmp_path):
    """Accounts of its own for each test, and an empty outbox: cases stay for ever."""
    with database.connection() as connection:
        connection.execute("DELETE FROM topic_outcomes")
        connection.execute("DELETE FROM topic_requests")
    house = bridged_installation(database, tmp_path / "house", LocalBus())
    for name in ("mine", "other"):
        ACCOUNTS[name] = create_account(house.accounts, [Role.PLATFORM])[0]
    return house


def topic(whose="mine"):
    return RequestTopic(name="assay.requests", account=ACCOUNTS[whose].id)


def message(name, prompt=FINE, **more):
    return json.dumps({"type": "assay.request", "version": 1, "id": name, "prompt": prompt, **more}).encode()


def settle(at, case_id):
    case = at.ledger.load(case_id)
    while case.phase in at.works.route:
        case = advance(Ticket(case_id=case_id, revision=case.revision, phase=case.phase), at.works)
    return case


def told(at, broker=None):
    broker = broker or Broker()
    while send_outcomes(at.outbox, at.ledger, broker):
        pass
    return [(sent["request"], sent["status"]) for _, _, sent in broker.sent]


def only_case(at):
    (case,) = at.ledger.list(author=ACCOUNTS["mine"].id)
    return case


def test_a_request_opens_a_case_and_its_outcomes_are_told_in_order(at):
    assert at.intake.receive(message("a", seconds=4), topic()) is None
    case = only_case(at)
    assert (case.request.author, case.request.seconds) == (ACCOUNTS["mine"].id, 4)
    assert at.service.context.texts.read(case.request.prompt) == FINE
    settle(at, case.id)
    broker = Broker()
    assert told(at, broker) == [("a", "accepted"), ("a", "published")]
    assert {(topic, key) for topic, key, _ in broker.sent} == {("assay.outcomes", case.id)}
    assert [sent["revision"] for _, _, sent in broker.sent] == [1, 9]
    assert FINE not in json.dumps(broker.sent)
    at.ledger.append(at.ledger.load(case.id), [Recalled(by="somebody", code="author")])
    settle(at, case.id)
    assert told(at) == [("a", "withdrawn")]
    assert told(at) == []


def test_the_same_message_again_opens_nothing_and_tells_nothing_new(at):
    for _ in range(3):
        at.intake.receive(message("a"), topic())
    only_case(at)
    assert told(at) == [("a", "accepted")]


def test_an_id_counts_within_an_account(at):
    for whose in ("mine", "other"):
        at.intake.receive(message("a"), topic(whose))
        assert len(at.ledger.list(author=ACCOUNTS[whose].id)) == 1


def test_another_prompt_under_the_same_id_is_no_request(at):
    at.intake.receive(message("a"), topic())
    with pytest.raises(NotARequest) as raised:
        at.intake.receive(message("a", HELD), topic())
    assert raised.value.reason == "id_reused"


def test_the_same_request_after_its_prompt_was_erased_is_the_same_case(at):
    at.intake.receive(message("a"), topic())
    at.service.context.texts.erase(case_id=only_case(at).id)
    assert at.intake.receive(message("a"), topic()) is None


def test_nobody_asks_for_an_account_that_the_topic_does_not_speak_for(at):
    with pytest.raises(NotARequest, match="account_not_allowed"):
        at.intake.receive(message("a", account=ACCOUNTS["other"].id), topic())
    assert at.ledger.list(author=ACCOUNTS["other"].id) == at.ledger.list(author=ACCOUNTS["mine"].id) == ()


def test_what_the_service_refuses_to_open_is_an_outcome_without_its_words(at):
    outcome = at.intake.receive(message("a", purpose="Zebedee"), topic())
    assert (outcome.status, outcome.code, outcome.case) == ("failed", "invalid_request", None)
    assert "Zebedee" not in outcome.model_dump_json()
    assert at.intake.receive(message("b", remixed_from_video_id="0" * 16), topic()).code == "invalid_request"


@pytest.mark.parametrize(
    ("prompt", "phase", "status"), [(HELD, Phase.HELD, "held"), (REFUSED, Phase.REFUSED, "refused")]
)
def test_a_case_that_had_moved_before_it_was_followed_is_told_as_it_stands(at, prompt, phase, status):
    """As after a kill between storing the case and following it."""
    case = at.service.submit(ACCOUNTS["mine"], VideoRequest(prompt=prompt, key="a"))
    assert settle(at, case.id).phase is phase
    at.intake.receive(message("a", prompt), topic())
    assert told(at) == [("a", status)]


def test_what_the_broker_does_not_take_stays_in_the_outbox(at):
    at.intake.receive(message("a"), topic())
    broker = Broker()
    broker.away = True
    with pytest.raises(Unavailable):
        send_outcomes(at.outbox, at.ledger, broker)
    broker.away = False
    assert told(at, broker) == [("a", "accepted")]


def test_one_process_sends_at_a_time(at):
    at.intake.receive(message("a"), topic())
    with at.outbox.take(10) as mine, at.outbox.take(10) as theirs:
        assert (len(mine.pending), len(theirs.pending)) == (1, 0)


def test_a_case_that_cannot_be_read_does_not_silence_the_others(at, database):
    at.intake.receive(message("a"), topic())
    unreadable = only_case(at).id
    with database.connection() as connection:
        connection.execute(
            'INSERT INTO events (case_id, revision, body) VALUES (%s, 2, \'{"type": "OfTheFuture"}\')', [unreadable]
        )
    at.intake.receive(message("b"), topic())
    assert told(at) == [("b", "accepted")]
    with at.outbox.take(10) as batch:
        assert [one.case_id for one in batch.pending] == [unreadable]
        batch.kept.update(batch.pending)


def test_only_a_case_that_exists_is_followed(at):
    with pytest.raises(NotFound):
        at.outbox.follow("0" * 16, request="a", account=ACCOUNTS["mine"].id, topic="t")


def test_no_step_is_missed_while_a_case_moves_and_is_followed_at_once(at):
    for number in range(20):
        case = at.service.submit(ACCOUNTS["mine"], VideoRequest(prompt=REFUSED, key=str(number)))
        moving = threading.Thread(target=settle, args=[at, case.id])
        moving.start()
        at.outbox.follow(case.id, request=str(number), account=ACCOUNTS["mine"].id, topic="assay.outcomes")
        moving.join()
    last = dict(told(at))
    assert last == {str(number): "refused" for number in range(20)}


def test_cases_that_nobody_asked_for_over_a_topic_are_not_told(at):
    settle(at, at.service.submit(ACCOUNTS["mine"], VideoRequest(prompt=FINE)).id)
    assert told(at) == []


def test_what_is_ordered_over_a_topic_counts_for_the_accounts_quota(at):
    account = at.accounts.get(ACCOUNTS["mine"].id)
    at.accounts.save(replace(account, limits=UsageLimits(videos_per_day=1)))
    assert at.intake.receive(message("a"), topic()) is None
    assert at.intake.receive(message("b"), topic()).code == "insufficient_quota"
    assert at.intake.receive(message("a"), topic()) is None  # as before, and not counted again
