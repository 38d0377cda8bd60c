"""What an order starts from goes through everything that a video goes through: a picture, a clip, another video.

All is real but the engine: works and their examples, banks, on-screen words, symbols, policy, the seal of the parent.
"""

import io
from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from classifiers.image.symbol_shapes import hooked_cross
from core.case import Phase
from core.ports import Ticket
from core.roles import Principal, Role
from core.signals import Subject
from pipeline.advance import advance
from registry.rights.registered_works import RegisteredWork
from tests.stories.conftest import make_installation
from tests.stories.drawn_mascot import landscape, mascot
from tests.stories.http_installation import serve_real_installation

OPERATOR = Principal(id="operator", roles=frozenset({Role.OPERATOR}))
SCREENING = frozenset({Phase.SUBMITTED, Phase.SCREENED})
pytestmark = [pytest.mark.postgres, pytest.mark.models]


def scene(*, character=False, words=(), symbol=False):
    """A landscape, with what is to be found in it."""
    drawn = mascot(tilt=-8, outline=6, hat="#d93a2b", scene=True) if character else landscape()
    picture = Image.open(io.BytesIO(drawn)).convert("RGB").resize((640, 480))
    draw = ImageDraw.Draw(picture)
    for row, line in enumerate(words):
        draw.rectangle((20, 20 + 60 * row, 600, 70 + 60 * row), fill=(20, 20, 20))
        draw.text((30, 25 + 60 * row), line, font=ImageFont.load_default(size=36), fill="white")
    if symbol:
        draw.rectangle((180, 60, 460, 340), fill="#f4f4f4")
        mask = Image.fromarray(hooked_cross()).resize((220, 220))
        picture.paste((20, 20, 20), (210, 90), mask)
    return np.asarray(picture)


def png(picture):
    written = io.BytesIO()
    Image.fromarray(picture).save(written, "PNG")
    return "a.png", written.getvalue(), "image/png"


def clip(picture, path):
    """Two seconds in which a camera goes nearer."""
    height, width = picture.shape[:2]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=12, options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for n in range(24):
            near = Image.fromarray(picture).resize((width, height), box=(n / 2, n / 2, width - n / 2, height - n / 2))
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(near), format="rgb24")))
        out.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    home = tmp_path_factory.mktemp("house")
    footage = clip(scene(character=True), tmp_path_factory.mktemp("footage") / "clip.mp4")
    made = make_installation(home, footage)
    with serve_real_installation(made.home) as serving:
        yield serving


@pytest.fixture(scope="module")
def parent(at):
    """A published video that shows a character nobody had registered."""
    case_id = at.submit("a walk in the sun")
    case = at.settle(case_id)
    assert case.phase is Phase.PUBLISHED, case.verdict
    return case_id


@pytest.fixture(scope="module")
def registered(at, parent):
    """The character's holder has registered it by now."""
    work = RegisteredWork(id="w-pip", kind="character", names=("Pipkin Hatter",), holder=at.other.person.id)
    at.installation.registry.works.put([work])
    with at.client(at.other) as holder:
        for picture in (mascot(), mascot(tilt=14, outline=8, body="#f7cf4a"), mascot(tilt=-12, hat="#a31616")):
            added = holder.post("/api/works/w-pip/images", files={"file": ("pip.png", picture)})
            assert added.status_code == 200, added.text


def screened(at, made):
    """The case of an order, once what it starts from was judged."""
    assert made.status_code == 200, made.text
    case = at.installation.ledger.load(made.json()["id"])
    while case.phase in SCREENING:
        ticket = Ticket(case_id=case.id, revision=case.revision, phase=case.phase)
        case = advance(ticket, replace(at.installation.works, accepted_phases=SCREENING))
    return case


def ordered(at, way, picture, folder):
    """An order that starts from this picture, or from a clip of it."""
    with at.client(at.platform) as platform:
        if way == "picture":
            files = {"input_reference": png(picture)}
        else:
            files = {"input_reference": ("a.mp4", clip(picture, folder / "a.mp4").read_bytes(), "video/mp4")}
        return screened(at, platform.post("/v1/videos", data={"prompt": "a walk in the sun"}, files=files))


def remixed(at, parent):
    with at.client(at.platform) as platform:
        return screened(at, platform.post(f"/v1/videos/{parent}/remix", json={"prompt": "the same in snow"}))


def found(case, label):
    """The highest score of a label, all of whose signals are about the reference."""
    signals = [one for one in case.signals if one.label == label and one.subject is Subject.REFERENCE]
    assert signals, f"{label} was not measured of the reference"
    return max(signals, key=lambda one: one.score or 0.0)


@pytest.mark.parametrize("way", ["picture", "clip"])
def test_a_registered_character_is_found_in_a_reference(at, registered, way, tmp_path):
    case = ordered(at, way, scene(character=True), tmp_path)
    assert case.phase is Phase.HELD and "reference_work_likeness" in case.verdict.rules
    assert found(case, "work_likeness").example.work == "w-pip"


def test_a_character_that_was_registered_after_a_video_was_published_is_found_in_its_remixes(at, parent, registered):
    case = remixed(at, parent)
    assert case.phase is Phase.HELD and "reference_work_likeness" in case.verdict.rules
    assert (seen := found(case, "work_likeness")).example.work == "w-pip" and seen.at is not None


def test_footage_that_was_banked_after_a_video_was_published_is_found_in_its_remixes(at, parent, tmp_path):
    frame = tmp_path / "known.png"
    frame.write_bytes(png(scene(character=True))[1])
    banks = at.installation.banks
    banks.add_file(OPERATOR, "k1", frame, banks.resolve("", "known_listed"))
    case = remixed(at, parent)
    assert case.phase is Phase.HELD and "reference_known_listed" in case.verdict.rules
    assert found(case, "known_listed").evidence


@pytest.mark.parametrize("way", ["picture", "clip"])
@pytest.mark.parametrize(
    ("shown", "label", "rule"),
    [
        ({"words": ("I will kill you", "and burn your house")}, "seen_threat", "reference_words"),
        ({"symbol": True}, "hate_symbol", "reference_hate_symbol"),
    ],
)
def test_words_and_symbols_are_found_in_a_reference(at, parent, way, shown, label, rule, tmp_path):
    case = ordered(at, way, scene(**shown), tmp_path)
    assert case.phase is Phase.HELD and rule in case.verdict.rules, case.verdict
    assert found(case, label).score >= 0.5


@pytest.mark.parametrize("way", ["picture", "clip"])
def test_a_harmless_reference_is_measured_for_all_of_it_and_held_for_none(at, parent, registered, way, tmp_path):
    case = ordered(at, way, scene(), tmp_path)
    assert case.phase is Phase.ADMITTED, case.verdict
    for label in ("work_likeness", "work_not_allowed", "seen_threat", "hate_symbol", "known_bad", "nudity", "gore"):
        assert found(case, label).score < 0.5
