"""Keeps files of proof under the key of a claim's proof, within what one internet address may send in a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pipeline.claims.claim import Claim, ClaimStep
from pipeline.claims.claim_files import ClaimUpload
from pipeline.claims.claim_ports import ClaimLimitsPort
from pipeline.claims.claim_store import ClaimStore


def proof_key(claim_id: str) -> str:
    """The name of the key of a claim's proof."""
    return f"{claim_id}.proof"


def keep_proof(
    store: ClaimStore,
    limits: ClaimLimitsPort,
    claim: Claim,
    uploads: Sequence[ClaimUpload],
    *,
    place: str,
    now: datetime,
) -> Claim:
    """Keep what came with a claim: files fill the disk, so that beyond the day's room the claim is kept without."""
    if not uploads:
        return claim
    if not limits.admit_proof(place, sum(one.size for one in uploads), now):
        return store.change(claim, ClaimStep(step="proof_not_kept", at=now))
    add_proof_files(store, claim.id, uploads)
    return claim


def add_proof_files(store: ClaimStore, claim_id: str, uploads: Sequence[ClaimUpload]) -> None:
    """Keep these files, each a part at a time."""
    for one in uploads:
        with one.open() as content:
            store.add_file(
                claim_id,
                content,
                size=one.size,
                purpose=one.purpose,
                media_type=one.media_type,
                key=proof_key(claim_id),
            )
