"""What was decided about enrolments, and why: codes of a closed list, and words that can be erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from core.errors import BadInput
from registry.consent.cameos import hold_cameo_again, refuse_cameo
from registry.table_cache import ConnectionProvider

_ADD = "INSERT INTO enrolment_decisions (cameo, step, code, words, by) VALUES (%s, %s, %s, %s, %s)"

APPEAL_TERM = timedelta(days=14)
"""So long a refused enrolment can be appealed, and so long what a second person has to see is kept for it."""

ENROLMENT_REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "proof_lacking": "What you wrote does not show that you may speak for this person.",
        "unclear": "It cannot be told from the pictures or the take who this is.",
        "another_person": "The pictures show somebody else than the person who is to be enrolled.",
        "enrolled_already": "This person is enrolled already.",
        "not_live": "We could not confirm that the person was there themselves when the take was filmed.",
    }
)
"""Why an enrolment is refused, by code, in the words that the person who asked for it reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentDecision:
    """A step of an enrolment: admitted, refused, appealed or closed. `words` is the id of an erasable text or empty."""

    cameo: str
    step: str
    code: str
    words: str
    by: str
    at: datetime

    @property
    def message(self) -> str:
        """The reason in words; empty where there is none."""
        return ENROLMENT_REFUSALS.get(self.code, "")


class PostgresEnrolmentDecisions:
    """Decisions in Postgres, never changed."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections

    def record(self, cameo: str, step: str, *, by: str, code: str = "", words: str = "") -> None:
        """Add a step."""
        with self._connections.connection() as connection:
            connection.execute(_ADD, [cameo, step, code, words, by])

    def refuse(self, cameo: str, *, by: str, code: str, words: str = "") -> None:
        """Refuse a held enrolment and record why, both or neither. Raises NotNow."""
        with self._connections.connection() as connection:
            refuse_cameo(connection, cameo)
            connection.execute(_ADD, [cameo, "refused", code, words, by])

    def appeal(self, cameo: str, handle: str, *, by: str, words: str) -> None:
        """Hold a refused enrolment again and record why, both or neither. Raises NotNow, BadInput."""
        with self._connections.connection() as connection:
            hold_cameo_again(connection, cameo, handle)
            connection.execute(_ADD, [cameo, "appealed", "", words, by])

    def of(self, cameo: str) -> Sequence[EnrolmentDecision]:
        """Every step of an enrolment, in order."""
        query = "SELECT cameo, step, code, words, by, at FROM enrolment_decisions WHERE cameo = %s ORDER BY key"
        with self._connections.connection() as connection:
            rows = connection.execute(query, [cameo]).fetchall()
        return tuple(EnrolmentDecision(**dict(zip(EnrolmentDecision.__slots__, row, strict=True))) for row in rows)

    def past_appeal(self, at: datetime) -> Sequence[str]:
        """Enrolments whose last step is a refusal that nobody has appealed in time."""
        query = (
            "SELECT cameo FROM (SELECT DISTINCT ON (cameo) cameo, step, at FROM enrolment_decisions"
            " ORDER BY cameo, key DESC) AS latest WHERE step = 'refused' AND at < %s"
        )
        with self._connections.connection() as connection:
            return [row[0] for row in connection.execute(query, [at - APPEAL_TERM]).fetchall()]


def require_refusal_code(code: str) -> str:
    """Raises BadInput for what is no reason to refuse an enrolment."""
    if code not in ENROLMENT_REFUSALS:
        raise BadInput(f"say why it is refused: one of {', '.join(ENROLMENT_REFUSALS)}")
    return code
