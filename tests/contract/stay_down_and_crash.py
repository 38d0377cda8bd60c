"""Takes down what a claim was upheld against and dies by SIGKILL, or undoes that and dies.

python -m tests.contract.stay_down_and_crash HOME CLAIM ("down" CASE | "lift") STEPS
"""

import os
import signal
import sys
from pathlib import Path

import registry.consent.takedown
from pipeline.ledgers.bulk_append import PostgresBulkAppend
from pipeline.ledgers.database import open_database
from pipeline.ledgers.postgres_ledger import PostgresLedger
from registry.banks.postgres_banks import PostgresBanks
from tests.contract.cameo_installation import cameo_installation_at
from tests.contract.claimed_videos import claimed_videos_in

home, claim, wish, steps = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[-1])
done = []


def dying(action):
    """Kills the process instead of the step after so many."""

    def step(*args, **named):
        if len(done) == steps:
            os.kill(os.getpid(), signal.SIGKILL)
        done.append(action)
        return action(*args, **named)

    return step


registry.consent.takedown.BATCH_SIZE = 2
stay_down = claimed_videos_in(cameo_installation_at(home, open_database(home))).stay_down
PostgresBulkAppend.append = dying(PostgresBulkAppend.append)
PostgresBanks.add = dying(PostgresBanks.add)
PostgresBanks.change = dying(PostgresBanks.change)
PostgresLedger.append = dying(PostgresLedger.append)
if wish == "down":
    stay_down.apply(claim, [sys.argv[4]], "intimate_image")
else:
    stay_down.lift(claim)
