import os
from pathlib import Path

import numpy as np
import pytest

from core.errors import BadInput, BadMedia
from media.sandbox.client import run_sandboxed
from media.sandbox.limits import MIB, ProcessLimits


def test_values_and_arrays_come_back_as_they_were() -> None:
    assert run_sandboxed("json:loads", {"s": '{"a": [1, 2.5, null]}'}) == {"a": [1, 2.5, None]}
    assert np.array_equal(run_sandboxed("numpy:arange", {"start": 3, "stop": 7}), [3, 4, 5, 6])


def test_an_error_of_ours_is_raised_as_what_it_is() -> None:
    with pytest.raises(BadInput, match="seconds above 0") as raised:
        run_sandboxed("media.sampling:sample_video", {"path": "any.mp4", "count": 0})
    assert not isinstance(raised.value, BadMedia)


def test_a_crash_is_one_clear_line() -> None:
    with pytest.raises(BadMedia, match="crash \\(signal 6\\)"):
        run_sandboxed("os:abort", {})


def test_a_process_that_ends_without_an_answer_is_no_answer() -> None:
    with pytest.raises(BadMedia, match="exit 0"):
        run_sandboxed("os:_exit", {"status": 0})


def test_too_much_memory_is_refused() -> None:
    with pytest.raises(BadMedia, match="more than 512 MiB of memory"):
        run_sandboxed("numpy:ones", {"shape": 1024 * MIB}, limits=ProcessLimits(memory=512 * MIB))


def test_too_much_computing_is_refused() -> None:
    with pytest.raises(BadMedia, match="more than 1 s of computing"):
        run_sandboxed("re:fullmatch", {"pattern": "(a*)*b", "string": "a" * 64}, limits=ProcessLimits(cpu=1))


def test_waiting_for_ever_is_refused() -> None:
    with pytest.raises(BadMedia, match="more than 1 s to read"):
        run_sandboxed("signal:pause", {}, limits=ProcessLimits(wall=1.0))


def test_too_large_a_file_is_refused() -> None:
    with pytest.raises(BadMedia, match="grow to more than 1 MiB"):
        run_sandboxed("numpy:ones", {"shape": 4 * MIB}, limits=ProcessLimits(written=MIB))


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="the system call filter is Linux only")
@pytest.mark.parametrize(
    ("function", "arguments"),
    [("socket:socket", {}), ("socket:socketpair", {}), ("subprocess:check_output", {"args": ["true"]})],
)
def test_no_network_and_no_other_program(function: str, arguments: dict[str, object]) -> None:
    with pytest.raises(BadMedia, match="PermissionError"):
        run_sandboxed(function, arguments)


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    run_sandboxed("numpy:ones", {"shape": 8})
    with pytest.raises(BadMedia):
        run_sandboxed("os:abort", {})
    assert list(tmp_path.iterdir()) == []
