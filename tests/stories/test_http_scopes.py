"""Which key opens which door: every operation of the API against every scope, and keys that manage keys."""

from datetime import UTC, datetime, timedelta

import pytest

from console.web.route_scopes import accepted_scopes
from core.roles import ALL_SCOPES, Principal, Role, Scope
from pipeline.access.account_service import AccountService
from pipeline.accounts import create_account
from tests.stories.http_installation import (
    FINE,
    HELD,
    ApiAccount,
    form_token,
    memory_installation,
    serve_installation,
    serve_real_installation,
)

OPERATOR = Principal(id="local:op", roles=frozenset({Role.OPERATOR}))


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    with serve_installation(memory_installation(tmp_path_factory.mktemp("house"))) as serving:
        yield serving


@pytest.fixture(scope="module")
def real(installation):
    """Every desk there is, so that nothing ends in an error of the server before its scope is looked at."""
    with serve_real_installation(installation.home) as serving:
        yield serving


@pytest.fixture
def keys(at):
    return keys_of_each_scope(at)


def keys_of_each_scope(at):
    """One key for each scope, of one account that is a platform and a moderator."""
    accounts = at.installation.accounts
    person, _ = create_account(accounts, [Role.PLATFORM, Role.MODERATOR])
    service = AccountService(accounts=accounts)
    made = {
        scope: service.create_key(OPERATOR, scope.value, scopes=frozenset({scope}), account=person.id)[1]
        for scope in Scope
    }
    return {scope: ApiAccount(person, token) for scope, token in made.items()}


def private_operations(at):
    with at.client() as public:
        described = public.get("/openapi.json").json()["paths"]
    return [
        (method.upper(), path.replace("{", "").replace("}", ""))
        for path, methods in described.items()
        for method, operation in methods.items()
        if "public" not in operation["tags"]
    ]


def test_every_operation_has_a_row_in_the_table_of_scopes(at):
    assert len(private_operations(at)) > 30
    assert [one for one in private_operations(at) if accepted_scopes(*one) is None] == []


@pytest.mark.postgres
def test_a_key_opens_what_its_scope_says_and_nothing_else(real):
    wrong, operations = [], private_operations(real)
    for scope, key in keys_of_each_scope(real).items():
        with real.client(key) as client:
            for method, path in operations:
                answer = client.request(method, path, json={})
                refused = answer.status_code == 403 and "scope" in answer.text
                if refused is not (scope not in accepted_scopes(method, path)) or answer.status_code == 500:
                    wrong.append((scope, method, path, answer.status_code, answer.text))
    assert wrong == [], "\n".join(map(str, wrong))


def test_pages_ask_for_the_scopes_of_the_key_that_signed_in(at, keys):
    with at.browser(keys[Scope.READ]) as reader:
        assert reader.get("/cases").status_code == 200
        assert reader.get("/queue").status_code == 403 and "scope moderate" in reader.get("/queue").text
        assert reader.get("/enrol").status_code == 403


def test_the_service_itself_refuses_a_key_without_the_scope(at, keys):
    service, person = at.installation.service, keys[Scope.READ].person
    for scope, ask in (
        (Scope.VERIFY, lambda who: service.opinions.screen(who, FINE)),
        (Scope.READ, service.cases),
        (Scope.MODERATE, lambda who: service.reviews.cases(who, limit=10)),
    ):
        narrowed = Principal(
            id=person.id, roles=frozenset({Role.MODERATOR}), scopes=ALL_SCOPES - {scope, Scope.MODERATE}
        )
        with pytest.raises(Exception, match=f"scope .*{scope.value}"):
            ask(narrowed)


def test_a_key_that_submits_is_answered_with_what_it_ordered_and_reads_nothing_later(at, keys):
    with at.client(keys[Scope.SUBMIT]) as client:
        made = client.post("/v1/videos", json={"prompt": FINE})
        assert (made.status_code, made.json()["prompt"]) == (200, FINE)
        assert client.get(f"/v1/videos/{made.json()['id']}").status_code == 403
        assert client.delete(f"/v1/videos/{made.json()['id']}").status_code == 200


def test_a_moderators_key_without_the_scope_sees_only_the_accounts_own_cases(at, keys):
    foreign = at.submit(HELD)
    at.settle(foreign)
    with at.client(keys[Scope.READ]) as reader, at.client(keys[Scope.MODERATE]) as moderator:
        assert reader.get(f"/api/cases/{foreign}").status_code == 404
        assert foreign not in reader.get("/api/cases").text
        assert moderator.get(f"/api/cases/{foreign}").status_code == 200


def test_a_platform_manages_its_own_keys(at):
    with at.client(at.platform) as platform:
        end = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        made = platform.post("/api/keys", json={"name": "nightly", "scopes": ["read"], "expires": end})
        assert made.status_code == 201, made.text
        key = made.json()
        listed = {one["id"]: one for one in platform.get("/api/keys").json()["keys"]}
        assert listed[key["id"]] == {name: value for name, value in key.items() if name != "token"}
        assert key["token"] not in platform.get("/api/keys").text and key["token"].startswith(key["hint"])
        rotated = platform.post(f"/api/keys/{key['id']}/rotate", json={"overlap_hours": 1}).json()
        with at.client(ApiAccount(at.platform.person, key["token"])) as old:
            assert old.get("/v1/videos").status_code == 200
        with at.client(ApiAccount(at.platform.person, rotated["token"])) as new:
            assert new.get("/v1/videos").status_code == 200
            assert new.get("/api/keys").status_code == 403
            assert platform.delete(f"/api/keys/{rotated['id']}").json()["revoked"]
            assert new.get("/v1/videos").status_code == 401
        used = {one["id"]: one for one in platform.get("/api/keys").json()["keys"]}[rotated["id"]]["last_used"]
        assert used is not None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"name": ""}, 400),
        ({"name": "a", "scopes": ["everything"]}, 400),
        ({"name": "a", "scopes": ["moderate"]}, 400),
        ({"name": "a", "expires": "2020-01-01T00:00:00Z"}, 400),
        ({"name": "a", "expires": "2090-01-01T00:00:00"}, 400),
        ({"name": "a", "limits": {"videos_per_day": -1}}, 400),
        ({"name": "a", "limits": {"videos_per_day": 10**12}}, 400),
        ({"name": "a", "colour": "red"}, 400),
        ({"name": "token"}, 409),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(at, body, status):
    with at.client(at.platform) as platform:
        assert platform.post("/api/keys", json=body).status_code == status


def test_keys_of_others_do_not_exist(at):
    with at.client(at.other) as other, at.client(at.platform) as platform:
        key = other.get("/api/keys").json()["keys"][0]["id"]
        assert platform.delete(f"/api/keys/{key}").status_code == 404
        assert platform.post(f"/api/keys/{key}/rotate", json={}).status_code == 404
        assert other.get("/v1/videos").status_code == 200


def test_a_closed_account_is_shut_out_of_api_and_pages_at_once(at):
    person = at.installation.account(Role.PLATFORM)
    service = AccountService(accounts=at.installation.accounts)
    _, second = service.create_key(OPERATOR, "second", account=person.person.id)
    with at.client(person) as first, at.client(ApiAccount(person.person, second)) as other, at.browser(person) as page:
        assert [one.get("/v1/videos").status_code for one in (first, other)] == [200, 200]
        assert page.get("/cases").status_code == 200
        service.set_closed(OPERATOR, person.person.id, closed=True)
        assert [one.get("/v1/videos").status_code for one in (first, other)] == [401, 401]
        assert page.get("/cases").status_code == 303
        token = form_token(page.get("/login").text)
        assert page.post("/login", data={"form_token": token, "token": person.token}).status_code == 401
