"""Submits one prompt and dies by SIGKILL right before, or right after, the n-th event is stored.

python -m tests.stories.submit_and_crash before|after N KEY
"""

import os
import signal
import sys

from pipeline.cli.cli_common import local_operator
from pipeline.ledgers.postgres_ledger import PostgresLedger
from pipeline.service import VideoRequest
from pipeline.settings import load_settings
from pipeline.wiring import build_installation

when, number, key = sys.argv[1], int(sys.argv[2]), sys.argv[3]
append = PostgresLedger.append


def dying(self, case, events, **more):
    stored = case.revision + len(events)
    if when == "before" and stored >= number:
        os.kill(os.getpid(), signal.SIGKILL)
    moved = append(self, case, events, **more)
    if when == "after" and stored >= number:
        os.kill(os.getpid(), signal.SIGKILL)
    return moved


PostgresLedger.append = dying
house = build_installation(load_settings())
house.service.submit(local_operator(), VideoRequest(prompt="a sleepy rabbit in a meadow", key=key))
house.runner.drain()
