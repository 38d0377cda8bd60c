import subprocess
import sys

from pipeline.tempdirs import remove_stale_folders, temp_folder
from tests.conftest import ROOT


def test_a_folder_is_gone_when_its_work_is_done(tmp_path):
    with temp_folder(tmp_path) as folder:
        (folder / "file").write_text("x")
    assert list(tmp_path.glob("stage-*")) == []


def test_what_a_killed_process_left_is_cleared_and_what_is_in_use_is_not(tmp_path):
    code = (
        "import os, signal, sys; from pathlib import Path; from pipeline.tempdirs import temp_folder\n"
        "with temp_folder(Path(sys.argv[1])) as f: (f / 'x').write_text('x'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)
    assert killed.returncode == -9
    with temp_folder(tmp_path) as mine:
        assert remove_stale_folders(tmp_path) == 1
        assert list(tmp_path.glob("stage-*")) == [mine]
