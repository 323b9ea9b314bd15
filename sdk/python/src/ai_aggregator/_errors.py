"""Errors of calls, one class per HTTP status."""

from __future__ import annotations

import json
import math
import time
from email.utils import parsedate_to_datetime
from typing import Any

import httpx


class APIError(Exception):
    """Base class of all errors of a call."""

    message: str
    status: int | None
    """HTTP status; ``None`` if there was no response, or if a stream failed after it had begun."""
    error: str | None
    """Short name of the error, such as ``Bad Request``."""
    code: str | None
    """Machine-readable code, if the response has one."""
    details: list[dict[str, Any]] | None
    """Invalid fields of the request (``field`` and ``message``), if the response names any."""
    path: str | None
    """Path of the request, as the server saw it."""
    timestamp: str | None
    """Time of the error, ISO 8601."""
    request_id: str | None
    """``X-Request-ID``: quote it to support."""
    retry_after: float | None
    """``Retry-After`` in seconds, if the response has one."""
    headers: httpx.Headers | None
    body: Any
    """Parsed JSON body, or the text if it is not JSON."""

    def __init__(
        self, message: str, *, status: int | None = None, headers: httpx.Headers | None = None, body: Any = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.headers = headers
        self.body = body
        self.request_id = headers.get("x-request-id") if headers is not None else None
        self.retry_after = parse_retry_after(headers.get("retry-after")) if headers is not None else None

        fields = body if isinstance(body, dict) else {}
        inner = fields.get("error")
        inner = inner if isinstance(inner, dict) else {}
        details = fields.get("details")
        self.error = _text(fields.get("error")) or _text(inner.get("type"))
        self.code = _text(fields.get("code")) or _text(inner.get("code"))
        self.details = details if isinstance(details, list) else None
        self.path = _text(fields.get("path"))
        self.timestamp = _text(fields.get("timestamp"))


class BadRequestError(APIError):
    """400: the request is malformed; ``details`` names the fields."""

    status: int


class AuthenticationError(APIError):
    """401: credentials are missing or invalid."""

    status: int


class InsufficientFundsError(APIError):
    """402: balance and credit limit do not cover the call."""

    status: int


class PermissionDeniedError(APIError):
    """403: the credentials do not permit this."""

    status: int


class NotFoundError(APIError):
    """404: it does not exist, or belongs to another company."""

    status: int


class ConflictError(APIError):
    """409: the request conflicts with the current state."""

    status: int


class UnprocessableEntityError(APIError):
    """422: the request is well-formed, but cannot be processed."""

    status: int


class RateLimitError(APIError):
    """429: too many requests; wait ``retry_after`` seconds."""

    status: int


class InternalServerError(APIError):
    """500 and above: the server or a vendor failed."""

    status: int


class APIConnectionError(APIError):
    """No connection, or it was lost before the response was complete."""


class APITimeoutError(APIConnectionError):
    """No response in time."""


class StreamError(APIError):
    """A stream reported an error, or ended before ``[DONE]``. Chunks received before are valid, but incomplete."""


class WebhookVerificationError(Exception):
    """The signature of a webhook does not match, or its timestamp is more than five minutes from now."""


_BY_STATUS: dict[int, type[APIError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    402: InsufficientFundsError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: UnprocessableEntityError,
    429: RateLimitError,
}


def error_from_response(response: httpx.Response, content: bytes) -> APIError:
    status = response.status_code
    body = _parse(content)
    kind = _BY_STATUS.get(status, InternalServerError if status >= 500 else APIError)
    return kind(_message(body) or _fallback_message(response), status=status, headers=response.headers, body=body)


def error_from_event(body: Any, headers: httpx.Headers) -> StreamError:
    """The error that an event of a stream reports."""
    return StreamError(_message(body) or "The stream reported an error.", headers=headers, body=body)


def parse_retry_after(value: str | None) -> float | None:
    """Seconds from now; the header is a number of seconds or a date."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError:
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _message(body: Any) -> str | None:
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    message = body.get("message") or (error.get("message") if isinstance(error, dict) else error)
    if isinstance(message, list):
        return "; ".join(map(str, message))
    return _text(message)


def _fallback_message(response: httpx.Response) -> str:
    if response.is_redirect:
        return (
            "The server answered with a redirect; redirects are not followed, "
            "so that credentials stay with the base URL."
        )
    return f"The server answered {response.status_code} {response.reason_phrase}".rstrip() + "."


def _parse(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode("utf-8", "replace") or None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
