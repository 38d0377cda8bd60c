"""`assay serve`: a real process, which moves cases by itself and ends cleanly when told to."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time

import httpx
import pytest

from tests.conftest import ROOT

# The process under test: serve() over the story house, which writes down when it is closed.
PROGRAM = textwrap.dedent(
    """
    import sys
    from dataclasses import dataclass
    from pathlib import Path
    from console.serve import run_server
    from core.roles import Role
    from tests.stories.http_installation import MemoryInstallation, memory_installation

    home, port = Path(sys.argv[1]), int(sys.argv[2])
    house = memory_installation(home, port=port)
    MemoryInstallation.close = lambda self: (home / "closed").write_text("closed")
    (home / "token").write_text(house.account(Role.PLATFORM, Role.MODERATOR).token)
    run_server(house)
    (home / "returned").write_text("returned")
    """
)


@pytest.fixture
def serving(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = [sys.executable, "-c", PROGRAM, str(tmp_path), str(port)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(program, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True)
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20)
    try:
        until(lambda: answers(client, process))
        yield process, client, tmp_path
    finally:
        client.close()
        process.kill()
        process.wait()


def until(true, tries=600):
    for _ in range(tries):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to pass")


def answers(client, process):
    assert process.poll() is None, process.stderr.read()
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_served_house_moves_its_cases_and_ends_cleanly(serving, how):
    process, client, home = serving
    head = {"Authorization": f"Bearer {(home / 'token').read_text()}"}
    made = client.post("/v1/videos", json={"prompt": "a rabbit in a meadow"}, headers=head).json()
    until(lambda: client.get(f"/v1/videos/{made['id']}", headers=head).json()["status"] == "completed")
    process.send_signal(how)
    assert process.wait(20) == 0
    assert process.stderr.read() == ""
    assert (home / "closed").exists() and (home / "returned").exists()


def test_a_port_that_is_taken_is_said_and_the_house_is_closed(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        program = [sys.executable, "-c", PROGRAM, str(tmp_path), str(taken.getsockname()[1])]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(program, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "address already in use" in done.stderr
    assert (tmp_path / "closed").exists()
