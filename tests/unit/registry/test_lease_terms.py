"""What a lease allows beyond whom and until when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from registry.consent.lease_terms import BANNED_TOPICS, PURPOSES, LeaseTerms
from registry.consent.leases import EVERYONE, MUTUALS, UseRequest, best_lease, new_lease
from registry.consent.receipt_signing import ReceiptSigner, canonical_json

PURPOSE = st.sampled_from(PURPOSES)
COUNTRY = st.sampled_from(["DE", "FR", "US"])


@given(st.lists(PURPOSE, max_size=3), st.lists(COUNTRY, max_size=2), PURPOSE, st.lists(COUNTRY, min_size=1, max_size=2))
def test_a_narrower_lease_never_allows_more(purposes, territory, purpose, where):
    narrow, wide = LeaseTerms(purposes=tuple(purposes), territory=tuple(territory)), LeaseTerms()
    assert wide.permits(purpose, where)
    if narrow.permits(purpose, where):
        assert not purposes or purpose in purposes
        assert not territory or set(where) <= set(territory)
    if purposes:
        assert not narrow.permits("", where)
    if territory:
        assert not narrow.permits(purpose, [])


@pytest.mark.parametrize(
    "wrong", [{"purposes": ("fun",)}, {"bans": ("vegetables",)}, {"territory": ("de",)}, {"words": ("",)}]
)
def test_what_no_lease_can_say_is_refused(wrong):
    with pytest.raises(BadInput):
        LeaseTerms(**wrong)


@given(st.text(max_size=30), st.text(min_size=1, max_size=10))
def test_a_word_is_found_in_itself_and_not_in_nothing(text, word):
    if any(c.isalnum() for c in word):
        terms = LeaseTerms(words=(word,))
        assert terms.count_banned_words("") == 0
        assert (
            terms.count_banned_words(word) == terms.count_banned_words(word.upper())
            or word.upper().casefold() != word.casefold()
        )


@given(st.lists(st.sampled_from(["ana", EVERYONE, MUTUALS, "ben"]), max_size=5), st.booleans())
def test_of_several_leases_the_one_made_most_for_the_account_counts(holders, mutual):
    from datetime import UTC, datetime

    leases = [new_lease("mira", holder) for holder in holders]
    chosen = best_lease(leases, UseRequest(account="ana", at=datetime.now(UTC), mutual=mutual))
    order = ["ana", *([MUTUALS] if mutual else []), EVERYONE]
    best = next((one for one in order if one in holders), None)
    assert (chosen.holder if chosen else None) == best
    assert len(BANNED_TOPICS) == 4


def test_a_receipt_key_is_made_once_kept_private_and_an_older_one_still_checks(tmp_path):
    keys = ReceiptSigner(tmp_path / "keys")
    first = keys.sign({"b": 1, "a": [True, None, "ü"]})
    assert keys.verify_receipt(first) == canonical_json({"a": [True, None, "ü"], "b": 1})
    made = tmp_path / "keys" / "receipts-0001.pem"
    assert made.stat().st_mode & 0o077 == 0
    from joserfc.jwk import ECKey

    newer = tmp_path / "keys" / "receipts-0002.pem"
    newer.write_bytes(ECKey.generate_key("P-256", private=True).as_pem(private=True))
    newer.chmod(0o600)
    second = keys.sign({"a": 1})
    assert keys.verify_receipt(first) and keys.verify_receipt(second)
    assert len(keys.public_jwks()["keys"]) == 2
    assert all("d" not in key for key in keys.public_jwks()["keys"])
    with pytest.raises(BadInput):
        ReceiptSigner(tmp_path / "others").verify_receipt(first)
    made.chmod(0o644)
    with pytest.raises(Exception, match="can be read by others"):
        keys.sign({"a": 1})
