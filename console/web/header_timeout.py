"""Ends connections on which no whole request arrives: uvicorn waits for headers without end."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_TIMEOUT_SECONDS = 10.0
"""Seconds for a request's first line and headers, from the connection or from their first byte."""


class HeaderTimeoutProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, with a limit on the time that headers take. Between requests its keep-alive limit holds."""

    header_timeout = HEADER_TIMEOUT_SECONDS
    _header_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As in asyncio."""
        super().connection_made(transport)
        self._start_header_timer()

    def data_received(self, data: bytes) -> None:
        """As in asyncio."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._stop_header_timer()
        elif self.cycle is None or self.cycle.response_complete:
            self._start_header_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """As in asyncio."""
        self._stop_header_timer()
        super().connection_lost(exc)

    def _start_header_timer(self) -> None:
        if self._header_timer is None:
            self._header_timer = self.loop.call_later(self.header_timeout, self._give_up)

    def _stop_header_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _give_up(self) -> None:
        self._header_timer = None
        if not self.transport.is_closing():
            self.transport.close()
