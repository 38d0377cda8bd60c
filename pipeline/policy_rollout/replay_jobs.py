"""Replays that run beside everything else: begun on a page, bounded, one at a time, their progress in the database."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Thread

from core.errors import NotFound, NotNow
from core.roles import Principal, Role, require_role
from pipeline.ledgers.case_histories import CaseHistories
from pipeline.ledgers.policy_replays import PolicyReplays, ReplayRecord
from pipeline.policy_rollout.policy_replay import ReplayTally, replay_policy, resume_tally
from policy.pack import Policy

log = logging.getLogger("assay.policy")

MAX_REPLAYED_CASES = 20_000
"""A replay from a page looks at so many cases at the most; `assay policy replay` looks at all."""

_LISTED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayJobs:
    """For operators."""

    replays: PolicyReplays
    case_histories: CaseHistories

    def start(self, principal: Principal, policy: Policy) -> ReplayRecord:
        """Begin to judge past cases again by a kept policy. Raises NotNow while another replay is under way."""
        require_role(principal, Role.OPERATOR)
        self._require_none_running()
        name = f"replay_{secrets.token_hex(8)}"
        total = min(MAX_REPLAYED_CASES, self.case_histories.count())
        self.replays.begin(name, policy.digest, principal.id, total)
        self._run(name, policy, ReplayTally(policy=policy.digest))
        return self.replays.get(name)

    def resume(self, principal: Principal, name: str, policy: Policy) -> ReplayRecord:
        """Go on with one that was interrupted. Raises NotFound, NotNow."""
        require_role(principal, Role.OPERATOR)
        record = self.replays.get(name)
        if record.status != "interrupted":
            raise NotNow("only a replay that was interrupted can go on")
        self._require_none_running()
        tally = resume_tally(record.tally, record.policy, "") if record.tally else ReplayTally(policy=record.policy)
        self._run(name, policy, tally)
        return self.replays.get(name)

    def record(self, principal: Principal, name: str) -> ReplayRecord:
        """How far a replay is. Raises NotFound."""
        require_role(principal, Role.OPERATOR)
        return self.replays.get(name)

    def latest(self, principal: Principal) -> Sequence[ReplayRecord]:
        """The newest replays."""
        require_role(principal, Role.OPERATOR)
        return self.replays.latest(_LISTED)

    def _require_none_running(self) -> None:
        if any(record.status == "running" for record in self.replays.latest(_LISTED)):
            raise NotNow("a replay is under way: wait until it is done")

    def _run(self, name: str, policy: Policy, tally: ReplayTally) -> None:
        self.replays.update(name, tally.as_json_object(), "running")
        Thread(target=self._replay, args=(name, policy, tally), name=name, daemon=True).start()

    def _replay(self, name: str, policy: Policy, tally: ReplayTally) -> None:
        try:
            left = MAX_REPLAYED_CASES - tally.cases
            for now in replay_policy(policy, self.case_histories, tally, max_cases=left):
                self.replays.update(name, now.as_json_object(), "running")
            self.replays.update(name, tally.as_json_object(), "done")
        except NotFound:
            log.warning("replay %s was of an installation that is gone", name)
        except Exception as error:  # noqa: BLE001 - in a thread of its own nobody else would hear of it
            log.error("replay %s broke (%s)", name, type(error).__name__)
            self.replays.update(name, tally.as_json_object(), "failed")
