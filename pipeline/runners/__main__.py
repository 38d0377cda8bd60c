"""python -m pipeline.runners --build module:function --roles light,render --servers host:9092

For worker processes that are started without the rest of Assay's command line.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module

from pipeline.advance import PipelineContext
from pipeline.runners.faust_worker import WorkerConfig, run_worker
from pipeline.runners.kafka_connection import KafkaConnection
from pipeline.runners.topics import WORKER_ROLES, Topics


def main() -> None:
    """Read the command line and run a worker."""
    given = _argument_parser().parse_args()
    config = WorkerConfig(
        connection=KafkaConnection(servers=given.servers),
        roles=tuple(given.roles.split(",")),
        topics=Topics(prefix=given.prefix),
        sweeps=given.sweep,
        sweep_every=timedelta(seconds=given.sweep_every),
        older_than=timedelta(seconds=given.older_than),
        group=given.group,
        session=timedelta(seconds=given.session),
        instance_id=given.instance_id,
        partitions=given.partitions,
        replicas=given.replicas,
        watch_every=timedelta(seconds=given.watch_every),
    )
    run_worker(config, _import_reference(given.build))


def _argument_parser() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(prog="python -m pipeline.runners", description="One Faust worker.")
    words.add_argument("--build", required=True, help="module:function that gives the Works")
    words.add_argument("--roles", required=True, help=f"comma-separated, of {', '.join(WORKER_ROLES)}")
    words.add_argument("--servers", required=True, help="Kafka bootstrap servers, comma-separated")
    words.add_argument("--prefix", default="assay", help="what topics and groups begin with")
    words.add_argument("--group", default="", help="consumer group; default: from prefix and roles")
    words.add_argument("--session", type=float, default=30.0, help="seconds after which a silent member counts as dead")
    words.add_argument("--instance-id", default="", help="a name of this member that survives its restart")
    words.add_argument(
        "--partitions", type=int, default=12, help="of topics that the broker has lost and are made again"
    )
    words.add_argument("--replicas", type=int, default=1, help="brokers that keep each of those")
    words.add_argument("--watch-every", type=float, default=10.0, help="seconds between looks at the broker's memory")
    words.add_argument("--sweep", action="store_true", help="sweep too; enough if one role does")
    words.add_argument("--sweep-every", type=float, default=10.0, help="seconds between sweeps")
    words.add_argument("--older-than", type=float, default=30.0, help="seconds a case may lie still")
    return words


def _import_reference(reference: str) -> Callable[[], PipelineContext]:
    module, _, function = reference.partition(":")
    build: Callable[[], PipelineContext] = getattr(import_module(module), function)
    return build


if __name__ == "__main__":
    main()
