"""Where a batch goes: to a running server, or to the installation's own gateway in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx

from console.app import create_app
from console.batch.video_client import VideoClient, download_over_http
from console.web.auth import bearer_user
from console.web.protocols import RunningInstallation
from core.roles import Principal
from media.sandbox.limits import MIB
from pipeline.cli.case_output import published_url
from pipeline.request_fields.reference_sources import ReferenceSources
from pipeline.safe_fetch import SafeFetcher

_TIMEOUT = httpx.Timeout(120.0, connect=10.0)  # seconds; an upload of a reference may take its time
_MAX_REFERENCE = 512 * MIB
_FETCHER = SafeFetcher(max_bytes=_MAX_REFERENCE, seconds=60.0, ports=frozenset({443}))
"""Whoever runs the command has written the addresses in its lines, so that no setting is asked."""

_IN_PROCESS_URL = "http://assay.invalid"  # is never looked up: the app is called, and no socket opened


@asynccontextmanager
async def connect_to_server(url: str, token: str, *, in_flight: int) -> AsyncIterator[VideoClient]:
    """A client of the server at this base URL, with or without `/v1`."""
    base = url.rstrip("/").removesuffix("/v1")
    limits = httpx.Limits(max_connections=in_flight + 1)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=base, headers=headers, timeout=_TIMEOUT, limits=limits) as http:

        async def url_of(case_id: str) -> str:
            return f"{base}/v1/videos/{case_id}/content"

        async def download(case_id: str, to: Path) -> None:
            await download_over_http(http, case_id, to)

        sources = ReferenceSources(max_bytes=_MAX_REFERENCE, fetcher=_FETCHER)
        yield VideoClient(http=http, url_of=url_of, download=download, references=sources)


@asynccontextmanager
async def connect_in_process(
    installation: RunningInstallation, who: Principal, sources: ReferenceSources
) -> AsyncIterator[VideoClient]:
    """A client of this installation's gateway without a server: whoever runs the command asks, and no token is shown.

    A line is so read, checked and answered as the same request over HTTP is. References by key come from `sources`.
    """
    app, service = create_app(installation), installation.service
    app.dependency_overrides[bearer_user] = lambda: who
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=_IN_PROCESS_URL, timeout=None) as http:  # noqa: S113

        async def url_of(case_id: str) -> str:
            return published_url(await asyncio.to_thread(service.case, who, case_id)) or ""

        async def download(case_id: str, to: Path) -> None:
            await asyncio.to_thread(service.content, who, case_id, to)

        references = replace(sources, fetcher=_FETCHER)
        yield VideoClient(http=http, url_of=url_of, download=download, references=references, account=who.id)
