"""The run that the simulation is held against: many orders at once through the runner as it stands."""

from __future__ import annotations

import time
from datetime import timedelta
from threading import Event, Thread

from core.case import Phase
from evals.capacity.service_times import PROMPT
from pipeline.cli.cli_common import local_operator
from pipeline.runners.local_runner import DEFAULT_LANES, LocalRunner
from pipeline.service import VideoRequest
from pipeline.wiring import Installation

_LONGEST_SECONDS = 1800.0


def run_at_once(installation: Installation, cases: int) -> float:
    """Seconds from the first order until the last of so many is published."""
    runner, stop = LocalRunner(installation.works, lanes=DEFAULT_LANES), Event()
    moving = Thread(target=runner.run_forever, args=(stop,), kwargs={"sweep_every": timedelta(seconds=5)})
    began = time.perf_counter()
    ids = [installation.service.submit(local_operator(), VideoRequest(prompt=PROMPT)).id for _ in range(cases)]
    moving.start()
    try:
        while not all(installation.ledger.load(one).phase is Phase.PUBLISHED for one in ids):
            if time.perf_counter() - began > _LONGEST_SECONDS:
                raise RuntimeError("cases did not arrive")
            time.sleep(0.2)
        return time.perf_counter() - began
    finally:
        stop.set()
        moving.join()
