"""A protected face, and a known picture, are recognised in what an engine delivers, and the video is held or refused."""

import av
import cv2
import numpy as np
import pytest

from tests.conftest import ROOT

pytestmark = [pytest.mark.postgres, pytest.mark.models]


def portrait():
    """Eileen Collins, astronaut: NASA's photograph, public domain."""
    return cv2.imread(str(ROOT / "classifiers" / "examples" / "astronaut.png"))


def clip(path, picture, seconds=3):
    """The picture, filmed: the camera moves and the light changes a little."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=12)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        for number in range(seconds * 12):
            view = cv2.resize(picture, (760, 760))[40 + number : 520 + number, 60 + number : 700 + number]
            light = np.clip(view.astype(np.int16) + number // 3, 0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(light, format="bgr24")))
        container.mux(stream.encode())


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("filmed")
    cv2.imwrite(str(folder / "portrait.png"), portrait())
    (folder / "engine").mkdir()
    clip(folder / "engine" / "clip.mp4", portrait())
    return folder


def test_a_video_that_shows_a_protected_person_is_held(fresh, filmed):
    engine = {"ASSAY_ENGINE_FOLDER": str(filmed / "engine")}
    before = fresh.assay("submit", "a woman smiles", "--json", env=engine)
    assert before.code == 0, before.out
    assert fresh.assay("gallery", "add", "person-1", filmed / "portrait.png").code == 0
    held = fresh.assay("submit", "a woman smiles", "--json", env=engine)
    assert held.code == 5
    assert "video_protected_person" in held.json["case"]["verdicts"][-1]["rules"]
    assert fresh.assay("gallery", "remove", "person-1").code == 0
    assert fresh.assay("submit", "a woman smiles", "--json", env=engine).code == 0


def test_who_was_protected_before_there_were_three_nets_is_recognised_by_them_and_the_other_way_round(fresh, filmed):
    by_three = {"ASSAY_ENGINE_FOLDER": str(filmed / "engine")}
    by_two = {**by_three, "ASSAY_FACE_BACKEND": "two_nets"}
    for enrolled, shown in ((by_two, by_three), (by_three, by_two)):
        assert fresh.assay("gallery", "add", "person-1", filmed / "portrait.png", env=enrolled).code == 0
        held = fresh.assay("submit", "a woman smiles", "--json", env=shown)
        assert held.code == 5, held.out
        assert "video_protected_person" in held.json["case"]["verdicts"][-1]["rules"]
        assert fresh.assay("gallery", "remove", "person-1", env=shown).code == 0
        assert fresh.assay("submit", "a woman smiles", "--json", env=shown).code == 0


def test_where_sface_was_not_fetched_a_face_is_held_and_the_operator_is_told_how_it_is_had(fresh, filmed, tmp_path):
    not_fetched = {"ASSAY_ENGINE_FOLDER": str(filmed / "engine"), "ASSAY_WEIGHTS_FOLDER": str(tmp_path / "none")}
    held = fresh.assay("submit", "a woman smiles", "--json", env=not_fetched)
    assert held.code == 5, held.out
    signals = {one["label"]: one for one in held.json["case"]["signals"]}
    assert signals["protected_person"]["score"] is None and signals["protected_person"]["note"] == "missing_model"
    listed = {one["name"]: one for one in fresh.assay("models", "--json", env=not_fetched).json}
    assert "assay models fetch sface" in listed["sface"]["missing"]
    said = fresh.assay("gallery", "add", "person-1", filmed / "portrait.png", env=not_fetched)
    assert said.code == 3 and "assay models fetch sface" in said.err


def test_a_video_that_copies_a_banked_picture_is_refused_and_no_one_person_can_let_it_through(fresh, filmed, tmp_path):
    frame = cv2.resize(portrait(), (760, 760))[58:538, 78:718]
    cv2.imwrite(str(tmp_path / "known.png"), frame)
    assert fresh.assay("bank", "add", "picture-1", tmp_path / "known.png", "--kind", "known_bad").code == 0
    refused = fresh.assay("submit", "a woman smiles", "--json", env={"ASSAY_ENGINE_FOLDER": str(filmed / "engine")})
    assert refused.code == 4, refused.out
    case = refused.json["case"]
    assert "video_known_bad" in case["verdicts"][-1]["rules"]
    assert fresh.assay("appeal", case["id"]).code == 5
    again = fresh.assay("rule", case["id"], "allow", "--code", "context", "--json")
    assert again.code == 3 and "safety_officer" in again.err  # it is sealed: nobody views it, and an officer answers
    assert fresh.assay("case", case["id"], "--json").json["case"]["sealed"] is None


def test_a_picture_without_a_face_cannot_be_protected(installation, tmp_path):
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((300, 300, 3), 128, np.uint8))
    said = installation.assay("gallery", "add", "nobody", tmp_path / "grey.png")
    assert said.code == 3
    assert "one face" in said.err
