from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Literal, overload

from .. import types as t
from .._core import Call, omit_none, path_segment, split_options
from .._webhook_signature import verify
from .core import AsyncCore
from .streams import AsyncStream

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ..types import ChatParams, RequestOptions


class _Resource:
    def __init__(self, core: AsyncCore) -> None:
        self._core = core


class AsyncAuth(_Resource):
    """Sign-in of a company. These calls neither send nor change the credentials of the client."""

    async def register(
        self,
        *,
        email: str,
        password: str,
        name: str | None = None,
        description: str | None = None,
        **options: Unpack[RequestOptions],
    ) -> t.Session:
        """Registers a company and signs it in."""
        body = omit_none(email=email, password=password, name=name, description=description)
        return await self._core.json(
            Call("POST", "/auth/register", "none", body=body, creates=True), t.Session, options
        )

    async def login(self, *, email: str, password: str, **options: Unpack[RequestOptions]) -> t.Session:
        """Signs a company in."""
        body = omit_none(email=email, password=password)
        return await self._core.json(Call("POST", "/auth/login", "none", body=body), t.Session, options)

    async def refresh(self, *, refresh_token: str, **options: Unpack[RequestOptions]) -> t.Session:
        """Exchanges a refresh token for new tokens."""
        body = omit_none(refreshToken=refresh_token)
        return await self._core.json(Call("POST", "/auth/refresh", "none", body=body), t.Session, options)


class AsyncApiKeys(_Resource):
    async def create(
        self, *, name: str, permissions: Sequence[str], **options: Unpack[RequestOptions]
    ) -> t.CreatedApiKey:
        """Creates an API key. Permissions: ``chat``, ``billing``, ``analytics``."""
        body = omit_none(name=name, permissions=permissions)
        return await self._core.json(Call("POST", "/auth/api-keys", body=body, creates=True), t.CreatedApiKey, options)

    async def list(self, **options: Unpack[RequestOptions]) -> t.ApiKeyList:
        return await self._core.json(Call("GET", "/auth/api-keys"), t.ApiKeyList, options)

    async def revoke(self, id: str, **options: Unpack[RequestOptions]) -> None:
        """Revokes an API key."""
        await self._core.no_content(Call("DELETE", f"/auth/api-keys/{path_segment(id)}"), options)


class AsyncChatCompletions(_Resource):
    @overload
    async def create(
        self,
        *,
        model: str,
        messages: Iterable[t.ChatMessage],
        stream: Literal[False] | None = None,
        **params: Unpack[ChatParams],
    ) -> t.ChatCompletion: ...

    @overload
    async def create(
        self, *, model: str, messages: Iterable[t.ChatMessage], stream: Literal[True], **params: Unpack[ChatParams]
    ) -> AsyncStream[t.ChatCompletionChunk]: ...

    @overload
    async def create(
        self, *, model: str, messages: Iterable[t.ChatMessage], stream: bool | None, **params: Unpack[ChatParams]
    ) -> t.ChatCompletion | AsyncStream[t.ChatCompletionChunk]: ...

    async def create(
        self, *, model: str, messages: Iterable[t.ChatMessage], stream: bool | None = None, **params: Unpack[ChatParams]
    ) -> t.ChatCompletion | AsyncStream[t.ChatCompletionChunk]:
        """Creates a chat completion; with ``stream=True``, returns its chunks as they are generated."""
        fields, options = split_options(params)
        body = {"model": model, "messages": messages, **omit_none(stream=stream), **fields}
        call = Call("POST", "/chat/completions", "key", body=body, creates=True)
        if stream:
            return await self._core.stream(call, t.ChatCompletionChunk, options)
        return await self._core.json(call, t.ChatCompletion, options)


class AsyncChat:
    def __init__(self, core: AsyncCore) -> None:
        self.completions = AsyncChatCompletions(core)


class AsyncEmbeddings(_Resource):
    async def create(
        self,
        *,
        model: str,
        input: str | Sequence[str] | Sequence[int] | Sequence[Sequence[int]],
        dimensions: int | None = None,
        user: str | None = None,
        **options: Unpack[RequestOptions],
    ) -> t.EmbeddingList:
        """Creates embeddings of a text, several texts, or tokens."""
        body = omit_none(model=model, input=input, dimensions=dimensions, user=user)
        return await self._core.json(
            Call("POST", "/embeddings", "key", body=body, creates=True), t.EmbeddingList, options
        )


class AsyncModels(_Resource):
    async def list(self, **options: Unpack[RequestOptions]) -> t.ModelList:
        """Lists the available models."""
        return await self._core.json(Call("GET", "/models", "key"), t.ModelList, options)


class AsyncBilling(_Resource):
    async def balance(self, **options: Unpack[RequestOptions]) -> t.Balance:
        """Balance and credit limit."""
        return await self._core.json(Call("GET", "/billing/balance"), t.Balance, options)

    async def transactions(
        self,
        *,
        page: int | None = None,
        limit: int | None = None,
        start_date: str | date | None = None,
        end_date: str | date | None = None,
        type: t.TransactionType | None = None,
        **options: Unpack[RequestOptions],
    ) -> t.TransactionPage:
        """One page of the transactions. Dates are ISO 8601 text, ``date`` or ``datetime``."""
        query = omit_none(page=page, limit=limit, startDate=start_date, endDate=end_date, type=type)
        return await self._core.json(Call("GET", "/billing/transactions", query=query), t.TransactionPage, options)

    async def iter_transactions(
        self,
        *,
        page: int = 1,
        limit: int | None = None,
        start_date: str | date | None = None,
        end_date: str | date | None = None,
        type: t.TransactionType | None = None,
        **options: Unpack[RequestOptions],
    ) -> AsyncIterator[t.Transaction]:
        """Iterates over the transactions from ``page`` on; fetches each page when it is reached."""
        while True:
            result = await self.transactions(
                page=page, limit=limit, start_date=start_date, end_date=end_date, type=type, **options
            )
            for item in result.data:
                yield item
            if not result.data or page >= result.pagination.total_pages:
                return
            page += 1

    async def deposit(
        self, *, amount: float, currency: str, payment_method: str, **options: Unpack[RequestOptions]
    ) -> t.Deposit:
        """Creates a deposit; redirect the payer to its ``payment_url``."""
        body = omit_none(amount=amount, currency=currency, paymentMethod=payment_method)
        return await self._core.json(Call("POST", "/billing/deposit", body=body, creates=True), t.Deposit, options)


class AsyncPayments(_Resource):
    async def create(
        self, *, amount: float, currency: str, description: str | None = None, **options: Unpack[RequestOptions]
    ) -> t.CreatedPayment:
        """Creates a payment; redirect the payer to its ``confirmation_url``."""
        body = omit_none(amount=amount, currency=currency, description=description)
        return await self._core.json(Call("POST", "/payments", body=body, creates=True), t.CreatedPayment, options)

    async def retrieve(self, id: str, **options: Unpack[RequestOptions]) -> t.Payment:
        return await self._core.json(Call("GET", f"/payments/{path_segment(id)}"), t.Payment, options)

    async def list(
        self,
        *,
        page: int | None = None,
        limit: int | None = None,
        status: t.PaymentStatus | None = None,
        **options: Unpack[RequestOptions],
    ) -> t.PaymentPage:
        """One page of the payments."""
        query = omit_none(page=page, limit=limit, status=status)
        return await self._core.json(Call("GET", "/payments", query=query), t.PaymentPage, options)

    async def iter(
        self,
        *,
        page: int = 1,
        limit: int | None = None,
        status: t.PaymentStatus | None = None,
        **options: Unpack[RequestOptions],
    ) -> AsyncIterator[t.Payment]:
        """Iterates over the payments from ``page`` on; fetches each page when it is reached."""
        while True:
            result = await self.list(page=page, limit=limit, status=status, **options)
            for item in result.data:
                yield item
            if not result.data or page >= result.pagination.total_pages:
                return
            page += 1


class AsyncAnalytics(_Resource):
    async def usage(
        self,
        *,
        start_date: str | date | None = None,
        end_date: str | date | None = None,
        group_by: Literal["day", "week", "month"] | None = None,
        provider: str | None = None,
        model: str | None = None,
        **options: Unpack[RequestOptions],
    ) -> t.UsageReport:
        """Usage in a period: total, by provider, by model and over time."""
        query = omit_none(startDate=start_date, endDate=end_date, groupBy=group_by, provider=provider, model=model)
        return await self._core.json(Call("GET", "/analytics/usage", query=query), t.UsageReport, options)


class AsyncWebhooks(_Resource):
    """Webhooks of a company, and verification of the events they receive."""

    async def create(
        self, *, url: str, events: Sequence[str], secret: str | None = None, **options: Unpack[RequestOptions]
    ) -> t.Webhook:
        """Subscribes a URL to events. The secret is any text, or ``whsec_`` and base64."""
        body = omit_none(url=url, events=events, secret=secret)
        return await self._core.json(Call("POST", "/webhooks", body=body, creates=True), t.Webhook, options)

    async def list(self, **options: Unpack[RequestOptions]) -> t.WebhookList:
        return await self._core.json(Call("GET", "/webhooks"), t.WebhookList, options)

    async def retrieve(self, id: str, **options: Unpack[RequestOptions]) -> t.Webhook:
        return await self._core.json(Call("GET", f"/webhooks/{path_segment(id)}"), t.Webhook, options)

    async def update(
        self,
        id: str,
        *,
        url: str | None = None,
        events: Sequence[str] | None = None,
        secret: str | None = None,
        is_active: bool | None = None,
        **options: Unpack[RequestOptions],
    ) -> t.Webhook:
        """Changes the given fields."""
        body = omit_none(url=url, events=events, secret=secret, isActive=is_active)
        return await self._core.json(Call("PATCH", f"/webhooks/{path_segment(id)}", body=body), t.Webhook, options)

    async def delete(self, id: str, **options: Unpack[RequestOptions]) -> None:
        """Removes a webhook."""
        await self._core.no_content(Call("DELETE", f"/webhooks/{path_segment(id)}"), options)

    async def test(self, id: str, **options: Unpack[RequestOptions]) -> t.WebhookDelivery:
        """Sends a test event to a webhook and returns the delivery."""
        return await self._core.json(
            Call("POST", f"/webhooks/{path_segment(id)}/test", creates=True), t.WebhookDelivery, options
        )

    async def deliveries(
        self, id: str, *, limit: int | None = None, cursor: str | None = None, **options: Unpack[RequestOptions]
    ) -> t.WebhookDeliveryList:
        """One page of the deliveries of the last 30 days."""
        call = Call("GET", f"/webhooks/{path_segment(id)}/deliveries", query=omit_none(limit=limit, cursor=cursor))
        return await self._core.json(call, t.WebhookDeliveryList, options)

    async def replay(self, id: str, delivery_id: str, **options: Unpack[RequestOptions]) -> t.WebhookDelivery:
        """Resends a delivery."""
        path = f"/webhooks/{path_segment(id)}/deliveries/{path_segment(delivery_id)}/replay"
        return await self._core.json(Call("POST", path, creates=True), t.WebhookDelivery, options)

    @staticmethod
    def verify(payload: str | bytes, headers: Mapping[str, str], secret: str) -> t.WebhookEvent:
        """Verifies the Standard Webhooks signature of a request and returns its event.

        ``payload`` is the raw body, before any parsing. Raises ``WebhookVerificationError`` if no signature matches, or
        if the timestamp is more than five minutes from now.
        """
        return verify(payload, headers, secret)
