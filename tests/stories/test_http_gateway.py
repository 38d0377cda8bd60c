"""A platform changes its base URL: the life of a video through OpenAI's Videos API."""

import base64
import json
import re
import threading

import pytest

from tests.conftest import ROOT
from tests.reference_files import encoded
from tests.stories.http_installation import FINE, HELD, REFUSED, UNMEASURED, memory_installation, serve_installation

PNG = encoded("PNG")


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    with serve_installation(memory_installation(tmp_path_factory.mktemp("house"), max_upload_mb=2)) as serving:
        yield serving


@pytest.fixture
def platform(at):
    with at.client(at.platform) as client:
        yield client


def test_the_life_of_one_video(at, platform, bunny):
    asked = {"prompt": FINE, "model": "wan", "seconds": "4", "size": "1280x720"}
    made = platform.post("/v1/videos", json=asked).json()
    assert (made["object"], made["status"], made["progress"]) == ("video", "queued", 0)
    assert (made["prompt"], made["model"], made["seconds"], made["size"]) == (FINE, "wan", "4", "1280x720")
    early = platform.get(f"/v1/videos/{made['id']}/content")
    assert (early.status_code, early.json()["error"]["code"]) == (409, "not_now")

    at.settle(made["id"])
    done = platform.get(f"/v1/videos/{made['id']}").json()
    assert (done["status"], done["progress"], done["error"]) == ("completed", 100, None)
    assert done["completed_at"] >= done["created_at"] > 1_600_000_000
    whole = platform.get(f"/v1/videos/{made['id']}/content", headers={"Accept": "application/binary"})
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.content == bunny.read_bytes()

    gone = platform.delete(f"/v1/videos/{made['id']}").json()
    assert gone == {"id": made["id"], "object": "video.deleted", "deleted": True}
    at.settle(made["id"])
    after = platform.get(f"/v1/videos/{made['id']}").json()
    assert (after["status"], after["error"]["code"]) == ("failed", "recalled")
    assert platform.get(f"/v1/videos/{made['id']}/content").status_code == 404
    assert at.left_on_disk() == []


def test_ranges_of_one_video_fit_together(at, platform, bunny):
    case_id = at.submit(FINE)
    at.settle(case_id)
    content, whole = f"/v1/videos/{case_id}/content", bunny.read_bytes()
    first = platform.get(content, headers={"Range": "bytes=0-999"})
    rest = platform.get(content, headers={"Range": "bytes=1000-", "If-Range": first.headers["etag"]})
    assert (first.status_code, rest.status_code) == (206, 206)
    assert first.content + rest.content == whole
    assert first.headers["content-range"] == f"bytes 0-999/{len(whole)}"
    assert platform.get(content, headers={"Range": f"bytes={len(whole)}-"}).status_code == 416


def test_content_is_asked_about_as_http_has_it(at, platform, bunny):
    case_id = at.submit(FINE)
    at.settle(case_id)
    content, size = f"/v1/videos/{case_id}/content", len(bunny.read_bytes())
    head, whole = platform.head(content), platform.get(content)
    assert (head.status_code, head.content, int(head.headers["content-length"])) == (200, b"", size)
    for name in ("etag", "last-modified", "content-type", "accept-ranges", "content-disposition"):
        assert head.headers[name] == whole.headers[name]
    kept = [{"If-None-Match": head.headers["etag"]}, {"If-Modified-Since": head.headers["last-modified"]}]
    for asked in kept:
        for ask in (platform.get, platform.head):
            same = ask(content, headers=asked)
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", head.headers["etag"])
    moved = platform.get(content, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert (moved.status_code, len(moved.content)) == (200, size)
    assert len(platform.get(content, headers={"Range": "bytes=0-9,20-29"}).content) < 1000
    assert platform.get(content, headers={"Range": "apples=0-9"}).status_code == 200
    outside = platform.get(content, headers={"Range": f"bytes={size}-"})
    assert (outside.status_code, outside.headers["content-range"]) == (416, f"bytes */{size}")
    assert outside.json()["error"]["code"] == "range_not_satisfiable"
    for path in ("/v1/videos", f"/v1/videos/{case_id}"):
        assert (platform.head(path).status_code, platform.head(path).content) == (200, b"")
    assert at.left_on_disk() == []


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "param"),
    [
        ("GET", "/v1/videos/ffffffffffffffff", 404, "not_found", None),
        ("GET", "/v1/nothing", 404, "not_found", None),
        ("PATCH", "/v1/videos", 405, "method_not_allowed", None),
        ("GET", "/v1/videos?limit=0", 400, "bad_input", "limit"),
        ("GET", "/v1/videos?order=up", 400, "bad_input", "order"),
        ("GET", "/v1/videos?after=ffffffffffffffff", 400, "bad_input", "after"),
    ],
)
def test_errors_have_openais_shape_and_name_the_parameter(platform, method, path, status, code, param):
    answer = platform.request(method, path)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (status, code, param)
    assert set(error) == {"message", "type", "code", "param"}
    assert status != 405 or "POST" in answer.headers["allow"]


def test_a_refusal_is_a_failed_video_with_its_reason(at, platform):
    case_id = at.submit(REFUSED)
    at.settle(case_id)
    shown = platform.get(f"/v1/videos/{case_id}").json()
    assert shown["status"] == "failed"
    assert shown["error"] == {"code": "policy_refused", "message": "This asks for something we do not make."}


@pytest.mark.parametrize("prompt", [HELD, UNMEASURED])
def test_a_hold_is_in_progress_and_says_what_fired(at, platform, prompt):
    case_id = at.submit(prompt)
    held = at.settle(case_id)
    shown = platform.get(f"/v1/videos/{case_id}").json()
    assert (shown["status"], shown["error"]) == ("in_progress", None)
    assert shown["assay"]["phase"] == "held" and shown["assay"]["decision"] == "hold"
    assert shown["assay"]["rules"] == list(held.verdict.rules)
    assert shown["assay"]["revision"] == held.revision


def test_the_same_key_is_the_same_video_for_one_account_only(at, platform):
    key = {"Idempotency-Key": "order 17"}
    first = platform.post("/v1/videos", json={"prompt": FINE}, headers=key).json()
    again = platform.post("/v1/videos", json={"prompt": FINE}, headers=key).json()
    with at.client(at.other) as other:
        theirs = other.post("/v1/videos", json={"prompt": FINE}, headers=key).json()
    assert again["id"] == first["id"] != theirs["id"]


def test_a_form_with_a_reference_image_is_taken(at, platform):
    fields = {"prompt": FINE, "seconds": "8", "characters[]": ["@ann", "@bob"]}
    made = platform.post("/v1/videos", data=fields, files={"input_reference": ("me.webp", PNG, "image/webp")})
    asked = at.installation.ledger.load(made.json()["id"]).request
    assert (asked.seconds, asked.cameos) == (8.0, ("@ann", "@bob"))
    assert (asked.references[0].media_type, asked.references[0].size) == ("image/png", len(PNG))
    assert at.left_on_disk() == []


def test_a_reference_image_inside_the_json_is_taken(at, platform):
    url = "data:image/png;base64," + base64.b64encode(PNG).decode()
    asked = {"prompt": FINE, "input_reference": {"image_url": url}, "characters": [{"id": "@ann"}], "cameos": ["@bob"]}
    made = platform.post("/v1/videos", json=asked).json()
    request = at.installation.ledger.load(made["id"]).request
    assert (request.references[0].media_type, request.cameos) == ("image/png", ("@bob", "@ann"))
    assert at.left_on_disk() == []


def test_a_video_as_reference_is_taken(at, platform, bunny):
    with bunny.open("rb") as file:
        made = platform.post("/v1/videos", data={"prompt": FINE}, files={"input_reference": file})
    assert at.installation.ledger.load(made.json()["id"]).request.references[0].media_type == "video/mp4"


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"prompt": ""},
        {"prompt": " "},
        {"prompt": 7},
        {"prompt": ["a"]},
        {"prompt": FINE, "seconds": "soon"},
        {"prompt": FINE, "seconds": -1},
        {"prompt": FINE, "seconds": "nan"},
        {"prompt": FINE, "seconds": True},
        {"prompt": FINE, "seconds": 10**400},
        {"prompt": FINE, "size": 3},
        {"prompt": FINE, "cameos": [7]},
        {"prompt": "x" * 40_000},
        {"prompt": FINE, "input_reference": {"image_url": "http://127.0.0.1/secret"}},
        {"prompt": FINE, "input_reference": {"image_url": "file:///etc/passwd"}},
        {"prompt": FINE, "input_reference": {"file_id": "file_1"}},
        {"prompt": FINE, "input_reference": {"image_url": "data:image/png;base64,%%%"}},
        {"prompt": FINE, "input_reference": {"image_url": "data:image/png;base64,aGVsbG8="}},
        "a text",
        [FINE],
    ],
)
def test_what_cannot_be_ordered_is_refused_in_openais_shape(at, platform, asked):
    before = len(at.installation.ledger.list(limit=10_000))
    raw = json.dumps(asked).replace(str(10**400), "1e999") if isinstance(asked, dict) else json.dumps(asked)
    answer = platform.post("/v1/videos", content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "code", "param"}
    assert error["type"] == "invalid_request_error" and "\n" not in error["message"]
    assert len(at.installation.ledger.list(limit=10_000)) == before
    assert at.left_on_disk() == []


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"prompt": "\\ud800"}', b'{"prompt": "a\\u0000b"}']
)
def test_what_is_no_json_or_no_text_is_refused(platform, raw):
    answer = platform.post("/v1/videos", content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text


def test_a_reference_that_is_too_large_is_refused_and_nothing_stays(at, platform):
    files = {"input_reference": ("big.mp4", b"x" * 3_000_000)}
    answer = platform.post("/v1/videos", data={"prompt": FINE}, files=files)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    assert at.left_on_disk() == []


def test_pictures_are_not_offered_where_none_can_be_sealed(at, platform):
    case_id = at.submit(FINE)
    at.settle(case_id)
    content = f"/v1/videos/{case_id}/content"
    for variant, status, param in (("thumbnail", 501, None), ("spritesheet", 501, None), ("poster", 400, "variant")):
        answer = platform.get(content, params={"variant": variant})
        assert (answer.status_code, answer.json()["error"]["param"]) == (status, param)


def test_deleting_erases_the_words_and_leaves_what_happened(at, platform):
    case_id = at.submit(FINE)
    at.settle(case_id)
    assert platform.delete(f"/v1/videos/{case_id}").json()["deleted"] is True
    shown = platform.get(f"/v1/videos/{case_id}").json()
    assert (shown["status"], shown["prompt"], shown["error"]["code"]) == ("failed", None, "recalled")
    assert platform.delete(f"/v1/videos/{case_id}").json()["deleted"] is True
    with at.client(at.other) as other:
        assert other.delete(f"/v1/videos/{case_id}").status_code == 404


def test_the_words_of_a_video_that_a_moderator_recalled_are_kept_when_its_author_deletes_it(at, platform):
    case_id = at.submit(FINE)
    at.installation.service.recall(at.moderator.person, case_id, code="illegal")
    assert platform.delete(f"/v1/videos/{case_id}").json()["deleted"] is True
    assert platform.get(f"/v1/videos/{case_id}").json()["prompt"] == FINE


def test_a_list_is_read_page_by_page(at):
    account = at.installation.account(*at.platform.person.roles)
    made = [at.submit(FINE, account) for _ in range(5)]
    with at.client(account) as client:
        pages, after = [], ""
        while True:
            page = client.get("/v1/videos", params={"limit": 2, "order": "asc", "after": after}).json()
            pages.append([video["id"] for video in page["data"]])
            assert (page["object"], page["first_id"], page["last_id"]) == ("list", pages[-1][0], pages[-1][-1])
            if not page["has_more"]:
                break
            after = page["last_id"]
        assert pages == [made[:2], made[2:4], made[4:]]
        assert client.get("/v1/videos", params={"after": "0123456789abcdef"}).status_code == 400
        assert client.get("/v1/videos", params={"limit": 0}).status_code == 400


def test_a_prompt_that_was_erased_is_null_and_the_video_stays(at, platform):
    case_id = at.submit(FINE)
    at.settle(case_id)
    at.installation.service.erase(at.platform.person, case_id)
    shown = platform.get(f"/v1/videos/{case_id}").json()
    assert (shown["prompt"], shown["status"]) == (None, "completed")


def test_the_example_in_the_manual_runs(at, bunny, monkeypatch):
    manual = (ROOT / "docs" / "how-to" / "gateway.md").read_text()
    example = re.search(r"```python\n(.*?)```", manual, re.S)[1]
    monkeypatch.setenv("ASSAY_URL", at.url)
    monkeypatch.setenv("ASSAY_TOKEN", at.platform.token)
    stop, told = threading.Event(), {}
    moving = threading.Thread(target=at.installation.runner.run_forever, args=[stop])
    moving.start()
    try:
        exec(example, told)
    finally:
        stop.set()
        moving.join()
    assert told["content"] == bunny.read_bytes()
