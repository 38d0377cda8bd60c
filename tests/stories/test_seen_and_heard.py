"""What the engine made is looked at and listened to: words, flashes, and videos that show nothing."""

import json

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.stories.http_installation import FINE, memory_installation, serve_installation

WORDS = [
    {
        "kind": "heard",
        "text": "I will find you",
        "at": {"start": 1.5, "end": 3.0, "unit": "s"},
        "certainty": 0.8,
        "language": "en",
        "box": None,
        "is_code": False,
    },
    {
        "kind": "seen",
        "text": "<b>pay</b> http://bank.example",
        "at": {"start": 0.0, "end": 2.0, "unit": "s"},
        "certainty": 1.0,
        "language": "",
        "box": None,
        "is_code": True,
    },
]


def written(*lines):
    """Pictures of a slow zoom on a street of grey houses, with these lines of text on it."""
    font = ImageFont.load_default(size=40)
    for n in range(48):
        picture = Image.new("RGB", (640, 360), (70, 80, 90))
        draw = ImageDraw.Draw(picture)
        for house in range(6):
            draw.rectangle((house * 110 - n, 200 - 10 * house % 40, house * 110 + 80 + n, 360), fill=(120, 110, 100))
        for row, line in enumerate(lines):
            draw.text((30, 30 + 60 * row), line, font=font, fill="white")
        yield np.asarray(picture)


def levels(*values):
    for value in values:
        yield np.full((360, 640, 3), value, np.uint8)


CLIPS = {
    "threat": lambda: written("I will kill you", "and burn your house"),
    "friendly": lambda: written("Welcome to our village", "Market every Sunday"),
    "strobe": lambda: levels(*[255, 255, 0, 0] * 12),
    "black": lambda: levels(*[0] * 48),
}


@pytest.fixture(scope="module")
def engine_folder(tmp_path_factory):
    def make(name):
        folder = tmp_path_factory.mktemp(name)
        with av.open(str(folder / "clip.mp4"), "w") as out:
            stream = out.add_stream("libx264", rate=24, options={"crf": "20"})
            stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
            for picture in CLIPS[name]():
                out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            out.mux(stream.encode(None))
        return str(folder)

    return make


@pytest.mark.slow
@pytest.mark.models
@pytest.mark.postgres
@pytest.mark.parametrize(
    ("clip", "code", "why"),
    [
        ("threat", 5, "video_seen_threat"),
        ("strobe", 5, "video_flash"),
        ("friendly", 0, ""),
        ("black", 7, "nothing_to_see"),
    ],
)
def test_a_video_is_held_for_what_it_says_and_fails_where_it_says_nothing(installation, engine_folder, clip, code, why):
    engine = {"ASSAY_ENGINE_FOLDER": engine_folder(clip)}
    said = installation.assay("submit", f"a quiet street, {clip}", "--json", env=engine)
    assert said.code == code, said.out + said.err
    case = said.json["case"]
    if code == 5:
        assert why in case["verdicts"][-1]["rules"]
    if code == 7:
        assert case["failed"]["code"] == why


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    made = memory_installation(tmp_path_factory.mktemp("home"), words=json.dumps(WORDS))
    with serve_installation(made) as serving:
        yield serving


def test_a_moderator_reads_what_was_heard_and_seen_and_its_author_does_not(at):
    case = at.settle(at.submit(FINE))
    page = f"/cases/{case.id}?show=prompt"
    with at.browser(at.moderator) as browser:
        text = browser.get(page).text
        assert "I will find you" in text
        assert "1.5 to 3.0" in text
        assert "&lt;b&gt;pay&lt;/b&gt; http://bank.example" in text
        assert "QR code" in text
        assert "I will find you" not in browser.get(f"/cases/{case.id}").text
    with at.browser(at.platform) as browser:
        assert "I will find you" not in browser.get(page).text


def test_the_words_are_erased_with_the_case(at):
    case = at.settle(at.submit(FINE))
    assert case.words
    at.installation.service.erase(at.platform.person, case.id)
    with at.browser(at.moderator) as browser:
        assert "I will find you" not in browser.get(f"/cases/{case.id}?show=prompt").text
