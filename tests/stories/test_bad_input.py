"""Bad input gets one clear line, and nothing is published or lost."""

import shutil

import av
import numpy as np
import pytest

pytestmark = [pytest.mark.postgres, pytest.mark.models]


def video(path, *, width=320, height=240, frames=10, fps=10, pts=None):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(frames):
            picture = np.full((height, width, 3), number * 9 % 255, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number if pts is None else pts(number)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def sound_only(path):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 44100), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 44100, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode())


def make(kind, path, bunny):
    whole = bunny.read_bytes()
    match kind:
        case "corrupt":
            path.write_bytes(whole[:2000] + bytes(reversed(whole[2000:200_000])) + whole[200_000:])
        case "truncated":
            path.write_bytes(whole[: len(whole) // 3])
        case "zero bytes":
            path.write_bytes(b"")
        case "sound only":
            sound_only(path)
        case "no frames":
            with av.open(str(path), "w") as container:
                stream = container.add_stream("libx264", rate=10)
                stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
                container.start_encoding()
        case "ten thousand pixels wide":
            video(path, width=10_000, height=64, frames=2)
        case "ten hours":
            video(path, frames=3, fps=10, pts=lambda n: n * 10 * 3600 * 5)
        case "a text":
            path.write_text("this is no video\n" * 100)


KINDS = [
    "corrupt",
    "truncated",
    "zero bytes",
    "sound only",
    "no frames",
    "ten thousand pixels wide",
    "ten hours",
    "a text",
]


@pytest.mark.parametrize("command", ["verify", "inspect"])
@pytest.mark.parametrize("kind", [k for k in KINDS if k != "corrupt"])
def test_a_file_that_is_no_usable_video_gets_one_clear_line(installation, tmp_path, bunny, kind, command):
    file = tmp_path / "bad.mp4"
    make(kind, file, bunny)
    said = installation.assay(command, file)
    if (kind, command) == ("sound only", "verify"):  # sound alone can be verified, and silence says nothing
        assert (said.code, "Nothing was found" in said.out) == (1, True)
        return
    if (kind, command) == ("ten thousand pixels wide", "verify"):  # credentials are read whatever the size
        assert (said.code, "No watermark was looked for" in said.out) == (1, True)
        return
    assert said.code == 3, said.out
    assert said.out == ""
    assert said.err.startswith("assay: ")
    assert len(said.err.strip().splitlines()) == 1
    assert "Traceback" not in said.err


def test_a_path_that_does_not_exist_gets_one_clear_line(installation, tmp_path):
    for command in ("verify", "inspect"):
        said = installation.assay(command, tmp_path / "nowhere.mp4")
        assert (said.code, said.out) == (3, "")
        assert len(said.err.strip().splitlines()) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_an_engine_that_delivers_no_usable_video_publishes_nothing(installation, tmp_path, bunny, kind):
    """A corrupt picture in the middle may still decode; then it must go the whole way, verified, and not half of it."""
    engine = tmp_path / "engine"
    engine.mkdir()
    make(kind, engine / "bad.mp4", bunny)
    said = installation.assay("submit", "a rabbit", "--json", env={"ASSAY_ENGINE_FOLDER": str(engine)})
    case = said.json["case"]
    if said.code == 0:
        assert kind == "corrupt"
        return
    assert said.code in (5, 6)
    assert case["published"] is None
    assert case["sealed"] is None
    assert case["last_failure"]["error"]
    assert not (installation.home / "published" / f"{case['id']}.mp4").exists()
    installation.assay("recall", case["id"], "--code", "mistake")


def test_an_empty_prompt_opens_no_case(installation):
    said = installation.assay("submit", "   ")
    assert said.code == 3
    assert "empty" in said.err


def test_an_unknown_setting_is_an_error_and_not_ignored(installation):
    said = installation.assay("queue", env={"ASSAY_ENGIN": "folder"})
    assert said.code == 3
    assert "ASSAY_ENGIN " in said.err


def test_a_rule_that_cannot_be_is_named_with_file_and_line(installation, tmp_path):
    from policy.pack import DEFAULT_PACK

    pack = tmp_path / "rules"
    shutil.copytree(DEFAULT_PACK, pack)
    rule = pack / "prompt_gore.toml"
    rule.write_text(rule.read_text().replace('when         = "gore', 'when         = "goer'))
    said = installation.assay("policy", "check", pack)
    assert said.code == 3
    assert "prompt_gore.toml:2" in said.out.replace("\n", "")
    assert installation.assay("screen", "hello", env={"ASSAY_POLICY": str(pack)}).code == 3


@pytest.mark.parametrize(
    "wrong", [["submit"], ["nonsense"], ["submit", "--seconds", "x", "a"], ["rule", "0", "maybe", "--code", "context"]]
)
def test_a_command_line_that_is_wrong_is_explained_and_exits_with_two(installation, wrong):
    said = installation.assay(*wrong)
    assert said.code == 2
    assert "Usage" in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(("text", "why"), [("foo = 1", "foo"), ('port = "x"', "port"), ("port = 80 80", "line 1")])
def test_a_settings_file_that_is_wrong_is_explained_in_one_line(installation, tmp_path, text, why):
    (tmp_path / "assay.toml").write_text(text)
    said = installation.assay("queue", env={"ASSAY_CONFIG": str(tmp_path / "assay.toml")})
    assert said.code == 3
    assert why in said.err
    assert len(said.err.strip().splitlines()) == 1


def test_a_server_that_strangers_reach_does_not_start_with_development_keys(installation):
    said = installation.assay("serve", "--host", "0.0.0.0", timeout=60)
    assert said.code == 3 and "keys are for development" in said.err and "signing.md" in said.err
    doctor = installation.assay("doctor", env={"ASSAY_WEB_ADDRESS": "https://assay.example"})
    assert "refuses to start" in " ".join(doctor.out.split())
