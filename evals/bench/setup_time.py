"""Setting Assay up from nothing: seconds and megabytes of `make setup` in a fresh copy of the tree."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

from evals.bench.machine_info import BenchFigures

_ROOT = Path(__file__).parents[2]


def measure_setup() -> BenchFigures:
    """Clones what is committed and sets it up. Needs the package registry, and a few minutes."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "assay"
        subprocess.run(["git", "clone", "-q", str(_ROOT), str(clone)], check=True)
        began = time.perf_counter()
        subprocess.run(["make", "-s", "setup"], cwd=clone, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - began
        used = subprocess.run(["du", "-sm", str(clone / ".venv")], capture_output=True, text=True, check=True)
    return {"seconds": round(seconds), "megabytes of .venv": int(used.stdout.split()[0])}
