"""Pictures of a history: of our own videos those that may be seen, by whoever asks; nothing once one was withdrawn."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

import pytest
from PIL import Image

from core.case import Phase
from core.finding import ContentCredentials, Finding, FindingVerdict, WatermarkFinding
from pipeline.manifest_repository.public_service import PublicService
from pipeline.verification.history_thumbnails import history_thumbnails
from provenance.c2pa.thumbnail_jpeg import THUMBNAIL_SIDE
from provenance.c2pa.thumbnails import LineageThumbnail
from tests.stories.http_installation import FINE, memory_installation, serve_installation

FINDING = Finding(
    file="a.mp4",
    verdict=FindingVerdict.AI_MADE_TRUSTED,
    summary="",
    credentials=ContentCredentials(state="trusted"),
    watermark=WatermarkFinding(detected=False),
)
FOREIGN = LineageThumbnail(manifest_id="urn:c2pa:elsewhere", jpeg=b"a foreign picture")


@pytest.fixture
def house(tmp_path):
    return memory_installation(tmp_path)


@pytest.fixture
def published(house):
    with serve_installation(house) as at:
        case_id = at.submit(FINE)
        assert at.settle(case_id).phase is Phase.PUBLISHED
        yield at, case_id


@dataclass(frozen=True)
class Carrying:
    """A ThumbnailReader of a file whose credentials carry these."""

    steps: tuple[LineageThumbnail, ...]

    def carried(self, _file, _finding):
        return self.steps


def shown(at, *steps, who=None, finding=FINDING):
    desk = replace(at.installation.service, public=PublicService(thumbnails=Carrying(steps)))
    return history_thumbnails(desk, who, at.installation.settings.home, finding)


def step(case_id):
    return LineageThumbnail(manifest_id=f"urn:c2pa:{case_id}", case_id=case_id)


def test_a_published_parent_is_shown_from_its_video_and_a_foreign_step_by_what_its_maker_signed(published):
    at, case_id = published
    ours, foreign = shown(at, step(case_id), FOREIGN)
    assert ours.ours and Image.open(io.BytesIO(ours.jpeg)).size[0] == THUMBNAIL_SIDE
    assert (foreign.jpeg, foreign.ours) == (FOREIGN.jpeg, False)


def test_a_name_that_no_case_can_have_is_never_looked_up(published, monkeypatch):
    at, _ = published
    monkeypatch.setattr(at.installation.ledger, "load", pytest.fail)
    for odd in ("\0", "x" * 10**6, "../../etc", "00112233445566AA\n"):
        (picture,) = shown(at, LineageThumbnail(manifest_id="urn:c2pa:odd", case_id=odd, jpeg=FOREIGN.jpeg))
        assert picture.jpeg == FOREIGN.jpeg


def test_a_manifest_that_only_names_one_of_our_cases_borrows_no_picture(published):
    at, case_id = published
    (picture,) = shown(at, LineageThumbnail(manifest_id="urn:c2pa:forged", case_id=case_id))
    assert picture.jpeg == b""


def test_once_a_part_of_a_history_was_withdrawn_nothing_of_it_is_shown_to_anyone(published):
    at, case_id = published
    at.installation.service.recall(at.moderator.person, case_id, code="rights")
    recalled = shown(at, step(case_id), FOREIGN)
    assert at.settle(case_id).phase is Phase.WITHDRAWN
    assert (
        recalled
        == shown(at, step(case_id), FOREIGN)
        == shown(at, step(case_id), FOREIGN, who=at.moderator.person)
        == ()
    )
    assert shown(at, FOREIGN, finding=replace(FINDING, case={"phase": "withdrawn"})) == ()


def test_what_is_not_published_is_shown_to_a_moderator_only(published):
    at, case_id = published
    before = at.installation.ledger.load(case_id)
    sealed = replace(before, phase=Phase.SEALED)
    at.installation.ledger.load = lambda _case: sealed
    assert shown(at, step(case_id))[0].jpeg == b""
    assert shown(at, step(case_id), who=at.moderator.person)[0].ours
