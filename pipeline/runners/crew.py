"""`assay worker` over Kafka: one Faust worker for some roles of this installation."""

from __future__ import annotations

from datetime import timedelta

from pipeline.runners.kafka import create_topics
from pipeline.runners.roles import ROLES, Topics
from pipeline.runners.workers import Crew, run_worker
from pipeline.settings import Settings

_SWEEPS = "light"


def work(settings: Settings, roles: tuple[str, ...] = ()) -> None:
    """Make the topics and run until told to stop; all roles where none is named. Does not return."""
    from pipeline.wiring import build

    topics = Topics(prefix=settings.kafka_group)
    crew = Crew(
        servers=settings.kafka_servers,
        roles=roles or tuple(ROLES),
        topics=topics,
        sweeps=_SWEEPS in (roles or ROLES),
        older_than=timedelta(seconds=settings.sweep_after),
    )
    create_topics(settings.kafka_servers, topics)
    run_worker(crew, lambda: build(settings).works)
