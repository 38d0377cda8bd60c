import subprocess
import sys

from pipeline.scratch import clear_scratch, scratch
from tests.conftest import ROOT


def test_a_folder_is_gone_when_its_work_is_done(tmp_path):
    with scratch(tmp_path) as folder:
        (folder / "file").write_text("x")
    assert list(tmp_path.glob("stage-*")) == []


def test_what_a_killed_process_left_is_cleared_and_what_is_in_use_is_not(tmp_path):
    code = (
        "import os, signal, sys; from pathlib import Path; from pipeline.scratch import scratch\n"
        "with scratch(Path(sys.argv[1])) as f: (f / 'x').write_text('x'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)
    assert killed.returncode == -9
    with scratch(tmp_path) as mine:
        assert clear_scratch(tmp_path) == 1
        assert list(tmp_path.glob("stage-*")) == [mine]
