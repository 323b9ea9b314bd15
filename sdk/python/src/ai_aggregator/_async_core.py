"""Sends calls and awaits their answers."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping

import httpx

from ._core import LIMITS, Call, Core, M, Request, connection_error, parse, retry_delay
from ._errors import APIConnectionError, APIError, AuthenticationError, error_of_answer
from ._streams import AsyncStream
from .types import RequestOptions, Session


class AsyncCore(Core):
    """Credentials, retries, time-outs and renewal of tokens. Tasks may share it."""

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
        self._on_refresh = on_refresh
        self._http = http_client or httpx.AsyncClient(limits=LIMITS)
        self._owns_http = http_client is None
        self._renewal: asyncio.Task[None] | None = None

    async def close(self) -> None:
        if self._owns_http:
            await self._http.aclose()

    async def json(self, call: Call, kind: type[M], options: RequestOptions) -> M:
        """Sends a call whose answer is an object."""
        response, content = await self._answer(self.prepare(call, options, streamed=False), streamed=False)
        return parse(response, content, kind)

    async def nothing(self, call: Call, options: RequestOptions) -> None:
        """Sends a call whose answer does not matter."""
        await self._answer(self.prepare(call, options, streamed=False), streamed=False)

    async def stream(self, call: Call, kind: type[M], options: RequestOptions) -> AsyncStream[M]:
        """Sends a call whose answer is a stream of chunks."""
        request = self.prepare(call, options, streamed=True)
        response, _ = await self._answer(request, streamed=True)
        return AsyncStream(response, kind, request.timeout)

    async def _answer(self, request: Request, *, streamed: bool) -> tuple[httpx.Response, bytes]:
        """The first answer of success; repeats the request where that may help."""
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

    async def _attempt(self, request: Request, token: str | None, *, streamed: bool) -> tuple[httpx.Response, bytes] | APIError:
        """One request: its answer, or the error that it is or stands for."""
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
        return (response, content) if response.is_success else error_of_answer(response, content)

    async def _renew(self, refused: str | None) -> bool:
        """Replaces the token that was refused, unless another task has. Whether there is another one now."""
        if self._access_token != refused:
            return True
        if self._renewal is None:
            if self._refresh_token is None:
                return False
            self._renewal = asyncio.ensure_future(self._exchange_tokens(self._refresh_token))
            self._renewal.add_done_callback(self._renewed)
        # A task that is cancelled must not lose the new tokens, which others wait for too.
        await asyncio.shield(self._renewal)
        return True

    def _renewed(self, renewal: asyncio.Task[None]) -> None:
        self._renewal = None
        if not renewal.cancelled():
            renewal.exception()  # Nobody may be left to hear of it.

    async def _exchange_tokens(self, refresh_token: str) -> None:
        call = Call("POST", "/auth/refresh", "none", body={"refreshToken": refresh_token})
        try:
            session = await self.json(call, Session, {})
        except AuthenticationError:
            self._refresh_token = None  # It will not be accepted the next time either.
            raise
        self._access_token = session.access_token
        self._refresh_token = session.refresh_token or refresh_token
        if self._on_refresh:
            result = self._on_refresh(session)
            if inspect.isawaitable(result):
                await result
