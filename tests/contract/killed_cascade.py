"""Ends a lease and dies by SIGKILL when so many batches have been appended, half-way through the next.

python -m tests.contract.killed_cascade HOME LEASE BATCHES
"""

import os
import signal
import sys
from pathlib import Path

import pipeline.cascade
from pipeline.ledgers.bulk import PostgresBulk
from pipeline.ledgers.database import open_database
from tests.contract.cameo_houses import MIRA, house_at

home, lease, batches = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
append, done = PostgresBulk.append, []


def dying(self, ids, events, *, only, beside):
    def told(connection, cases):
        beside(connection, cases)
        if len(done) == batches:  # events, moves and report lines are written, and nothing of it is committed
            os.kill(os.getpid(), signal.SIGKILL)
        done.append(ids)

    return append(self, ids, events, only=only, beside=told)


pipeline.cascade.BATCH = 4
PostgresBulk.append = dying
house_at(home, open_database(home)).desk.revoke(MIRA, lease)
