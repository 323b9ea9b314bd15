# Generated from _async by scripts/generate_sync.py. Do not edit.
from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType

import httpx

from .._core import DEFAULT_BASE_URL, DEFAULT_MAX_RETRIES, DEFAULT_TIMEOUT
from ..types import Session
from . import resources
from .core import Core


class AIAggregatorClient:
    """Client of the AI Aggregator API.

    ``chat``, ``embeddings`` and ``models`` prefer the API key, all other resources the access token. Keep one client
    for as long as you make calls: it holds the connections.

    :param api_key: API key (``ak_live_…``), sent as ``X-API-Key``.
    :param access_token: Access token of a company, sent as ``Authorization: Bearer``.
    :param refresh_token: Refresh token of a company. An expired access token is renewed with it, and the call repeated.
    :param on_refresh: Called with the new tokens after each renewal. Store them: a refresh token
        works once.
    :param base_url: URL of the gateway.
    :param timeout: Seconds that each attempt may take to connect, and may wait for the next bytes of the response.
    :param max_retries: How often a call is retried after a transient failure.
    :param headers: Headers of every request.
    :param http_client: Sends the requests. It is not closed with this client.
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
        core = Core(
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
        self.auth = resources.Auth(core)
        self.api_keys = resources.ApiKeys(core)
        self.chat = resources.Chat(core)
        self.embeddings = resources.Embeddings(core)
        self.models = resources.Models(core)
        self.billing = resources.Billing(core)
        self.payments = resources.Payments(core)
        self.analytics = resources.Analytics(core)
        self.webhooks = resources.Webhooks(core)

    def close(self) -> None:
        """Closes the connections. The client cannot be used afterwards."""
        self._core.close()

    def __enter__(self) -> AIAggregatorClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
