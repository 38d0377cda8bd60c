"""The owner's portal over HTTP: narrow permissions, choices, blocks, progress, notices, and a draft watched in ranges."""

import pytest

from tests.stories.test_http_cameos import at, lease, mira, order, status

__all__ = ["at", "mira"]

pytestmark = pytest.mark.postgres


def test_a_permission_that_says_no_more_than_to_whom_is_narrow_and_a_wide_one_is_confirmed(at, mira):
    path = f"/api/cameos/{mira}/leases"
    with at.client(at.platform) as owner:
        made = owner.post(path, json={"holder": at.other.person.id}).json()["lease"]
        assert made["until"] and "advertising" not in made["terms"]["purposes"] and len(made["terms"]["bans"]) == 4
        wide = {"holder": "*", "until": None, "purposes": [], "bans": [], "approval": False}
        refused = owner.post(path, json=wide)
        assert refused.status_code == 409 and "It has no end" in refused.text
        changed = owner.put(f"/api/leases/{made['id']}", json=wide)
        assert changed.status_code == 409
        assert owner.post(path, json=wide | {"confirm": True}).status_code == 201
        shown = owner.get(f"/api/cameos/{mira}").json()["in_words"]
        assert f"The account {at.other.person.id} may use your face." in shown[made["id"]]


def test_an_order_that_states_no_purpose_is_not_covered_by_a_narrow_permission(at, mira):
    with at.client(at.platform) as owner:
        assert owner.post(f"/api/cameos/{mira}/leases", json={"holder": at.other.person.id}).status_code == 201
    assert status(at, order(at, mira))["assay"]["rules"] == ["prompt_cameo_unleased"]
    assert status(at, order(at, mira, purpose="advertising"))["assay"]["rules"] == ["prompt_cameo_unleased"]
    assert "prompt_cameo_unleased" not in status(at, order(at, mira, purpose="personal"))["assay"].get("rules", [])


def test_a_choice_is_made_confirmed_and_seen_to_its_end(at, mira):
    lease(at, mira, holder="*")
    video = order(at, mira)
    with at.client(at.platform) as owner:
        path = f"/api/cameos/{mira}/audience"
        assert owner.get(path).json() == {"audience": "everyone"}
        refused = owner.put(path, json={"audience": "me"})
        assert refused.status_code == 409 and "One permission ends" in refused.text
        change = owner.put(path, json={"audience": "me", "confirm": True}).json()
        progress = owner.get(f"/api/cameos/{mira}/down/{change['takedowns'][0]}").json()
        assert (progress["total"], progress["left"], progress["done"]) == (1, 0, True)
        assert progress["cases"] == [{"case_id": video, "state": "down"}]
        assert owner.put(path, json={"audience": "friends"}).status_code == 400
    with at.client(at.other) as other:
        assert other.get(path).status_code == other.put(path, json={"audience": "me"}).status_code == 404


def test_who_is_blocked_gets_nothing_more_and_what_they_made_is_down(at, mira):
    lease(at, mira, holder="*", approval=False)
    video, blocked = order(at, mira), f"/api/blocked-accounts/{at.other.person.id}"
    with at.client(at.platform) as owner:
        at.installation.service.cameos.accounts.accounts.save(_account(at.other))
        assert len(owner.put(blocked).json()["takedowns"]) >= 1
        assert [one["account"] for one in owner.get("/api/blocked-accounts").json()["blocked"]] == [at.other.person.id]
    assert status(at, video)["error"]["code"] == "recalled"
    assert status(at, order(at, mira))["assay"]["rules"] == ["prompt_cameo_unleased"]
    with at.client(at.platform) as owner:
        assert owner.delete(blocked).status_code == 204
    assert (said := status(at, order(at, mira)))["status"] == "completed", said["assay"]


def test_a_draft_is_watched_in_ranges_and_answered_with_a_word(at, mira):
    lease(at, mira, approval=True)
    video = order(at, mira)
    content = f"/api/cameos/{mira}/uses/{video}/content"
    with at.client(at.platform) as owner:
        whole = owner.get(content)
        part = owner.get(content, headers={"Range": "bytes=0-3"})
        assert (part.status_code, part.content) == (206, whole.content[:4])
        assert owner.get(content, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304
        answered = owner.post(f"/api/cameos/{mira}/uses/{video}/veto", json={"words": "Not my colour."})
        assert [one["case_id"] for one in answered.json()["down"]] == [video]
    with at.client(at.other) as maker:
        [told] = [one for one in maker.get("/api/notices").json()["notices"] if one["about"] == video]
        assert (told["code"], told["words"]) == ("stopped_vetoed", "Not my colour.")
    assert at.left_on_disk() == []


def test_notices_are_unread_until_they_are_read(at, mira):
    with at.client(at.platform) as owner:
        unread = owner.get("/api/notices").json()["unread"]
        assert unread > 0
        newest = owner.get("/api/notices").json()["notices"][0]["key"]
        assert owner.post("/api/notices/read", json={"keys": [newest]}).json() == {"read": 1, "unread": unread - 1}
        assert owner.post("/api/notices/read", json={}).json() == {"read": unread - 1, "unread": 0}


def _account(known):
    from pipeline.accounts import Account

    return Account(id=known.person.id, roles=known.person.roles)
