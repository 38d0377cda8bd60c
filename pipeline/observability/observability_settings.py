"""Settings of what a process says of itself while it runs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings


class ObservabilitySettings(BaseSettings):
    """What an installation may choose about metrics, logs and traces."""

    metrics_port: int = Field(
        0, ge=0, le=65535, description="Port of /metrics and /healthz of serve and of each worker; 0: none."
    )
    metrics_host: str = Field(
        "127.0.0.1", description="Address they are served at. They ask for no key: keep it inside your own network."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="Lines of the log: for people, or JSON for machines."
    )
    traces_url: str = Field(
        "", description="Base URL of an OTLP/HTTP collector, as http://collector:4318; empty: no traces are made."
    )
