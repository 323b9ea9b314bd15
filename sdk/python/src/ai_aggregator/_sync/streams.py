# Generated from _async by scripts/generate_sync.py. Do not edit.
from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType

import httpx

from .._concurrency import abort
from .._sse import SSEDecoder
from .._stream import DONE, BaseStream, T


class Stream(BaseStream[T], Iterator[T]):
    """The chunks of a streamed response, in order.

    To stop before the end, leave its ``with`` block or ``close()`` it: that ends the request.
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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the request. A loop that is reading it, here or elsewhere, ends without an error."""
        if not self._ended:
            self._ended = True
            abort(self._response)

    def _read(self) -> Iterator[T]:
        decoder = SSEDecoder()
        try:
            for piece in self._response.iter_bytes():
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
            self._response.close()
