"""Notices to accounts: that a video was taken down, that a draft waits for them. Codes and ids, no text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from registry.consent.takedown_store import add_notices
from registry.table_cache import ConnectionProvider

NOTICE_TEXTS = {
    "recalled_revoked": "The person you showed no longer agrees. Your video was taken down.",
    "recalled_changed": "The person you showed changed what they allow, and it no longer covers your video.",
    "recalled_expired": "What the person you showed had allowed has ended. Your video was taken down.",
    "recalled_erased": "The person you showed has left. Your video was taken down.",
    "recalled_vetoed": "The person you showed does not want this video. It was taken down.",
    "down_revoked": "Everything that rested on the permission you took back is down: see the report.",
    "down_changed": "What your changed permission no longer covers is down: see the report.",
    "down_expired": "A permission you gave has ended, and what rested on it is down: see the report.",
    "down_erased": "You are erased, and everything that showed you is down: see the report.",
    "down_vetoed": "The video you did not want, and what was made from it, is down: see the report.",
    "draft_waits": "A video with your likeness waits for your approval.",
    "enrolled": "You are enrolled.",
    "enrolment_refused": "You were not enrolled.",
    "reported": "A person reported how their likeness is used in a video: somebody should look at it.",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice to an account. `about` is the id of a case, or of a report of what came down."""

    key: int
    code: str
    about: str
    cameo: str
    at: datetime
    seen: datetime | None

    @property
    def message(self) -> str:
        """In words."""
        return NOTICE_TEXTS.get(self.code, self.code)


class PostgresNotices:
    """Notices in Postgres."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections

    def notify(self, account: str, code: str, *, about: str = "", cameo: str = "") -> None:
        """Tell an account something. The same again is not said twice."""
        with self._connections.connection() as connection:
            add_notices(connection, [(account, code, about, cameo)])

    def of(self, account: str, *, limit: int = 200) -> Sequence[Notice]:
        """The notices of an account, the newest first."""
        query = "SELECT key, code, case_id, cameo, at, seen FROM notices WHERE account = %s ORDER BY key DESC LIMIT %s"
        with self._connections.connection() as connection:
            rows = connection.execute(query, [account, limit]).fetchall()
        return tuple(Notice(*row) for row in rows)
