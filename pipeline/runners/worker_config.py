"""`assay worker` over Kafka: one Faust worker for some roles of this installation."""

from __future__ import annotations

from datetime import timedelta

from pipeline.runners.faust_worker import WorkerConfig, run_worker
from pipeline.runners.kafka_bus import create_topics
from pipeline.runners.topics import WORKER_ROLES, Topics
from pipeline.settings import Settings

_SWEEPING_ROLE = "light"


def run_configured_worker(settings: Settings, roles: tuple[str, ...] = ()) -> None:
    """Make the topics and run until told to stop; all roles where none is named. Does not return."""
    from pipeline.wiring import build_installation

    topics = Topics(prefix=settings.kafka_group)
    config = WorkerConfig(
        servers=settings.kafka_servers,
        roles=roles or tuple(WORKER_ROLES),
        topics=topics,
        sweeps=_SWEEPING_ROLE in (roles or WORKER_ROLES),
        older_than=timedelta(seconds=settings.sweep_after),
    )
    create_topics(settings.kafka_servers, topics)
    run_worker(config, lambda: build_installation(settings).works)
