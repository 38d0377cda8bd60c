"""What others made and the repository carries is named in NOTICE, with its licence and the licence's text."""

import re
import tomllib

import pytest

from classifiers.models.catalog import model_entries
from tests.conftest import ROOT

NOTICE = (ROOT / "NOTICE").read_text(encoding="utf-8")
CARRIED = [one for one in model_entries() if one.package == "classifiers"]
MOST_WEIGHTS = 60_000_000  # bytes; what a package has as it is used is fetched: `assay models fetch`
TEXTS = {  # a sentence that stands in the licence itself, and in no summary of it
    "Apache-2.0": "2. Grant of Copyright License. Subject to the terms and conditions",
    "MIT": "The above copyright notice and this permission notice shall be included in all",
    "CC0-1.0": "Affirmer hereby overtly, fully, permanently, irrevocably",
    "CC-BY-3.0": "You must include a copy of, or the Uniform Resource Identifier",
}


def block(name):
    """The fields of a block of NOTICE: a line with its name, and indented lines below it."""
    (lines,) = re.findall(rf"^{re.escape(name)}\n((?:  .*\n)+)", NOTICE, re.M)
    return {
        key: " ".join(value.split()) for key, value in re.findall(r"^  ([\w ]+?): +(.*(?:\n {6,}.*)*)", lines, re.M)
    }


def texts(fields):
    """What the files say that a block names, spaces made one; a path that leads nowhere is an error."""
    return " ".join(" ".join((ROOT / one).read_text(encoding="utf-8").split()) for one in fields["text"].split(", "))


def lacking(licence, said):
    """The licences of an expression whose text is not in what is said."""
    named = [one for one in TEXTS if re.search(rf"(?<![\w-]){re.escape(one)}(?![\w-])", licence)]
    assert named, f"no text is known for {licence}"
    return [one for one in named if TEXTS[one] not in said]


@pytest.mark.parametrize("entry", CARRIED, ids=lambda one: one.name)
def test_each_carried_weight_is_in_the_notice_with_its_licence_and_the_text_of_it(entry):
    fields = block(entry.name)
    assert fields["weights"] == entry.licence_weights
    assert fields["files"].split(", ") == [file.path for file in entry.files]
    assert all((ROOT / "classifiers" / file.path).is_file() for file in entry.files)
    assert lacking(entry.licence_weights, texts(fields)) == []


def test_no_weight_lies_in_the_repository_that_the_notice_does_not_name():
    folders = [ROOT / "classifiers" / "models" / name for name in ("weights", "heads")]
    lying = {str(path.relative_to(ROOT / "classifiers")) for folder in folders for path in folder.iterdir()}
    named = {file.path for one in CARRIED for file in one.files}
    named.add(block("ordinary_pictures")["files"])  # data of a classifier, and no model
    assert {one for one in lying if not one.endswith((".md", ".py", "__pycache__"))} == named


def test_no_more_weights_are_carried_than_a_repository_may():
    folders = [ROOT / "classifiers" / "models" / name for name in ("weights", "heads")]
    carried = sum(path.stat().st_size for folder in folders for path in folder.iterdir() if path.is_file())
    assert 10_000_000 < carried <= MOST_WEIGHTS


def test_the_clip_of_the_demo_is_in_the_notice_with_its_authors_and_the_text_of_its_licence():
    fields = block("deploy/demo/bunny.mp4")
    assert "Blender Foundation / www.bigbuckbunny.org" in fields["made of"]
    assert lacking(fields["licence"], texts(fields)) == []


def test_each_text_of_a_licence_is_used():
    lying = {f"licences/{path.name}" for path in (ROOT / "licences").iterdir()}
    assert lying == set(re.findall(r"licences/[\w.-]+\.txt", NOTICE))


def test_the_licence_is_that_of_pyproject_and_all_texts_are_in_the_wheel():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert lacking(project["license"], " ".join((ROOT / "LICENSE").read_text().split())) == []
    files = {path for pattern in project["license-files"] for path in ROOT.glob(pattern)}
    assert files == {ROOT / "LICENSE", ROOT / "NOTICE", *(ROOT / "licences").iterdir()}
