"""Forked limited processes are as separate as started ones, and nothing depends on the one they are forked from."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.errors import BadMedia
from media.sandbox import pool, sandboxed_process
from media.sandbox.client import run_sandboxed
from media.sandbox.limits import ProcessLimits
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")


def gone(pid: int) -> bool:
    """Waits a little: the kernel ends processes when it comes to it."""
    for _ in range(500):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Requests that went to an interpreter of their own."""
    seen: list[bytes] = []
    real = sandboxed_process._run_interpreter
    monkeypatch.setattr(
        sandboxed_process, "_run_interpreter", lambda request, *rest: (seen.append(request), real(request, *rest))[1]
    )
    return seen


def test_a_call_is_forked_and_not_started(started: list[bytes]) -> None:
    assert run_sandboxed("json:loads", {"s": "[1]"}) == [1]
    assert run_sandboxed("os:getppid", {}) == pool._server.process.pid
    assert started == []


def test_what_a_module_imports_late_is_there_before_a_process_is_forked(started: list[bytes]) -> None:
    asked = "tests.unit.media.sandbox_state_leaks:has_imported"
    assert [run_sandboxed(asked, {"module": name}) for name in ("colorsys", "numpy.ma", "plistlib")] == [
        True,
        True,
        False,
    ]
    assert started == []


@pytest.mark.parametrize("module", ["provenance.watermark.audio.files", "provenance.watermark.video.files"])
def test_what_is_slow_to_import_for_marks_starts_no_thread_that_would_forbid_to_fork(
    started: list[bytes], module: str
) -> None:
    assert run_sandboxed(f"{module}:dump", {"value": 1}) == 1
    assert {"scipy.fft", "scipy.ndimage"} <= set(importlib.import_module(module).SLOW_IMPORTS)
    assert started == []


def test_what_one_call_changes_the_next_does_not_see(tmp_path: Path) -> None:
    first = run_sandboxed("os:getpid", {})
    assert run_sandboxed("tests.unit.media.sandbox_state_leaks:leave", {"word": "secret"}) == ["secret"]
    assert run_sandboxed("tests.unit.media.sandbox_state_leaks:leave", {"word": "other"}) == ["other"]
    assert run_sandboxed("os:getpid", {}) != first
    assert run_sandboxed("os:getcwd", {}) != run_sandboxed("os:getcwd", {})


def test_a_child_holds_no_descriptor_but_the_three_usual_ones_and_is_alone_in_its_session() -> None:
    assert sorted(run_sandboxed("os:listdir", {"path": "/proc/self/fd"}), key=int)[:3] == ["0", "1", "2"]
    assert len(run_sandboxed("os:listdir", {"path": "/proc/self/fd"})) <= 4  # the folder that is being listed itself
    assert run_sandboxed("tests.unit.media.sandbox_state_leaks:session", {}) == "its own"


def test_who_is_late_is_killed_and_gone(tmp_path: Path) -> None:
    with pytest.raises(BadMedia, match="more than 1 s to read"):
        run_sandboxed(
            "tests.unit.media.sandbox_state_leaks:stay",
            {"path": str(tmp_path / "pid")},
            writes=[tmp_path],
            limits=ProcessLimits(wall=1.0),
        )
    assert gone(int((tmp_path / "pid").read_text()))


def test_if_the_one_they_are_forked_from_dies_the_next_call_has_another(started: list[bytes]) -> None:
    run_sandboxed("os:getpid", {})
    os.kill(pool._server.process.pid, signal.SIGKILL)
    pool._server.process.wait()
    assert run_sandboxed("json:loads", {"s": "[1]"}) == [1]
    assert started == []


def test_if_none_can_be_had_an_interpreter_is_started(started: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_control", lambda _: (_ for _ in ()).throw(OSError("no more processes")))
    assert run_sandboxed("json:loads", {"s": "[1]"}) == [1]
    assert len(started) == 1


def test_a_module_that_starts_threads_is_not_forked(started: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_server", None)  # this one is not to be used again
    assert run_sandboxed("tests.unit.media.thread_on_import:answer", {}) == 42
    assert len(started) == 1
    pool._stop_server()


def test_a_clock_of_its_own_needs_a_program_of_its_own(started: list[bytes]) -> None:
    assert run_sandboxed("os:getenv", {"key": "TOLD"}, environment={"TOLD": "yes"}) == "yes"
    assert len(started) == 1


def test_nothing_stays_when_whoever_asked_is_killed(tmp_path: Path) -> None:
    script = (
        "import os, signal, threading, time\n"
        "from pathlib import Path\n"
        "from media.sandbox import client, pool\n"
        f"where = {str(tmp_path / 'pid')!r}\n"
        "keep = {'writes': [Path(where).parent]}\n"
        "stay = lambda: client.run_sandboxed('tests.unit.media.sandbox_state_leaks:stay', {'path': where}, **keep)\n"
        "threading.Thread(target=stay, daemon=True).start()\n"
        "while not os.path.exists(where) or not Path(where).read_text(): time.sleep(0.02)\n"
        "print(pool._server.process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False)
    assert said.returncode == -signal.SIGKILL, said.stderr
    assert gone(int(said.stdout)) and gone(int((tmp_path / "pid").read_text()))
