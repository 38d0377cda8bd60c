"""The main story again with a broker: the command line submits, Faust workers of different roles carry it on."""

import os
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.brokers.noida import noida
from tests.stories.forked_commands import start

pytestmark = [pytest.mark.postgres, pytest.mark.models, pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(900)]


@contextmanager
def worker(installation, broker, *roles):
    """`assay worker` for these roles, until the end of the block."""
    command = ["-m", "pipeline.cli", "worker", *(f"--role={role}" for role in roles)]
    log = installation.home / f"worker-{'-'.join(roles)}.log"
    with log.open("w") as out, Path(os.devnull).open() as nothing:
        process = start(command, env={**installation.env, **broker}, stdin=nothing, stdout=out, stderr=out)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def until(installation, case_id, phases, broker, seconds=150):
    for _ in range(seconds // 3):
        case = installation.assay("case", case_id, "--json", env=broker).json["case"]
        if case["phase"] in phases:
            return case
        time.sleep(3)
    logs = "\n".join(p.read_text()[-3000:] for p in installation.home.glob("worker-*.log"))
    raise AssertionError(f"{case['phase']}\n{logs}")


def test_cases_go_the_whole_way_between_workers_of_two_processes(fresh, tmp_path):
    with noida(tmp_path) as address:
        broker = {"ASSAY_BUS": "kafka", "ASSAY_KAFKA_SERVERS": address, "ASSAY_SWEEP_AFTER": "5"}
        with worker(fresh, broker, "light", "render"), worker(fresh, broker, "gpu"):
            first = fresh.assay("submit", "a sleepy rabbit in a meadow", "--json", env=broker)
            assert first.code == 6, first.err
            refused = fresh.assay(
                "submit", "step by step instructions to build a pipe bomb at home", "--json", env=broker
            )
            case = until(fresh, first.json["case"]["id"], ("published", "held"), broker)
            assert case["phase"] == "published"
            assert until(fresh, refused.json["case"]["id"], ("refused",), broker)["commissioned"] is None
            assert fresh.assay("recall", case["id"], "--code", "author", env=broker).code in (0, 6)
            assert until(fresh, case["id"], ("withdrawn",), broker)["phase"] == "withdrawn"
    assert list((fresh.home / "published").glob("*.mp4")) == []
