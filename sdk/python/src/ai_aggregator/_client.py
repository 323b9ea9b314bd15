"""The two clients."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType

import httpx

from . import _async_resources as asynchronous
from . import _resources as synchronous
from ._async_core import AsyncCore
from ._core import DEFAULT_BASE_URL, DEFAULT_MAX_RETRIES, DEFAULT_TIMEOUT
from ._sync_core import SyncCore
from .types import Session


class AIAggregatorClient:
    """The API of AI Aggregator.

    ``chat``, ``embeddings`` and ``models`` use the API key if there is one, else the access token; the endpoints of a company use the
    access token if there is one, else the API key.

    :param api_key: An API key (``ak_live_…``), sent as ``X-API-Key``.
    :param access_token: A company's access token, sent as ``Authorization: Bearer``.
    :param refresh_token: A company's refresh token. When the access token has expired, it is renewed and the call is repeated.
    :param on_refresh: Is called with the new tokens after each renewal. Store them: the old refresh token is used up.
    :param base_url: Where the gateway is.
    :param timeout: Seconds that each attempt may wait for a connection, and for each next bytes of an answer.
    :param max_retries: How often a call is repeated after a failure that may pass.
    :param headers: Headers of every call.
    :param http_client: What sends the requests; it is not closed with this client.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        access_token: str | None = None,
        refresh_token: str | None = None,
        on_refresh: Callable[[Session], None] | None = None,
        base_url: str = DEFAULT_BASE_URL,
        timeout: float = DEFAULT_TIMEOUT,
        max_retries: int = DEFAULT_MAX_RETRIES,
        headers: Mapping[str, str] | None = None,
        http_client: httpx.Client | None = None,
    ) -> None:
        core = SyncCore(
            api_key=api_key,
            access_token=access_token,
            refresh_token=refresh_token,
            on_refresh=on_refresh,
            base_url=base_url,
            timeout=timeout,
            max_retries=max_retries,
            headers=headers,
            http_client=http_client,
        )
        self._core = core
        self.auth = synchronous.Auth(core)
        self.api_keys = synchronous.ApiKeys(core)
        self.chat = synchronous.Chat(core)
        self.embeddings = synchronous.Embeddings(core)
        self.models = synchronous.Models(core)
        self.billing = synchronous.Billing(core)
        self.payments = synchronous.Payments(core)
        self.analytics = synchronous.Analytics(core)
        self.webhooks = synchronous.Webhooks(core)

    def close(self) -> None:
        """Closes the connections. The client cannot be used any more."""
        self._core.close()

    def __enter__(self) -> AIAggregatorClient:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()


class AsyncAIAggregatorClient:
    """The API of AI Aggregator, for ``asyncio``. Parameters are those of ``AIAggregatorClient``; ``on_refresh`` may be a coroutine."""

    def __init__(
        self,
        *,
        api_key: str | None = None,
        access_token: str | None = None,
        refresh_token: str | None = None,
        on_refresh: Callable[[Session], Awaitable[None] | None] | None = None,
        base_url: str = DEFAULT_BASE_URL,
        timeout: float = DEFAULT_TIMEOUT,
        max_retries: int = DEFAULT_MAX_RETRIES,
        headers: Mapping[str, str] | None = None,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        core = AsyncCore(
            api_key=api_key,
            access_token=access_token,
            refresh_token=refresh_token,
            on_refresh=on_refresh,
            base_url=base_url,
            timeout=timeout,
            max_retries=max_retries,
            headers=headers,
            http_client=http_client,
        )
        self._core = core
        self.auth = asynchronous.AsyncAuth(core)
        self.api_keys = asynchronous.AsyncApiKeys(core)
        self.chat = asynchronous.AsyncChat(core)
        self.embeddings = asynchronous.AsyncEmbeddings(core)
        self.models = asynchronous.AsyncModels(core)
        self.billing = asynchronous.AsyncBilling(core)
        self.payments = asynchronous.AsyncPayments(core)
        self.analytics = asynchronous.AsyncAnalytics(core)
        self.webhooks = asynchronous.AsyncWebhooks(core)

    async def close(self) -> None:
        """Closes the connections. The client cannot be used any more."""
        await self._core.close()

    async def __aenter__(self) -> AsyncAIAggregatorClient:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        await self.close()
