"""A fake is taken down after a claim and kept down, whoever brings it again and however; once the claim is lifted it passes.

All is real but the engine, which delivers one of two clips by name: the seal, its mark, banks, policy, and the verifier.
"""

from __future__ import annotations

import shutil
from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image

from core.case import Phase
from core.ports import Ticket
from core.roles import Principal, Role
from pipeline.advance import advance
from pipeline.claims.stay_down import LiftOutcome
from pipeline.disclosure import public_record
from tests.stories.conftest import CliInstallation, make_installation
from tests.stories.drawn_mascot import landscape
from tests.stories.http_installation import serve_real_installation

pytestmark = [pytest.mark.postgres, pytest.mark.models]

CLAIM = "2345-6789-ABCD-EFGH"
CLAIMED = {
    "prompt_claimed_parent", "reference_known_claimed", "reference_known_claimed_near",
    "video_known_claimed", "video_known_claimed_near", "video_claimed_parent",
}  # fmt: skip
SCREENING = frozenset({Phase.SUBMITTED, Phase.SCREENED})
MODERATOR = Principal(id="mo", roles=frozenset({Role.MODERATOR}))


@pytest.fixture(scope="module")
def at(tmp_path_factory, two_seconds):
    home = tmp_path_factory.mktemp("house")
    made = make_installation(home, two_seconds)
    (home / "engine" / "bunny.mp4").rename(home / "engine" / "fake.mp4")
    walk(home / "engine" / "other.mp4")
    with serve_real_installation(made.home) as serving:
        yield serving


def walk(path):
    """Two seconds in a landscape, which has nothing to do with the fake."""
    picture = Image.open(landscape_file(path.with_suffix(".png"))).convert("RGB").resize((640, 480))
    frames = [np.asarray(picture.resize((640, 480), box=(n, n, 640 - n, 480 - n))) for n in range(24)]
    encode(frames, path)
    path.with_suffix(".png").unlink()


def landscape_file(path):
    path.write_bytes(landscape())
    return path


def encode(frames, path, crf="18"):
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=12, options={"crf": crf})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
        out.mux(stream.encode(None))


def frames_of(file):
    with av.open(str(file)) as source:
        return [frame.to_ndarray(format="rgb24") for frame in source.decode(video=0)]


def altered(file, path):
    """A tenth of it cut off all around, half the size, encoded harshly: no credentials, and hardly a mark."""
    pictures = frames_of(file)[::2]
    height, width = pictures[0].shape[:2]
    top, left = height // 20, width // 20
    small = (width // 4 * 2, height // 4 * 2)
    cut = [np.asarray(Image.fromarray(one[top : height - top, left : width - left]).resize(small)) for one in pictures]
    encode(cut, path, crf="32")
    return path


def made(at, model, account=None):
    """What became of an order for which the engine delivers this clip."""
    with at.client(account or at.platform) as client:
        answer = client.post("/v1/videos", json={"prompt": "a quiet walk in the sun", "model": model})
    assert answer.status_code == 200, answer.text
    return at.settle(answer.json()["id"])


def started_from(at, file, media_type):
    """What the prompt's gate says of an order that starts from this file."""
    with at.client(at.other) as client:
        files = {"input_reference": (file.name, file.read_bytes(), media_type)}
        answer = client.post("/v1/videos", data={"prompt": "a quiet walk in the sun"}, files=files)
    assert answer.status_code == 200, answer.text
    case = at.installation.ledger.load(answer.json()["id"])
    while case.phase in SCREENING:
        ticket = Ticket(case_id=case.id, revision=case.revision, phase=case.phase)
        case = advance(ticket, replace(at.installation.works, accepted_phases=SCREENING))
    return case


def download(at, case, path):
    with at.client(at.platform) as client:
        answer = client.get(f"/v1/videos/{case.id}/content")
    if answer.status_code == 200:
        path.write_bytes(answer.content)
    return answer.status_code


@pytest.fixture(scope="module")
def claimed(at, tmp_path_factory):
    """A published fake, what people kept of it, and another's copy of it; then it is taken down."""
    folder = tmp_path_factory.mktemp("kept")
    fake, copy = made(at, "fake"), made(at, "fake", at.other)
    assert {fake.phase, copy.phase} == {Phase.PUBLISHED}, fake.verdict
    assert download(at, fake, folder / "kept.mp4") == 200
    altered(folder / "kept.mp4", folder / "altered.mp4")
    middle = frames_of(folder / "kept.mp4")[20]
    Image.fromarray(middle).save(folder / "still.png")
    shutil.copy(at.installation.settings.root / "engine" / "other.mp4", folder / "other.mp4")
    at.installation.stay_down.apply(CLAIM, [fake.id], "likeness")
    return fake, copy, folder


def test_it_is_gone_and_its_record_says_why(at, claimed, tmp_path):
    fake, _, _ = claimed
    at.settle(fake.id)
    assert at.installation.ledger.load(fake.id).phase is Phase.WITHDRAWN
    assert download(at, fake, tmp_path / "x") in (403, 404, 409, 410)
    shown = CliInstallation(at.installation.settings.root).assay("claims", "kept-down", CLAIM, "--json")
    assert shown.json["done"] and shown.json["wish"] == "down", shown.err
    assert [(one["case_id"], one["taken_from"]) for one in shown.json["cases"]] == [(fake.id, "published")]
    assert "published" in CliInstallation(at.installation.settings.root).assay("claims", "kept-down", CLAIM).out


@pytest.mark.parametrize(
    ("name", "media_type"), [("kept.mp4", "video/mp4"), ("altered.mp4", "video/mp4"), ("still.png", "image/png")]
)
def test_what_people_kept_of_it_is_no_start_for_another_video(at, claimed, name, media_type):
    case = started_from(at, claimed[2] / name, media_type)
    assert case.phase in (Phase.REFUSED, Phase.HELD) and CLAIMED & set(case.verdict.rules), (name, case.verdict)
    assert "taken down after a claim" in case.verdict.reason


def test_no_remix_is_made_of_it(at, claimed):
    with at.client(at.platform) as client:
        answer = client.post(f"/v1/videos/{claimed[0].id}/remix", json={"prompt": "the same in snow"})
    if answer.status_code == 200:
        case = at.settle(answer.json()["id"])
        assert case.phase is Phase.REFUSED and "prompt_claimed_parent" in case.verdict.rules
    else:
        assert answer.status_code in (400, 404, 409)


def test_what_an_engine_makes_of_it_again_is_not_shown_and_anything_else_is(at, claimed):
    again = made(at, "fake")
    assert again.phase is Phase.REFUSED and "video_known_claimed" in again.verdict.rules, again.verdict
    assert "taken down after a claim" in again.verdict.reason
    assert made(at, "other").phase is Phase.PUBLISHED
    assert started_from(at, claimed[2] / "other.mp4", "video/mp4").phase is Phase.ADMITTED


def test_a_copy_that_somebody_else_has_published_is_a_question_to_a_moderator_and_stays_until_it_is_answered(
    at, claimed
):
    fake, copy, _ = claimed
    at.installation.bank_upkeep.matches.run()
    found = [one for one in at.installation.bank_upkeep.matches.open_matches(MODERATOR) if one.kind == "known_claimed"]
    assert {one.case_id for one in found} == {copy.id} and found[0].id == fake.id
    assert "video_known_claimed" in found[0].rules
    assert at.installation.ledger.load(copy.id).phase is Phase.PUBLISHED


def test_whoever_checks_a_copy_is_told_that_a_claim_took_it_down_and_not_whose(at, claimed):
    for name in ("kept.mp4", "altered.mp4"):
        found = at.installation.service.verify(claimed[2] / name)
        if not found.watermark.detected and name == "altered.mp4":
            continue  # nothing names the video any more
        assert "taken it down after a claim" in found.summary, found.summary
        assert CLAIM not in found.summary and "likeness" not in found.summary


def test_once_the_claim_is_lifted_all_of_it_passes_again(at, claimed, tmp_path):
    fake, _, folder = claimed
    at.installation.stay_down.lift(CLAIM)
    assert at.settle(fake.id).phase is Phase.PUBLISHED
    assert {one.outcome for one in at.installation.stay_down.report(CLAIM).cases} == {LiftOutcome.RESTORED.value}
    assert download(at, fake, tmp_path / "again.mp4") == 200
    assert (tmp_path / "again.mp4").read_bytes() == (folder / "kept.mp4").read_bytes()
    for name, media_type in (("kept.mp4", "video/mp4"), ("still.png", "image/png")):
        case = started_from(at, folder / name, media_type)
        assert not CLAIMED & set(case.verdict.rules), (name, case.verdict)
    assert made(at, "fake").phase is Phase.PUBLISHED
    assert "taken it down" not in at.installation.service.verify(folder / "kept.mp4").summary
    case = at.installation.ledger.load(fake.id)
    assert "taken_down" not in public_record(case, at.installation.ledger.history(fake.id))
