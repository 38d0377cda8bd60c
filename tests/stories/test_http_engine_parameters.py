"""A platform sends what its engine understands, as JSON and as a form: used, refused or listed, and never dropped."""

import pytest

from core.case import Phase
from core.errors import Erased
from tests.stories.http_installation import FINE, memory_installation, serve_installation

PARAMETERS = {"num_frames": 49, "guidance_scale": 5.5, "extra_params": {"task": "t2va"}}


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    made = memory_installation(tmp_path_factory.mktemp("home"), engine_profile="generic")
    with serve_installation(made) as serving:
        yield serving


@pytest.fixture
def platform(at):
    with at.client(at.platform) as client:
        yield client


def asked(at, answer):
    assert answer.status_code == 200, answer.text
    return at.installation.ledger.load(answer.json()["id"]).request


def test_json_and_a_form_carry_the_same_parameters(at, platform):
    by_json = asked(at, platform.post("/v1/videos", json={"prompt": FINE, "negative_prompt": "blur", **PARAMETERS}))
    form = {"prompt": FINE, "negative_prompt": "blur", "num_frames": "49", "guidance_scale": "5.5"}
    by_form = asked(
        at,
        platform.post(
            "/v1/videos",
            files={name: (None, value) for name, value in {**form, "extra_params": '{"task": "t2va"}'}.items()},
        ),
    )
    for request in (by_json, by_form):
        assert request.parameters == {"num_frames": 49, "guidance_scale": 5.5}
        assert set(request.parameter_texts) == {"negative_prompt", "extra_params"}


def test_an_edit_carries_them_in_json_and_in_a_form_with_brackets(at, platform):
    source = platform.post("/v1/videos", json={"prompt": FINE}).json()["id"]
    assert at.settle(source).phase is Phase.PUBLISHED
    order = {"prompt": FINE, "video": {"id": source}}
    by_json = asked(at, platform.post("/v1/videos/edits", json={**order, **PARAMETERS}))
    form = {"prompt": FINE, "video[id]": source, "num_frames": "49", "guidance_scale": "5.5"}
    sent = [(name, (None, value)) for name, value in {**form, "extra_params[task]": "t2va"}.items()]
    by_form = asked(at, platform.post("/v1/videos/edits", files=sent))
    for request in (by_json, by_form):
        assert request.parameters == {"num_frames": 49, "guidance_scale": 5.5}
        assert set(request.parameter_texts) == {"extra_params"}


def test_texts_among_the_parameters_are_kept_apart_and_erased_with_the_case(at, platform):
    made = platform.post("/v1/videos", json={"prompt": FINE, "negative_prompt": "Zebedee"}).json()
    service, who = at.installation.service, at.platform.person
    assert service.parameter_texts(who, made["id"]) == {"negative_prompt": "Zebedee"}
    assert "Zebedee" not in repr(at.installation.ledger.history(made["id"]))
    at.settle(made["id"])
    service.erase(who, made["id"])
    with pytest.raises(Erased):
        service.parameter_texts(who, made["id"])


def test_a_moderator_reads_every_text_of_an_order_once_they_ask_for_the_prompt(at, platform):
    asked = {"prompt": FINE, "negative_prompt": "no gore, Zebedee", "extra_params": {"task": "t2va"}, "seed": 7}
    made = platform.post("/v1/videos", json=asked).json()
    settled = at.settle(made["id"])
    assert settled.phase is Phase.PUBLISHED
    with at.browser(at.moderator) as moderator:
        hidden = moderator.get(f"/cases/{made['id']}").text
        shown = moderator.get(f"/cases/{made['id']}", params={"show": "prompt"}).text
    assert "Zebedee" not in hidden and "t2va" not in hidden
    assert "Zebedee" in shown and "t2va" in shown and "seed 7" in shown


def test_a_field_that_no_engine_knows_is_refused_by_name(platform):
    answer = platform.post("/v1/videos", json={"prompt": FINE, "cfg": 7})
    assert answer.status_code == 400
    assert "'cfg' is not a parameter of this engine" in answer.json()["error"]["message"]
    assert answer.json()["error"]["param"] == "cfg"


@pytest.mark.parametrize(
    "wrong", [{"size": "720p"}, {"size": "0x0"}, {"seconds": "4_0"}, {"seconds": "1e3"}, {"fps": 0}]
)
def test_what_the_engine_does_not_offer_is_refused_at_the_door(platform, wrong):
    answer = platform.post("/v1/videos", json={"prompt": FINE, **wrong})
    assert answer.status_code == 400
    assert next(iter(wrong)) in answer.json()["error"]["message"]
    assert answer.json()["error"]["param"] == next(iter(wrong))


def test_an_installation_may_ignore_unknown_fields_and_lists_them(tmp_path):
    with serve_installation(memory_installation(tmp_path, unknown_parameters="ignore")) as lenient:
        with lenient.client(lenient.platform) as client:
            made = client.post("/v1/videos", json={"prompt": FINE, "cfg": 7, "seed": 1}).json()
        assert made["assay"]["ignored"] == ["cfg", "seed"]
