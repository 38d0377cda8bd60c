"""`make demo` is a promise of the README."""

import json
import os
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


def test_a_demo_in_which_something_does_not_happen_fails(tmp_path):
    """Without its rules the demo must not pretend."""
    pack = tmp_path / "rules"
    pack.mkdir()
    for rule in (ROOT / "policy" / "rules").glob("*.toml"):
        text = rule.read_text()
        mode = "off" if 'then         = "refuse"' in text else "enforce"
        (pack / rule.name).write_text(text.replace('mode         = "enforce"', f'mode         = "{mode}"'))
    command = [sys.executable, "-m", "pipeline.cli", "demo", "--home", str(tmp_path / "demo")]
    env = {**os.environ, "ASSAY_POLICY": str(pack)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=840, check=False)
    assert done.returncode == 1
    assert "\x1b[" not in done.stdout + done.stderr
    assert "not everything happened" in done.stderr
