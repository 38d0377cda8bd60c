"""A worker that takes requests from topics: the real service, ledger, stages and bridge; only measuring is a stub.

python -m tests.stub_pipeline.topic_bridge, with TOY_DATABASE, TOY_SERVERS, TOY_BUS, TOY_HOME and TOY_REQUESTS, which is as the
setting kafka_account. TOY_SLOW are seconds that opening a case takes once it is stored.
"""

import os
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from core.ports import Bus, Ledger
from pipeline.accounts import Accounts
from pipeline.advance import PipelineContext
from pipeline.at_rest.key_store import CaseKeys
from pipeline.blobstores.storage import open_storage
from pipeline.ledgers.database import open_database
from pipeline.ledgers.postgres_accounts import PostgresAccounts
from pipeline.ledgers.postgres_ledger import PostgresLedger
from pipeline.ledgers.texts import PostgresTexts
from pipeline.ledgers.topic_outcomes import PostgresOutcomeOutbox
from pipeline.request_fields.reference_sources import ReferenceSources
from pipeline.service import CaseService
from pipeline.stages import ROUTE, bind_route
from pipeline.topic_contract.request_intake import RequestIntake
from pipeline.topic_contract.request_order import OrderReader
from tests.stories.http_installation import memory_installation


@dataclass(frozen=True)
class BridgedInstallation:
    ledger: Ledger
    accounts: Accounts
    service: CaseService
    outbox: PostgresOutcomeOutbox
    works: PipelineContext
    orders: OrderReader

    @property
    def intake(self):
        return RequestIntake(service=self.service, accounts=self.accounts, outbox=self.outbox, orders=self.orders)


def bridged_installation(database: Any, home: Path, bus: Bus) -> BridgedInstallation:
    house = memory_installation(home)
    ledger = PostgresLedger(database, first_retry_delay=timedelta(0))
    keys = CaseKeys(str(home / "vault"), home / "keys")
    context = replace(house.service.context, texts=PostgresTexts(database, keys))
    service = replace(
        house.service, ledger=ledger, bus=bus, context=context, blind=None
    )  # checks are of the other ledger
    inbox = home / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    return BridgedInstallation(
        ledger=ledger,
        accounts=PostgresAccounts(database),
        service=service,
        orders=OrderReader(
            service=service,
            settings=house.settings.model_copy(update={"engine_profile": "generic"}),
            references=ReferenceSources(max_bytes=32 << 20, inbox=open_storage(str(inbox))),
        ),
        outbox=PostgresOutcomeOutbox(database),
        works=replace(house.works, ledger=ledger, bus=bus, route=bind_route(context), accepted_phases=tuple(ROUTE)),
    )


class SlowIntake(RequestIntake):
    """Takes its time after the case is stored and before the message is acknowledged, so that it can be killed there."""

    def receive(self, message, topic):
        rejected = super().receive(message, topic)
        time.sleep(float(os.environ.get("TOY_SLOW", "0")))
        return rejected


def bus_from_environment(servers):
    """TOY_BUS is `kafka`, or `confluent` for librdkafka's mock, to which kafka-python cannot speak."""
    from pipeline.runners.kafka_bus import KafkaBus
    from pipeline.runners.kafka_connection import KafkaConnection
    from pipeline.runners.topics import Topics
    from tests.brokers.librdkafka_mock import ConfluentBus

    if os.environ.get("TOY_BUS") == "confluent":
        return ConfluentBus(servers, Topics())
    return KafkaBus(KafkaConnection(servers=servers), Topics())


def main():
    from pipeline.runners.faust_worker import WorkerConfig, run_worker
    from pipeline.runners.kafka_connection import KafkaConnection
    from pipeline.runners.request_agents import RequestBridge, add_request_agents
    from pipeline.runners.topics import Topics
    from pipeline.topic_contract.request_topics import parse_request_topics

    servers = os.environ["TOY_SERVERS"]
    at = bridged_installation(
        open_database(os.environ["TOY_DATABASE"]), Path(os.environ["TOY_HOME"]), bus_from_environment(servers)
    )
    intake = SlowIntake(service=at.service, accounts=at.accounts, outbox=at.outbox, orders=at.orders)
    topics = parse_request_topics(os.environ["TOY_REQUESTS"], "assay")
    bridge = RequestBridge(topics=topics, intake=intake, ledger=at.ledger)
    config = WorkerConfig(
        connection=KafkaConnection(servers=servers),
        roles=("light", "render", "gpu"),
        topics=Topics(more=tuple(name for one in topics for name in (one.name, one.outcomes, one.dead_letters))),
        sweeps=True,
        sweep_every=timedelta(seconds=0.5),
        older_than=timedelta(seconds=1),
        group=os.environ.get("TOY_GROUP", ""),
    )
    run_worker(config, lambda: at.works, partial(add_request_agents, bridge=bridge))


if __name__ == "__main__":
    main()
