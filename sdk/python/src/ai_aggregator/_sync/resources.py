# Generated from _async by scripts/generate_sync.py. Do not edit.
from __future__ import annotations

from collections.abc import Iterator, Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Literal, overload

from .. import types as t
from .._core import Call, omit_none, path_segment, split_options
from .._webhook_signature import verify
from .core import Core
from .streams import Stream

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ..types import ChatParams, RequestOptions


class _Resource:
    def __init__(self, core: Core) -> None:
        self._core = core


class Auth(_Resource):
    """Sign-in of a company. These calls neither send nor change the credentials of the client."""

    def register(
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
        return self._core.json(
            Call("POST", "/auth/register", "none", body=body, creates=True), t.Session, options
        )

    def login(self, *, email: str, password: str, **options: Unpack[RequestOptions]) -> t.Session:
        """Signs a company in."""
        body = omit_none(email=email, password=password)
        return self._core.json(Call("POST", "/auth/login", "none", body=body), t.Session, options)

    def refresh(self, *, refresh_token: str, **options: Unpack[RequestOptions]) -> t.Session:
        """Exchanges a refresh token for new tokens."""
        body = omit_none(refreshToken=refresh_token)
        return self._core.json(Call("POST", "/auth/refresh", "none", body=body), t.Session, options)


class ApiKeys(_Resource):
    def create(
        self, *, name: str, permissions: Sequence[str], **options: Unpack[RequestOptions]
    ) -> t.CreatedApiKey:
        """Creates an API key. Permissions: ``chat``, ``billing``, ``analytics``."""
        body = omit_none(name=name, permissions=permissions)
        return self._core.json(Call("POST", "/auth/api-keys", body=body, creates=True), t.CreatedApiKey, options)

    def list(self, **options: Unpack[RequestOptions]) -> t.ApiKeyList:
        return self._core.json(Call("GET", "/auth/api-keys"), t.ApiKeyList, options)

    def revoke(self, id: str, **options: Unpack[RequestOptions]) -> None:
        """Revokes an API key."""
        self._core.no_content(Call("DELETE", f"/auth/api-keys/{path_segment(id)}"), options)


class ChatCompletions(_Resource):
    @overload
    def create(
        self,
        *,
        model: str,
        messages: Iterable[t.ChatMessage],
        stream: Literal[False] | None = None,
        **params: Unpack[ChatParams],
    ) -> t.ChatCompletion: ...

    @overload
    def create(
        self, *, model: str, messages: Iterable[t.ChatMessage], stream: Literal[True], **params: Unpack[ChatParams]
    ) -> Stream[t.ChatCompletionChunk]: ...

    @overload
    def create(
        self, *, model: str, messages: Iterable[t.ChatMessage], stream: bool | None, **params: Unpack[ChatParams]
    ) -> t.ChatCompletion | Stream[t.ChatCompletionChunk]: ...

    def create(
        self, *, model: str, messages: Iterable[t.ChatMessage], stream: bool | None = None, **params: Unpack[ChatParams]
    ) -> t.ChatCompletion | Stream[t.ChatCompletionChunk]:
        """Creates a chat completion; with ``stream=True``, returns its chunks as they are generated."""
        fields, options = split_options(params)
        body = {"model": model, "messages": messages, **omit_none(stream=stream), **fields}
        call = Call("POST", "/chat/completions", "key", body=body, creates=True)
        if stream:
            return self._core.stream(call, t.ChatCompletionChunk, options)
        return self._core.json(call, t.ChatCompletion, options)


class Chat:
    def __init__(self, core: Core) -> None:
        self.completions = ChatCompletions(core)


class Embeddings(_Resource):
    def create(
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
        return self._core.json(
            Call("POST", "/embeddings", "key", body=body, creates=True), t.EmbeddingList, options
        )


class Models(_Resource):
    def list(self, **options: Unpack[RequestOptions]) -> t.ModelList:
        """Lists the available models."""
        return self._core.json(Call("GET", "/models", "key"), t.ModelList, options)


class Billing(_Resource):
    def balance(self, **options: Unpack[RequestOptions]) -> t.Balance:
        """Balance and credit limit."""
        return self._core.json(Call("GET", "/billing/balance"), t.Balance, options)

    def transactions(
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
        return self._core.json(Call("GET", "/billing/transactions", query=query), t.TransactionPage, options)

    def iter_transactions(
        self,
        *,
        page: int = 1,
        limit: int | None = None,
        start_date: str | date | None = None,
        end_date: str | date | None = None,
        type: t.TransactionType | None = None,
        **options: Unpack[RequestOptions],
    ) -> Iterator[t.Transaction]:
        """Iterates over the transactions from ``page`` on; fetches each page when it is reached."""
        while True:
            result = self.transactions(
                page=page, limit=limit, start_date=start_date, end_date=end_date, type=type, **options
            )
            for item in result.data:
                yield item
            if not result.data or page >= result.pagination.total_pages:
                return
            page += 1

    def deposit(
        self, *, amount: float, currency: str, payment_method: str, **options: Unpack[RequestOptions]
    ) -> t.Deposit:
        """Creates a deposit; redirect the payer to its ``payment_url``."""
        body = omit_none(amount=amount, currency=currency, paymentMethod=payment_method)
        return self._core.json(Call("POST", "/billing/deposit", body=body, creates=True), t.Deposit, options)


class Payments(_Resource):
    def create(
        self, *, amount: float, currency: str, description: str | None = None, **options: Unpack[RequestOptions]
    ) -> t.CreatedPayment:
        """Creates a payment; redirect the payer to its ``confirmation_url``."""
        body = omit_none(amount=amount, currency=currency, description=description)
        return self._core.json(Call("POST", "/payments", body=body, creates=True), t.CreatedPayment, options)

    def retrieve(self, id: str, **options: Unpack[RequestOptions]) -> t.Payment:
        return self._core.json(Call("GET", f"/payments/{path_segment(id)}"), t.Payment, options)

    def list(
        self,
        *,
        page: int | None = None,
        limit: int | None = None,
        status: t.PaymentStatus | None = None,
        **options: Unpack[RequestOptions],
    ) -> t.PaymentPage:
        """One page of the payments."""
        query = omit_none(page=page, limit=limit, status=status)
        return self._core.json(Call("GET", "/payments", query=query), t.PaymentPage, options)

    def iter(
        self,
        *,
        page: int = 1,
        limit: int | None = None,
        status: t.PaymentStatus | None = None,
        **options: Unpack[RequestOptions],
    ) -> Iterator[t.Payment]:
        """Iterates over the payments from ``page`` on; fetches each page when it is reached."""
        while True:
            result = self.list(page=page, limit=limit, status=status, **options)
            for item in result.data:
                yield item
            if not result.data or page >= result.pagination.total_pages:
                return
            page += 1


class Analytics(_Resource):
    def usage(
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
        return self._core.json(Call("GET", "/analytics/usage", query=query), t.UsageReport, options)


class Webhooks(_Resource):
    """Webhooks of a company, and verification of the events they receive."""

    def create(
        self, *, url: str, events: Sequence[str], secret: str | None = None, **options: Unpack[RequestOptions]
    ) -> t.Webhook:
        """Subscribes a URL to events. The secret is any text, or ``whsec_`` and base64."""
        body = omit_none(url=url, events=events, secret=secret)
        return self._core.json(Call("POST", "/webhooks", body=body, creates=True), t.Webhook, options)

    def list(self, **options: Unpack[RequestOptions]) -> t.WebhookList:
        return self._core.json(Call("GET", "/webhooks"), t.WebhookList, options)

    def retrieve(self, id: str, **options: Unpack[RequestOptions]) -> t.Webhook:
        return self._core.json(Call("GET", f"/webhooks/{path_segment(id)}"), t.Webhook, options)

    def update(
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
        return self._core.json(Call("PATCH", f"/webhooks/{path_segment(id)}", body=body), t.Webhook, options)

    def delete(self, id: str, **options: Unpack[RequestOptions]) -> None:
        """Removes a webhook."""
        self._core.no_content(Call("DELETE", f"/webhooks/{path_segment(id)}"), options)

    def test(self, id: str, **options: Unpack[RequestOptions]) -> t.WebhookDelivery:
        """Sends a test event to a webhook and returns the delivery."""
        return self._core.json(
            Call("POST", f"/webhooks/{path_segment(id)}/test", creates=True), t.WebhookDelivery, options
        )

    def deliveries(
        self, id: str, *, limit: int | None = None, cursor: str | None = None, **options: Unpack[RequestOptions]
    ) -> t.WebhookDeliveryList:
        """One page of the deliveries of the last 30 days."""
        call = Call("GET", f"/webhooks/{path_segment(id)}/deliveries", query=omit_none(limit=limit, cursor=cursor))
        return self._core.json(call, t.WebhookDeliveryList, options)

    def replay(self, id: str, delivery_id: str, **options: Unpack[RequestOptions]) -> t.WebhookDelivery:
        """Resends a delivery."""
        path = f"/webhooks/{path_segment(id)}/deliveries/{path_segment(delivery_id)}/replay"
        return self._core.json(Call("POST", path, creates=True), t.WebhookDelivery, options)

    @staticmethod
    def verify(payload: str | bytes, headers: Mapping[str, str], secret: str) -> t.WebhookEvent:
        """Verifies the Standard Webhooks signature of a request and returns its event.

        ``payload`` is the raw body, before any parsing. Raises ``WebhookVerificationError`` if no signature matches, or
        if the timestamp is more than five minutes from now.
        """
        return verify(payload, headers, secret)
