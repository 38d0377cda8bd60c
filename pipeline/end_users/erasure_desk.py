"""One end user of an account leaves: their cameos, orders, requests and notices are erased, and that is certified.

1. Their cameos are erased as an owner erases them: faces and voices, permissions, videos that show them.
2. What other people allowed them ends, and what they were told, asked for and whom they know is forgotten.
3. Each of their orders is recalled, and its texts, references and drafts are erased.
4. Once nothing is left and every video is down, the certificate is signed, and the pseudonym goes.

What is interrupted goes on with the next sweep.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from core.case import Phase
from core.errors import BadInput, Conflict, Forbidden, NotFound, NotNow
from core.roles import Principal, Role, Scope, require_scope
from pipeline.actions import Action
from pipeline.service import CaseService
from registry.consent.end_users import end_user_pseudonym
from registry.consent.leaving.end_user_erasures import KEPT_OF_END_USERS, EndUserErasure, PostgresEndUserErasures
from registry.consent.portal.erasures import CERTIFICATE_SCHEMA, CERTIFICATE_TYPE

__all__ = ["EndUserErasure", "EndUserErasureDesk"]

log = logging.getLogger("assay.service")

_ENDED = frozenset({Phase.WITHDRAWN, Phase.REFUSED, Phase.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class EndUserErasureDesk:
    """For accounts that speak for many people, each about its own users."""

    erasures: PostgresEndUserErasures
    service: CaseService
    controller: str

    def erase(self, who: Principal, end_user: str) -> EndUserErasure:
        """Erase everything of one end user of this account; `end_user` is what its orders call them.

        Videos come down as the workers get to it. Again while it is under way is the same erasure. Raises BadInput,
        NotFound where nothing is known of them, Forbidden.
        """
        require_scope(who, Scope.MANAGE)
        if not end_user:
            raise BadInput("say which end user", param="end_user")
        party = self.service.cameos.end_users.named(who.id, end_user)
        begun = self.erasures.begin(who.id, party, end_user_pseudonym(who.id, end_user))
        self._carry_out(begun)
        return self.erasures.get(begun.id)

    def of(self, who: Principal) -> Sequence[EndUserErasure]:
        """The erasures that this account asked for, the newest first."""
        return self.erasures.of(who.id)

    def erasure(self, who: Principal, erasure_id: str) -> EndUserErasure:
        """One of them. Raises NotFound."""
        found = self.erasures.get(erasure_id)
        if found.account != who.id:
            raise NotFound("there is no such erasure")
        return found

    def certificate(self, who: Principal, erasure_id: str) -> dict[str, object]:
        """The certificate as a file: the signed statement, the keys, and proofs of the log. Raises NotFound, NotNow."""
        found = self.erasure(who, erasure_id)
        if not found.certificate:
            raise NotNow("there is no certificate yet: something is still coming down")
        cameos = self.service.cameos
        return {
            "format": CERTIFICATE_SCHEMA,
            "certificate": found.certificate,
            "says": cameos.portal.check_certificate(found.certificate).statement,
            "keys": cameos.stores.keys.public_jwks(),
            "log": cameos.portal.proofs.prove(list(found.cases)),
        }

    def run_maintenance(self, now: datetime | None = None) -> None:
        """Go on with what is under way."""
        del now
        for one in self.erasures.under_way():
            self._carry_out(one)

    # -- private

    def _carry_out(self, erasure: EndUserErasure) -> None:
        cameos, party = self.service.cameos, erasure.party
        for cameo in cameos.stores.cameos.of(party):
            if cameo.state != "erased":
                cameos.destroy(cameo, by=party, wait=False)
        for lease in self.erasures.leases_to(party):
            cameos.stores.consents.revoke(lease, by=party)
        self.erasures.forget(party)
        case_ids = self.erasures.case_ids(erasure)
        left, texts, sealed = self._erase_orders(erasure.account, case_ids)
        self.erasures.count(erasure.id, texts=texts)
        cameos.portal.run_takedowns()
        cameos.portal.erasures.issue_certificates()
        if not left and not self.erasures.cameos_left(party):
            self._certify(self.erasures.get(erasure.id), case_ids, sealed)

    def _erase_orders(self, account: str, case_ids: Sequence[str]) -> tuple[int, int, int]:
        """Recall and erase what can be: how many are not down yet, how many texts went, how many are sealed."""
        who = Principal(id=account, roles=frozenset({Role.PLATFORM}))
        left = texts = sealed = 0
        for case_id in case_ids:
            case = self.service.ledger.load(case_id)
            may = self.service.actions(who, case)
            if Action.ERASE not in may:
                sealed += 1  # the law, or a safety officer, keeps it: nobody views it
                continue
            try:
                if Action.RECALL in may and case.phase not in _ENDED:
                    case = self.service.recall(who, case_id, code="author")
                texts += self.service.erase(who, case_id)
            except (Conflict, NotNow, Forbidden) as error:  # it moved meanwhile: the next sweep looks at it again
                log.info("an order is erased later: %s", error, extra={"case": case_id})
            left += case.phase not in _ENDED
        return left, texts, sealed

    def _certify(self, erasure: EndUserErasure, case_ids: Sequence[str], sealed: int) -> None:
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        sealed_words = (f"{sealed} orders that are sealed for the law: nobody may view them",) if sealed else ()
        certificate = self.service.cameos.stores.keys.sign(
            {
                "schema_version": CERTIFICATE_SCHEMA,
                "certificate_id": secrets.token_hex(16),
                "pii_principal_id": erasure.id,
                "pii_controller": self.controller,
                "asked": erasure.asked.astimezone(UTC).isoformat(timespec="microseconds"),
                "keys_destroyed": now,
                "videos_down": now,
                "issued": now,
                "erased": {name: int(erasure.counts[name]) for name in sorted(erasure.counts)},
                "kept": [*KEPT_OF_END_USERS, *sealed_words],
            },
            kind=CERTIFICATE_TYPE,
        )
        self.erasures.finish(erasure, certificate, case_ids)
