"""Which topics bring requests, and for whom: a message says an account, the setting says whether it may."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import BadInput
from core.roles import Principal, Role
from pipeline.accounts import Accounts
from pipeline.topic_contract.request_document import NotARequest

ANY_ACCOUNT = "*"
_SUFFIX = ".requests"
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,200}\.requests")  # Kafka's characters


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestTopic:
    """A topic of requests. What it brings is asked for by `account`, or with ANY_ACCOUNT by whom each message names."""

    name: str
    account: str

    @property
    def outcomes(self) -> str:
        """The topic on which is told what became of them."""
        return f"{self.name.removesuffix(_SUFFIX)}.outcomes"

    @property
    def dead_letters(self) -> str:
        """The topic on which is told which messages are no requests."""
        return f"{self.name}.dead-letters"


def parse_request_topics(setting: str, prefix: str) -> tuple[RequestTopic, ...]:
    """The topics that the setting `kafka_account` names: `account`, or `topic=account` separated by commas.

    An account alone is that of `<prefix>.requests`. Nothing where it is empty. Raises BadInput.
    """
    found = []
    for part in filter(None, (part.strip() for part in setting.split(","))):
        topic, equals, account = (side.strip() for side in part.rpartition("="))
        found.append(RequestTopic(name=topic if equals else f"{prefix}{_SUFFIX}", account=account))
        if not _TOPIC.fullmatch(found[-1].name) or not account:
            raise BadInput("kafka_account: an account, or topic=account with a topic that ends in .requests")
        if account == ANY_ACCOUNT and not equals:
            raise BadInput("kafka_account: name the topic on which every account is trusted, as assay.requests=*")
    if len({topic.name for topic in found}) < len(found):
        raise BadInput("kafka_account: a topic brings the requests of one account")
    return tuple(found)


def require_accounts(topics: Sequence[RequestTopic], accounts: Accounts) -> None:
    """Raises BadInput where a topic's account does not exist, is closed, or may not ask for videos."""
    for topic in topics:
        if topic.account != ANY_ACCOUNT:
            try:
                requester(topic, None, accounts)
            except NotARequest as error:
                raise BadInput(f"kafka_account: the account of {topic.name}: {error.reason}") from None


def requester(topic: RequestTopic, named: str | None, accounts: Accounts) -> Principal:
    """Who asks. Raises NotARequest unless the setting allows it, and the account is open and may ask for videos."""
    if topic.account != ANY_ACCOUNT and named not in (None, topic.account):
        raise NotARequest("account_not_allowed", "account")
    account_id = named if topic.account == ANY_ACCOUNT else topic.account
    if account_id is None:
        raise NotARequest("account_missing", "account")
    account = accounts.get(account_id)
    if account is None:
        raise NotARequest("account_unknown", "account")
    if account.closed:
        raise NotARequest("account_closed", "account")
    if Role.PLATFORM not in account.roles:
        raise NotARequest("account_not_allowed", "account")
    return Principal(
        id=account.id,
        roles=frozenset({Role.PLATFORM}),
        key=f"topic:{topic.name}",  # so that what is ordered here counts for the account's quotas
        account_limits=account.limits,
    )
