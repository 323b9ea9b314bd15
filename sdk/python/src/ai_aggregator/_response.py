"""Metadata of HTTP responses."""

from __future__ import annotations

from dataclasses import dataclass

import httpx


@dataclass(frozen=True)
class RateLimit:
    """The ``X-RateLimit-*`` headers; ``None`` for one that is absent."""

    limit: int | None
    """Requests per window."""
    remaining: int | None
    """Requests left in the current window."""
    reset: int | None
    """Start of the next window, in seconds since 1970."""


@dataclass(frozen=True)
class ResponseInfo:
    """The HTTP response of a result."""

    status: int
    headers: httpx.Headers

    @property
    def request_id(self) -> str | None:
        """``X-Request-ID``: quote it to support."""
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
