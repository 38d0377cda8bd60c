"""Ends a lease and dies by SIGKILL when so many batches have been appended, half-way through the next.

python -m tests.contract.takedown_and_crash HOME LEASE BATCHES
"""

import os
import signal
import sys
from pathlib import Path

import registry.consent.takedown
from pipeline.ledgers.bulk_append import PostgresBulkAppend
from pipeline.ledgers.database import open_database
from tests.contract.cameo_installation import MIRA, cameo_installation_at

home, lease, batches = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
append, done = PostgresBulkAppend.append, []


def dying(self, ids, events, *, only, in_transaction):
    def told(connection, cases):
        in_transaction(connection, cases)
        if len(done) == batches:  # events, moves and report lines are written, and nothing of it is committed
            os.kill(os.getpid(), signal.SIGKILL)
        done.append(ids)

    return append(self, ids, events, only=only, in_transaction=told)


registry.consent.takedown.BATCH_SIZE = 4
PostgresBulkAppend.append = dying
cameo_installation_at(home, open_database(home)).service.revoke(MIRA, lease)
