"""A worker as `assay worker` runs it, but for what classifiers see: `python -m evals.faults.struck_worker ROLE…`.

Everything else is the installation's that the settings describe. FAULT_STRIKES names events around which the process is
killed, as `after:Rendered,before:Sealed`.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import timedelta
from typing import cast

from core.ports import Ledger
from evals.faults.struck_ledger import Strike, StruckLedger
from evals.faults.word_measurer import WordMeasurer
from pipeline.advance import PipelineContext
from pipeline.runners.faust_worker import WorkerConfig, run_worker
from pipeline.runners.kafka_topics import wait_for_topics
from pipeline.runners.topics import Topics
from pipeline.settings import Settings, load_settings
from pipeline.stages import bind_route
from pipeline.wiring import build_installation

STRIKES = "FAULT_STRIKES"
SWEEP_EVERY = timedelta(seconds=1)


def build(settings: Settings) -> PipelineContext:
    """The works of these settings, with a measurer of words."""
    installation = build_installation(settings)
    context = installation.service.context
    context = replace(context, measure=WordMeasurer(inner=context.measure))
    works = replace(installation.works, route=bind_route(context))
    if strikes := os.environ.get(STRIKES, ""):
        parsed = [Strike.parse(one, settings.root) for one in strikes.split(",")]
        works = replace(works, ledger=cast("Ledger", StruckLedger(works.ledger, parsed)))
    return works


def main(roles: tuple[str, ...]) -> None:
    """Run until told to stop."""
    settings = load_settings()
    topics = Topics(prefix=settings.kafka_group)
    config = WorkerConfig(
        connection=settings.kafka_connection(),
        roles=roles,
        topics=topics,
        sweeps="light" in roles,
        sweep_every=SWEEP_EVERY,
        older_than=timedelta(seconds=settings.sweep_after),
        session=timedelta(seconds=settings.kafka_session_seconds),
        partitions=settings.kafka_partitions,
        replicas=settings.kafka_replicas,
    )
    wait_for_topics(config.connection, topics, partitions=config.partitions, replicas=config.replicas)
    run_worker(config, lambda: build(settings))


if __name__ == "__main__":
    given = tuple(sys.argv[1:])
    sys.argv[1:] = []  # Faust reads them too
    main(given)
