"""What both kinds of streams have in common. No I/O."""

from __future__ import annotations

import json
from typing import Generic, TypeVar

import httpx

from ._errors import APIError, APITimeoutError, StreamError, error_from_event
from ._model import Model
from ._response import ResponseInfo

T = TypeVar("T", bound=Model)
DONE = "[DONE]"


class BaseStream(Generic[T]):
    def __init__(self, response: httpx.Response, kind: type[T], timeout: float) -> None:
        self._response = response
        self._kind = kind
        self._timeout = timeout
        self._ended = False

    @property
    def response_info(self) -> ResponseInfo:
        """Status, headers, request id and rate limit of the response."""
        return ResponseInfo(self._response.status_code, self._response.headers)

    def _chunk(self, data: str) -> T:
        try:
            chunk = json.loads(data)
        except ValueError:
            chunk = None
        if not isinstance(chunk, dict):
            raise self._failure("The stream sent a chunk that is not a JSON object.")
        if chunk.get("error") is not None:
            raise error_from_event(chunk, self._response.headers)
        return self._kind(chunk)

    def _incomplete(self) -> StreamError:
        return self._failure("The stream ended before it was complete.")

    def _lost(self, cause: Exception) -> APIError:
        if isinstance(cause, httpx.TimeoutException):
            return APITimeoutError(f"The stream said nothing for {self._timeout:g} s.", headers=self._response.headers)
        return self._failure("The connection was lost in the middle of the stream.")

    def _failure(self, message: str) -> StreamError:
        return StreamError(message, headers=self._response.headers)
