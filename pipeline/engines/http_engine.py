"""Any server of the OpenAI-style Videos API: vLLM-Omni, SGLang, or a gateway before a commercial engine.

It trusts such a server with the prompt and with nothing else: what it answers is bounded in size and in time,
and is a video only once the stage that asked for it has read it as one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from core.errors import AssayError, BadInput, Declined, EngineFault, RenderFailed, Unavailable
from core.ports import GeneratorInfo, JobProgress, RenderRequest
from pipeline.engines.body_format import BodyFormat, FormatMemory, WireFormat, is_format_refusal
from pipeline.engines.deadline_transport import DeadlineTransport, exchange_within
from pipeline.engines.download import save_preview, save_video
from pipeline.engines.engine_profile import EngineProfile, load_engine_profile, profile_of_settings
from pipeline.engines.order_body import can_be_json, request_body
from pipeline.engines.redirects import (
    MAX_REDIRECTS,
    is_fetchable,
    is_same_origin,
    parse_redirect_hosts,
    redirect_target,
)
from pipeline.engines.response_parsing import (
    error_for_status,
    job_of,
    model_of,
    newest_address,
    parse_json_object,
    progress_of,
)
from pipeline.engines.retry import OrderUnanswered, RetryableError, RetryPolicy, retry_after_seconds
from pipeline.settings import Settings

log = logging.getLogger("assay.engine")

_MAX_RESPONSE_BYTES = 1 << 20
_MAX_PREVIEW_BYTES = 32 << 20
_NEVER_ARRIVED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_RETRY_STATUSES = (408, 409, 425, 429)


class HttpEngine:
    """An engine behind POST /videos, GET /videos/{id} and GET /videos/{id}/content."""

    synthetic = True

    def __init__(  # noqa: PLR0913 - each has a default that fits most servers
        self,
        url: str,
        *,
        key: str = "",
        model: str = "",
        name: str = "http",
        version: str = "",
        profile: EngineProfile | None = None,
        body_format: BodyFormat = "auto",
        limits: EngineLimits | None = None,
        retry_policy: RetryPolicy | None = None,
    ) -> None:
        """`url` ends in /v1 or has no path. `model` is asked for where an order names none. Raises BadInput.

        `profile` says what the server takes, the generic one if none is given; a `body_format` other than auto wins
        over the profile's.
        """
        self.name = name
        self.version = version or model or "unknown"
        self._model = model
        self._profile = profile or load_engine_profile("generic")
        self._formats = FormatMemory(self._profile.body_format if body_format == "auto" else body_format)
        self._limits = limits or EngineLimits()
        self._retry_policy = retry_policy or RetryPolicy()
        timeout = httpx.Timeout(self._limits.read_seconds, connect=self._limits.connect_seconds)
        self._client = httpx.Client(
            base_url=_base(url),
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=timeout,
            transport=DeadlineTransport(),
        )
        self._client_without_key = httpx.Client(timeout=timeout, transport=DeadlineTransport())

    def commission(self, request: RenderRequest) -> str:
        """Order a video; returns the job. Raises Declined, Unavailable, RenderFailed, or EngineFault.

        Every try carries the order's key as Idempotency-Key, so that a server that honours it makes one video. Where
        a server does not read the format of the body, the other one is tried once, and remembered if it is read.
        """
        formats = self._formats.candidates(has_file=request.reference is not None)
        first, *others = formats if can_be_json(request, self._profile) else ("multipart",)
        try:
            return job_of(self._order(request, first, may_change_format=bool(others)))
        except _UnreadBody as unread:
            try:
                job = job_of(self._order(request, others[0], may_change_format=True))
            except _UnreadBody:  # neither was read, so that it is not about the format: what was said first counts
                raise unread.error from None
            except (Declined, RenderFailed):  # it was read, and refused for what it asks
                self._formats.found(others[0])
                raise
        self._formats.found(others[0])
        return job

    def poll(self, job: str) -> JobProgress:
        """How far it is. Raises Declined, Unavailable, or EngineFault for a job it does not know."""
        return progress_of(self._job(job), self._profile.words)

    def fetch(self, job: str, to: Path) -> None:
        """Write the finished video to a path, whole or not at all. Raises Unavailable, EngineFault or RenderFailed."""

        def once() -> None:
            target: httpx.URL | str = _path(job, "/content")
            for _ in range(MAX_REDIRECTS + 1):
                with self._asked("GET", target, "the video of a job", may_redirect=True) as response:
                    if not response.has_redirect_location:
                        save_video(response, to, max_bytes=self._limits.video_bytes, seconds=self._limits.video_seconds)
                        return
                    target = redirect_target(response, self._limits.redirect_hosts)
            raise RenderFailed("engine_error", "the engine sends us from one address to the next")

        self._retry_policy.call(once)

    def preview(self, job: str, to: Path) -> bool:
        """Write the newest picture that the server shows of a job, where its profile says that it shows some.

        Whatever goes wrong with it, there is none: what counts is the video.
        """
        try:
            target = self._preview_address(job)
            if target is None:
                return False
            with self._asked("GET", target, "a preview") as response:
                save_preview(response, to, max_bytes=_MAX_PREVIEW_BYTES, seconds=self._limits.read_seconds)
        except (AssayError, RetryableError, _UnreadBody) as error:
            log.info("an engine shows no preview (%s)", type(error).__name__)
            return False
        return True

    def _preview_address(self, job: str) -> httpx.URL | str | None:
        profile = self._profile
        if profile.preview_path:
            return _path(job, profile.preview_path)
        address = newest_address(self._job(job), profile.preview_field) if profile.preview_field else ""
        if not address:
            return None
        try:
            target = self._client.base_url.join(address)
        except (httpx.InvalidURL, ValueError):
            return None
        return target if is_fetchable(target, self._client.base_url, self._limits.redirect_hosts) else None

    def cancel(self, job: str) -> None:
        """DELETE the job, once: a server that knows no such thing, or is done, goes on."""
        try:
            with exchange_within(self._limits.exchange_seconds), self._client.stream("DELETE", _path(job)):
                pass
        except httpx.HTTPError as error:
            log.warning("an engine was not told to stop (%s)", type(error).__name__)

    def generator_info(self, job: str) -> GeneratorInfo:
        """The model that the server names for the job. Raises Unavailable, or EngineFault for an unknown job."""
        return GeneratorInfo(model=model_of(self._job(job)) or self._model, version=self.version)

    def reach(self) -> int:
        """The HTTP status with which the server answers GET /models: any says that it is there. Raises Unavailable."""
        try:
            with exchange_within(self._limits.exchange_seconds), self._client.stream("GET", "models") as response:
                # its body is not read: it may be endless
                return response.status_code
        except httpx.HTTPError as error:
            raise Unavailable(f"the engine {self.name} does not answer ({type(error).__name__})") from None

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()
        self._client_without_key.close()

    def _job(self, job: str) -> dict[str, Any]:
        return self._retry_policy.call(lambda: self._once("GET", _path(job), "a job"))

    def _order(self, order: RenderRequest, body_format: WireFormat, *, may_change_format: bool) -> dict[str, Any]:
        body = request_body(order, self._model, self._profile, body_format)
        headers = {"Idempotency-Key": order.key}
        return self._retry_policy.call(
            lambda: self._once(
                "POST", "videos", "an order", may_change_format=may_change_format, headers=headers, **body
            )
        )

    def _once(
        self, method: str, path: str, what: str, *, may_change_format: bool = False, **given: Any
    ) -> dict[str, Any]:
        with self._asked(method, path, what, may_change_format=may_change_format, **given) as response:
            return parse_json_object(self._read(response))

    @contextmanager
    def _asked(
        self,
        method: str,
        target: httpx.URL | str,
        what: str,
        *,
        may_change_format: bool = False,
        may_redirect: bool = False,
        **given: Any,
    ) -> Iterator[httpx.Response]:
        """The answer, if it is a good one. Raises RetryableError for what is worth another try."""
        ours = isinstance(target, str) or is_same_origin(target, self._client.base_url)
        client = self._client if ours else self._client_without_key
        seconds = self._limits.video_exchange_seconds if may_redirect else self._limits.exchange_seconds
        try:
            with exchange_within(seconds), client.stream(method, target, **given) as response:
                if response.status_code >= 300 and not (may_redirect and response.has_redirect_location):
                    raise self._refused(response, what, may_change_format=may_change_format)
                yield response
        except httpx.TransportError as error:
            says = f"the engine does not answer ({type(error).__name__}): is it running at ASSAY_ENGINE_URL?"
            arrived = what == "an order" and not isinstance(error, _NEVER_ARRIVED)
            raise RetryableError(OrderUnanswered(says) if arrived else Unavailable(says)) from None
        except httpx.HTTPError as error:
            raise EngineFault(f"the engine's answer cannot be read ({type(error).__name__})") from None

    def _refused(self, response: httpx.Response, what: str, *, may_change_format: bool) -> Exception:
        body = self._read(response)
        error = error_for_status(response.status_code, body, what, self._profile.words)
        if may_change_format and isinstance(error, RenderFailed) and is_format_refusal(response.status_code, body):
            return _UnreadBody(error)
        if isinstance(error, RenderFailed):
            return error
        if response.status_code in _RETRY_STATUSES or response.status_code >= 500:
            return RetryableError(error, retry_after_seconds(response.headers.get("retry-after")))
        return error

    def _read(self, response: httpx.Response) -> bytes:
        deadline, body = time.monotonic() + self._limits.read_seconds, b""
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > _MAX_RESPONSE_BYTES:
                raise EngineFault("the engine answered with more than a megabyte where a job was expected")
            if time.monotonic() > deadline:
                raise RetryableError(OrderUnanswered("the engine answers too slowly: it will be asked again"))
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineLimits:
    """How long an engine may take to connect, to send the next bytes, to send a video; and how large that may be.

    `redirect_hosts` are hosts beside the engine's own from which its videos may be fetched, without the key.
    """

    connect_seconds: float = 5.0
    read_seconds: float = 60.0
    video_seconds: float = 600.0
    video_bytes: int = 2 << 30
    redirect_hosts: frozenset[str] = frozenset()

    @property
    def exchange_seconds(self) -> float:
        """For one whole question and answer: connecting, sending a reference along, headers, body."""
        return self.connect_seconds + 3 * self.read_seconds

    @property
    def video_exchange_seconds(self) -> float:
        """For one request for a video, from connecting to its last byte."""
        return self.connect_seconds + self.read_seconds + self.video_seconds


class _UnreadBody(Exception):
    """The engine did not read the body of an order; `error` is what its answer means otherwise."""

    def __init__(self, error: AssayError) -> None:
        super().__init__(str(error))
        self.error = error


def _base(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise BadInput("ASSAY_ENGINE_URL is not a URL") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise BadInput("ASSAY_ENGINE_URL has to begin with http:// or https:// and name a host")
    if parsed.userinfo:
        raise BadInput("ASSAY_ENGINE_URL holds a password: put the key in ASSAY_ENGINE_KEY")
    return str(parsed) if parsed.path.strip("/") else f"{str(parsed).rstrip('/')}/v1"


def _path(job: str, rest: str = "") -> str:
    return f"videos/{quote(job, safe='')}{rest}"


def http_engine(settings: Settings) -> HttpEngine:
    """The server that the settings name. Raises BadInput for an address that is none."""
    key = settings.engine_key.get_secret_value() if settings.engine_key else ""
    return HttpEngine(
        settings.engine_url,
        key=key,
        model=settings.engine_model,
        profile=profile_of_settings(settings),
        body_format=settings.engine_body_format,
        limits=EngineLimits(
            video_bytes=settings.engine_max_mb << 20,
            redirect_hosts=parse_redirect_hosts(settings.engine_redirect_hosts),
        ),
    )
