"""Which part of the queue a page shows: what its address says, read into a filter and written again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qs, urlencode

from fastapi import Depends, Request

from console.web.context import RequestContext
from core.roles import Principal, Role
from pipeline.moderation.queue_search import read_search
from pipeline.moderation.review_queue import QueueFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueChoice:
    """As the address has it. `mine`: what was handed to me; `expert`: what was escalated; `q`: a search."""

    rule: str = ""
    subject: str = ""
    language: str = ""
    region: str = ""
    author: str = ""
    severity: int = 0
    mine: bool = False
    expert: bool = False
    q: str = ""

    def query(self, **other: object) -> str:
        """The query of an address with this choice, and with what else is named instead; empty for everything."""
        asked = {name: getattr(self, name) for name in _FIELDS} | other
        return urlencode({name: "1" if value is True else value for name, value in asked.items() if value})

    def address(self, **other: object) -> str:
        """The address of the queue so."""
        query = self.query(**other)
        return f"/queue?{query}" if query else "/queue"


_FIELDS = ("rule", "subject", "language", "region", "author", "severity", "mine", "expert", "q")


def _of_address(request: Request) -> QueueChoice:
    return read_choice(request.url.query)


ChoiceDep = Annotated[QueueChoice, Depends(_of_address)]


def read_choice(query: str) -> QueueChoice:
    """What the query of an address says, or of the address that a form was sent from; whatever is none is left out."""
    said = {name: values[0][:200] for name, values in parse_qs(query[:2000]).items() if name in _FIELDS}
    severity = said.get("severity", "")
    return QueueChoice(
        **{name: said[name] for name in ("rule", "subject", "language", "region", "author", "q") if name in said},
        severity=int(severity) if severity in ("1", "2", "3", "4", "5") else 0,
        mine="mine" in said,
        expert="expert" in said,
    )


def queue_filter(context: RequestContext, who: Principal, choice: QueueChoice) -> QueueFilter:
    """The filter that this choice asks for."""
    wanted = QueueFilter(
        rule=choice.rule,
        subject=choice.subject,
        language=choice.language,
        region=choice.region,
        author=choice.author,
        severity=choice.severity,
        expert=choice.expert,
        assignee=who.id if choice.mine else "",
    )
    if not choice.q.strip() or not who.has(Role.MODERATOR):
        return wanted
    stores = context.service.reviews.stores
    rules = stores.queue.counts().get("rule", {})
    return read_search(
        choice.q,
        wanted,
        secret=stores.word_secret(),
        is_account=lambda name: stores.accounts.get(name) is not None,
        is_rule=rules.__contains__,
    )
