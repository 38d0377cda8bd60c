"""`assay worker` over Kafka: one Faust worker for some roles of this installation."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from pipeline.runners.faust_worker import WorkerConfig, run_worker
from pipeline.runners.kafka_bus import create_topics
from pipeline.runners.request_agents import RequestBridge, add_request_agents
from pipeline.runners.topics import WORKER_ROLES, Topics
from pipeline.settings import Settings
from pipeline.topic_contract.request_intake import RequestIntake
from pipeline.topic_contract.request_order import OrderReader
from pipeline.topic_contract.request_topics import RequestTopic, parse_request_topics, require_accounts

_SWEEPING_ROLE = "light"


def run_configured_worker(settings: Settings, roles: tuple[str, ...] = ()) -> None:
    """Make the topics and run until told to stop; all roles where none is named. Does not return."""
    from pipeline.wiring import build_installation

    requests = _request_topics(settings, roles)
    topics = Topics(
        prefix=settings.kafka_group,
        more=tuple(name for one in requests for name in (one.name, one.outcomes, one.dead_letters)),
    )
    config = WorkerConfig(
        servers=settings.kafka_servers,
        roles=roles or tuple(WORKER_ROLES),
        topics=topics,
        sweeps=_SWEEPING_ROLE in (roles or WORKER_ROLES),
        older_than=timedelta(seconds=settings.sweep_after),
    )
    create_topics(settings.kafka_servers, topics)
    installation = build_installation(settings)
    require_accounts(requests, installation.accounts)
    service = installation.service
    intake = RequestIntake(
        service=service,
        accounts=installation.accounts,
        outbox=installation.outcome_outbox,
        orders=OrderReader(service=service, settings=settings, references=installation.reference_sources),
    )
    bridge = RequestBridge(topics=requests, intake=intake, ledger=installation.ledger)
    run_worker(config, lambda: installation.works, partial(add_request_agents, bridge=bridge) if requests else _nothing)


def _request_topics(settings: Settings, roles: tuple[str, ...]) -> tuple[RequestTopic, ...]:
    """Where this worker gets requests: those who sweep do, as opening a case is quick."""
    if _SWEEPING_ROLE not in (roles or WORKER_ROLES):
        return ()
    return parse_request_topics(settings.kafka_account, settings.kafka_group)


def _nothing(_app: object) -> None:
    """Nobody may ask over topics: no topic of requests is read."""
