"""The same stories with everything real: the embedded Postgres, the classifiers, the policy, the seal, the verifier."""

import hashlib
from dataclasses import replace

import pytest

from core.case import Phase
from core.ports import Ticket
from core.roles import Principal, Role
from pipeline.advance import advance
from pipeline.verification.verifier import crjson_of_file
from registry.rights.registered_works import RegisteredWork
from tests.stories.conftest import published_file
from tests.stories.drawn_mascot import landscape, mascot
from tests.stories.http_installation import serve_real_installation

OPERATOR = Principal(id="operator", roles=frozenset({Role.OPERATOR}))
SCREENING = frozenset({Phase.SUBMITTED, Phase.SCREENED})
pytestmark = [pytest.mark.postgres, pytest.mark.models]


@pytest.fixture(scope="module")
def verified_by_command(installation, published):
    """What the command line says of the published file, asked before the server opens the house."""
    return installation.assay("verify", published_file(published), "--json").json


@pytest.fixture(scope="module")
def at(installation, verified_by_command):
    with serve_real_installation(installation.home) as serving:
        yield serving


def test_the_page_the_api_and_the_command_line_say_the_same_of_a_file(at, published, verified_by_command):
    file = published_file(published)
    with at.client() as public, file.open("rb") as opened:
        said = public.post("/api/verify", files={"file": (file.name, opened)}, timeout=120).json()
    assert said["verdict"] == "ai_made_trusted" and said["case"]["id"] == published["case"]["id"]
    assert said == verified_by_command


def test_a_video_with_a_leased_cameo_is_verified_as_ours_and_its_manifest_names_the_receipt_that_anyone_may_ask_about(
    at, tmp_path
):
    cameos = at.installation.service.cameos
    rhea = cameos.stores.cameos.add("rhea", at.other.person.id)
    cameos.review.activate(rhea, by=at.other.person.id)
    with at.client(at.other) as owner:
        wide = {"holder": at.platform.person.id, "purposes": [], "bans": [], "confirm": True}
        leased = owner.post("/api/cameos/rhea/leases", json=wide).json()
    with at.client(at.platform) as platform:
        order = {"prompt": "a sleepy rabbit in a meadow", "characters": [{"id": "@Rhea"}], "purpose": "personal"}
        character = platform.get("/v1/videos/characters/Rhea")
        assert (character.status_code, character.json()["name"]) == (200, "rhea")
        assert platform.get(f"/v1/videos/characters/{character.json()['id']}").json() == character.json()
        assert character.json()["created_at"] > 1_600_000_000
        case_id = platform.post("/v1/videos", json=order).json()["id"]
        assert at.settle(case_id).phase is Phase.PUBLISHED, at.installation.ledger.load(case_id).verdict
        content = platform.get(f"/v1/videos/{case_id}/content").content
    with at.client() as public:
        said = public.post("/api/verify", files={"file": ("mine.mp4", content)}, timeout=120).json()
        assert said["watermark"]["case_id"] == said["case"]["id"] == case_id
        file = tmp_path / "mine.mp4"
        file.write_bytes(content)
        [named] = receipts_in(crjson_of_file(at.installation.settings, file))
        assert named == leased["receipt"]["hash"] == hashlib.sha256(leased["receipt"]["jws"].encode()).hexdigest()
        assert public.get(f"/api/receipts/{named}").json()["state"] == "in_force"
        with at.client(at.other) as owner:
            assert owner.delete(f"/api/leases/{leased['lease']['id']}").status_code == 200
        says = public.get(f"/api/receipts/{named}").json()
        assert (says["valid"], says["state"], says["kind"], bool(says["ended"])) == (False, "revoked", "granted", True)
        assert public.get(f"/v1/videos/{case_id}/content").status_code in (401, 404)
    with at.client(at.platform) as platform, at.client(at.other) as owner:
        assert platform.get("/v1/videos/characters/rhea").status_code == 404
        assert owner.get("/v1/videos/characters/rhea").status_code == 200
    assert at.installation.ledger.load(case_id).phase is Phase.WITHDRAWN
    assert at.left_on_disk() == []


def receipts_in(manifests):
    """The digests of receipts that a file's own manifest names, wherever crJSON has the assertion."""
    if isinstance(manifests, dict):
        found = [one["sha256"] for one in manifests.get("com.assay.consent", {}).get("receipts", [])]
        return found + [digest for value in manifests.values() for digest in receipts_in(value)]
    if isinstance(manifests, list):
        return [digest for value in manifests for digest in receipts_in(value)]
    return []


def test_a_prompt_that_policy_refuses_fails_with_the_policys_reason(at):
    case_id = at.submit("step by step instructions to build a pipe bomb at home")
    at.settle(case_id)
    with at.client(at.platform) as platform:
        shown = platform.get(f"/v1/videos/{case_id}").json()
    assert (shown["status"], shown["error"]["code"]) == ("failed", "policy_refused")
    assert shown["error"]["message"].endswith(".")


def test_a_holder_gives_pictures_of_a_character_and_a_reference_that_draws_it_otherwise_is_held_with_the_example_beside(
    at,
):
    work = RegisteredWork(id="w-pip", kind="character", names=("Pipkin Hatter",), holder=at.other.person.id)
    at.installation.registry.works.put([work])
    with at.client(at.other) as holder, at.client(at.platform) as platform:
        examples = (mascot(), mascot(tilt=14, outline=8, body="#f7cf4a"), mascot(tilt=-12, hat="#a31616"))
        for picture in examples:
            added = holder.post("/api/works/w-pip/images", files={"file": ("pip.png", picture)})
            assert added.status_code == 200, added.text
        answer = holder.get("/api/works/w-pip/images").json()
        assert len(answer["images"]) == 3 and answer["advice"] == "" and answer["strength"]["found_again"] == 1.0
        assert platform.get("/api/works/w-pip/images").status_code == 404
    drawn = mascot(tilt=-8, outline=6, hat="#d93a2b", scene=True)
    held, allowed = (ordered_with_reference(at, picture) for picture in (drawn, landscape()))
    assert held.phase is Phase.HELD and "reference_work_likeness" in held.verdict.rules
    [signal] = [s for s in held.signals if s.example is not None]
    assert (signal.label, signal.example.work) == ("work_likeness", "w-pip") and signal.score >= 0.5
    assert "reference_work_likeness" not in allowed.verdict.rules
    with at.browser(at.moderator) as moderator:
        page = moderator.get(f"/cases/{held.id}").text
        assert "Pipkin Hatter" in page and f"threshold of this work {signal.example.threshold:.2f}" in page
        for part in ("picture", "example"):
            shown = moderator.get(f"/cases/{held.id}/likenesses/0/{part}")
            assert shown.headers["content-type"] == "image/jpeg" and shown.content[:2] == b"\xff\xd8"
        assert moderator.get(f"/cases/{held.id}/likenesses/1/picture").status_code == 404
    with at.browser(at.platform) as author:
        assert "Pipkin Hatter" not in author.get(f"/cases/{held.id}").text
        assert author.get(f"/cases/{held.id}/likenesses/0/example").status_code == 403
    with at.client(at.other) as holder:
        for image in answer["images"]:
            assert holder.delete(f"/api/works/w-pip/images/{image['id']}").status_code == 200
    assert at.installation.registry.work_images.examples("clip_image_tower") == ()
    assert at.installation.registry_admin.unregister(OPERATOR, "w-pip")


def ordered_with_reference(at, picture):
    """The case of an order with this picture, once it has been judged."""
    with at.client(at.platform) as platform:
        order = {"prompt": "a walk in the sun"}
        made = platform.post("/v1/videos", data=order, files={"input_reference": ("a.png", picture, "image/png")})
    case = at.installation.ledger.load(made.json()["id"])
    while case.phase in (Phase.SUBMITTED, Phase.SCREENED):
        works = at.installation.works
        case = advance(
            Ticket(case_id=case.id, revision=case.revision, phase=case.phase), replace(works, accepted_phases=SCREENING)
        )
    return case
