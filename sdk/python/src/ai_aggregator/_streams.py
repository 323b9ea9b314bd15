"""Streamed answers."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Generic, TypeVar

import httpx

from ._errors import APIError, APITimeoutError, StreamError, error_of_frame
from ._model import Model
from ._response import ResponseInfo
from ._sse import SSEDecoder

T = TypeVar("T", bound=Model)
_DONE = "[DONE]"


class _BaseStream(Generic[T]):
    def __init__(self, response: httpx.Response, kind: type[T], timeout: float) -> None:
        self._response = response
        self._kind = kind
        self._timeout = timeout
        self._ended = False

    @property
    def response_info(self) -> ResponseInfo:
        """Status, headers, request id and rate limit of the answer."""
        return ResponseInfo(self._response.status_code, self._response.headers)

    def _chunk(self, data: str) -> T:
        try:
            chunk = json.loads(data)
        except ValueError:
            chunk = None
        if not isinstance(chunk, dict):
            raise self._failure("The stream sent a chunk that is not a JSON object.")
        if chunk.get("error") is not None:
            raise error_of_frame(chunk, self._response.headers)
        return self._kind(chunk)

    def _incomplete(self) -> StreamError:
        return self._failure("The stream ended before it was complete.")

    def _lost(self, cause: Exception) -> APIError:
        if isinstance(cause, httpx.TimeoutException):
            return APITimeoutError(f"The stream said nothing for {self._timeout:g} s.", headers=self._response.headers)
        return self._failure("The connection was lost in the middle of the stream.")

    def _failure(self, message: str) -> StreamError:
        return StreamError(message, headers=self._response.headers)


class Stream(_BaseStream[T], Iterator[T]):
    """The chunks of a streamed answer, in the order in which they come.

    Use it in a ``with`` block, or ``close()`` it, if you may leave before its end: that ends the request.
    """

    def __init__(self, response: httpx.Response, kind: type[T], timeout: float) -> None:
        super().__init__(response, kind, timeout)
        self._chunks = self._read()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        return next(self._chunks)

    def __enter__(self) -> Stream[T]:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the request. A loop that is reading, in this or in another thread, ends too, without an error."""
        if not self._ended:
            self._ended = True
            # Closing alone would not wake another thread that is waiting for bytes.
            network = self._response.extensions.get("network_stream")
            connection = network.get_extra_info("socket") if network is not None else None
            if connection is not None:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self._response.close()

    def _read(self) -> Iterator[T]:
        decoder = SSEDecoder()
        try:
            for piece in self._response.iter_bytes():
                for data in decoder.push(piece):
                    if data == _DONE:
                        self._ended = True
                        return
                    chunk = self._chunk(data)
                    yield chunk
                    if self._ended:
                        return
            # An event without the empty line after it may be cut; of this one it does not matter.
            if decoder.end() != _DONE and not self._ended:
                raise self._incomplete()
        except (httpx.RequestError, httpx.StreamError) as cause:
            if not self._ended:
                raise self._lost(cause) from cause
        finally:
            self._ended = True
            self._response.close()


class AsyncStream(_BaseStream[T], AsyncIterator[T]):
    """The chunks of a streamed answer, in the order in which they come.

    Use it in an ``async with`` block, or ``close()`` it, if you may leave before its end: that ends the request.
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

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the request. A loop that is reading ends too, without an error."""
        self._ended = True
        await self._response.aclose()

    async def _read(self) -> AsyncIterator[T]:
        decoder = SSEDecoder()
        try:
            async for piece in self._response.aiter_bytes():
                for data in decoder.push(piece):
                    if data == _DONE:
                        self._ended = True
                        return
                    chunk = self._chunk(data)
                    yield chunk
                    if self._ended:
                        return
            if decoder.end() != _DONE and not self._ended:
                raise self._incomplete()
        except (httpx.RequestError, httpx.StreamError) as cause:
            if not self._ended:
                raise self._lost(cause) from cause
        finally:
            self._ended = True
            await self._response.aclose()
