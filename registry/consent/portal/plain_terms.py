"""A permission in plain words: one sentence for each thing it allows or rules out."""

from __future__ import annotations

from collections.abc import Sequence

from registry.consent.end_users import account_of, is_end_user
from registry.consent.leases import EVERYONE, MUTUALS, Lease

_OF_WHAT = {(True, True): "your face and your voice", (True, False): "your face", (False, True): "your voice"}
_PURPOSES = {
    "personal": "For private use.",
    "parody": "For parody.",
    "education": "For teaching.",
    "news": "For news.",
    "commercial": "For business.",
    "advertising": "For advertising.",
    "political": "For politics.",
}
_BANS = {
    "politics": "Not with politics.",
    "alcohol": "Not with alcohol.",
    "romance": "Not with romance.",
    "revealing": "Not in revealing clothes.",
}


def lease_sentences(lease: Lease, owner: str) -> Sequence[str]:
    """The permission as its owner reads it, the most important first."""
    terms, sentences = lease.terms, [_who(lease, owner), _until(lease)]
    if lease.holder == owner:
        return tuple(sentences)
    if lease.case_id:
        sentences.append("For one video only, about which you were asked.")
    sentences.append("You see each video first and say yes or no." if terms.approval else "You are not asked first.")
    if terms.purposes:
        sentences += [*(_PURPOSES[one] for one in terms.purposes), "For nothing else."]
    else:
        sentences.append("For any purpose.")
    if terms.territory:
        sentences.append(f"Only in these countries: {', '.join(terms.territory)}.")
    sentences += [_BANS[ban] for ban in terms.bans]
    if terms.words:
        sentences.append(f"Not with these words: {', '.join(terms.words)}.")
    if terms.watched:
        sentences.append("A moderator looks at each video first.")
    if terms.unreviewed:
        sentences.append("Nothing is made yet: a moderator is turning your own words into rules.")
    elif terms.asks:
        sentences.append("A moderator turned your own words into rules.")
    return tuple(sentences)


def _who(lease: Lease, owner: str) -> str:
    what = _OF_WHAT[(lease.face, lease.voice)]
    if lease.holder == owner:
        return f"You may use {what}."
    if lease.holder == EVERYONE:
        return f"Everyone with an account here may use {what}."
    if lease.holder == MUTUALS:
        return f"People you know who know you may use {what}."
    if is_end_user(lease.holder):
        return f"One user of the account {account_of(lease.holder)} may use {what}."
    return f"The account {lease.holder} may use {what}."


def _until(lease: Lease) -> str:
    if lease.until is None:
        return "It holds until you take it back."
    return f"It ends on {lease.until:%Y-%m-%d}."
