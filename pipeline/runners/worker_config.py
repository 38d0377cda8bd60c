"""`assay worker` over Kafka: one Faust worker for some roles of this installation."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from pipeline.observability.observed_works import Heartbeat
from pipeline.runners.faust_worker import WorkerConfig, run_worker
from pipeline.runners.kafka_topics import wait_for_topics
from pipeline.runners.request_agents import RequestBridge, add_request_agents
from pipeline.runners.topics import WORKER_ROLES, Topics
from pipeline.runners.worker_health import add_heartbeat
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
        connection=settings.kafka_connection(),
        roles=roles or tuple(WORKER_ROLES),
        topics=topics,
        sweeps=_SWEEPING_ROLE in (roles or WORKER_ROLES),
        older_than=timedelta(seconds=settings.sweep_after),
        session=timedelta(seconds=settings.kafka_session_seconds),
        instance_id=settings.kafka_instance_id and f"{settings.kafka_instance_id}-{'-'.join(sorted(roles))}",
        partitions=settings.kafka_partitions,
        replicas=settings.kafka_replicas,
        json_logs=settings.log_format == "json",
    )
    wait_for_topics(config.connection, topics, partitions=config.partitions, replicas=config.replicas)
    installation = build_installation(settings)
    require_accounts(requests, installation.accounts)
    service = installation.service
    intake = RequestIntake(
        service=service,
        accounts=installation.accounts,
        outbox=installation.outcome_outbox,
        orders=OrderReader(service=service, settings=settings, references=installation.reference_sources),
    )
    heartbeat = installation.observation.heartbeat
    bridge = RequestBridge(topics=requests, intake=intake, ledger=installation.ledger)
    extend = partial(_extend, bridge=bridge if requests else None, heartbeat=None if config.sweeps else heartbeat)
    with installation.observation.serving(settings):
        run_worker(config, lambda: installation.works, extend)


def _request_topics(settings: Settings, roles: tuple[str, ...]) -> tuple[RequestTopic, ...]:
    """Where this worker gets requests: those who sweep do, as opening a case is quick."""
    if _SWEEPING_ROLE not in (roles or WORKER_ROLES):
        return ()
    return parse_request_topics(settings.kafka_account, settings.kafka_group)


def _extend(app: Any, *, bridge: RequestBridge | None, heartbeat: Heartbeat | None) -> None:
    """What the app does beside its tickets. Without a bridge nobody may ask over topics; to sweep is a sign of life."""
    if bridge is not None:
        add_request_agents(app, bridge)
    if heartbeat is not None:
        add_heartbeat(app, heartbeat)
