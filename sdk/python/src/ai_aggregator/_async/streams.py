from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType

import httpx

from .._concurrency import async_abort
from .._sse import SSEDecoder
from .._stream import DONE, BaseStream, T


class AsyncStream(BaseStream[T], AsyncIterator[T]):
    """The chunks of a streamed response, in order.

    To stop before the end, leave its ``async with`` block or ``close()`` it: that ends the request.
    """

    def __init__(self, response: httpx.Response, kind: type[T], timeout: float) -> None:
        super().__init__(response, kind, timeout)
        self._chunks = self._read()

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        return await anext(self._chunks)

    async def __aenter__(self) -> AsyncStream[T]:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the request. A loop that is reading it, here or elsewhere, ends without an error."""
        if not self._ended:
            self._ended = True
            await async_abort(self._response)

    async def _read(self) -> AsyncIterator[T]:
        decoder = SSEDecoder()
        try:
            async for piece in self._response.aiter_bytes():
                for data in decoder.push(piece):
                    if data == DONE:
                        self._ended = True
                        return
                    yield self._chunk(data)
                    if self._ended:
                        return
            # `[DONE]` is complete even without the empty line that ends an event.
            if decoder.end() != DONE and not self._ended:
                raise self._incomplete()
        except (httpx.RequestError, httpx.StreamError) as cause:
            if not self._ended:
                raise self._lost(cause) from cause
        finally:
            self._ended = True
            await self._response.aclose()
