"""What a decoder that was taken over can do: nothing outside its folder. Every attempt runs as code in the sandbox."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.errors import BadMedia, Unavailable
from media.sandbox import protections
from media.sandbox.client import run_sandboxed
from media.sandbox.protections import SandboxProtection, require_sandbox, sandbox_protections
from media.sandbox.scan import ScanBudget, scan_within
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the confinement is Linux only")


def run_inside(statement: str, **options: object) -> None:
    run_sandboxed("timeit:timeit", {"stmt": statement, "number": 1}, **options)


@dataclass(frozen=True)
class Outside:
    """What lies outside the sandbox: a key, a process, and this process's own memory."""

    key: Path
    process: subprocess.Popen[bytes]
    buffer: ctypes.Array[ctypes.c_char]


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    key = tmp_path / "key.pem"
    key.write_text("not a real key")
    with subprocess.Popen(["sleep", "60"]) as process:
        yield Outside(key=key, process=process, buffer=ctypes.create_string_buffer(b"outside"))
        process.kill()


ATTEMPTS = {
    "read a key": "open({key!r}).read()",
    "look into a folder": "import os; os.listdir({folder!r})",
    "read what is secret of the system": "open('/etc/passwd').read()",
    "read the git folder of a checkout": "open({root!r} + '/pyproject.toml').read()",
    "write a file": "open({folder!r} + '/planted.pth', 'w').close()",
    "append to a key": "open({key!r}, 'a').close()",
    "truncate a key": "import os; os.truncate({key!r}, 0)",
    "delete a key": "import os; os.remove({key!r})",
    "rename a key": "import os; os.rename({key!r}, {key!r} + '.old')",
    "rename a key into its own folder": "import os; os.rename({key!r}, 'key.pem')",
    "link a key into its own folder": "import os; os.link({key!r}, 'key.pem')",
    "make a link": "import os; os.symlink('/etc/passwd', {folder!r} + '/link')",
    "make a link in its own folder": "import os; os.symlink('/etc/passwd', 'link')",
    "make a pipe": "import os; os.mkfifo('pipe')",
    "make a folder": "import os; os.mkdir({folder!r} + '/made')",
    "change the mode of a key": "import os; os.chmod({key!r}, 0o777)",
    "change the owner of a key": "import os; os.chown({key!r}, 1, 1)",
    "change the times of a key": "import os; os.utime({key!r}, (1, 1))",
    "set an attribute of a key": "import os; os.setxattr({key!r}, 'user.a', b'1')",
    "write to a library": "import json; open(json.__file__, 'a').close()",
    "kill another process": "import os; os.kill({process}, 9)",
    "kill the caller": "import os; os.kill({caller}, 9)",
    "kill every process of the user": "import os; os.kill(-1, 9)",
    "kill its group's parent": "import os; os.killpg(os.getpgid({caller}), 9)",
    "signal by descriptor": "import os, signal; signal.pidfd_send_signal(os.pidfd_open({process}), 9)",
    "have the kernel signal another": "import fcntl, os; fcntl.fcntl(os.pipe()[0], fcntl.F_SETOWN, {process})",
    "read the parent's environment": "import os; open('/proc/%d/environ' % os.getppid(), 'rb').read()",
    "read the caller's environment": "open('/proc/{caller}/environ', 'rb').read()",
    "read the caller's memory map": "open('/proc/{caller}/maps', 'rb').read()",
    "write the parent's memory": "import os; open('/proc/%d/mem' % os.getppid(), 'r+b', 0).close()",
    "write the caller's memory": "m = open('/proc/{caller}/mem', 'r+b', 0); m.seek({address}); m.write(b'inside')",
    "change a limit of the caller": "import resource as r; r.prlimit({caller}, r.RLIMIT_NOFILE, (1, 1))",
    "change where the caller runs": "import os; os.sched_setaffinity({caller}, [0])",
    "change the niceness of the caller": "import os; os.setpriority(os.PRIO_PROCESS, {caller}, 19)",
    "fork": "import os; os.fork() or os._exit(0)",
    "start a program": "import subprocess; subprocess.run(['true'], check=True)",
    "become a program": "import os; os.execv('/bin/true', ['true'])",
    "open a socket": "import socket; socket.create_connection(('127.0.0.1', 1), 1)",
    "open a local socket": "import socket; socket.socket(socket.AF_UNIX)",
    "make memory without a file": "import os; os.memfd_create('code')",
    "become another user": "import os; os.setuid(1)",
    "change the root": "import os; os.chroot('.')",
}


@pytest.mark.parametrize("statement", ATTEMPTS.values(), ids=ATTEMPTS.keys())
def test_a_decoder_that_was_taken_over_cannot(statement: str, outside: Outside, request: pytest.FixtureRequest) -> None:
    with pytest.raises(BadMedia, match=r"PermissionError|OSError"):
        run_inside(
            statement.format(
                key=str(outside.key),
                folder=str(outside.key.parent),
                root=str(request.config.rootpath),
                process=outside.process.pid,
                caller=os.getpid(),
                address=ctypes.addressof(outside.buffer),
            )
        )
    assert outside.key.read_text() == "not a real key"
    assert [one.name for one in outside.key.parent.iterdir()] == ["key.pem"]
    assert outside.process.poll() is None
    assert outside.buffer.value == b"outside"


def test_it_reads_the_file_it_was_given_and_writes_in_its_folders(tmp_path: Path) -> None:
    source, other, folder = tmp_path / "source", tmp_path / "other", tmp_path / "made"
    source.write_text("x")
    other.write_text("y")
    folder.mkdir()
    run_inside(
        f"assert open({str(source)!r}).read() == 'x'; open({str(folder / 'new')!r}, 'w').write('z'); open('own', 'w')",
        reads=[source],
        writes=[folder],
    )
    assert (folder / "new").read_text() == "z"
    for statement in (f"open({str(other)!r})", f"open({str(source)!r}, 'a')"):
        with pytest.raises(BadMedia, match="PermissionError"):
            run_inside(statement, reads=[source], writes=[folder])


def test_it_sees_nothing_of_the_environment_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_SECRET", "not a real secret")
    run_inside("import os; assert not any('SECRET' in name for name in os.environ)")
    try:
        run_inside("assert b'SECRET' not in open('/proc/self/environ', 'rb').read()")
    except BadMedia as error:  # its own is closed to it as well, where it is not the superuser
        assert "PermissionError" in str(error)


def test_it_may_start_threads_and_sleep_and_end_itself() -> None:
    run_inside("import threading as t; a = t.Thread(target=print); a.start(); a.join(); import time; time.sleep(0.01)")


def test_an_interpreter_of_its_own_is_confined_as_well(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("x")
    with pytest.raises(BadMedia, match="PermissionError"):
        run_inside(f"open({str(tmp_path / 'key')!r})", environment={"TOLD": "yes"})


def test_here_every_essential_protection_is_in_force() -> None:
    assert {one.name: one.got_out for one in sandbox_protections() if one.essential and not one.in_force} == {}


@pytest.fixture
def no_landlock(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = SandboxProtection(name="files", means="one file", essential=True, got_out=("read a file outside",))
    monkeypatch.setattr(protections, "sandbox_protections", lambda: (missing,))
    monkeypatch.setattr(protections._Overruled, "value", False)


@pytest.mark.usefixtures("no_landlock")
def test_without_a_protection_no_file_of_a_stranger_is_decoded() -> None:
    assert run_sandboxed("json:loads", {"s": "[1]"}) == [1]
    with scan_within(ScanBudget()), pytest.raises(Unavailable, match="does not protect files"):
        run_sandboxed("json:loads", {"s": "[1]"})


@pytest.mark.usefixtures("no_landlock")
def test_that_can_be_overruled_and_is_said_loudly(caplog: pytest.LogCaptureFixture) -> None:
    protections.allow_unsandboxed(allow=True)
    with scan_within(ScanBudget()):
        assert run_sandboxed("json:loads", {"s": "[1]"}) == [1]
    assert "allow_unsandboxed is on" in caplog.text
    protections.allow_unsandboxed(allow=False)
    with pytest.raises(Unavailable):
        require_sandbox()


def test_the_attempts_themselves_succeed_where_nothing_confines_them(tmp_path: Path) -> None:
    (tmp_path / "canary").write_bytes(b"x")
    script = (
        "import json, os; from media.sandbox.self_test import attempt_escapes\n"
        f"own = {{'net': os.readlink('/proc/self/ns/net')}}\n"
        f"print(json.dumps(attempt_escapes({str(tmp_path)!r}, os.getppid(), own)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", script]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path, env=environment)
    got_out = json.loads(said.stdout)
    assert len(got_out["files"]) == 5 and len(got_out["calls"]) == 5
    assert all(got_out[name] for name in ("processes", "memory", "environment", "limits", "namespaces"))
