"""Works around the toy route: in this process, or for worker processes that share a Postgres and a broker."""

import os
from datetime import timedelta

from pipeline.advance import PipelineContext
from tests.stub_pipeline.stages import ROUTE


class EmptyVault:
    """A vault in which nothing ever is."""

    def confirm(self, digest):
        pass

    def pending(self):
        return iter(())

    def discard(self, digest):
        raise AssertionError("nothing is here to discard")


def stub_context(ledger, bus, **given):
    return PipelineContext(
        **{
            "ledger": ledger,
            "bus": bus,
            "blob_store": EmptyVault(),
            "route": ROUTE,
            "accepted_phases": tuple(ROUTE),
            **given,
        }
    )


def build():
    """For worker processes: TOY_DATABASE is a DSN, TOY_BUS is `kafka` or `confluent`, TOY_SERVERS are its brokers."""
    from pipeline.ledgers.database import open_database
    from pipeline.ledgers.postgres_ledger import PostgresLedger

    ledger = PostgresLedger(open_database(os.environ["TOY_DATABASE"]), first_retry_delay=timedelta(0))
    return stub_context(ledger, bus_from_environment(os.environ["TOY_SERVERS"]))


def bus_from_environment(servers):
    from pipeline.runners.kafka_bus import KafkaBus
    from pipeline.runners.topics import Topics
    from tests.brokers.librdkafka_mock import ConfluentBus

    if os.environ.get("TOY_BUS") == "confluent":
        return ConfluentBus(servers, Topics())
    return KafkaBus(servers, Topics())
