"""The pages of the claims desk are pictured in light and dark, on a phone and on a desktop, and fit each of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipeline.claims.claim import ClaimDecision
from pipeline.claims.claim_store import ClaimFilePurpose
from tests.stories.access_claims import decided, filed
from tests.stories.claims_house import claims_house
from tests.stories.page_pictures import on_each_screen, take_picture
from tests.stories.test_claims_browser import opened
from tests.stories.test_http_browser import CHROMIUM, chromium, fits

__all__ = ["chromium"]

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: install it to run the browser's stories"),
]

WORDS = "Your passport is enough. Please cover its number."


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A served desk with a claim that is asked for proof, one whose video is hidden, and one that was upheld."""
    with claims_house(tmp_path_factory.mktemp("house")) as (at, made):
        decided(made, made.maker, ClaimDecision.UPHELD)
        with at.client() as anybody:
            sent = {"kind": "intimate_image", "signature": "Ana Example", "email": "ana@example.org"}
            sent |= {"about": made.published(made.maker).id, "statement": ["depicted", "not_consensual"]}
            assert anybody.post("/api/claims", json=sent).json()["hidden_at"]
        claim, secret = filed(made, made.maker)
        proofs, now = at.installation.claims.proofs, datetime.now(UTC)
        wanted = [ClaimFilePurpose.IDENTITY]
        proofs.ask(at.moderator.person, claim.id, wanted, WORDS, revision=claim.revision, now=now)
        yield at, claim, secret


def test_the_claims_desk_is_pictured_and_fits(chromium, desk):
    at, claim, secret = desk
    page = opened(chromium)
    pages = {
        "claims": "/claims",
        "claim-form": "/claims/new/intimate_image",
        "claim-status": f"/claims/status/{secret}",
    }
    for name, address in pages.items():
        pictured(page, at, name, address)
    page.goto(f"{at.url}/login")
    page.locator("input[name=token]").fill(at.moderator.token)
    page.locator("main button").first.click()
    page.wait_for_load_state()
    for name, address in {"claim-queue": "/claim-reviews", "claim-review": f"/claim-reviews/{claim.id}"}.items():
        pictured(page, at, name, address)
    page.context.close()


def pictured(page, at, name, address):
    page.goto(f"{at.url}{address}")
    page.wait_for_load_state("networkidle")
    for size, scheme in on_each_screen(page):
        assert fits(page), (name, size)
        assert take_picture(page, name, size, scheme).stat().st_size > 2000
