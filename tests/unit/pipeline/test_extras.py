"""What an installation without extras says where one of them is asked for."""

import subprocess
import sys
import tomllib
from importlib.metadata import version

import pytest

from pipeline.extras import EXTRAS, not_installed, wanted
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_each_extra_that_brings_something_to_run_is_known():
    assert PROJECT["optional-dependencies"].keys() - EXTRAS.keys() == {"server", "evals", "dev"}


def test_all_of_them_are_installed_where_the_tests_run():
    """But one, which needs a newer Python than that for which everything is locked."""
    assert not_installed().keys() - {"sscd"} == set()


@pytest.mark.parametrize(
    ("module", "extra"), [("faust", "kafka"), ("kafka.errors", "kafka"), ("s3fs", "s3"), ("torch", "openclip")]
)
def test_a_missing_package_leads_to_its_extra_also_from_behind_another_error(module, extra):
    missing = ModuleNotFoundError(name=module)
    assert wanted(missing) == extra
    try:
        raise ImportError("install it") from missing
    except ImportError as error:
        assert wanted(error) == extra
    assert wanted(ModuleNotFoundError(name="something_else")) == ""


def test_a_command_that_needs_an_extra_says_so_in_one_line(tmp_path):
    """As where faust was never installed: to import it fails."""
    code = (
        "import sys; sys.modules['faust'] = None; sys.argv = ['assay', 'worker']; from pipeline.cli import main; main()"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        env={"ASSAY_BUS": "kafka", "ASSAY_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert said.returncode == 3
    assert said.stderr == "assay: that needs what is not installed: pip install 'assay[kafka]'\n"


def test_the_command_line_says_which_version_it_is():
    code = "import sys; sys.argv = ['assay', '--version']; from pipeline.cli import main; main()"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert said.stdout.split() == ["assay", version("assay")]


def test_the_doctor_names_an_extra_whole_also_where_words_in_brackets_are_marks_of_style(monkeypatch, capsys):
    from pipeline.cli import admin
    from pipeline.diagnostics import installation_checks

    says = "workers over Kafka: not installed (assay[kafka])"
    monkeypatch.setattr(
        installation_checks,
        "run_diagnostics",
        lambda _settings: [installation_checks.DiagnosticResult(state="lacks", says=says)],
    )
    assert admin.doctor() == 0
    assert says in capsys.readouterr().out
