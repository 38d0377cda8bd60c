"""A studio registers a character, is verified, answers a draft, allows parody; another holder sees nothing of it."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from core.case import Phase
from core.errors import Erased
from core.events import Measured, Rendered
from core.roles import Role
from core.signals import ExampleMatch, Signal, Span, Subject
from core.verdicts import Decision, Gate
from media.labels.label_overlay import label_position, render_label
from media.probe import probe
from pipeline.accounts import create_account
from pipeline.rights.holder_matches import PREVIEW_LABEL
from pipeline.verification.verifier import crjson_of_file
from tests.lawful import carry, judged
from tests.stories.http_installation import ROOT, ApiAccount, serve_real_installation
from tests.stories.test_http_real_house import receipts_in

pytestmark = [pytest.mark.postgres, pytest.mark.models]
PIP = {"kind": "character", "names": ["Pipkin Hatter", "Pipkin"], "description": ""}
ORDER = "Pipkin Hatter walks over a meadow with a rabbit"


@pytest.fixture(scope="module")
def at(installation):
    with serve_real_installation(installation.home) as serving:
        yield serving


def account(at, *roles):
    return ApiAccount(*create_account(at.installation.accounts, roles))


@pytest.fixture(scope="module")
def studio(at):
    return account(at, Role.RIGHTS_HOLDER)


@pytest.fixture(scope="module")
def rival(at):
    return account(at, Role.RIGHTS_HOLDER)


@pytest.fixture(scope="module")
def work(at, studio):
    """A registered character of a holder who was verified."""
    with at.client(studio) as holder, at.client(at.moderator) as moderator:
        made = holder.post("/api/works", json=PIP)
        assert made.status_code == 200, made.text
        assert made.json()["work"]["active"] is False
        before = at.settle(order(at))
        assert before.phase is Phase.PUBLISHED, before.verdict  # a draft takes no part
        says = {"name": "Hatter Studios", "says": "We drew Pipkin Hatter in 2019, see hatter.example"}
        assert holder.post("/api/holders/me", json=says).status_code == 200
        assert holder.post("/api/holders/me", json=says).status_code == 409
        [waiting] = moderator.get("/api/holders").json()["waiting"]
        assert (waiting["words"], waiting["holder"]["name"]) == (says["says"], "Hatter Studios")
        assert holder.get("/api/holders").status_code == 403
        decided = moderator.post(f"/api/holders/{studio.person.id}", json={"verify": True, "seen": waiting["seen"]})
        assert decided.json()["state"] == "verified", decided.text
        told = [one["code"] for one in holder.get("/api/notices").json()["notices"]]
        assert "holder_verified" in told
        assert holder.get("/api/holders/me").json()["state"] == "verified"
    return made.json()["work"]["id"]


def order(at, prompt=ORDER, **stated):
    with at.client(at.platform) as platform:
        answer = platform.post("/v1/videos", json={"prompt": prompt, **stated})
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]


def shown(at, case_id):
    with at.client(at.platform) as platform:
        return platform.get(f"/v1/videos/{case_id}").json()


def answer(at, studio, work, case_id, what, **body):
    with at.client(studio) as holder:
        return holder.post(f"/api/works/{work}/matches/{case_id}/{what}", json=body or None)


def test_a_draft_waits_for_the_holder_who_watches_a_preview_and_approves_it_and_the_receipt_is_in_the_manifest(
    at, studio, work, tmp_path
):
    held = at.settle(order(at))
    assert held.phase is Phase.HELD and held.verdict.rules == ("video_work_unapproved",), held.verdict
    with at.client(studio) as holder:
        [waiting] = [one for one in holder.get(f"/api/works/{work}/matches").json()["matches"] if one["waits"]]
        assert waiting["case_id"] == held.id and "author" not in waiting
        seen = holder.get(f"/api/works/{work}/matches/{held.id}").json()["match"]
        assert seen["words"] == ["Pipkin Hatter"] and seen["may_watch"]
        preview = holder.get(f"/api/works/{work}/matches/{held.id}/draft")
        assert preview.headers["content-type"] == "video/mp4"
        file = tmp_path / "preview.mp4"
        file.write_bytes(preview.content)
        assert probe(file).duration > 1
        assert hashlib.sha256(preview.content).hexdigest() != held.rendered.asset.digest
    at.installation.works.maintenance.run_maintenance()
    with at.client(studio) as holder:
        told = [one["code"] for one in holder.get("/api/notices").json()["notices"]]
        assert "work_draft_waits" in told
    receipt = answer(at, studio, work, held.id, "approve").json()["receipt"]
    published = at.settle(held.id)
    assert published.phase is Phase.PUBLISHED, published.verdict
    with at.client(at.platform) as platform, at.client() as public:
        file.write_bytes(platform.get(f"/v1/videos/{held.id}/content").content)
        assert receipts_in(crjson_of_file(at.installation.settings, file)) == [receipt["hash"]]
        checked = public.post("/api/receipts/check", json={"receipt": receipt["jws"]}).json()
        assert (checked["valid"], checked["kind"]) == (True, "approved")
        assert public.get(f"/api/receipts/{receipt['hash']}").json()["state"] == "in_force"
        told = [one["code"] for one in platform.get("/api/notices").json()["notices"]]
        assert "work_draft_approved" in told
    assert answer(at, studio, work, held.id, "approve").status_code == 409


def test_a_moderator_reads_which_work_a_prompt_names_by_which_name_whose_it_is_and_its_author_does_not(
    at, installation, studio, work
):
    held = at.settle(order(at, "a small P1pkin dances in the snow"))
    with at.client(at.moderator) as moderator, at.client(at.platform) as author:
        [named] = moderator.get(f"/api/cases/{held.id}").json()["named_works"]
        assert "named_works" not in author.get(f"/api/cases/{held.id}").json()
    assert (named["work"], named["name"], named["matched"]) == (work, "Pipkin Hatter", "Pipkin")
    assert (named["holder"], named["holder_name"]) == (studio.person.id, "Hatter Studios")
    assert (named["terms"], named["is_named"], named["is_covered"]) == ("ask", True, False)
    with at.browser(at.moderator) as browser:
        page = " ".join(browser.get(f"/cases/{held.id}").text.split())
    for said in ("Works that the prompt names", "Name that matched", "Hatter Studios", "its holder wants to be asked"):
        assert said in page, said
    assert "as 'Pipkin': Hatter Studios" in " ".join(installation.assay("case", held.id).out.split())


def test_a_draft_that_the_holder_refuses_is_refused_and_its_author_reads_why(at, studio, work):
    held = at.settle(order(at))
    assert answer(at, studio, work, held.id, "refuse", code="because").status_code == 400
    assert answer(at, studio, work, held.id, "refuse", code="setting").status_code == 200
    assert at.settle(held.id).phase is Phase.REFUSED
    assert shown(at, held.id)["error"]["message"].startswith(
        "The holder of a work in this video has seen it and does not want it."
    )
    with at.client(at.platform) as platform:
        told = [one["code"] for one in platform.get("/api/notices").json()["notices"]]
    assert "work_draft_refused_setting" in told


def test_a_forbidden_work_is_made_as_parody_where_a_licence_allows_that_and_what_is_not_said_is_not_assumed(
    at, studio, work
):
    with at.client(studio) as holder, at.client() as public:
        assert holder.put(f"/api/works/{work}/terms", json={"terms": "forbid"}).status_code == 200
        plain = at.settle(order(at))
        assert (plain.phase, plain.verdict.rules) == (
            Phase.REFUSED,
            ("prompt_registered_work", "prompt_work_not_allowed"),
        )
        granted = holder.post(f"/api/works/{work}/licences", json={"licensee": "*", "parody": "only"}).json()
        unsaid, parody = at.settle(order(at)), at.settle(order(at, purpose="parody"))
        assert "prompt_work_parody" in unsaid.verdict.rules and unsaid.phase is Phase.REFUSED
        assert shown(at, unsaid.id)["error"]["message"].startswith("The holder of a work that you name limits parody")
        assert parody.phase is Phase.PUBLISHED, parody.verdict
        assert at.installation.service.context.sealer.rests_on.receipts(parody) == (granted["receipt"]["hash"],)
        licence = granted["licence"]["id"]
        assert holder.delete(f"/api/works/{work}/licences/{licence}").status_code == 200
        assert public.get(f"/api/receipts/{granted['receipt']['hash']}").json()["state"] == "revoked"
        assert "prompt_work_not_allowed" in at.settle(order(at, purpose="parody")).verdict.rules
        assert at.installation.ledger.load(parody.id).phase is Phase.PUBLISHED
        with at.client(at.platform) as platform:
            assert platform.get(f"/v1/videos/{parody.id}/content").status_code == 200
        assert holder.put(f"/api/works/{work}/terms", json={"terms": "ask"}).status_code == 200


def test_a_remix_of_a_video_with_a_work_is_not_allowed_by_what_its_holder_said_of_the_video(at, studio, work):
    made = at.settle(order(at))
    answer(at, studio, work, made.id, "approve")
    assert at.settle(made.id).phase is Phase.PUBLISHED
    with at.client(at.platform) as platform, at.client(studio) as holder:
        remix = f"/v1/videos/{made.id}/remix"
        held = at.settle(platform.post(remix, json={"prompt": "now in the rain, at night"}).json()["id"])
        assert held.phase is Phase.HELD and held.verdict.rules == ("prompt_work_inherited",), held.verdict
        granted = holder.post(f"/api/works/{work}/licences", json={"licensee": at.platform.person.id}).json()
        allowed = at.settle(platform.post(remix, json={"prompt": "now in the snow, at noon"}).json()["id"])
        assert allowed.phase is Phase.PUBLISHED, allowed.verdict
        holder.delete(f"/api/works/{work}/licences/{granted['licence']['id']}")


@pytest.mark.parametrize(
    ("limits", "stated", "rule"),
    [
        ({"licensee": "other"}, {}, "prompt_work_audience"),
        ({"purposes": ["education"]}, {"purpose": "commercial"}, "prompt_work_purpose"),
        ({"parody": "no"}, {"purpose": "parody"}, "prompt_work_parody"),
        ({"territory": ["DE"]}, {"territory": ["DE", "FR"]}, "prompt_work_territory"),
    ],
)
def test_a_refusal_says_which_limit_the_order_does_not_keep_to(at, studio, work, limits, stated, rule):
    given = {"licensee": "*"} | limits
    given["licensee"] = at.other.person.id if given["licensee"] == "other" else "*"
    with at.client(studio) as holder:
        holder.put(f"/api/works/{work}/terms", json={"terms": "forbid"})
        granted = holder.post(f"/api/works/{work}/licences", json=given).json()
        found = at.settle(order(at, **stated))
        holder.delete(f"/api/works/{work}/licences/{granted['licence']['id']}")
        holder.put(f"/api/works/{work}/terms", json={"terms": "ask"})
    assert found.phase is Phase.REFUSED and set(found.verdict.rules) == {"prompt_registered_work", rule}


def test_another_holder_and_the_author_see_nothing_and_answer_nothing(at, studio, rival, work):
    held = at.settle(order(at))
    paths = ("", "/matches", f"/matches/{held.id}", f"/matches/{held.id}/draft", "/licences", "/receipts")
    paths = (*paths, f"/matches/{held.id}/picture", "/statistics", "/statistics.csv", "/images")
    for somebody in (rival, at.platform, at.moderator):
        with at.client(somebody) as client:
            assert {client.get(f"/api/works/{work}{path}").status_code for path in paths[1:]} <= {403, 404}
            assert client.get("/api/works").json().get("works", []) == []
            assert client.post(f"/api/works/{work}/matches/{held.id}/approve").status_code == 404
            assert client.put(f"/api/works/{work}/terms", json={"terms": "allow"}).status_code == 404
    with at.client(rival) as client:
        mine = client.post("/api/works", json=PIP | {"names": ["Rival Rabbit"]}).json()["work"]["id"]
        assert client.get(f"/api/works/{mine}/matches").json()["matches"] == []
        assert client.get(f"/api/works/{mine}/matches/{held.id}").status_code == 404
        assert client.post("/api/holders/" + rival.person.id, json={"verify": True}).status_code == 403
    assert at.installation.ledger.load(held.id).phase is Phase.HELD


def test_of_a_video_that_looks_like_a_work_without_naming_it_the_holder_sees_the_part_alone_and_a_moderator_may_lift_it(
    at, studio, work
):
    held = looks_like(at, work)
    with at.client(studio) as holder:
        seen = holder.get(f"/api/works/{work}/matches/{held.id}").json()["match"]
        assert (seen["words"], seen["seconds"], seen["may_watch"]) == ([], [[1.0, 2.0]], False)
        assert seen["use"]["waits"] and holder.get(f"/api/works/{work}/matches/{held.id}/draft").status_code == 404
        picture = holder.get(f"/api/works/{work}/matches/{held.id}/picture")
        part = Image.open(io.BytesIO(picture.content)).convert("L")
        assert part.size == (320, 180)  # a half of each side of 640 by 360
        letters = render_label(PREVIEW_LABEL, 320, 180)[1] > 200
        left, top = label_position(0.0, part.size, letters.shape[::-1])
        marked = np.asarray(part)[top : top + letters.shape[0], left : left + letters.shape[1]]
        assert marked[letters].mean() - marked[~letters].mean() > 100  # it says that it is not published
    assert answer(at, studio, work, held.id, "refuse", code="licence").status_code == 200
    refused = at.settle(held.id)
    assert refused.phase is Phase.REFUSED and "video_likeness_refused" in refused.verdict.rules
    assert not set(refused.verdict.final) & {"video_likeness_refused"}  # on appeal a moderator looks whether it is so
    with at.client(at.platform) as platform:
        assert platform.post(f"/api/cases/{held.id}/appeal", json={"note": "it is my own fox"}).status_code == 200


def test_a_video_in_which_a_recording_of_a_work_is_heard_waits_for_its_holder_until_the_recording_is_taken_back(
    at, studio, rival, work
):
    path = f"/api/works/{work}/sounds"
    with at.client(studio) as holder, at.client(rival) as other:
        with (ROOT / "deploy" / "demo" / "bunny.mp4").open("rb") as file:  # the engine delivers its first two seconds
            made = holder.post(path, files={"file": file}, data={"name": "The theme"})
        assert made.status_code == 200, made.text
        kept = made.json()["added"]
        assert kept["name"] == "The theme" and kept["seconds"] >= 3
        assert [one["id"] for one in holder.get(path).json()["sounds"]] == [kept["id"]]
        assert other.get(path).status_code == other.delete(f"{path}/{kept['id']}").status_code == 404
        try:
            held = at.settle(order(at, "a walk in the sun"))
            assert held.phase is Phase.HELD and held.verdict.rules == ("video_work_likeness",), held.verdict
            seen = holder.get(f"/api/works/{work}/matches/{held.id}").json()["match"]
            [[start, end]] = seen["heard_seconds"]
            assert end - start >= 1 and seen["seconds"] == [] and not seen["has_picture"] and seen["use"]["waits"]
            assert holder.get(f"/api/works/{work}/matches/{held.id}/picture").status_code == 404
            with at.browser(studio) as browser:
                page = browser.get(f"/works/{work}/matches/{held.id}").text
                assert "A sound of it is heard in seconds" in page
                assert "The theme" in browser.get(f"/works/{work}").text
            assert answer(at, studio, work, held.id, "approve").status_code == 200
            assert at.settle(held.id).phase is Phase.PUBLISHED
            holder.put(f"/api/works/{work}/terms", json={"terms": "forbid"})
            barred = at.settle(order(at, "a walk in the moonlight"))
            assert barred.phase is Phase.HELD and "video_work_not_allowed" in barred.verdict.rules, barred.verdict
            with at.browser(at.moderator) as moderator:
                for address in (f"/cases/{barred.id}", "/matches/likenesses"):
                    assert "A recording of it is heard" in moderator.get(address).text
                heard = f"/cases/{barred.id}/likenesses/0"
                assert (
                    moderator.get(f"{heard}/picture").status_code
                    == moderator.get(f"{heard}/example").status_code
                    == 404
                )
                assert f'src="{heard}/sound"' in moderator.get(f"/cases/{barred.id}").text
                example = moderator.get(f"{heard}/sound")
                part = moderator.get(f"{heard}/sound", headers={"Range": "bytes=0-9"})
                assert (part.status_code, part.content) == (206, example.content[:10])
                assert example.headers["cache-control"] == "no-store"
                assert example.headers["content-type"] == "audio/mpeg"
                assert moderator.get(f"/cases/{barred.id}/likenesses/1/sound").status_code == 404
            with at.browser(at.platform) as author, at.client(at.moderator) as by_key:
                assert author.get(f"{heard}/sound").status_code == 403
                assert by_key.get(f"{path}/{kept['id']}").content == example.content
            assert holder.get(f"{path}/{kept['id']}").content == example.content
            assert other.get(f"{path}/{kept['id']}").status_code == 404
        finally:
            holder.put(f"/api/works/{work}/terms", json={"terms": "ask"})
            assert holder.delete(f"{path}/{kept['id']}").json() == {"removed": kept["id"]}
    with at.browser(at.moderator) as moderator:
        assert moderator.get(f"{heard}/sound").status_code == 404
        assert "There is no copy of the example" in moderator.get(f"/cases/{barred.id}").text
    assert at.settle(order(at, "a walk in the rain")).phase is Phase.PUBLISHED


def looks_like(at, work):
    """A held case whose video looks like the work, as the classifier would say it."""
    case_id, store = order(at, "a walk in the sun"), at.installation.service.context.blob_store
    case = at.installation.ledger.load(case_id)
    clip = next((at.installation.settings.root / "engine").glob("*.mp4"))
    asset = store.put(clip, media_type="video/mp4", owner=case.id)
    store.confirm(asset.digest)
    rendered = Rendered(asset=asset, engine="wan", engine_version="2.2", duration=5.0)
    made = carry(at.installation.ledger, case, Phase.RENDERED, rendered=rendered)
    example = ExampleMatch(work=work, image="i", similarity=0.8, threshold=0.7, box=(0.25, 0.25, 0.75, 0.75))
    signal = Signal(
        subject=Subject.VIDEO, label="work_likeness", score=0.8, source="work_likeness/1", example=example,
        at=Span(start=1.0, end=2.0),
    )  # fmt: skip
    hold = judged(Gate.VIDEO, Decision.HOLD, "video_work_likeness")
    return at.installation.ledger.append(made, [Measured(signals=(signal,)), hold])


def test_figures_of_a_work_are_told_by_month_also_as_csv(at, studio, work):
    with at.client(studio) as holder:
        [month] = holder.get(f"/api/works/{work}/statistics").json()["months"]
        csv = holder.get(f"/api/works/{work}/statistics.csv").text.splitlines()
    assert (
        month["asked"] >= 10
        and month["approved"] == 3
        and month["refused"] == 2
        and month["matched"] == 3
        and month["parody"] >= 2
    )
    assert csv[0] == "month,asked,matched,approved,refused,parody,published"
    assert csv[1].split(",")[1] == str(month["asked"])


def test_who_leaves_is_forgotten_and_their_works_are_looked_for_no_more(at, studio, work):
    with at.client(studio) as holder:
        record = at.installation.rights_desk.verification.holders.get(studio.person.id)
        assert holder.delete("/api/holders/me").json() == {"state": "none"}
        assert holder.delete("/api/holders/me").status_code == 404
        assert holder.get("/api/holders/me").json()["state"] == "none"
    with pytest.raises(Erased):
        at.installation.service.context.texts.read(record.says)
    assert [one.id for one in at.installation.registry.works.all()] == []
    assert at.settle(order(at)).phase is Phase.PUBLISHED
