import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from pipeline.engines.engine_profile import load_engine_profile
from pipeline.engines.offered_sizes import require_offered_seconds, require_offered_size
from pipeline.request_fields.engine_parameters import (
    form_fields,
    parse_seconds,
    read_engine_fields,
    with_engine_fields,
)
from pipeline.settings import Settings
from pipeline.video_request import VideoRequest

GENERIC, OPENAI, PLAIN = (load_engine_profile(name) for name in ("generic", "openai", "plain"))


def read(given, profile=GENERIC, **how):
    return read_engine_fields(given, profile, **{"unknown": "refuse", **how})


ALL = {
    "width": 832,
    "height": 480,
    "fps": 16,
    "num_frames": 49,
    "seed": 42,
    "guidance_scale": 5.5,
    "num_inference_steps": 30,
    "negative_prompt": "blur, watermark",
    "lora": {"name": "pixel art", "scale": 0.8},
    "flow_shift": 3.0,
    "extra_params": {"task": "t2va", "duration": 10.0, "edges": [{"weight": 1}], "loop": True},
}


def test_every_parameter_of_the_engines_passes_with_its_type():
    found = read(ALL)
    assert found.ignored == ()
    assert found.parameters == {
        name: value for name, value in ALL.items() if name not in ("negative_prompt", "lora", "extra_params")
    }
    assert found.texts["negative_prompt"] == "blur, watermark"
    assert json.loads(found.texts["lora"]) == ALL["lora"]
    assert json.loads(found.texts["extra_params"]) == ALL["extra_params"]


def test_a_form_means_what_the_same_json_means():
    fields = [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in ALL.items()]
    assert read(form_fields([("prompt", "a fox"), *fields])) == read(ALL)


def test_a_form_with_brackets_means_the_same_object():
    fields = [
        ("lora[name]", "pixel art"),
        ("lora[scale]", "0.8"),
        ("extra_params[tags][]", "a"),
        ("extra_params[tags][]", "b"),
    ]
    found = read(form_fields(fields))
    assert json.loads(found.texts["lora"]) == {"name": "pixel art", "scale": 0.8}
    assert json.loads(found.texts["extra_params"]) == {"tags": ["a", "b"]}


def test_an_empty_text_reaches_an_engine_that_has_a_default_and_an_empty_object_does_not():
    found = read({"negative_prompt": "", "extra_params": {}})
    assert (found.parameters, found.texts) == ({"negative_prompt": ""}, {})


def test_what_is_assays_own_or_has_no_value_is_nothing_for_the_engine():
    given = {"prompt": "a fox", "model": "wan", "characters": ["@ann"], "user": "u", "seed": None}
    assert read(given).parameters == {}
    assert form_fields([("characters[][id]", "@ann"), ("cameos[]", "@bob"), ("input_reference[image_url]", "x")]) == {}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"num_frames": 0}, "num_frames must lie between 1 and 4096"),
        ({"num_frames": 1.5}, "num_frames must be a whole number"),
        ({"num_frames": True}, "num_frames must be a whole number"),
        ({"num_frames": "4_9"}, "num_frames must be a whole number"),
        ({"num_frames": [1]}, "num_frames must be a whole number"),
        ({"seed": 10**30}, "seed"),
        ({"guidance_scale": "1e400"}, "guidance_scale must be a number"),
        ({"guidance_scale": float("nan")}, "guidance_scale"),
        ({"guidance_scale": 21}, "guidance_scale must lie between 0 and 20"),
        ({"negative_prompt": 3}, "negative_prompt must be a text"),
        ({"negative_prompt": "x" * 5000}, "negative_prompt has more than"),
        ({"negative_prompt": "a\0b"}, "negative_prompt"),
        ({"lora": "not json"}, "lora must be an object"),
        ({"lora": [1]}, "lora must be an object"),
        ({"lora": {"what": 1}}, "lora has no 'what'"),
        ({"lora": {"path": "/srv/models/x"}}, "lora.path"),
        ({"lora": {"path": "a/../../b"}}, "lora.path"),
        ({"lora": {"path": "https://evil.example/x"}}, "lora.path"),
        ({"extra_params": {"image": "refs/face.png"}}, "extra_params.image"),
        ({"extra_params": {"edge": {"control_path": "a.mp4"}}}, "extra_params.edge.control_path"),
        ({"extra_params": {"note": "see http://10.0.0.1/x"}}, "extra_params.note"),
        ({"extra_params": {"note": "data:image/png;base64,AAAA"}}, "extra_params.note"),
        ({"extra_params": {"a": float("inf")}}, "extra_params.a"),
        ({"extra_params": {"a": None}}, "extra_params.a has no value"),
        ({"extra_params": {"a": [1] * 300}}, "more than 256 values"),
        ({"extra_params": {"a": ["x" * 3999] * 9}}, "characters together"),
        ({"output_path": "/tmp"}, "output_path is not taken"),
        ({"cfg": 7}, "'cfg' is not a parameter of this engine"),
        ({"width": 640, "size": "1280x720"}, "width and size contradict"),
    ],
)
def test_what_the_engine_cannot_take_is_refused_with_the_fields_name(given, says):
    with pytest.raises(BadInput, match=says) as raised:
        read(given, size=given.get("size", ""))
    assert "\n" not in str(raised.value)
    assert raised.value.param in (*given, "")
    assert raised.value.param or "characters together" in says


@pytest.mark.parametrize("profile", [OPENAI, PLAIN])
def test_an_engine_without_parameters_refuses_each_of_them(profile):
    for name, value in ALL.items():
        with pytest.raises(BadInput, match=name):
            read({name: value}, profile)


def test_an_unknown_field_is_listed_where_the_installation_ignores_them():
    found = read({"cfg": 7, "seed": 1, "an odd name": 2}, unknown="ignore")
    assert found.ignored == ("a field whose name is no word", "cfg")
    assert found.parameters == {"seed": 1}


def test_what_a_profile_refuses_is_refused_even_where_unknown_fields_are_ignored():
    with pytest.raises(BadInput, match="output_path is not taken"):
        read({"output_path": "x"}, unknown="ignore")


def test_a_reference_under_any_of_its_names_is_nothing_for_the_engines_parameters():
    given = {"input_reference": {"image_url": "data:"}, "image_reference": "data:", "reference_url": "data:"}
    assert read(given, OPENAI) == read({}, OPENAI)


def test_of_several_engines_with_a_model_the_one_that_takes_most_is_asked_of():
    table = {"a": {"url": "http://a", "profile": "openai"}, "b": {"url": "http://b", "profile": "generic"}}
    for unknown in ("refuse", "ignore"):
        settings = Settings(engine="routed", engines=table, unknown_parameters=unknown)
        found = with_engine_fields(VideoRequest(prompt="a fox"), {"seed": 7, "prompt": "a fox"}, settings)
        assert (found.parameters, found.ignored) == ({"seed": 7}, ())


def test_what_none_of_several_engines_takes_is_refused_as_the_first_of_them_says():
    table = {"a": {"url": "http://a", "profile": "openai"}, "b": {"url": "http://b", "profile": "generic"}}
    settings = Settings(engine="routed", engines=table)
    with pytest.raises(BadInput, match="one of 720x1280"):
        with_engine_fields(VideoRequest(prompt="a fox", size="8x8"), {}, settings)
    with pytest.raises(BadInput, match="seed must lie between"):
        with_engine_fields(VideoRequest(prompt="a fox"), {"seed": -9}, Settings(engine="http"))


@given(
    st.dictionaries(st.text(max_size=12), st.none() | st.booleans() | st.integers() | st.text(max_size=12), max_size=4)
)
def test_no_field_is_dropped_without_a_word(given):
    try:
        found = read(given, unknown="ignore")
    except BadInput:
        return
    from pipeline.request_fields.engine_parameters import is_own_field

    sent = {name for name, value in given.items() if value is not None and not is_own_field(name)}
    empty = [name for name in sent if name in ("extra_params", "lora") and given[name] == "{}"]
    assert len(sent) == len(found.parameters) + len(found.texts) + len(found.ignored) + len(empty)


@pytest.mark.parametrize("size", ["999999x999999", "0x0", "720p", "1280*720", "8x8", "9000x9000", "1280x720\n"])
def test_a_size_that_is_none_is_refused(size):
    with pytest.raises(BadInput, match="size"):
        require_offered_size(size, GENERIC)


def test_sizes_and_seconds_are_those_that_the_engine_offers():
    assert require_offered_size("1280x720", OPENAI) == "1280x720"
    assert require_offered_seconds(8.0, OPENAI) == 8.0
    assert require_offered_size("", OPENAI) == ""
    with pytest.raises(BadInput, match="one of 720x1280"):
        require_offered_size("640x480", OPENAI)
    with pytest.raises(BadInput, match="one of 4, 8, 12"):
        require_offered_seconds(5.0, OPENAI)
    with pytest.raises(BadInput, match="whole"):
        require_offered_seconds(4.5, load_engine_profile("vllm-omni"))
    with pytest.raises(BadInput, match="between"):
        require_offered_seconds(0.0, GENERIC)


@pytest.mark.parametrize("value", ["4_0", "1e3", "-1", "nan", "inf", "soon", " 4", "٤", True, float("nan"), 1e9, [4]])
def test_seconds_are_a_plain_number(value):
    with pytest.raises(BadInput, match="seconds"):
        parse_seconds(value)


def test_seconds_are_read_from_texts_and_numbers():
    assert [parse_seconds(value) for value in ("4", "7.5", 4, 7.5, None, "")] == [4.0, 7.5, 4.0, 7.5, None, None]


@pytest.mark.parametrize(
    "fields",
    [
        [("a[b][][c]", "1")],
        [("a[b", "1")],
        [("a", "1"), ("a[b]", "2")],
        [("seed", "1"), ("seed", "2")],
        [("a[]", "1"), ("a[b]", "2")],
    ],
)
def test_a_form_that_says_two_things_is_refused(fields):
    with pytest.raises(BadInput):
        form_fields(fields)
