"""The folder as an engine: what only it can do."""

import pytest

from core.errors import EngineFault, Unavailable
from core.ports import RenderRequest
from pipeline.engines.folder_engine import FolderEngine
from pipeline.engines.retry import RetryPolicy

CLIP = bytes(range(256)) * 1024
PROMPT = "a hedgehog called Zebedee"
QUICK = RetryPolicy(tries=3, seconds=20, first_delay=0.001)


def order(mood="", **given):
    return RenderRequest(**{"key": "case-1", "prompt": f"{PROMPT} [{mood}]", **given})


@pytest.fixture
def folder(tmp_path):
    footage = tmp_path / "footage"
    (footage / "more").mkdir(parents=True)
    for name in ("a.mp4", "b.webm", "more/c.mp4"):
        (footage / name).write_bytes(CLIP)
    return FolderEngine(footage)


def test_the_folder_serves_the_file_that_is_named_as_the_model(folder):
    assert folder.commission(order(model="b")) == "b.webm"
    assert folder.commission(order(model="c.mp4")) == "more/c.mp4"
    assert folder.commission(order(model="more/c.mp4")) == "more/c.mp4"


def test_other_keys_get_other_files_of_the_folder(folder):
    assert {folder.commission(order(key=str(n))) for n in range(30)} == {"a.mp4", "b.webm", "more/c.mp4"}


def test_an_empty_or_missing_folder_says_what_to_do(tmp_path):
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(Unavailable, match="ASSAY_ENGINE_FOLDER"):
            FolderEngine(place).commission(order())


def test_no_link_leads_out_of_the_folder(tmp_path):
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    footage = tmp_path / "footage"
    footage.mkdir()
    (footage / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    engine = FolderEngine(footage)
    with pytest.raises(Unavailable):
        engine.commission(order())
    with pytest.raises(EngineFault):
        engine.fetch("link.mp4", tmp_path / "out.mp4")


def test_the_version_of_a_folder_changes_with_what_is_in_it(tmp_path):
    before = FolderEngine(tmp_path).version
    (tmp_path / "new.mp4").write_bytes(b"1")
    assert FolderEngine(tmp_path).version != before


def test_a_note_beside_a_file_tells_of_its_origin(tmp_path):
    (tmp_path / "a.mp4").write_bytes(CLIP)
    (tmp_path / "a.mp4.json").write_text('{"model": "Wan2.2", "source_type": "digitalCreation", "more": 1}')
    assert FolderEngine(tmp_path).generator_info("a.mp4").model == "Wan2.2"
    (tmp_path / "a.mp4.json").write_text("[]")
    with pytest.raises(EngineFault, match="note beside"):
        FolderEngine(tmp_path).generator_info("a.mp4")
