"""Remixes, edits and extensions are cases of their own; characters are people who agreed; models are listed."""

import pytest

from tests.stories.http_installation import FINE, HELD, memory_installation, serve_installation


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    with serve_installation(memory_installation(tmp_path_factory.mktemp("house"), max_upload_mb=2)) as serving:
        yield serving


@pytest.fixture
def platform(at):
    with at.client(at.platform) as client:
        yield client


def published(at):
    case_id = at.submit(FINE)
    at.settle(case_id)
    return case_id


@pytest.mark.parametrize("way", ["remix", "edits", "extensions"])
@pytest.mark.parametrize("form", [False, True])
def test_a_video_is_made_over_another_with_it_as_parent_and_reference(at, platform, bunny, way, form):
    source = published(at)
    path = f"/v1/videos/{source}/remix" if way == "remix" else f"/v1/videos/{way}"
    fields = {"prompt": "the rabbit in snow", "characters": ["@ann"], "account_minor": True}
    fields |= {"seconds": "8"} if way == "extensions" else {}
    if form:
        sent = {
            "characters[]" if k == "characters" else k: str(v).lower() if v is True else v for k, v in fields.items()
        }
        sent |= {} if way == "remix" else {"video[id]": source}
        made = platform.post(path, files=[(name, (None, one)) for name, value in sent.items() for one in (value if isinstance(value, list) else [value])])  # fmt: skip
    else:
        made = platform.post(path, json=fields | ({} if way == "remix" else {"video": {"id": source}}))
    assert made.status_code == 200, made.text
    answer, asked = made.json(), at.installation.ledger.load(made.json()["id"]).request
    assert (answer["remixed_from_video_id"], answer["prompt"]) == (source, "the rabbit in snow")
    assert (answer["size"], asked.parent, asked.cameos, asked.account_minor) == ("1280x720", source, ("@ann",), True)
    kind = "image/png" if way == "extensions" else "video/mp4"
    assert [asset.media_type for asset in asked.references] == [kind]
    assert at.left_on_disk() == []


def test_a_video_that_is_sent_is_edited_or_continued(at, platform, bunny):
    for way, more in (("edits", {}), ("extensions", {"seconds": "4"})):
        with bunny.open("rb") as file:
            made = platform.post(f"/v1/videos/{way}", data={"prompt": FINE} | more, files={"video": file})
        assert (made.status_code, made.json()["remixed_from_video_id"]) == (200, None), made.text


@pytest.mark.parametrize(
    ("path", "body", "status", "param"),
    [
        ("/v1/videos/ffffffffffffffff/remix", {"prompt": "x"}, 404, None),
        ("/v1/videos/edits", {"prompt": "x"}, 400, "video"),
        ("/v1/videos/edits", {"prompt": "x", "video": {"id": 7}}, 400, "video"),
        ("/v1/videos/edits", {"prompt": "x", "video": {"id": "ffffffffffffffff"}}, 404, None),
        ("/v1/videos/extensions", {"prompt": "x", "video": {"id": "ffffffffffffffff"}}, 400, "seconds"),
        ("/v1/videos/extensions", {"video": {"id": "ffffffffffffffff"}, "seconds": "soon"}, 400, "seconds"),
        ("/v1/videos/edits", [], 400, None),
        *(
            ("/v1/videos/ffffffffffffffff/remix", {"prompt": "x", name: "x"}, 400, name)
            for name in ("input_reference", "image_url", "remixed_from_video_id")
        ),
    ],
)
def test_what_cannot_be_made_over_another_is_refused_by_name(platform, path, body, status, param):
    answer = platform.post(path, json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (status, param), answer.text


@pytest.mark.parametrize(("way", "status", "code"), [("edits", 400, "bad_input"), ("extensions", 422, "bad_media")])
def test_a_file_that_is_no_video_is_refused_as_the_field_that_it_is(platform, way, status, code):
    sent = {"video": ("holiday.md", b"# no video, but a text about one\n" * 50)}
    answer = platform.post(f"/v1/videos/{way}", data={"prompt": FINE, "seconds": "4"}, files=sent)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (status, code, "video")
    assert "file.md" not in error["message"]


def test_nothing_is_made_over_a_video_that_is_not_finished_or_not_to_be_had(at, platform):
    waiting, held = at.submit(FINE), at.submit(HELD)
    at.settle(held)
    gone = published(at)
    platform.delete(f"/v1/videos/{gone}")
    for source, status in ((waiting, 409), (held, 409), (gone, 404)):
        assert platform.post(f"/v1/videos/{source}/remix", json={"prompt": "x"}).status_code == status
    with at.client(at.other) as other:
        theirs, none = (other.post(f"/v1/videos/{one}/remix", json={"prompt": "x"}) for one in (held, "0" * 16))
    assert theirs.status_code == 404 and theirs.json() == none.json()


def test_a_character_is_not_created_from_a_video_that_somebody_sends(at, platform):
    answer = platform.post("/v1/videos/characters", data={"name": "ann"}, files={"video": b"x" * 1_500_000})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "consent_required")
    assert "/enrol" in answer.json()["error"]["message"]
    assert at.left_on_disk() == []


def test_models_are_listed_and_the_default_can_be_asked_for(at, platform):
    listed = platform.get("/v1/models").json()
    assert [(one["id"], one["object"]) for one in listed["data"]] == [("default", "model")]
    assert platform.get("/v1/models/default").json() == listed["data"][0]
    assert platform.get("/v1/models/org/none").json()["error"]["code"] == "not_found"
    made = platform.post("/v1/videos", json={"prompt": FINE, "model": "default"}).json()
    assert (made["model"], at.installation.ledger.load(made["id"]).request.model) == ("default", "")
    with at.client() as stranger:
        assert stranger.get("/v1/models").status_code == 401
