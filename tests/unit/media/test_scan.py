"""One file has one budget: whatever is done with it shares the time, and ends when nobody waits any more."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from threading import Timer

import pytest

from core.errors import Abandoned, BadMedia, OverBudget
from media.sandbox.client import run_sandboxed
from media.sandbox.limits import MIB, ProcessLimits
from media.sandbox.scan import Scan, ScanBudget, current_scan, scan_within
from tests.unit.media.test_sandbox_pool import gone


def pause() -> None:
    run_sandboxed("signal:pause", {})


def sleep() -> None:
    run_sandboxed("timeit:timeit", {"stmt": "time.sleep(0.7)", "setup": "import time", "number": 1})


def test_without_a_scan_nothing_is_bounded_further() -> None:
    assert current_scan() is None
    with pytest.raises(BadMedia, match="refused") as raised:
        run_sandboxed("signal:pause", {}, limits=ProcessLimits(wall=0.5))
    assert type(raised.value) is BadMedia


def test_a_process_that_takes_too_long_is_over_the_budget() -> None:
    with scan_within(ScanBudget(process_wall=1.0)), pytest.raises(OverBudget, match="takes more than 1 s"):
        pause()


def test_all_processes_of_a_scan_share_its_time() -> None:
    began = time.monotonic()
    with scan_within(ScanBudget(wall=2.0, process_wall=1.2)):
        for _ in range(5):
            with pytest.raises(OverBudget):
                pause()
    assert time.monotonic() - began < 4


def test_memory_is_that_of_the_budget() -> None:
    with scan_within(ScanBudget(memory=512 * MIB)), pytest.raises(OverBudget, match="512 MiB of memory"):
        run_sandboxed("numpy:ones", {"shape": 1024 * MIB})


def test_two_processes_of_a_scan_do_not_run_at_once() -> None:
    began = time.monotonic()
    with scan_within(ScanBudget()), ThreadPoolExecutor(2) as pool:
        list(
            pool.map(
                lambda context: context.run(sleep),
                [copy_context(), copy_context()],
            )
        )
    assert time.monotonic() - began > 1.4


def test_cancelling_ends_the_process_within_seconds(tmp_path: Path) -> None:
    scan = Scan(budget=ScanBudget())
    Timer(1.0, scan.cancel).start()
    began = time.monotonic()
    with scan_within(scan), pytest.raises(Abandoned):
        run_sandboxed("tests.unit.media.sandbox_state_leaks:stay", {"path": str(tmp_path / "pid")}, writes=[tmp_path])
    assert time.monotonic() - began < 3
    assert gone(int((tmp_path / "pid").read_text()))
    with scan_within(scan), pytest.raises(Abandoned):
        run_sandboxed("json:loads", {"s": "[]"})


def test_cancelling_ends_an_interpreter_of_its_own_too() -> None:
    scan = Scan(budget=ScanBudget())
    Timer(1.0, scan.cancel).start()
    began = time.monotonic()
    with scan_within(scan), pytest.raises(Abandoned):
        run_sandboxed("signal:pause", {}, environment={"TOLD": "yes"})
    assert time.monotonic() - began < 3


def test_a_scan_inside_a_scan_goes_on_with_the_same_budget() -> None:
    with scan_within(ScanBudget()) as outer:
        with scan_within(ScanBudget(wall=1.0)) as inner:
            assert inner is outer
        assert current_scan() is outer
    assert current_scan() is None
