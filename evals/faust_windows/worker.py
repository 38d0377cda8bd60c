"""A Faust worker with one windowed table: refusals by account and window, each case and revision once."""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import faust

NAME, TOPIC, TABLE = "assay-windows", "assay-windows.refusals", "refusals"
CHANGELOG = f"{NAME}-{TABLE}-changelog"
WINDOW_SECONDS, EXPIRES_SECONDS, PARTITIONS = 10.0, 60.0, 4


def make_windows_app(servers: str, told: Path) -> Any:
    """The app. Once a second it adds a line to `told`: the windows that this worker has, and when it said so."""
    app = faust.App(
        NAME,
        broker=f"kafka://{servers}",
        store="memory://",
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        datadir=told.parent / f"{told.name}-data",
        broker_session_timeout=10,
        broker_heartbeat_interval=1,
        broker_rebalance_timeout=10,
        consumer_auto_offset_reset="earliest",
        broker_commit_every=1,
        producer_linger=0.01,
        table_cleanup_interval=1.0,
    )
    refusals = app.topic(
        TOPIC, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw", allow_empty=True
    )
    table = app.Table(TABLE, default=dict, partitions=PARTITIONS).tumbling(WINDOW_SECONDS, expires=EXPIRES_SECONDS)

    async def count(stream: Any) -> AsyncIterator[int]:
        async for event in stream.noack().events():
            refusal = json.loads(event.value)
            window = table.clone(relative_to=float(refusal["at"]))[refusal["account"]]
            known = window.value()
            if refusal["event"] not in known:
                window.wrapper[refusal["account"]] = {**known, refusal["event"]: 1}
            event.ack()
            yield 1

    async def tell() -> None:
        windows = [[key, start, len(events)] for (key, (start, _)), events in table.table.data.items()]
        with told.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"at": time.time(), "windows": windows}) + "\n")

    app.agent(refusals, concurrency=1)(count)
    app.timer(0.25)(tell)
    return app


if __name__ == "__main__":
    make_windows_app(os.environ["WINDOWS_SERVERS"], Path(os.environ["WINDOWS_TOLD"])).main()
