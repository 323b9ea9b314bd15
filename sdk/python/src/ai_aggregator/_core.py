"""What both clients have in common: requests, credentials, retry rules. No I/O."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from typing import Any, Literal, TypeVar, cast
from urllib.parse import quote

import httpx

from ._errors import APIConnectionError, APIError, APITimeoutError
from ._model import Model
from ._response import ResponseInfo
from ._version import __version__
from .types import ChatParams, RequestOptions

M = TypeVar("M", bound=Model)

DEFAULT_BASE_URL = "https://api.ai-aggregator.com"
DEFAULT_TIMEOUT = 600.0
DEFAULT_MAX_RETRIES = 2
LIMITS = httpx.Limits(max_connections=1000, max_keepalive_connections=100)

_INITIAL_DELAY = 0.5
"""Seconds before the first retry; doubled for each further one."""
_MAX_DELAY = 8.0
_MAX_RETRY_AFTER = 60.0
"""A ``Retry-After`` longer than this, in seconds, is not waited for: the call fails at once."""


@dataclass(frozen=True)
class Call:
    """A request as a resource defines it."""

    method: Literal["GET", "POST", "PATCH", "DELETE"]
    path: str
    """Below ``/api/v1``."""
    credentials: Literal["key", "token", "none"] = "token"
    """To prefer: the API key, the access token, or none at all."""
    query: Mapping[str, str | int | date | None] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    creates: bool = False
    """Creates or charges: sent with an ``Idempotency-Key``."""


@dataclass(frozen=True)
class Request:
    """A call ready to be sent. Retries send it unchanged but for the access token."""

    call: Call
    url: str
    headers: httpx.Headers
    content: bytes | None
    timeout: float
    max_retries: int


class BaseCore:
    """Settings and credentials of a client."""

    def __init__(
        self,
        *,
        api_key: str | None,
        access_token: str | None,
        refresh_token: str | None,
        base_url: str,
        timeout: float,
        max_retries: int,
        headers: Mapping[str, str] | None,
    ) -> None:
        self._api_key = api_key
        self._access_token = access_token
        self._refresh_token = refresh_token
        self._base_url = base_url.rstrip("/")
        self._timeout = timeout
        self._max_retries = max_retries
        self._default_headers = dict(headers or {})

    def prepare(self, call: Call, options: RequestOptions, *, streamed: bool) -> Request:
        query = {name: _query_value(value) for name, value in call.query.items() if value is not None}
        headers = httpx.Headers(
            {
                "Accept": "text/event-stream" if streamed else "application/json",
                "User-Agent": f"ai-aggregator-python/{__version__}",
            }
        )
        content = None
        if call.body is not None:
            headers["Content-Type"] = "application/json"
            content = _json({**call.body, **options.get("extra_body", {})})
        headers.update(self._default_headers)
        if call.creates:
            headers["Idempotency-Key"] = options.get("idempotency_key") or uuid.uuid4().hex
        headers.update(options.get("headers", {}))
        return Request(
            call=call,
            url=str(httpx.URL(f"{self._base_url}/api/v1{call.path}", params=query or None)),
            headers=headers,
            content=content,
            timeout=options.get("timeout", self._timeout),
            max_retries=options.get("max_retries", self._max_retries),
        )

    def build(self, http: httpx.Client | httpx.AsyncClient, request: Request, token: str | None) -> httpx.Request:
        headers = request.headers.copy()
        own = "Authorization" in headers or "X-API-Key" in headers
        if request.call.credentials != "none" and not own:
            if token:
                headers["Authorization"] = f"Bearer {token}"
            elif self._api_key:
                headers["X-API-Key"] = self._api_key
        return http.build_request(
            request.call.method,
            request.url,
            headers=headers,
            content=request.content,
            timeout=httpx.Timeout(request.timeout),
        )

    def prefers_token(self, call: Call) -> bool:
        if call.credentials == "none" or not (self._access_token or self._refresh_token):
            return False
        return call.credentials == "token" or not self._api_key

    def may_renew(self, error: APIError, token: str | None) -> bool:
        """Whether a call that failed with this access token may succeed with another one."""
        renewable = token != self._access_token or self._refresh_token is not None
        return error.status == 401 and token is not None and renewable


def path_segment(value: str) -> str:
    """An id as a path segment. Raises ``ValueError`` for one that would change the path."""
    if not value or value in (".", ".."):
        raise ValueError(f"{value!r} is not an id")
    return quote(value, safe="")


def omit_none(**fields: Any) -> dict[str, Any]:
    """The fields that are not ``None``."""
    return {name: value for name, value in fields.items() if value is not None}


def split_options(params: ChatParams) -> tuple[dict[str, Any], RequestOptions]:
    """Separates the fields of the body from the options of the call."""
    names = RequestOptions.__annotations__
    fields = {name: value for name, value in params.items() if name not in names}
    options = {name: value for name, value in params.items() if name in names}
    return fields, cast(RequestOptions, options)


def retry_delay(error: APIError, retries: int) -> float | None:
    """Seconds to wait before the next attempt, or ``None`` if the error is final."""
    status, retry_after = error.status, error.retry_after
    transient = (
        isinstance(error, APIConnectionError)
        or status in (408, 429)
        or (status == 409 and retry_after is not None)
        or (status is not None and status >= 500)
    )
    if not transient:
        return None
    if retry_after is not None:
        return retry_after if retry_after <= _MAX_RETRY_AFTER else None
    delay: float = min(_INITIAL_DELAY * 2**retries, _MAX_DELAY)
    return delay * (1 - random.random() / 4)


def connection_error(cause: httpx.RequestError, timeout: float) -> APIConnectionError:
    if isinstance(cause, httpx.TimeoutException):
        return APITimeoutError(f"No answer within {timeout:g} s.")
    return APIConnectionError(f"The connection failed: {cause or type(cause).__name__}")


def parse(response: httpx.Response, content: bytes, kind: type[M]) -> M:
    """The result in a successful response."""
    info = ResponseInfo(response.status_code, response.headers)
    if response.status_code == 204:
        return kind({}, info)
    try:
        data = json.loads(content)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        message = "The server answered with something that is not a JSON object."
        body = content.decode("utf-8", "replace")
        raise APIError(message, status=response.status_code, headers=response.headers, body=body)
    return kind(data, info)


def _json(body: Mapping[str, Any]) -> bytes:
    def plain(value: object) -> Any:
        if isinstance(value, Model):
            return value.to_dict()
        if isinstance(value, Mapping):
            return dict(value)
        if isinstance(value, Iterable) and not isinstance(value, (bytes, bytearray)):
            return list(value)
        raise TypeError(f"{type(value).__name__} cannot be sent as JSON")

    return json.dumps(body, default=plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _query_value(value: str | int | date | None) -> str:
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
