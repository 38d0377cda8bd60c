"""A file that cannot be looked at costs nobody their claim, where they said which video they mean."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from console.claims import claim_request
from console.claims.claim_request import ReadClaim, submit_claim
from console.web.http_errors import TooMany
from core.errors import BadMedia, Unavailable
from pipeline.claims.claim import ClaimKind
from pipeline.claims.claim_forms import ClaimForm
from tests.unit.claims.claim_house import WHO, ClaimHouse

REQUEST = SimpleNamespace(client=SimpleNamespace(host="2001:db8::7"), headers={}, scope={})


@pytest.fixture
def house():
    return ClaimHouse()


def context_of(house):
    return SimpleNamespace(installation=SimpleNamespace(claims=house.service))


def sent(*about):
    form = ClaimForm(kind=ClaimKind.INTIMATE_IMAGE, about=about, statements=("depicted", "not_consensual"), **WHO)
    return ReadClaim(form=form, file=Path("broken.mp4"), uploads=())


@pytest.fixture(params=[BadMedia, TooMany, Unavailable])
def refusal(request, monkeypatch):
    async def refuses(*_args):
        raise request.param("no")

    monkeypatch.setattr(claim_request, "scan_file", refuses)
    monkeypatch.setattr(claim_request, "client_address", lambda _request: "2001:db8::7")
    return request.param


@pytest.mark.anyio
async def test_a_claim_that_names_its_video_is_kept_and_hides_it_and_says_that_the_file_was_not_read(house, refusal):
    video = house.published()
    claim, _ = await submit_claim(REQUEST, context_of(house), sent(video), None)
    assert claim.case_ids == (video,) and claim.paused_at is not None
    assert "file_not_read" in [step.step for step in house.store.steps(claim.id)]


@pytest.mark.anyio
async def test_where_nothing_else_says_which_video_it_is_the_sender_is_told(house, refusal):
    with pytest.raises(refusal):
        await submit_claim(REQUEST, context_of(house), sent(), None)
    assert house.store.waiting() == []
