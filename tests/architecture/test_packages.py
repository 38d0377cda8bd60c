"""What an installation brings: nothing undeclared, each package by its digest, and all that belongs to it in the wheel."""

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.release.lock import FILES, PYTHONS, blocks
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
WHEEL = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
LEFT_OUT = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["exclude"]
EXTRAS = PROJECT["project"]["optional-dependencies"]
HOUSE = set(PROJECT["tool"]["importlinter"]["root_packages"]) | {"tests"}
BROUGHT = {
    "psycopg_pool": "with psycopg[pool]",
    "botocore": "with boto3",
    "dlib": "as dlib-bin, which does not say so",
    "packaging": "with hatchling, for make lock alone",
}
NOT_LOCKED = {"torch"}  # by version: see requirements-torch.txt


def wanted(extra=""):
    """The requirements of the distribution, and of an extra with all that it refers to."""
    listed = EXTRAS[extra] if extra else PROJECT["project"]["dependencies"]
    for one in map(Requirement, listed):
        if one.name == PROJECT["project"]["name"]:
            for other in one.extras:
                yield from wanted(other)
        else:
            yield one


def locked(name):
    """The packages of a file of constraints: name, version, digests."""
    found = {}
    for block in blocks((ROOT / name).read_text()):
        asked = Requirement(block.splitlines()[0].rstrip("\\ "))
        (pinned,) = asked.specifier
        assert pinned.operator == "==" and asked.marker is None, block
        found[canonicalize_name(asked.name)] = (pinned.version, re.findall(r"--hash=sha256:([0-9a-f]{64})\b", block))
    return found


@pytest.mark.parametrize("name", FILES)
def test_each_locked_package_has_one_version_and_its_digests(name):
    found = locked(name)
    assert [package for package, (_version, digests) in found.items() if not digests] == []
    assert found.keys() & NOT_LOCKED == set()
    assert [package for package in found if package.startswith(("nvidia-", "cuda-", "triton"))] == []


@pytest.mark.parametrize("name", FILES)
def test_what_pyproject_asks_for_is_locked_at_a_version_within_its_range(name):
    found = locked(name)
    extra = FILES[name][0]
    asked = [*wanted(), *(wanted(extra) if extra else ())]
    missing = {str(one) for one in asked if canonicalize_name(one.name) not in found.keys() | NOT_LOCKED}
    outside = {
        str(one): found[key][0]
        for one in asked
        if (key := canonicalize_name(one.name)) in found and not one.specifier.contains(found[key][0])
    }
    assert (missing, outside) == (set(), {})


def test_the_smaller_lists_agree_with_the_one_of_everything():
    everything = locked("constraints.txt")
    for name in FILES:
        assert {k: v for k, v in locked(name).items() if everything.get(k) != v} == {}, name


def test_no_list_names_a_host_a_path_or_a_build():
    for name in (*FILES, "requirements-torch.txt"):
        text = (ROOT / name).read_text()
        assert re.findall(r"://|^-{1,2}[a-z]|^/|\+cpu", text, re.M) == [], name


def test_torch_is_within_its_range():
    (asked,) = [
        Requirement(line) for line in (ROOT / "requirements-torch.txt").read_text().splitlines() if line[0] != "#"
    ]
    (pinned,) = asked.specifier
    ranges = [one for one in wanted("dev") if one.name == "torch"]
    assert ranges and all(one.specifier.contains(pinned.version) for one in ranges)


def test_the_lists_are_made_for_the_pythons_that_pyproject_names():
    assert PROJECT["project"]["requires-python"] == f">={PYTHONS[0]},<3.{int(PYTHONS[-1].split('.')[1]) + 1}"


def test_whatever_is_imported_is_declared():
    """By the packages of the wheel; an extra's packages may be imported too, where they are wanted."""
    declared = {canonicalize_name(one.name) for extra in ("", *EXTRAS) for one in wanted(extra)}
    from_ = packages_distributions()
    undeclared = {}
    for path in (p for package in WHEEL for p in (ROOT / package).rglob("*.py")):
        for name in imported(path) - HOUSE - sys.stdlib_module_names:
            if not {canonicalize_name(one) for one in from_.get(name, ())} & declared:
                undeclared.setdefault(name, str(path.relative_to(ROOT)))
    assert undeclared.keys() - BROUGHT.keys() == set(), undeclared


def imported(path):
    """The top names of all that a file imports, wherever in the file."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this checkout, built without a network, as names of files."""
    out = tmp_path_factory.mktemp("wheel")
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        out,
        ROOT,
    ]
    subprocess.run(build, check=True, cwd=out)
    (built,) = out.glob("*.whl")
    with zipfile.ZipFile(built) as packed:
        return built.name, set(packed.namelist())


@pytest.mark.slow
def test_the_wheel_has_every_file_of_its_packages_and_nothing_else(wheel):
    name, inside = wheel
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "--", *WHEEL, *(f":!{one}" for one in LEFT_OUT)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    ).stdout.split("\n")
    expected = {line for line in tracked if line and (ROOT / line).is_file()}
    about = f"assay-{PROJECT['project']['version']}.dist-info/"
    assert name.startswith(f"assay-{PROJECT['project']['version']}-py3-none-any")
    assert {one for one in inside if not one.startswith(about)} == expected
    assert {Path(one).parts[0] for one in inside} == {*WHEEL, about.rstrip("/")}
    assert {"evals", "tests", "docs", "examples"} & set(WHEEL) == set()
    assert LEFT_OUT == ["pipeline/testing"]


@pytest.mark.slow
def test_the_wheel_has_what_the_code_reads(wheel):
    kinds = {Path(one).suffix for one in wheel[1]}
    assert kinds >= {".sql", ".html", ".css", ".js", ".toml", ".onnx", ".npz", ".json", ".mp4", ".png"}
