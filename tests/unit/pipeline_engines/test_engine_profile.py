import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput, RenderFailed
from core.ports import RenderRequest
from pipeline.engines.engine_profile import ENGINE_PROFILES, load_engine_profile, parse_size, profile_of_settings
from pipeline.engines.order_body import can_be_json, request_body
from pipeline.engines.parameter_paths import flatten_parameter, object_of_text, words_of_object
from pipeline.engines.trade_words import TRADE_WORDS
from pipeline.settings import Settings

NAMES = sorted(file.stem for file in ENGINE_PROFILES.glob("*.toml"))
KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
SCALARS = st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=10)
NESTED = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(KEYS, inner, min_size=1, max_size=3),
    max_leaves=8,
)


def order(**given):
    return RenderRequest(**{"key": "case-1", "prompt": "a fox", **given})


@pytest.mark.parametrize("name", NAMES)
def test_every_profile_that_comes_with_assay_loads(name):
    profile = load_engine_profile(name)
    assert profile.name == name
    assert profile.about


def test_the_engines_that_people_use_have_a_profile():
    assert {"vllm-omni", "sglang", "dynamo", "openai", "generic", "plain"} == set(NAMES)


@given(value=st.dictionaries(KEYS, NESTED, min_size=1, max_size=3))
def test_every_text_in_an_object_is_among_its_words(value):
    try:
        leaves = dict(flatten_parameter("extra_params", value))
    except BadInput:  # nested too deep
        return
    assert object_of_text(json.dumps(value)) == value
    found = set(re.findall(r"[^\W\d_]+", words_of_object(value).lower()))
    for leaf in leaves.values():
        words = set(re.findall(r"[^\W\d_]+", leaf.lower())) if isinstance(leaf, str) else set()
        assert words <= found or words <= TRADE_WORDS


def test_the_keys_of_an_object_are_among_its_words():
    assert words_of_object({"naked_child": 1, "a": [{"note": "red"}]}).splitlines() == ["red", "naked child", "a note"]


def test_what_is_technical_in_an_object_and_what_stands_there_twice_is_left_out():
    assert (
        words_of_object({"preencode_mp4": True, "video_codec_options": {"preset": "ultrafast", "threads": "0"}}) == ""
    )
    assert words_of_object({"name": "pixel art", "path": "nerijs/pixel-art", "scale": 1}) == "pixel art\nnerijs"


def test_a_text_that_is_no_object_is_a_text():
    assert [object_of_text(text) for text in ("a fox", "[1]", "{", "{'a': 1}", "3")] == [None] * 5


@pytest.mark.parametrize(
    "value", [{"a": {}}, {"a": []}, {"a": None}, {"a b": 1}, {"": 1}, {"a": {"b": {"c": [[[[1]]]]}}}]
)
def test_what_has_no_value_or_no_name_is_refused_with_its_place(value):
    with pytest.raises(BadInput, match="extra_params"):
        dict(flatten_parameter("extra_params", value))


def test_a_json_order_has_objects_and_a_form_has_json_in_one_field():
    given = order(
        seconds=4.0,
        size="1280x720",
        parameters={"num_frames": 49, "guidance_scale": 5.5},
        parameter_texts={
            "negative_prompt": "blur",
            "lora": '{"scale": 0.8, "name": "style"}',
            "extra_params": '{"tags": ["red"]}',
        },
    )
    generic = load_engine_profile("generic")
    assert request_body(given, "wan", generic, "json")["json"] == {
        "prompt": "a fox",
        "model": "wan",
        "size": "1280x720",
        "seconds": "4",
        "num_frames": 49,
        "guidance_scale": 5.5,
        "negative_prompt": "blur",
        "lora": {"scale": 0.8, "name": "style"},
        "extra_params": {"tags": ["red"]},
    }
    parts = {name: value for name, (_, value) in request_body(given, "wan", generic, "multipart")["files"]}
    assert (parts["num_frames"], parts["guidance_scale"], parts["negative_prompt"]) == ("49", "5.5", "blur")
    assert json.loads(parts["lora"]) == {"scale": 0.8, "name": "style"}


def test_dynamos_parameters_go_under_nvext_and_its_seconds_are_a_number(tmp_path):
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG")
    given = order(seconds=4.0, reference=picture, parameters={"fps": 16}, parameter_texts={"negative_prompt": "blur"})
    body = request_body(given, "wan", load_engine_profile("dynamo"), "json")["json"]
    assert body["nvext"] == {"fps": 16, "negative_prompt": "blur"}
    assert body["seconds"] == 4 and isinstance(body["seconds"], int)
    assert body["input_reference"].startswith("data:image/png;base64,")


def test_a_reference_for_sglang_goes_as_a_form(tmp_path):
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG")
    sglang = load_engine_profile("sglang")
    assert can_be_json(order(), sglang)
    assert not can_be_json(order(reference=picture), sglang)


def test_a_parameter_that_the_profile_does_not_name_never_reaches_an_engine():
    with pytest.raises(RenderFailed, match="does not take the parameter seed") as raised:
        request_body(order(parameters={"seed": 1}), "", load_engine_profile("openai"), "json")
    assert raised.value.code == "invalid_parameters"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "about"),
        ("about = 3", "about"),
        ('about = "x"\nwhat = 1', "what"),
        ('about = "x"\n[parameters]\nseed = { type = "float" }', "seed.type"),
        ('about = "x"\n[parameters]\nseed = { type = "word" }', "choices"),
        ('about = "x"\n[parameters]\nseed = { type = "text", min = 1 }', "bounds"),
        ('about = "x"\n[parameters]\n"Seed 1" = { type = "text" }', "a-z"),
        ('about = "x"\n[parameters]\nnegative_prompt = { type = "integer" }', "negative_prompt is a text"),
        ('about = "x"\n[parameters]\nseed = { type = "integer" }\n[refused]\nseed = "no"', "both"),
        ('about = "x"\n[size]\nchoices = ["720p"]', "not a size"),
        ("about =", "cannot be read"),
    ],
)
def test_a_profile_that_is_wrong_says_where(tmp_path, text, says):
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(BadInput, match=says):
        load_engine_profile(str(file))


def test_a_profile_is_found_by_its_name_and_a_changed_file_is_read_again(tmp_path):
    with pytest.raises(BadInput, match="one of dynamo"):
        load_engine_profile("../../etc/passwd")
    file = tmp_path / "mine.toml"
    file.write_text('about = "one"')
    assert load_engine_profile(str(file)).about == "one"
    file.write_text('about = "another"')
    assert load_engine_profile(str(file)).about == "another"


def test_an_engine_that_is_no_server_takes_no_parameters_unless_the_settings_say_so():
    assert profile_of_settings(Settings()).name == "plain"
    assert profile_of_settings(Settings(engine="http")).name == "generic"
    assert profile_of_settings(Settings(engine="http", engine_profile="sglang")).name == "sglang"


def test_a_size_is_two_numbers_and_nothing_else():
    assert parse_size("1280x720") == (1280, 720)
    for wrong in ("0x0", "720p", "1280*720", "999999x999999", "1280x720 ", "-1x5", "１２８０x720", "01x2"):
        assert parse_size(wrong) is None, wrong
