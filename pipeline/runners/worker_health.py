"""Signs of life of a worker that never sweeps: its event loop turns, and it is not stuck while partitions are dealt."""

from __future__ import annotations

from typing import Any

from pipeline.observability.observed_works import Heartbeat

_EVERY_SECONDS = 10.0


def add_heartbeat(app: Any, heartbeat: Heartbeat) -> None:
    """Have a worker's app beat while it can take tickets. (Those who sweep beat with each sweep.)"""

    async def beat() -> None:
        if not app.rebalancing:
            heartbeat.beat()

    app.timer(interval=_EVERY_SECONDS, name="assay.heartbeat")(beat)
