"""Works around the toy route: in this process, or for worker processes that share a Postgres and a broker."""

import os

from pipeline.advance import Works
from tests.toys.stages import ROUTE


class NoVault:
    """A vault in which nothing ever is."""

    def settle(self, digest):
        pass

    def pending(self):
        return iter(())

    def discard(self, digest):
        raise AssertionError("nothing is here to discard")


def works(ledger, bus, **given):
    return Works(**{"ledger": ledger, "bus": bus, "vault": NoVault(), "route": ROUTE, "willing": tuple(ROUTE), **given})


def build():
    """For worker processes: TOY_DATABASE is a DSN, TOY_BUS is `kafka` or `confluent`, TOY_SERVERS are its brokers."""
    from pipeline.ledgers.database import open_database
    from pipeline.ledgers.postgres import PostgresLedger

    return works(PostgresLedger(open_database(os.environ["TOY_DATABASE"])), bus(os.environ["TOY_SERVERS"]))


def bus(servers):
    from pipeline.runners.kafka import KafkaBus
    from pipeline.runners.roles import Topics
    from tests.brokers.mock import ConfluentBus

    if os.environ.get("TOY_BUS") == "confluent":
        return ConfluentBus(servers, Topics())
    return KafkaBus(servers, Topics())
