"""Sends what the outbox holds: at least once, in order for each case, and forgets only what the broker has."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from typing import Protocol

from core.case import Case
from core.errors import AssayError
from core.ports import Ledger
from pipeline.topic_contract.outcome_document import OutcomeDocumentV1, outcome_of
from pipeline.topic_contract.outcome_outbox import OutcomeOutbox, PendingOutcome

log = logging.getLogger("assay.outcomes")

BATCH = 200
_SEND_SECONDS = 30.0


class SendMessage(Protocol):
    """Begins to send; the future is done once the broker has the message."""

    def __call__(self, topic: str, *, key: bytes, value: bytes) -> Future[object]:
        """Begin to send."""


def send_outcomes(outbox: OutcomeOutbox, ledger: Ledger, send: SendMessage, *, limit: int = BATCH) -> int:
    """Send what is to be told, up to `limit`; returns how many. Raises what sending raises: then all are sent again."""
    sending: dict[str, Future[object]] = {}
    with outbox.take(limit) as batch:
        for one in batch.pending:
            if one.case_id in sending:  # sent next time, so that it cannot overtake the one before
                batch.kept.add(one)
                continue
            try:
                value = _encoded(one, ledger)
            except (AssayError, ValueError) as error:  # a newer Assay wrote it: one case must not silence the others
                log.warning("not told yet: %s", error, extra={"case": one.case_id})
                batch.kept.add(one)
            else:
                sending[one.case_id] = send(one.topic, key=one.case_id.encode(), value=value)
        for future in sending.values():
            future.result(_SEND_SECONDS)
    return len(sending)


def encode_outcome(outcome: OutcomeDocumentV1) -> bytes:
    """An outcome as JSON in UTF-8."""
    return outcome.model_dump_json().encode()


def _encoded(pending: PendingOutcome, ledger: Ledger) -> bytes:
    entries = ledger.history(pending.case_id)[: pending.revision]
    case = Case(id=pending.case_id).apply(entry.event for entry in entries)
    return encode_outcome(outcome_of(case, request=pending.request, account=pending.account, at=entries[-1].at))
