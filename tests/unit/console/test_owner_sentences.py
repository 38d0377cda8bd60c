"""Whatever an owner reads that Python puts together is in the French catalog."""

from datetime import UTC, datetime, timedelta
from itertools import product

from console.web.translations import available_languages
from registry.consent import BANNED_TOPICS, PURPOSES, AudienceRequest, LeaseScope, LeaseTerms, LikenessAudience
from registry.consent.leases import new_lease
from registry.consent.notices import NOTICE_TEXTS
from registry.consent.portal.audiences import plan_audience
from registry.consent.portal.plain_terms import lease_sentences
from registry.consent.portal.safe_leases import wide_points

FRENCH = available_languages()["fr"]
OWNER, NOW = "acct_mira", datetime(2026, 11, 1, tzinfo=UTC)
EVERY_TERM = LeaseTerms(
    purposes=PURPOSES, territory=("DE", "FR"), bans=BANNED_TOPICS, words=("moist",), watched=True, asks="text_1"
)


def unknown(sentences):
    return [one for one in sentences if FRENCH.translation(one) is None]


def leases():
    for holder, (face, voice), terms in product(
        ("*", "~", "acct_ana", OWNER),
        ((True, True), (True, False), (False, True)),
        (LeaseTerms(), LeaseTerms(approval=True, asks="text_1", reviewed="acct_mod"), EVERY_TERM),
    ):
        for until in (None, NOW):
            yield new_lease("cameo_1", holder, until=until, face=face, voice=voice, terms=terms)


def test_every_notice_is_french_too():
    assert unknown(NOTICE_TEXTS.values()) == []


def test_every_sentence_of_a_permission_is_french_too():
    assert unknown({sentence for lease in leases() for sentence in lease_sentences(lease, OWNER)}) == []


def test_everything_wide_is_asked_about_in_french_too():
    scopes = [
        LeaseScope(holder=holder, until=until, terms=terms, owner=OWNER)
        for holder in ("*", "~", "acct_ana")
        for until in (None, datetime.now(UTC) + timedelta(days=800))
        for terms in (LeaseTerms(), LeaseTerms(purposes=PURPOSES))
    ]
    points = {point for scope in scopes for point in wide_points(scope)}
    assert len(points) == 9 and unknown(points) == []


def test_what_a_choice_of_audience_does_is_said_in_french_too():
    given = [new_lease("cameo_1", holder) for holder in ("acct_ana", "acct_ben", "~")]
    points = set()
    for there, audience in product((given[:1], given, []), LikenessAudience):
        request = AudienceRequest(audience=audience, accounts=("acct_new",))
        points |= set(plan_audience(there, OWNER, request, NOW).points)
    assert len(points) >= 3 and unknown(points) == []
