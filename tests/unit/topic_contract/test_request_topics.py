"""Who may ask over a topic: what the setting says, and nobody else."""

import pytest

from core.errors import BadInput
from core.roles import Role
from pipeline.accounts import create_account
from pipeline.settings import load_settings
from pipeline.testing.memory_accounts import MemoryAccounts
from pipeline.topic_contract.request_document import NotARequest
from pipeline.topic_contract.request_topics import parse_request_topics, requester, require_accounts


@pytest.fixture
def accounts():
    kept = MemoryAccounts()
    for name, role in (("acct_1", Role.PLATFORM), ("acct_2", Role.PLATFORM), ("mod", Role.MODERATOR)):
        create_account(kept, [role], account_id=name)
    return kept


def refused(topic, named, accounts):
    with pytest.raises(NotARequest) as raised:
        requester(topic, named, accounts)
    return raised.value.reason


def test_nobody_may_ask_where_nothing_is_set():
    assert parse_request_topics("", "assay") == ()
    assert parse_request_topics(" , ", "assay") == ()


def test_an_account_alone_has_the_topic_of_the_prefix():
    (topic,) = parse_request_topics("acct_1", "office")
    assert (topic.name, topic.outcomes, topic.dead_letters, topic.account) == (
        "office.requests",
        "office.outcomes",
        "office.requests.dead-letters",
        "acct_1",
    )


def test_several_topics_have_an_account_each():
    topics = parse_request_topics("one.requests=acct_1, two.requests = acct_2", "assay")
    assert [(t.name, t.account) for t in topics] == [("one.requests", "acct_1"), ("two.requests", "acct_2")]


@pytest.mark.parametrize(
    "setting", ["*", "one=acct_1", "one.requests=", "one requests=acct_1", "acct_1,acct_2", ".requests=a"]
)
def test_a_setting_that_is_not_plain_is_refused(setting):
    with pytest.raises(BadInput, match="kafka_account"):
        parse_request_topics(setting, "assay")


def test_the_topic_of_an_account_brings_nobody_elses_requests(accounts):
    (topic,) = parse_request_topics("acct_1", "assay")
    assert requester(topic, None, accounts).id == requester(topic, "acct_1", accounts).id == "acct_1"
    assert refused(topic, "acct_2", accounts) == "account_not_allowed"
    assert refused(topic, "*", accounts) == "account_not_allowed"


def test_a_topic_on_which_every_account_is_trusted_takes_those_that_exist(accounts):
    (topic,) = parse_request_topics("assay.requests=*", "assay")
    assert requester(topic, "acct_2", accounts).roles == {Role.PLATFORM}
    assert refused(topic, None, accounts) == "account_missing"
    assert refused(topic, "acct_9", accounts) == "account_unknown"
    assert refused(topic, "mod", accounts) == "account_not_allowed"


def test_a_worker_does_not_start_for_an_account_that_does_not_exist(accounts):
    require_accounts(parse_request_topics("acct_1,b.requests=*", "assay"), accounts)
    with pytest.raises(BadInput, match="account_unknown"):
        require_accounts(parse_request_topics("acct_9", "assay"), accounts)


def test_an_account_is_set_only_where_somebody_reads_topics():
    assert load_settings(bus="kafka", kafka_account="acct_1").kafka_account == "acct_1"
    with pytest.raises(BadInput, match="unless bus is kafka"):
        load_settings(kafka_account="acct_1")
