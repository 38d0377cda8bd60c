"""Works around the toy route: in this process, or for worker processes that share a Postgres and a broker."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from pipeline.advance import NoListener, PipelineContext
from tests.stub_pipeline.stages import ROUTE


class NoMaintenance:
    """A MaintenanceTask where nothing is ever due."""

    def run_maintenance(self):
        pass


class NoCompensation:
    """A Compensation where stages do nothing outside the ledger."""

    def compensate(self, case, events):
        pass


@dataclass(frozen=True)
class CalledListener:
    """An EventListener from a function of the case and its events."""

    function: Callable

    def on_events(self, case, events):
        self.function(case, events)


@dataclass(frozen=True)
class CalledCompensation:
    """A Compensation from a function of the case and the events that were not stored."""

    function: Callable

    def compensate(self, case, events):
        self.function(case, events)


def nothing_beside():
    """The parts of a PipelineContext for which a story has no use."""
    return {"listener": NoListener(), "maintenance": NoMaintenance(), "compensation": NoCompensation()}


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
            **nothing_beside(),
            **given,
        }
    )


def build():
    """For worker processes: TOY_DATABASE is a DSN, TOY_SERVERS are brokers, whose topics begin with TOY_PREFIX."""
    from pipeline.ledgers.database import open_database
    from pipeline.ledgers.postgres_ledger import PostgresLedger
    from pipeline.runners.kafka_bus import KafkaBus
    from pipeline.runners.kafka_connection import KafkaConnection
    from pipeline.runners.topics import Topics

    ledger = PostgresLedger(open_database(os.environ["TOY_DATABASE"]), first_retry_delay=timedelta(0))
    connection, topics = KafkaConnection(servers=os.environ["TOY_SERVERS"]), Topics(prefix=os.environ["TOY_PREFIX"])
    return stub_context(ledger, KafkaBus(connection, topics))
