"""Opens a case for each request that a topic brings: once, whatever comes twice."""

from __future__ import annotations

from dataclasses import dataclass

from core.case import Case
from core.errors import AssayError, BadInput, Conflict, Erased, Forbidden, Unavailable
from core.roles import Principal
from media.reference_file import REFERENCE_BUDGET
from media.sandbox.scan import scan_within
from pipeline.access.usage import InsufficientQuota
from pipeline.accounts import Accounts
from pipeline.request_fields.reference_sources import ReferenceMissing
from pipeline.service import CaseService
from pipeline.topic_contract.outcome_document import OutcomeDocumentV1, rejected_outcome
from pipeline.topic_contract.outcome_outbox import OutcomeOutbox
from pipeline.topic_contract.request_document import NotARequest, RequestDocument, parse_request, plain_name
from pipeline.topic_contract.request_order import OrderReader, SourceNotReady
from pipeline.topic_contract.request_topics import RequestTopic, requester


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestIntake:
    """What is done with one message."""

    service: CaseService
    accounts: Accounts
    outbox: OutcomeOutbox
    orders: OrderReader

    def receive(self, message: bytes | None, topic: RequestTopic) -> OutcomeDocumentV1 | None:
        """Open the case and see to it that its outcomes are told; the message may be forgotten then.

        The prompt goes into the erasable store at once. Where the service refuses to open a case the outcome comes back
        and is still to be sent. Raises NotARequest; Unavailable, and then the message has to be given again.
        """
        try:
            document = parse_request(message)
        except NotARequest as error:
            if error.header is None:
                raise
            who = requester(topic, error.header.account, self.accounts)
            return rejected_outcome(
                request=error.header.id, account=who.id, code=error.reason, field=plain_name(error.field)
            )
        who = requester(topic, document.account, self.accounts)
        try:
            case = self.service.submitted(who, document.id) or self._submit(who, document)
        except (Unavailable, Conflict) as error:
            raise Unavailable(str(error)) from error
        except AssayError as error:
            return rejected_outcome(request=document.id, account=who.id, code=_code(error), field=_field(error))
        try:
            if self.service.prompt(who, case.id) != document.prompt:
                raise NotARequest("id_reused", "id")
        except Erased:
            pass  # the same request, long after its prompt was erased
        self.outbox.follow(case.id, request=document.id, account=who.id, topic=topic.outcomes)
        return None

    def _submit(self, who: Principal, document: RequestDocument) -> Case:
        with self.service.context.temp_folder() as folder, scan_within(REFERENCE_BUDGET):
            return self.service.submit(who, self.orders.read(who, document, folder))


def _code(error: AssayError) -> str:
    match error:
        case ReferenceMissing():
            return "reference_unavailable"
        case SourceNotReady():
            return "source_not_ready"
        case BadInput():
            return "invalid_request"
        case Forbidden():
            return "forbidden"
        case InsufficientQuota():
            return "insufficient_quota"
    return "not_accepted"


def _field(error: AssayError) -> str:
    return plain_name(error.param) if isinstance(error, BadInput) else ""
