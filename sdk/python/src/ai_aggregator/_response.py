"""What an HTTP answer tells beside its body."""

from __future__ import annotations

from dataclasses import dataclass

import httpx


@dataclass(frozen=True)
class RateLimit:
    """Where a window of requests stands, from the ``X-RateLimit-*`` headers. What the server did not tell is ``None``."""

    limit: int | None
    """Requests that a window allows."""
    remaining: int | None
    """Requests that are left in it."""
    reset: int | None
    """When the next window begins, in seconds since 1970."""


@dataclass(frozen=True)
class ResponseInfo:
    """The HTTP answer that brought a result."""

    status: int
    headers: httpx.Headers

    @property
    def request_id(self) -> str | None:
        """The id that support can find the request by (``X-Request-ID``)."""
        request_id: str | None = self.headers.get("x-request-id")
        return request_id

    @property
    def rate_limit(self) -> RateLimit:
        return RateLimit(
            limit=self._number("x-ratelimit-limit"),
            remaining=self._number("x-ratelimit-remaining"),
            reset=self._number("x-ratelimit-reset"),
        )

    def _number(self, name: str) -> int | None:
        try:
            return int(self.headers.get(name, ""))
        except ValueError:
            return None
