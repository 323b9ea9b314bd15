"""Where threads and tasks differ. ``_async`` uses the ``async`` half of each pair, ``_sync`` the other."""

from __future__ import annotations

import asyncio
import inspect
import socket
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress

import httpx

from .types import Session


class AsyncRenewal:
    """Renews tokens, once for all tasks that need it at the same time."""

    def __init__(self, on_refresh: Callable[[Session], Awaitable[None] | None] | None) -> None:
        self._on_refresh = on_refresh
        self._running: asyncio.Task[None] | None = None

    async def run(self, exchange: Callable[[], Awaitable[Session | None]]) -> None:
        if self._running is None:
            self._running = asyncio.ensure_future(self._exchange(exchange))
            self._running.add_done_callback(self._finished)
        # A cancelled task must not cancel the renewal: others wait for it, and the new tokens would be lost.
        await asyncio.shield(self._running)

    async def _exchange(self, exchange: Callable[[], Awaitable[Session | None]]) -> None:
        session = await exchange()
        if session is not None and self._on_refresh:
            result = self._on_refresh(session)
            if inspect.isawaitable(result):
                await result

    def _finished(self, renewal: asyncio.Task[None]) -> None:
        self._running = None
        if not renewal.cancelled():
            renewal.exception()  # Retrieved here in case every waiting task was cancelled.


class Renewal:
    """Renews tokens, one thread at a time. ``exchange`` returns ``None`` if another thread has renewed them."""

    def __init__(self, on_refresh: Callable[[Session], None] | None) -> None:
        self._on_refresh = on_refresh
        self._lock = threading.Lock()

    def run(self, exchange: Callable[[], Session | None]) -> None:
        with self._lock:
            session = exchange()
        if session is not None and self._on_refresh:
            self._on_refresh(session)


async def async_abort(response: httpx.Response) -> None:
    """Closes the connection of a response that another task may be reading."""
    await response.aclose()


def abort(response: httpx.Response) -> None:
    """Closes the connection of a response that another thread may be reading."""
    # Closing alone would not wake a thread that is blocked in a read.
    network = response.extensions.get("network_stream")
    connection = network.get_extra_info("socket") if network is not None else None
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    response.close()
