"""`make demo` is a promise of the README."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytestmark = [pytest.mark.postgres, pytest.mark.models, pytest.mark.timeout(900)]


def demo(tmp_path, *options):
    command = [sys.executable, "-m", "pipeline.cli", "demo", "--home", str(tmp_path / "demo"), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=840, check=False)


def test_the_demo_does_all_it_says_and_says_so_to_machines(tmp_path):
    done = demo(tmp_path, "--json")
    assert done.returncode == 0, done.stderr + done.stdout
    said = json.loads(done.stdout)
    assert said["ok"] is True
    assert len(said["steps"]) == 6
    verdicts = [step["finding"]["verdict"] for step in said["steps"] if "finding" in step]
    assert verdicts == ["ai_made_trusted", "recovered_by_watermark"]
    assert [step["phase"] for step in said["steps"] if "phase" in step] == ["published", "refused", "held", "published"]


# The same command, over two seconds of the film in few rows: what does not happen does not happen in any size.
SMALL_DEMO = """
import sys
from importlib import import_module
from pathlib import Path
import_module("pipeline.cli.demo").DEMO_FOLDER = Path(sys.argv.pop(1))
sys.exit(import_module("pipeline.cli").main())
"""


def test_a_demo_in_which_something_does_not_happen_fails(tmp_path, small):
    """Without its rules the demo must not pretend."""
    pack, footage = tmp_path / "rules", tmp_path / "footage"
    pack.mkdir()
    shutil.copytree(ROOT / "deploy" / "demo", footage)
    shutil.copy(small, footage / "bunny.mp4")
    for rule in (ROOT / "policy" / "rules").glob("*.toml"):
        text = rule.read_text()
        mode = "off" if 'then         = "refuse"' in text else "enforce"
        (pack / rule.name).write_text(text.replace('mode         = "enforce"', f'mode         = "{mode}"'))
    command = [sys.executable, "-c", SMALL_DEMO, str(footage), "demo", "--home", str(tmp_path / "demo")]
    env = {**os.environ, "ASSAY_POLICY": str(pack), "ASSAY_FRAMES": "4", "ASSAY_MAX_FRAMES": "4"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=840, check=False)
    assert done.returncode == 1, done.stderr + done.stdout
    assert "\x1b[" not in done.stdout + done.stderr
    assert "not everything happened" in done.stderr
