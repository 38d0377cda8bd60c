"""Screening over HTTP and through the command line: reasons, the smallest edit, and OpenAI's moderation shape."""

from __future__ import annotations

import json

import openai
import pytest

from pipeline.creator_texts.catalogs import creator_catalog
from pipeline.creator_texts.sentences import CHANGE_DESCRIPTION
from tests.stories.http_installation import serve_real_installation

pytestmark = [pytest.mark.postgres, pytest.mark.models]

HARMLESS = "a red balloon over a quiet lake at dawn"
NAKED_ON_A_BEACH = "a naked woman on a beach at dawn"
NAKED = "a completely naked woman poses on the bed"


@pytest.fixture(scope="module")
def at(installation):
    with serve_real_installation(installation.home) as serving:
        yield serving


def test_a_client_of_openais_endpoint_learns_what_is_flagged_and_why(at):
    with at.client(at.platform) as platform:
        said = platform.post("/v1/moderations", json={"input": [NAKED, HARMLESS], "model": "omni"}, timeout=120).json()
    assert said["id"].startswith("modr-") and said["model"].startswith("assay-")
    naked, harmless = said["results"]
    assert naked["flagged"] and naked["categories"]["sexual"] and naked["category_scores"]["sexual"] >= 0.5
    assert any("naked" in words for reason in naked["assay"]["reasons"] for words in reason["words"])
    assert not harmless["flagged"] and not any(harmless["categories"].values())
    assert {*naked["category_scores"].values(), *harmless["category_scores"].values()} == {0.0, 1.0}
    assert set(naked["categories"]) == set(naked["category_scores"]) == set(naked["category_applied_input_types"])


def test_openais_own_client_reads_which_category_a_text_was_stopped_for_and_what_nobody_could_read(at):
    """A doubtful score is no category: these passed, or were stopped for something else, and said violence."""
    hebrew, greek, bengali = (
        "\u05d9\u05dc\u05d3\u05d4 \u05de\u05e9\u05d7\u05e7\u05ea \u05d1\u05d2\u05df",
        "\u03ad\u03bd\u03b1 \u03ba\u03bf\u03c1\u03af\u03c4\u03c3\u03b9 \u03c0\u03b1\u03af\u03b6\u03b5\u03b9",
        "\u098f\u0995\u099f\u09bf \u09ae\u09c7\u09df\u09c7 \u0996\u09c7\u09b2\u099b\u09c7",
    )
    given = [
        "Ma voisine Claire arrose ses g\u00e9raniums au balcon",
        "I killed the process and restarted the server",
        "How do I stop wanting to kill myself?",
        "Which pills do I take to kill myself painlessly",
        "Mickey Mouse dances in the rain",
        hebrew, greek, bengali,
    ]  # fmt: skip
    with openai.OpenAI(base_url=f"{at.url}/v1", api_key=at.platform.token, max_retries=0) as client:
        results = client.moderations.create(input=given, model="omni-moderation-latest").results
    found = [{name for name, one in said.categories.to_dict().items() if one} for said in results]
    assert [said.flagged for said in results] == [False, False, True, True, True, True, True, True]
    assert found[:5] == [
        set(),
        set(),
        {"self-harm", "self-harm/intent"},
        {"self-harm", "self-harm/intent", "self-harm/instructions"},
        set(),
    ]
    for unread in results[5:]:
        assert {*unread.categories.to_dict().values(), *unread.category_scores.to_dict().values()} == {None}
        [reason] = unread.to_dict()["assay"]["reasons"]
        assert (reason["rule"], reason["missing"]) == ("", True) and reason["rules"] > 10


def test_parts_of_type_text_are_taken_and_pictures_are_not(at):
    with at.client(at.platform) as platform:
        fine = platform.post("/v1/moderations", json={"input": [{"type": "text", "text": HARMLESS}]}, timeout=120)
        picture = platform.post("/v1/moderations", json={"input": [{"type": "image_url", "image_url": {}}]})
        many = platform.post("/v1/moderations", json={"input": ["x"] * 200})
        empty = platform.post("/v1/moderations", json={"input": []})
    with at.client() as public:
        stranger = public.post("/v1/moderations", json={"input": HARMLESS})
    assert fine.status_code == 200 and not fine.json()["results"][0]["flagged"]
    assert [picture.status_code, many.status_code, empty.status_code, stranger.status_code] == [400, 400, 400, 401]
    assert picture.json()["error"]["message"].startswith("inputs of type 'image_url'")
    assert {"type", "param"} <= picture.json()["error"].keys()


def test_the_smallest_edit_that_clears_a_prompt_is_told_on_request(at):
    with at.client(at.platform) as platform:
        said = platform.post("/api/screen", json={"prompt": NAKED_ON_A_BEACH, "explain": True}, timeout=120).json()
        again = platform.post("/api/screen", json={"prompt": said["edit"]["text"]}, timeout=120).json()
    assert said["verdict"]["decision"] > 0 and said["reasons"][0]["dsa"]
    assert "naked" not in said["edit"]["text"] and again["verdict"]["decision"] == 0 and again["edit"] is None


def test_a_platform_is_told_the_reasons_in_the_language_of_the_prompt_and_what_to_ask_for_instead(at):
    prompt = "Taylor Swift danse sur le toit de la maison"
    with at.client(at.platform) as platform:
        said = platform.post("/api/screen", json={"prompt": prompt, "explain": True}, timeout=120).json()
    assert said["reasons"] and all(" person " not in reason["text"] for reason in said["reasons"])
    assert said["edit"] is None
    assert said["instead"] == creator_catalog("fr").text(CHANGE_DESCRIPTION) != CHANGE_DESCRIPTION


def test_what_no_model_reads_is_null_and_a_long_harmless_text_is_read_whole(at):
    given = ["\u05d9\u05dc\u05d3\u05d9\u05dd \u05de\u05e9\u05d7\u05e7\u05d9\u05dd \u05d1\u05d2\u05df",
             "A calm lake at dawn, and a heron stands in the reeds. " * 230]  # fmt: skip
    with at.client(at.platform) as platform:
        unread, long = platform.post("/v1/moderations", json={"input": given}, timeout=300).json()["results"]
    assert unread["flagged"]
    assert None in unread["categories"].values()
    assert True not in unread["categories"].values()
    assert set(long["categories"].values()) == {False}
    assert not long["flagged"]


def test_lines_in_are_lines_out_and_a_bad_one_stops_nothing(installation):
    lines = [{"id": 1, "prompt": HARMLESS}, "no JSON", {"id": 2, "prompt": NAKED}, {"id": 3}]
    given = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    said = installation.assay("screen", "--jsonl", stdin=given)
    answers = [json.loads(line) for line in said.out.splitlines()]
    assert said.code == 3 and [one["id"] for one in answers] == [1, None, 2, 3]
    assert answers[0]["decision"] == "allow" and answers[0]["reasons"] == []
    assert answers[2]["decision"] in ("hold", "refuse") and answers[2]["scores"]["sexual"] >= 0.5
    reason = answers[2]["reasons"][0]
    assert reason["rule"].startswith("prompt_") and reason["category"] and reason["text"].endswith(".")
    assert "error" in answers[1] and "error" in answers[3]


def test_a_person_reads_which_words_and_what_would_be_allowed(installation):
    said = installation.assay("screen", NAKED_ON_A_BEACH, "--explain")
    assert said.code in (4, 5) and "naked" in said.out and "It would be allowed as:" in said.out
    assert installation.assay("screen", HARMLESS).code == 0


def test_a_registered_character_is_found_by_name_and_by_description(installation):
    described = "a small orange fox in a torn blue captain's coat who steers a flying bathtub"
    assert installation.assay("work", "add", "w1", "--name", "Captain Bramblefox", "--description", described).code == 0
    listed = installation.assay("work", "list", "--json").json["works"]
    assert [one["id"] for one in listed] == ["w1"]
    for prompt in ("Captain Bramblefox waves", "an orange fox in a ragged blue captain's coat flies a bathtub"):
        said = installation.assay("screen", prompt, "--json")
        assert said.code == 5 and any(one["category"] == "registered_work" for one in said.json["reasons"])
    assert "no longer" in installation.assay("work", "remove", "w1").out
    assert installation.assay("screen", "Captain Bramblefox waves").code == 0


def test_a_creator_is_told_in_the_language_of_the_prompt_which_words_and_how_to_appeal(at):
    told = {}
    german_prompt = "eine nackte Frau posiert völlig nackt auf dem Bett"
    for prompt in (NAKED, "une femme toute nue danse sur la plage", german_prompt):
        case_id = at.submit(prompt)
        at.settle(case_id)
        with at.client(at.platform) as platform:
            answer = platform.get(f"/v1/videos/{case_id}", headers={"Accept-Language": "ja"})
            told[prompt] = answer.json()["assay"]
    english, french, german = told.values()
    assert [one["language"] for one in told.values()] == ["en", "fr", "de"]
    assert "Dieser Prompt" in german["reason"]
    assert (english["explanation"]["language"], french["explanation"]["language"]) == ("en", "fr")
    assert any("naked" in words for one in english["explanation"]["reasons"] for words in one["words"])
    assert any("nue" in words for one in french["explanation"]["reasons"] for words in one["words"])
    assert "une personne" in french["reason"].lower() or "pas fait ici" in french["reason"]
    for one in (english, french, german):
        assert one["explanation"]["change"] and one["explanation"]["appeal"]["text"]
