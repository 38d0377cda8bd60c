"""A plugin that somebody else wrote: installed beside Assay, it measures and renders, and rules speak of its label."""

import os
import shutil
import subprocess
import sys

import pytest

from policy.pack import DEFAULT_PACK
from tests.conftest import ROOT
from tests.stories.conftest import CliInstallation, published_file

EXAMPLE = ROOT / "examples" / "plugin"

pytestmark = [pytest.mark.postgres, pytest.mark.models, pytest.mark.slow]


def install(source, target):
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--target", target, source], check=True, cwd=target.parent)
    return target


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return install(EXAMPLE, tmp_path_factory.mktemp("site") / "plugins")


@pytest.fixture(scope="module")
def with_plugin(site, tmp_path_factory):
    """A home of its own whose rules are the pack and the plugin's."""
    home = tmp_path_factory.mktemp("plugin-home")
    rules = shutil.copytree(DEFAULT_PACK, home / "rules")
    shutil.copy(EXAMPLE / "rules" / "prompt_shouting.toml", rules)

    class WithPlugin(CliInstallation):
        @property
        def env(self):
            chosen = {"ASSAY_ENGINE": "pattern", "ASSAY_POLICY": str(rules)}
            return {**super().env, **chosen, "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])}

    made = WithPlugin(home)
    assert made.assay("keys", "dev").code == 0
    return made


def test_its_engine_makes_a_video_that_is_published_and_verified_as_made_by_ai(with_plugin):
    said = with_plugin.assay("submit", "a red balloon over a lake", "--json")
    assert said.code == 0, said.err or said.out
    rendered = said.json["case"]["rendered"]
    assert (rendered["engine"], rendered["model"]) == ("pattern", "test-pattern")
    assert with_plugin.assay("verify", published_file(said.json), "--json").json["verdict"] == "ai_made_trusted"


def test_its_classifier_measures_and_a_rule_that_speaks_of_its_label_holds_the_prompt(with_plugin):
    said = with_plugin.assay("submit", "A RED BALLOON OVER A LAKE", "--json")
    assert said.code == 5, said.err or said.out
    assert "prompt_shouting" in said.json["case"]["verdicts"][-1]["rules"]


def test_the_doctor_and_the_list_of_models_name_it(with_plugin):
    told = with_plugin.assay("doctor").out
    assert "the plugin capitals of assay.classifiers (from assay-example 0.1.0) is installed" in " ".join(told.split())
    assert "videos come from the engine pattern" in told and "capitals/1 (shouting)" in told
    assert "capitals/1 (shouting), from assay-example 0.1.0" in " ".join(with_plugin.assay("models").out.split())


def test_its_classifier_measures_its_own_examples_as_it_says(with_plugin):
    code = (
        "from classifiers import measure_all\n"
        "from assay_example.capitals import Capitals\n"
        "for e in Capitals().examples():\n"
        "    (said,) = measure_all(e.material, [Capitals()]).signals\n"
        "    assert e.low <= said.score <= e.high, (e, said)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=with_plugin.env, cwd=with_plugin.home)


def test_a_plugin_that_cannot_be_imported_stops_the_installation_with_one_line_that_names_it(with_plugin, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(EXAMPLE, broken)
    (broken / "assay_example" / "capitals.py").write_text("import no_such_module\n")
    other = install(broken, tmp_path / "site")
    env = {**with_plugin.env, "PYTHONPATH": os.pathsep.join([str(other), str(ROOT)])}
    command = [sys.executable, "-m", "pipeline.cli", "submit", "a red balloon over a lake"]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "the plugin capitals of assay.classifiers (from assay-example 0.1.0) cannot be imported" in done.stderr
    assert len(done.stderr.splitlines()) == 1
