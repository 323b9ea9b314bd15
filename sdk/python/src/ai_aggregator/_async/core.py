"""Sends requests and reads responses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import httpx

from .._concurrency import AsyncRenewal
from .._core import LIMITS, BaseCore, Call, M, Request, connection_error, parse, retry_delay
from .._errors import APIConnectionError, APIError, AuthenticationError, error_from_response
from ..types import RequestOptions, Session
from .streams import AsyncStream


class AsyncCore(BaseCore):
    """Credentials, retries, time-outs and token renewal. Safe for concurrent use."""

    def __init__(
        self,
        *,
        api_key: str | None,
        access_token: str | None,
        refresh_token: str | None,
        on_refresh: Callable[[Session], Awaitable[None] | None] | None,
        base_url: str,
        timeout: float,
        max_retries: int,
        headers: Mapping[str, str] | None,
        http_client: httpx.AsyncClient | None,
    ) -> None:
        super().__init__(
            api_key=api_key,
            access_token=access_token,
            refresh_token=refresh_token,
            base_url=base_url,
            timeout=timeout,
            max_retries=max_retries,
            headers=headers,
        )
        self._http = http_client or httpx.AsyncClient(limits=LIMITS)
        self._owns_http = http_client is None
        self._renewal = AsyncRenewal(on_refresh)

    async def close(self) -> None:
        if self._owns_http:
            await self._http.aclose()

    async def json(self, call: Call, kind: type[M], options: RequestOptions) -> M:
        """Sends a call whose response is a JSON object."""
        response, content = await self._send(self.prepare(call, options, streamed=False), streamed=False)
        return parse(response, content, kind)

    async def no_content(self, call: Call, options: RequestOptions) -> None:
        """Sends a call whose response body is ignored."""
        await self._send(self.prepare(call, options, streamed=False), streamed=False)

    async def stream(self, call: Call, kind: type[M], options: RequestOptions) -> AsyncStream[M]:
        """Sends a call whose response is a stream of chunks."""
        request = self.prepare(call, options, streamed=True)
        response, _ = await self._send(request, streamed=True)
        return AsyncStream(response, kind, request.timeout)

    async def _send(self, request: Request, *, streamed: bool) -> tuple[httpx.Response, bytes]:
        """Retries and renews the access token as needed; raises the last error."""
        retries = 0
        renewed = False
        while True:
            wants_token = self.prefers_token(request.call)
            if wants_token and not self._access_token and not renewed:
                renewed = True
                await self._renew(None)
            token = self._access_token if wants_token else None

            result = await self._attempt(request, token, streamed=streamed)
            if not isinstance(result, APIError):
                return result

            if self.may_renew(result, token) and not renewed:
                renewed = True
                if await self._renew(token):
                    continue
            delay = retry_delay(result, retries)
            if delay is None or retries >= request.max_retries:
                raise result
            retries += 1
            await asyncio.sleep(delay)

    async def _attempt(
        self, request: Request, token: str | None, *, streamed: bool
    ) -> tuple[httpx.Response, bytes] | APIError:
        outgoing = self.build(self._http, request, token)
        try:
            response = await self._http.send(outgoing, stream=True, follow_redirects=False)
            if streamed and response.is_success:
                return response, b""
            try:
                content = await response.aread()
            finally:
                await response.aclose()
        except httpx.RequestError as cause:
            error: APIConnectionError = connection_error(cause, request.timeout)
            error.__cause__ = cause
            return error
        return (response, content) if response.is_success else error_from_response(response, content)

    async def _renew(self, refused: str | None) -> bool:
        """Replaces a refused access token, unless another call already has. Returns whether there is a new one."""
        if self._access_token == refused:
            await self._renewal.run(lambda: self._exchange_tokens(refused))
        return self._access_token != refused

    async def _exchange_tokens(self, refused: str | None) -> Session | None:
        if self._access_token != refused or self._refresh_token is None:
            return None
        call = Call("POST", "/auth/refresh", "none", body={"refreshToken": self._refresh_token})
        try:
            session = await self.json(call, Session, {})
        except AuthenticationError:
            self._refresh_token = None  # It would be refused again.
            raise
        self._access_token = session.access_token
        self._refresh_token = session.refresh_token or self._refresh_token
        return session
