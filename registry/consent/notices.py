"""Notices to accounts: that a video was taken down, that a draft waits for them. Codes and ids, no text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from registry.consent.takedown_store import add_notices
from registry.table_cache import ConnectionProvider

MODERATORS_ADDRESS = "role:moderator"
"""Means all moderators as the recipient of a notice."""

NOTICE_TEXTS = {
    "recalled_revoked": "The person in your video no longer agrees to it. The video was taken down.",
    "recalled_changed": "The person in your video changed what they allow, and your video no longer fits. It is down.",
    "recalled_expired": "The permission you relied on has run out. Your video was taken down.",
    "recalled_erased": "The person in your video has left this service. The video was taken down.",
    "recalled_vetoed": "The person in your video does not want it. The video was taken down.",
    "stopped_revoked": "The person you asked for no longer agrees. Your order was stopped before publication.",
    "stopped_changed": "The person you asked for changed what they allow. Your order was stopped before publication.",
    "stopped_expired": "The permission you relied on has run out. Your order was stopped before publication.",
    "stopped_erased": "The person you asked for has left this service. Your order was stopped before publication.",
    "stopped_vetoed": "The person you asked for does not want this draft. Your order was stopped before publication.",
    "down_revoked": "You took a permission back. Everything that was made with it is down.",
    "down_changed": "You changed a permission. What it no longer covers is down.",
    "down_expired": "A permission you gave has run out. What was made with it is down.",
    "down_erased": "Your data is deleted, and the videos that named or showed you are down.",
    "down_vetoed": "The video you did not want is down, and so is what was made from it.",
    "down_blocked": "You blocked an account. What it made of you is down.",
    "nothing_revoked": "You took a permission back. Nothing had been made with it, so nothing had to come down.",
    "nothing_changed": "You changed a permission. Nothing had to come down.",
    "nothing_expired": "A permission you gave has run out. Nothing had to come down.",
    "nothing_erased": "Your data is deleted. There were no videos of you.",
    "nothing_vetoed": "The video you did not want was down already.",
    "nothing_blocked": "You blocked an account. It had made nothing of you, so nothing had to come down.",
    "certificate": "Your data is deleted everywhere. The certificate that says so is ready.",
    "used": "Somebody published a video with you in it.",
    "draft_waits": "Somebody made a video with you in it. It waits for your yes or no.",
    "enrolled": "You are enrolled.",
    "enrolment_refused": "You were not enrolled. The page of the enrolment says why, and how you can appeal.",
    "enrolment_refused_again": "Another moderator read your appeal: you were not enrolled. The page says why.",
    "enrolment_waits": "An enrolment waits for a moderator.",
    "enrolment_appealed": "A refused enrolment was appealed: another moderator decides.",
    "enrolment_like_you": "Somebody asked to enrol a person who looks like you. A moderator decides.",
    "wording_waits": "Somebody wrote limits in their own words: a moderator turns them into rules.",
    "wording_reviewed": "A moderator turned the limits you wrote into rules: they are in force.",
    "wording_refused_unclear": "We could not tell what your words allow. The permission ended: please give it again.",
    "wording_refused_cannot_be_kept": "We have no way to keep the limit you wrote, so the permission ended.",
    "wording_refused_unlawful": "What your words ask for is against the law, so the permission ended.",
    "wording_refused_about_others": "Your words are about other people. The permission ended: please give it again.",
    "reported": "Somebody reported a video that shows them: a moderator should look at it.",
    "claim_came": "Somebody outside made a claim about a published video.",
    "claim_due": "The clock of a claim is about to run out.",
    "claim_appealed": "A decision about a claim was appealed: another moderator decides.",
    "claim_countered": "An author sent a counter-notice to a claim.",
    "claim_court": "A claimant says that they went to court: what a counter-notice is about is not put back.",
    "claim_proof_asked": "A moderator asks you for proof of what you claim. The page of your report says which.",
    "claim_proof_asked_again": "A moderator asks you once more for proof of what you claim. The page of your report "
    "says which.",
    "claim_proof_came": "Proof that was asked for came in: a claim can be decided.",
    "claim_proof_missing": "Proof that was asked for did not come in time: the clock of a claim runs on.",
    "claim_paused": "Somebody made a claim about your video. It is hidden until a moderator decides.",
    "claim_upheld": "A claim about your video was upheld, and it was taken down. The page of the claim says why.",
    "claim_restored": "Your video is back: a claim no longer keeps it down.",
    "claim_overturned": "After an appeal, a claim about your video was decided otherwise. Its page says why.",
    "claim_confirmed": "Somebody else looked at a claim about your video, and decided as before. Its page says why.",
    "report_taken_down": "A moderator read your report and took the video down. Your reports show their reply.",
    "report_kept": "A moderator read your report and left the video up. Your reports show their reply.",
    "reported_taken_down": "A person shown in your video reported it, and a moderator took it down.",
    "reported_kept": "A person shown in your video reported it. A moderator looked at it, and it stays.",
    "appeal_won": "Your appeal was granted: the decision is lifted and does not count any more, and the video goes on.",
    "appeal_lost": "A person read your appeal. The decision stands.",
    "consent_asked": "Somebody asks for your consent to one video.",
    "consent_granted": "The person you asked for their consent said yes. Your order goes on.",
    "consent_refused": "The person you asked for their consent said no. Your order is refused.",
    "consent_unanswered": "The person you asked for their consent did not answer in time. If your order names them "
    "it was stopped; otherwise a moderator looks at it.",
    "holder_waits": "Somebody asks to be verified as a rights holder: a moderator decides.",
    "holder_verified": "You are verified as a rights holder: your works are looked for from now on.",
    "holder_refused": "You were not verified as a rights holder. The page of your works says why.",
    "work_waits": "A work was registered under a name that another holder has, or that may be a common word: "
    "a moderator decides.",
    "work_active": "A work of yours is looked for from now on.",
    "work_suspended": "A moderator suspended a work of yours: it is not looked for.",
    "work_draft_waits": "A video with your work waits for your approval.",
    "work_draft_approved": "The holder of a work in your video has approved it.",
    "work_draft_refused_setting": "The holder of a work does not want it in the setting of your video.",
    "work_draft_refused_portrayal": "The holder of a work does not want it shown as your video shows it.",
    "work_draft_refused_purpose": "The holder of a work does not want it used for what your video is for.",
    "work_draft_refused_licence": "The holder of a work wants to agree on a licence first: ask them for one.",
    "work_draft_refused_other": "The holder of a work does not want your video. They gave no further reason.",
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

    def unread(self, account: str) -> int:
        """How many notices this account has not read."""
        query = "SELECT count(*) FROM notices WHERE account = %s AND seen IS NULL"
        with self._connections.connection() as connection:
            row = connection.execute(query, [account]).fetchone()
        return int(row[0]) if row else 0

    def mark_read(self, account: str, keys: Sequence[int] | None = None) -> int:
        """These notices of an account, or all, are read; how many were not before."""
        query = (
            "UPDATE notices SET seen = clock_timestamp() WHERE account = %s AND seen IS NULL"
            " AND (%s::bigint[] IS NULL OR key = ANY(%s::bigint[]))"
        )
        chosen = None if keys is None else list(keys)
        with self._connections.connection() as connection:
            return connection.execute(query, [account, chosen, chosen]).rowcount

    def of(self, account: str, *, limit: int | None = 200) -> Sequence[Notice]:
        """The notices of an account, the newest first; all of them without a limit."""
        query = "SELECT key, code, case_id, cameo, at, seen FROM notices WHERE account = %s ORDER BY key DESC LIMIT %s"
        with self._connections.connection() as connection:
            rows = connection.execute(query, [account, limit]).fetchall()
        return tuple(Notice(*row) for row in rows)
