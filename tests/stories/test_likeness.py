"""Two files are compared, in the terminal and over HTTP; an absent face is "cannot tell", and nothing is kept."""

import csv
import io
import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import ROOT
from tests.stories.http_installation import memory_installation, serve_installation

pytestmark = [pytest.mark.models]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Eileen Collins, twice, and somebody else: InsightFace carries the group photograph."""
    import insightface

    folder = tmp_path_factory.mktemp("pictures")
    her = cv2.imread(str(ROOT / "classifiers" / "examples" / "astronaut.png"))
    six = cv2.imread(str(Path(os.fspath(insightface.__file__)).parent / "data" / "images" / "t1.jpg"))
    cv2.imwrite(str(folder / "her.png"), her)
    cv2.imwrite(str(folder / "again.jpg"), cv2.resize((her * 0.7).astype(np.uint8), None, fx=0.6, fy=0.6)[:, ::-1])
    cv2.imwrite(str(folder / "other.png"), six[:, : six.shape[1] // 4])
    cv2.imwrite(str(folder / "grey.png"), np.full((300, 300, 3), 128, np.uint8))
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    return folder


@pytest.mark.postgres
def test_two_pictures_of_one_person_are_the_same_and_others_are_not(installation, pictures):
    same = installation.assay("likeness", "compare", pictures / "her.png", pictures / "again.jpg", "--json")
    assert (same.code, same.json["same"]) == (0, True) and same.json["score"] > 0.8
    other = installation.assay("likeness", "compare", pictures / "her.png", pictures / "other.png")
    assert other.code == 1 and "another face" in other.out


@pytest.mark.postgres
def test_a_list_of_pairs_is_answered_line_by_line_with_paths_relative_to_it(installation, pictures):
    rows = ["a,b,note", "her.png,again.jpg,x", "her.png,grey.png,y", "her.png,broken.png,z", "her.png,gone.png,"]
    (pictures / "pairs.csv").write_text("\n".join(rows) + "\n")
    said = installation.assay("likeness", "compare", "--pairs", pictures / "pairs.csv")
    table = list(csv.DictReader(io.StringIO(said.out)))
    assert said.code == 0 and list(table[0]) == ["a", "b", "note", "score", "same", "reason"]
    assert [row["same"] for row in table] == ["1", "", "", ""]
    assert [bool(row["score"]) for row in table] == [True, False, False, False]
    assert all("cannot tell" in row["reason"] for row in table[1:])
    lines = installation.assay("likeness", "compare", "--pairs", pictures / "pairs.csv", "--json")
    assert [json.loads(line)["same"] for line in lines.out.splitlines()] == [True, None, None, None]


@pytest.mark.postgres
def test_what_is_no_list_is_told_in_one_line(installation, pictures):
    (pictures / "odd.csv").write_text("left,right\nher.png,again.jpg\n")
    for asked in (["--pairs", pictures / "odd.csv"], [pictures / "her.png"], []):
        said = installation.assay("likeness", "compare", *asked)
        assert said.code == 3 and len(said.err.splitlines()) == 1


def test_over_http_it_needs_an_account_and_keeps_nothing(pictures, tmp_path):
    def files(*names):
        return {field: (name, (pictures / name).read_bytes()) for field, name in zip("ab", names, strict=False)}

    with serve_installation(memory_installation(tmp_path, max_upload_mb=2)) as at:
        with at.client() as stranger:
            assert stranger.post("/api/likeness/compare", files=files("her.png", "again.jpg")).status_code == 401
        with at.client(at.platform) as platform:
            platform.timeout = 240  # the nets are loaded by the first request
            said = platform.post("/api/likeness/compare", files=files("her.png", "again.jpg"))
            assert said.status_code == 200, said.text
            assert said.json()["likeness"]["same"] is True
            assert set(said.json()["likeness"]["parts"]) == {"face", "voice"}
            assert platform.post("/api/likeness/compare", files=files("her.png")).status_code == 400
            large = {"a": ("a.png", b"x" * 1_500_000), "b": ("b.png", b"x" * 1_500_000)}
            assert platform.post("/api/likeness/compare", files=large).status_code == 413
            assert platform.post("/api/likeness/compare", files=files("her.png", "broken.png")).status_code == 422
        assert at.left_on_disk() == []
