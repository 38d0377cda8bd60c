"""What stands between clients and a server, and lets through what a fault leaves: all, nothing, or all of it late."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

State = Literal["open", "refused", "stalled", "slow"]
_CHUNK = 65536


class TcpProxy:
    """Listens on a port of this machine and passes on to another port, or to a socket's file.

    `refused` closes whoever connects, and those that are connected; `stalled` takes bytes and passes none on; `slow`
    passes each piece on after `delay` seconds, in both directions.
    """

    def __init__(self, target: int | Path, *, delay: float = 0.2) -> None:
        """Begins to listen at once."""
        self.state: State = "open"
        self.delay = delay
        self.port = 0
        self.bytes = 0
        self._target = target
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fault-proxy", daemon=True)
        self._thread.start()
        self._listening.wait(10)

    def set(self, state: State) -> None:
        """From now on."""
        self.state = state
        if state == "refused":
            self.cut()

    def cut(self) -> None:
        """End all connections that there are; new ones are as the state says."""
        self._loop.call_soon_threadsafe(self._cut)

    def close(self) -> None:
        """Listen no more."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._listening.set()
        self._loop.run_forever()
        server.close()
        self._cut()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        with suppress(Exception):
            self._loop.run_until_complete(asyncio.sleep(0.05))

    def _cut(self) -> None:
        for writer in list(self._writers):
            with suppress(Exception):
                writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.state == "refused":
            writer.transport.abort()
            return
        try:
            behind, before = await self._connect()
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, before}
        try:
            await _first_done(self._copy(reader, before), self._copy(behind, writer))
        finally:
            self._writers -= {writer, before}
            for one in (writer, before):
                with suppress(Exception):
                    one.close()

    def _connect(self) -> Coroutine[Any, Any, tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        if isinstance(self._target, Path):
            return asyncio.open_unix_connection(str(self._target))
        return asyncio.open_connection("127.0.0.1", self._target)

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while data := await reader.read(_CHUNK):
                if self.state == "slow":
                    await asyncio.sleep(self.delay)
                while self.state == "stalled":
                    await asyncio.sleep(0.05)
                self.bytes += len(data)
                writer.write(data)
                await writer.drain()


async def _first_done(*work: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
