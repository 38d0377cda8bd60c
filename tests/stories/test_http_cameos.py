"""A person, those who use their likeness, and a moderator, over HTTP: the real desk over the embedded Postgres."""

import pytest

from core.case import Phase
from pipeline.settings import Settings
from pipeline.testing.memory_accounts import MemoryAccounts
from tests.contract.cameo_installation import InterleavingHooks, instrumented_service, open_cameo_installation
from tests.stories.http_installation import MemoryInstallation, form_token, serve_installation, ways_to_sign_in

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def at():
    with open_cameo_installation() as house, serve_installation(memory_installation_of(house)) as serving:
        yield serving


def memory_installation_of(house, **settings):
    """A house with cameos as one that is served."""
    desk, runner = instrumented_service(house, InterleavingHooks(house))
    return MemoryInstallation(
        settings=(chosen := Settings(home=house.home, **settings)),
        service=desk,
        ledger=desk.ledger,
        accounts=(accounts := MemoryAccounts()),
        works=runner._works,
        runner=runner,
        **ways_to_sign_in(chosen, accounts),
    )


@pytest.fixture
def mira(at, request):
    """An enrolled person with a handle of their own; `platform` owns it, `other` uses it."""
    handle = f"mira-{abs(hash(request.node.name)) % 10**6}"
    desk = at.installation.service.cameos
    for old in desk.own_cameos(at.platform.person):
        if old.state == "active":
            desk.erase(at.platform.person, old.handle)
    cameo = desk.stores.cameos.add(handle, at.platform.person.id)
    desk.review.activate(cameo, by=at.platform.person.id)
    return handle


def order(at, handle, account=None, **more):
    with at.client(account or at.other) as client:
        made = client.post("/v1/videos", json={"prompt": f"@{handle} waves", "characters": [{"id": handle}], **more})
    assert made.status_code == 200, made.text
    at.installation.runner.drain()
    return made.json()["id"]


def status(at, video, account=None):
    with at.client(account or at.other) as client:
        return client.get(f"/v1/videos/{video}").json()


def lease(at, handle, **more):
    """Wide, unless the story says otherwise: it is about something else."""
    body = {"holder": at.other.person.id, "until": None, "purposes": [], "bans": [], "confirm": True, **more}
    with at.client(at.platform) as client:
        made = client.post(f"/api/cameos/{handle}/leases", json=body)
    assert made.status_code == 201, made.text
    return made.json()


def test_a_person_allows_sees_takes_back_and_it_comes_down(at, mira):
    held = order(at, mira)
    assert status(at, held)["assay"]["rules"] == ["prompt_cameo_unleased"]
    made = lease(at, mira)
    video = order(at, mira)
    assert status(at, video)["status"] == "completed"
    remix = order(at, mira, prompt="the same at night", characters=[], remixed_from_video_id=video)
    assert status(at, remix)["status"] == "completed"
    with at.client() as public, at.client(at.platform) as owner, at.client(at.other) as user:
        assert public.get(f"/api/receipts/{made['receipt']['hash']}").json()["state"] == "in_force"
        uses = {one["case_id"]: one["direct"] for one in owner.get(f"/api/cameos/{mira}/uses").json()["uses"]}
        assert uses == {held: True, video: True, remix: False}
        assert owner.get(f"/api/cameos/{mira}/uses/{video}/content").content.startswith(b"sealed")
        assert owner.delete(f"/api/leases/{made['lease']['id']}").json()["receipt"]["kind"] == "revoked"
        assert [status(at, one)["error"]["code"] for one in (video, remix)] == ["recalled"] * 2
        assert user.get(f"/v1/videos/{video}/content").status_code == 404
        told = user.get("/api/notices").json()["notices"]
        assert {video, remix} <= {one["about"] for one in told}
        assert {one["says"].endswith("taken down.") for one in told if one["about"] in (video, remix)} == {True}
        assert ["was stopped" in one["says"] for one in told if one["about"] == held] == [True]
        report = owner.get(f"/api/cameos/{mira}/down").json()["reports"][0]
        assert {one["case_id"] for one in report["down"]} == {held, video, remix}
        given = owner.get(f"/api/cameos/{mira}/export").json()
        assert {one["case_id"] for one in given["uses"]} == {held, video, remix} and given["receipts"]
        assert owner.delete(f"/api/cameos/{mira}").json()["receipt"]["kind"] == "erased"
        assert owner.get(f"/api/cameos/{mira}").status_code == 404
        checked = public.post("/api/receipts/check", json={"receipt": made["receipt"]["jws"]}).json()
        assert (checked["valid"], checked["state"]) == (False, "erased")
        assert len(public.get("/.well-known/assay-receipts.json").json()["keys"]) == 1


@pytest.mark.parametrize("prompt", ["@{}が手を振る", "和@{}喝茶", "لـ@{} وردة", "смотрят на @{}"])
def test_whoever_is_named_in_any_script_is_asked(at, mira, prompt):
    with at.client(at.other) as client:
        made = client.post("/v1/videos", json={"prompt": prompt.format(mira)})
        assert made.status_code == 200, made.text
        nobody = client.post("/v1/videos", json={"prompt": prompt.format("nobody-at-all")})
        assert (nobody.status_code, nobody.json()["error"]["param"]) == (400, "prompt")
    at.installation.runner.drain()
    case = at.installation.ledger.load(made.json()["id"])
    assert case.phase is Phase.HELD and case.request.cameos, case.verdict


def test_an_owner_who_wants_to_see_each_draft_is_asked(at, mira):
    lease(at, mira, approval=True)
    video = order(at, mira)
    assert status(at, video)["assay"]["rules"] == ["video_cameo_unapproved"]
    at.installation.works.maintenance.run_maintenance()
    with at.client(at.platform) as owner:
        assert video in {one["about"] for one in owner.get("/api/notices").json()["notices"]}
        assert owner.post(f"/api/cameos/{mira}/uses/{video}/approve").status_code == 200
        at.installation.runner.drain()
        assert status(at, video)["status"] == "completed"
        down = owner.post(f"/api/cameos/{mira}/uses/{video}/veto").json()["down"]
        assert [one["case_id"] for one in down] == [video]
        assert owner.post(f"/api/cameos/{mira}/uses/{video}/report", json={"note": "odd"}).status_code == 204
    with at.client(at.moderator) as moderator:
        assert "reported" in {one["code"] for one in moderator.get("/api/notices").json()["notices"]}


def test_a_moderator_makes_rules_of_words_and_until_then_nothing_is_made(at, mira):
    made = lease(at, mira, limits="never with my old band")
    held = order(at, mira)
    assert status(at, held)["assay"]["rules"] == ["prompt_cameo_limits_unreviewed"]
    with at.client(at.moderator) as moderator, at.client(at.other) as user:
        words = {one["lease"]["id"]: one["words"] for one in moderator.get("/api/reviews").json()["words"]}
        assert words[made["lease"]["id"]] == "never with my old band"
        assert user.get("/api/reviews").status_code == 403
        path = f"/api/reviews/leases/{made['lease']['id']}"
        assert moderator.post(path, json={"words": ["The Rabbits"]}).status_code == 200
    assert status(at, order(at, mira))["status"] == "completed"
    refused = order(at, mira, prompt=f"@{mira} sings with the rabbits")
    assert status(at, refused)["error"]["code"] == "policy_refused"


def test_purpose_and_territory_come_with_the_order(at, mira):
    lease(at, mira, purposes=["parody"], territory=["DE"])
    assert status(at, order(at, mira))["status"] == "in_progress"
    assert status(at, order(at, mira, purpose="parody", territory=["DE"]))["status"] == "completed"
    with at.client(at.other) as client:
        wrong = client.post("/v1/videos", json={"prompt": "x", "purpose": "fun"})
    assert (wrong.status_code, "purpose" in wrong.text) == (400, True)


def test_what_is_somebody_elses_is_not_there(at, mira):
    made = lease(at, mira)
    video = order(at, mira)
    paths = [
        ("GET", f"/api/cameos/{mira}"), ("GET", f"/api/cameos/{mira}/uses"), ("GET", f"/api/cameos/{mira}/export"),
        ("GET", f"/api/cameos/{mira}/down"), ("DELETE", f"/api/cameos/{mira}"), ("GET", f"/me/{mira}"),
        ("POST", f"/api/cameos/{mira}/uses/{video}/approve"), ("POST", f"/api/cameos/{mira}/uses/{video}/veto"),
        ("GET", f"/api/cameos/{mira}/uses/{video}/content"), ("DELETE", f"/api/leases/{made['lease']['id']}"),
    ]  # fmt: skip
    with at.client(at.other) as other, at.client() as public:
        for method, path in paths:
            if path.startswith("/api"):
                assert other.request(method, path).status_code == 404, path
            assert public.request(method, path).status_code in (401, 303), path
    assert status(at, video)["status"] == "completed"
    assert at.left_on_disk() == []


def test_a_date_that_is_none_is_refused_by_its_name(at, mira):
    with at.browser(at.platform) as page:
        form = {"form_token": form_token(page.get(f"/me/{mira}").text), "audience": "*", "until": "next Tuesday"}
        answer = page.post(f"/me/{mira}/leases", data=form)
    assert answer.status_code == 400
    assert "until" in answer.text


def test_a_remix_of_what_is_not_there_is_refused(at, mira):
    lease(at, mira)
    draft = order(at, mira, prompt=f"@{mira} waves", purpose="parody")
    with at.client(at.moderator) as client, at.client(at.platform) as stranger:
        assert client is not None
        for parent in ("0" * 16, "nonsense"):
            answer = stranger.post("/v1/videos", json={"prompt": "x", "remixed_from_video_id": parent})
            assert answer.status_code == 400, answer.text
    assert at.installation.ledger.load(draft).phase is Phase.PUBLISHED


def test_the_page_allows_takes_back_and_erases(at, mira):
    with at.browser(at.platform) as page:
        assert f"@{mira}" in page.get("/me").text
        shown = page.get(f"/me/{mira}").text
        form = {"form_token": form_token(shown), "audience": "*", "face": "on", "ban": ["alcohol"], "limits": ""}
        asked = page.post(f"/me/{mira}/leases", data=form)
        assert (asked.status_code, "you do not see them first" in asked.text) == (200, True)
        assert "Everyone with" not in page.get(f"/me/{mira}").text
        assert page.post(f"/me/{mira}/leases", data={**form, "confirm": "on"}).status_code == 303
        shown = page.get(f"/me/{mira}").text
        assert "Everyone with an account here may use your face." in shown and "Not with alcohol." in shown
        assert page.post(f"/me/{mira}/leases", data={**form, "form_token": "x"}).status_code == 403
        mine = at.installation.service.cameos.leases(at.platform.person, mira)[-1]
        form = {"form_token": form_token(shown)}
        gone = page.post(f"/me/{mira}/leases/{mine.id}/revoke", data=form)
        assert gone.status_code == 303 and "What comes down" in page.get(gone.headers["Location"]).text
        assert "Everyone with" not in page.get(f"/me/{mira}").text
        assert page.post(f"/me/{mira}/erase", data={**form, "sure": "no"}).status_code == 400
        assert page.post(f"/me/{mira}/erase", data={**form, "sure": mira}).status_code == 303
        assert page.get(f"/me/{mira}").status_code == 404


def test_somebody_enrols_by_a_challenge_and_a_file_that_is_no_video_spends_it(at):
    desk = at.installation.service.cameos
    account = at.installation.account("platform")
    with at.client(account) as client:
        made = client.post("/api/cameos/challenges", json={"handle": "newcomer"})
        assert made.status_code == 201, made.text
        asked = made.json()["challenge"]
        assert len(asked["digits"].split()) == 3 and len(set(asked["turns"])) == 2
        for expected in (422, 409):
            sent = client.post(
                "/api/cameos/take", data={"challenge": asked["id"]}, files={"take": ("a.mp4", b"no video")}
            )
            assert sent.status_code == expected, sent.text
        assert client.post("/api/cameos/challenges", json={"handle": "No Handle!"}).status_code == 400
    assert desk.own_cameos(account.person) == ()
