"""References as real clients send them, to `assay serve` on its real wiring; only the engine is a stand-in.

What reaches the engine is upright, carries nothing but its pixels, and was screened by the real classifiers. What cannot be
honoured is refused with the name of its field, and no text-only video is made in its place.
"""

import base64
import io
import json
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass

import av
import httpx
import numpy as np
import openai
import pytest
from PIL import Image

from tests.conftest import ROOT
from tests.engine_server.server import EngineServer, serving
from tests.reference_files import (
    HEIC,
    SECRET,
    clip,
    encoded,
    exif,
    moving,
    png_with_a_hidden_picture,
    quarters,
    rotated_jpeg,
    shows_quarters,
)
from tests.stories.conftest import CliInstallation, make_installation
from tests.stories.server_process import start_server, stop_server

pytestmark = [pytest.mark.postgres, pytest.mark.models, pytest.mark.slow]


@dataclass(frozen=True)
class Gateway:
    """`assay serve` as a process of its own, a platform's client, and the engine behind it."""

    url: str
    token: str
    moderator: str
    engine: EngineServer
    client: openai.OpenAI

    def curl(self, *arguments):
        """What the gateway answers to curl: status, and JSON."""
        done = subprocess.run(
            ["curl", "-s", "-m", "60", "-w", "\n%{http_code}", "-H", f"Authorization: Bearer {self.token}", *arguments,
             f"{self.url}/v1/videos"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        body, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(body)

    def ordered(self, video_id, prompt):
        """The order for this video, as it reached the engine."""
        for _ in range(600):
            for job in list(self.engine.jobs.values()):
                if job["order"]["prompt"] == prompt:
                    return job["order"]
            time.sleep(0.1)
        case = self.case(video_id)
        raise AssertionError(f"no order reached the engine: {case['phase']}, {case['verdicts']}")

    def case(self, video_id):
        """Everything known about a video, as a moderator sees it."""
        head = {"Authorization": f"Bearer {self.moderator}"}
        return httpx.get(f"{self.url}/api/cases/{video_id}", headers=head, trust_env=False, timeout=60).json()["case"]


@pytest.fixture(scope="module")
def known_picture(bunny):
    """A frame of the demo's clip, which the installation knows as one that must not be used."""
    with av.open(str(bunny)) as file:
        return next(frame for number, frame in enumerate(file.decode(video=0)) if number == 30).to_image()


@pytest.fixture(scope="module")
def at(tmp_path_factory, known_picture):
    installation = make_installation(tmp_path_factory.mktemp("gateway"))
    known_picture.save(installation.home / "known.png")
    banked = installation.assay("bank", "add", "known-1", installation.home / "known.png", "--kind", "known_bad")
    assert banked.code == 0, banked.err
    tokens = [
        installation.assay("account", "add", "--role", role, "--json").json["token"]
        for role in ("platform", "moderator")
    ]
    with (
        serving(clip("mp4", "libx264")) as engine,
        served(installation, engine) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key=tokens[0], max_retries=0, timeout=120) as client,
    ):
        yield Gateway(url, *tokens, engine, client)


@contextmanager
def served(installation: CliInstallation, engine: EngineServer):
    """`assay serve` over an installation and an engine, until the end of the block."""
    env = {**installation.env, "ASSAY_ENGINE": "http", "ASSAY_ENGINE_URL": engine.url}
    process, url = start_server(env, installation.home / "serve.log")
    try:
        yield url
    finally:
        stop_server(process)


def pictures_of(sent):
    """The frames (height, width, 3) of a file that reached the engine."""
    if sent["type"] == "video/mp4":
        with av.open(io.BytesIO(sent["bytes"])) as file:
            return [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    with Image.open(io.BytesIO(sent["bytes"])) as image:
        assert not dict(image.getexif()) and image.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        return [np.asarray(image.convert("RGB"))]


ANIMALS = "rabbit fox cat horse swan duck hare deer otter heron pony goose sparrow".split()  # noqa: SIM905
KINDS = {
    "a.png": (lambda: encoded("PNG", exif=exif()), "image/png", "image/png"),
    "see through.png": (lambda: encoded("PNG", quarters().convert("RGBA")), "image/png", "image/png"),
    "a.jpg": (lambda: encoded("JPEG", quality=95, exif=exif()), "image/jpeg", "image/jpeg"),
    "kép 图片.jpg": (lambda: encoded("JPEG", quality=95, progressive=True), "image/jpeg", "image/jpeg"),
    "rotated.jpg": (rotated_jpeg, "image/jpeg", "image/jpeg"),
    "a.webp": (lambda: encoded("WEBP", quality=95), "image/webp", "image/png"),
    "a.heic": (HEIC.read_bytes, "image/heic", "image/png"),
    "a.avif": (lambda: encoded("AVIF", quality=90), "image/avif", "image/png"),
    "a.gif": (lambda: encoded("GIF"), "image/gif", "image/png"),
    "moves.gif": (lambda: moving("GIF"), "image/gif", "video/mp4"),
    "a.mp4": (lambda: clip("mp4", "libx264", title=SECRET), "video/mp4", "video/mp4"),
    "a.webm": (lambda: clip("webm", "libvpx-vp9"), "video/webm", "video/mp4"),
    "a picture.mp4": (lambda: encoded("WEBP", quality=95), "image/webp", "image/png"),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_reference_of_openais_client_reaches_the_engine_as_what_was_screened(at, name):
    content, received, sent_as = KINDS[name]
    prompt = f"a {ANIMALS[list(KINDS).index(name)]} in a meadow [slow]"
    video = at.client.videos.create(prompt=prompt, input_reference=(name, content(), "application/octet-stream"))
    assert video.to_dict()["assay"]["reference"] == {"received": received, "sent": sent_as}
    sent = at.ordered(video.id, prompt)["input_reference"]
    at.client.videos.delete(video.id)
    assert (sent["type"], sent["filename"]) == (
        sent_as,
        f"reference.{sent_as.partition('/')[2].replace('jpeg', 'jpg')}",
    )
    frames = pictures_of(sent)
    assert shows_quarters(frames[0]) and len(frames) == {"moves.gif": 5, "a.mp4": 20, "a.webm": 20}.get(name, 1)
    assert SECRET.encode() not in sent["bytes"]
    case = at.case(video.id)
    [screened] = case["submitted"]["references_sent"]
    assert (screened["media_type"], screened["size"]) == (sent_as, len(sent["bytes"]))
    assert {s["source"].partition("/")[0] for s in case["signals"] if s["subject"] == "reference"} >= {
        "frame_faces", "frame_nudity", "frame_hashes"
    }  # fmt: skip


def test_a_picture_under_transparency_reaches_nobody(at):
    prompt = "a robin in a meadow [slow]"
    video = at.client.videos.create(prompt=prompt, input_reference=("a.png", png_with_a_hidden_picture(), "image/png"))
    [white] = pictures_of(at.ordered(video.id, prompt)["input_reference"])
    at.client.videos.delete(video.id)
    assert white.min() == 255


def test_a_reference_as_a_data_url_of_openais_client_is_honoured(at):
    prompt = "a lamb in a meadow [slow]"
    url = f"data:image/avif;base64,{base64.b64encode(encoded('AVIF', quality=90)).decode()}"
    video = at.client.videos.create(prompt=prompt, extra_body={"input_reference": {"image_url": url}})
    assert video.to_dict()["assay"]["reference"] == {"received": "image/avif", "sent": "image/png"}
    assert shows_quarters(pictures_of(at.ordered(video.id, prompt)["input_reference"])[0])
    at.client.videos.delete(video.id)


@pytest.mark.parametrize(
    ("kind", "how"),
    [("PNG", {}), ("JPEG", {"quality": 80}), ("WEBP", {"quality": 80}), ("AVIF", {"quality": 70}), ("GIF", {})],
)
def test_a_picture_that_must_not_be_used_is_recognised_in_every_kind(at, known_picture, kind, how):
    video = at.client.videos.create(
        prompt="a rabbit waves", input_reference=(f"a.{kind.lower()}", encoded(kind, known_picture, **how))
    )
    for _ in range(600):
        video = at.client.videos.retrieve(video.id)
        if video.status == "failed":
            break
        time.sleep(0.1)
    assert (video.status, video.error.code) == ("failed", "policy_refused")
    assert "reference_known_bad" in at.case(video.id)["verdicts"][-1]["rules"]


def data_url(kind="PNG"):
    return f"data:image/{kind.lower()};base64,{base64.b64encode(encoded(kind)).decode()}"


@pytest.fixture
def png(tmp_path):
    (tmp_path / "a.png").write_bytes(encoded("PNG"))
    return tmp_path / "a.png"


HONOURED = {
    "a file without a name": lambda png: ("-F", f"input_reference=<{png}"),
    "a file with an empty name": lambda png: ("-F", f"input_reference=@{png};filename="),
    "a data URL as a text": lambda png: ("--form-string", f"input_reference={data_url()}"),
    "a data URL under its key": lambda png: ("--form-string", f"input_reference[image_url]={data_url()}"),
    "as vLLM-Omni has it": lambda png: ("--form-string", f"image_reference={json.dumps({'image_url': data_url()})}"),
    "as SGLang has it": lambda png: ("--form-string", f"reference_url={data_url()}"),
    "a file as image": lambda png: ("-F", f"image=@{png}"),
    "a list of one": lambda png: ("-F", f"input_reference[]=@{png}"),
    "JSON, under another name": lambda png: ("--json", json.dumps({"prompt": "a rabbit", "image": data_url()})),
    "JSON, a plain text": lambda png: ("--json", json.dumps({"prompt": "a rabbit", "input_reference": data_url()})),
    "JSON, a list of one": lambda png: (
        "--json", json.dumps({"prompt": "a rabbit", "input_reference": [{"image_url": data_url()}]})
    ),
    "JSON, as in a chat": lambda png: (
        "--json",
        json.dumps({"prompt": "a rabbit", "image_reference": {"type": "image_url", "image_url": {"url": data_url()}}}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", HONOURED)
def test_every_way_in_which_a_reference_is_sent_is_honoured(at, png, how):
    arguments = HONOURED[how](png)
    status, video = at.curl(*arguments, *(() if "--json" in arguments else ("-F", "prompt=a rabbit")))
    assert status == 200, video
    assert video["assay"]["reference"] == {"received": "image/png", "sent": "image/png"}
    at.client.videos.delete(video["id"])


def form(*arguments):
    return lambda png: ("-F", "prompt=a rabbit", *(one.format(png=png) for one in arguments))


def body(**fields):
    return lambda png: ("--json", json.dumps({"prompt": "a rabbit", **fields}))


REFUSED = {
    "a text that is none": (form("-F", "input_reference=hello"), "input_reference", "no address is fetched"),
    "an address": (form("-F", "input_reference=https://example.com/a.png"), "input_reference", "no address is fetched"),
    "an address under its key": (form("-F", "input_reference[image_url]=http://a/b"), "input_reference[image_url]", "no address"),
    "a file id": (form("-F", "input_reference[file_id]=file_1"), "input_reference[file_id]", "cannot be used"),
    "a file id in JSON": (body(input_reference={"file_id": "file_1"}), "input_reference", "no file store"),
    "a file id of vLLM-Omni": (form("--form-string", 'image_reference={{"file_id": "f"}}'), "image_reference", "no file store"),
    "two files": (form("-F", "input_reference=@{png}", "-F", "input_reference=@{png}"), "input_reference", "second"),
    "two names": (form("-F", "input_reference=@{png}", "-F", "image=@{png}"), "image", "second"),
    "two in a list": (body(input_reference=[data_url(), data_url()]), "input_reference", "2 references"),
    "several": (body(input_references=[data_url()]), "input_references", "not supported"),
    "a file in a field of no name": (form("-F", "picture=@{png}"), "picture", "cannot hold one"),
    "sound": (form("--form-string", 'audio_reference={{"audio_url": "x"}}'), "audio_reference", "not supported"),
    "a control": (form("-F", "control_reference=@{png}"), "control_reference", "cannot hold one"),
    "a source video": (body(source_video=data_url()), "source_video", "not supported"),
    "nothing in it": (form("-F", "input_reference="), "input_reference", "is empty"),
    "an empty text in JSON": (body(input_reference=""), "input_reference", "is empty"),
    "a number": (body(input_reference=7), "input_reference", "cannot be read"),
    "an object of something else": (body(input_reference={"url_of_image": "x"}), "input_reference", "cannot be read"),
    "a data URL cut by curl": (form("-F", f"input_reference={data_url()}"), "input_reference", "--form-string"),
    "a name for forms in JSON": (body(**{"input_reference[image_url]": data_url()}), "input_reference[image_url]", "for forms"),
    "a file of another kind": (form("-F", f"input_reference=@{ROOT / 'README.md'}"), "input_reference", "accepted are PNG"),
}  # fmt: skip


@pytest.mark.parametrize("how", REFUSED)
def test_a_reference_that_cannot_be_honoured_is_refused_with_the_name_of_its_field(at, png, how):
    arguments, field, said = REFUSED[how]
    before = {video.id for video in at.client.videos.list(limit=100).data}
    status, answer = at.curl(*arguments(png))
    assert status == 400, answer
    error = answer["error"]
    assert (error["param"], error["type"]) == (field, "invalid_request_error")
    assert field in error["message"] and said in error["message"] and "\n" not in error["message"]
    assert {video.id for video in at.client.videos.list(limit=100).data} == before


@pytest.mark.parametrize(
    "content",
    [encoded("PNG")[:60], encoded("PNG", Image.new("RGB", (1, 1))), HEIC.read_bytes()[:300]],
    ids=["cut off", "one pixel", "cut off HEIC"],
)
def test_a_damaged_reference_is_refused_with_the_name_of_its_field(at, content):
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        at.client.videos.create(prompt="a rabbit", input_reference=("a.png", content, "image/png"))
    assert refused.value.param == "input_reference" and refused.value.message


def test_the_command_line_accepts_the_same_kinds_and_says_the_same(tmp_path, fresh):
    installation = fresh
    made = installation.assay("submit", "a rabbit", "--reference", HEIC, "--no-wait", "--json")
    submitted = made.json["case"]["submitted"]
    assert [submitted[name][0]["media_type"] for name in ("references", "references_sent")] == [
        "image/heic",
        "image/png",
    ]
    (tmp_path / "a.png").write_bytes(encoded("PNG")[:60])
    refused = installation.assay("submit", "a rabbit", "--reference", tmp_path / "a.png", "--no-wait")
    assert refused.code not in (0, 6) and "a.png is not an image that can be read; accepted are PNG" in refused.err
