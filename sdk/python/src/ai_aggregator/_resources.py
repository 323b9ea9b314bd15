"""The endpoints, for the client that waits. ``_async_resources`` has the same for the one that awaits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Literal, overload

from . import types as t
from ._core import Call, given, segment, split_options
from ._streams import Stream
from ._sync_core import SyncCore
from ._webhook_signature import verify

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .types import ChatParams, RequestOptions


class _Resource:
    def __init__(self, core: SyncCore) -> None:
        self._core = core


class Auth(_Resource):
    """Sign-in of a company. These calls send no credentials of the client, and do not change them."""

    def register(
        self, *, email: str, password: str, name: str | None = None, description: str | None = None, **options: Unpack[RequestOptions]
    ) -> t.Session:
        """Registers a company and signs it in."""
        body = given(email=email, password=password, name=name, description=description)
        return self._core.json(Call("POST", "/auth/register", "none", body=body, creates=True), t.Session, options)

    def login(self, *, email: str, password: str, **options: Unpack[RequestOptions]) -> t.Session:
        """Signs a company in."""
        body = given(email=email, password=password)
        return self._core.json(Call("POST", "/auth/login", "none", body=body), t.Session, options)

    def refresh(self, *, refresh_token: str, **options: Unpack[RequestOptions]) -> t.Session:
        """Exchanges a refresh token for new tokens."""
        body = given(refreshToken=refresh_token)
        return self._core.json(Call("POST", "/auth/refresh", "none", body=body), t.Session, options)


class ApiKeys(_Resource):
    """API keys of a company."""

    def create(self, *, name: str, permissions: Sequence[str], **options: Unpack[RequestOptions]) -> t.CreatedApiKey:
        """Creates a key, which may be used for ``chat``, ``billing``, ``analytics``."""
        body = given(name=name, permissions=permissions)
        return self._core.json(Call("POST", "/auth/api-keys", "token", body=body, creates=True), t.CreatedApiKey, options)

    def list(self, **options: Unpack[RequestOptions]) -> t.ApiKeyList:
        """The company's keys."""
        return self._core.json(Call("GET", "/auth/api-keys", "token"), t.ApiKeyList, options)

    def revoke(self, id: str, **options: Unpack[RequestOptions]) -> None:
        """Ends a key."""
        self._core.nothing(Call("DELETE", f"/auth/api-keys/{segment(id)}", "token"), options)


class ChatCompletions(_Resource):
    @overload
    def create(
        self, *, model: str, messages: Iterable[t.ChatMessage], stream: Literal[False] | None = None, **params: Unpack[ChatParams]
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
        """Lets a model answer: at once, or with ``stream=True`` as chunks while it writes."""
        fields, options = split_options(params)
        body = {"model": model, "messages": messages, **given(stream=stream), **fields}
        call = Call("POST", "/chat/completions", "key", body=body, creates=True)
        if stream:
            return self._core.stream(call, t.ChatCompletionChunk, options)
        return self._core.json(call, t.ChatCompletion, options)


class Chat:
    def __init__(self, core: SyncCore) -> None:
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
        """Turns a text, several texts, or tokens into vectors."""
        body = given(model=model, input=input, dimensions=dimensions, user=user)
        return self._core.json(Call("POST", "/embeddings", "key", body=body, creates=True), t.EmbeddingList, options)


class Models(_Resource):
    def list(self, **options: Unpack[RequestOptions]) -> t.ModelList:
        """The models that can be called."""
        return self._core.json(Call("GET", "/models", "key"), t.ModelList, options)


class Billing(_Resource):
    """Balance and transactions of a company."""

    def balance(self, **options: Unpack[RequestOptions]) -> t.Balance:
        """What the company has, and how far below zero it may go."""
        return self._core.json(Call("GET", "/billing/balance", "token"), t.Balance, options)

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
        """One page of the transactions. Times are ISO 8601, or ``datetime`` objects."""
        query = given(page=page, limit=limit, startDate=start_date, endDate=end_date, type=type)
        return self._core.json(Call("GET", "/billing/transactions", "token", query=query), t.TransactionPage, options)

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
        """The transactions of this page and of all that follow it; a page is asked for when it is reached."""
        while True:
            result = self.transactions(page=page, limit=limit, start_date=start_date, end_date=end_date, type=type, **options)
            yield from result.data
            if not result.data or page >= result.pagination.total_pages:
                return
            page += 1

    def deposit(self, *, amount: float, currency: str, payment_method: str, **options: Unpack[RequestOptions]) -> t.Deposit:
        """Begins a top-up of the balance."""
        body = given(amount=amount, currency=currency, paymentMethod=payment_method)
        return self._core.json(Call("POST", "/billing/deposit", "token", body=body, creates=True), t.Deposit, options)


class Payments(_Resource):
    """Payments of a company."""

    def create(
        self, *, amount: float, currency: str, description: str | None = None, **options: Unpack[RequestOptions]
    ) -> t.CreatedPayment:
        """Begins a payment; the company pays at its ``confirmation_url``."""
        body = given(amount=amount, currency=currency, description=description)
        return self._core.json(Call("POST", "/payments", "token", body=body, creates=True), t.CreatedPayment, options)

    def retrieve(self, id: str, **options: Unpack[RequestOptions]) -> t.Payment:
        """How a payment stands."""
        return self._core.json(Call("GET", f"/payments/{segment(id)}", "token"), t.Payment, options)

    def list(
        self,
        *,
        page: int | None = None,
        limit: int | None = None,
        status: t.PaymentStatus | None = None,
        **options: Unpack[RequestOptions],
    ) -> t.PaymentPage:
        """One page of the payments."""
        query = given(page=page, limit=limit, status=status)
        return self._core.json(Call("GET", "/payments", "token", query=query), t.PaymentPage, options)

    def iter(
        self, *, page: int = 1, limit: int | None = None, status: t.PaymentStatus | None = None, **options: Unpack[RequestOptions]
    ) -> Iterator[t.Payment]:
        """The payments of this page and of all that follow it; a page is asked for when it is reached."""
        while True:
            result = self.list(page=page, limit=limit, status=status, **options)
            yield from result.data
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
        """What was used in a period: in total, by provider, by model and over time."""
        query = given(startDate=start_date, endDate=end_date, groupBy=group_by, provider=provider, model=model)
        return self._core.json(Call("GET", "/analytics/usage", "token", query=query), t.UsageReport, options)


class Webhooks(_Resource):
    """Webhooks of a company, and the check of what they receive."""

    def create(
        self, *, url: str, events: Sequence[str], secret: str | None = None, **options: Unpack[RequestOptions]
    ) -> t.Webhook:
        """Subscribes an address to events. A secret is any text, or ``whsec_`` and base64."""
        body = given(url=url, events=events, secret=secret)
        return self._core.json(Call("POST", "/webhooks", "token", body=body, creates=True), t.Webhook, options)

    def list(self, **options: Unpack[RequestOptions]) -> t.WebhookList:
        """The company's webhooks."""
        return self._core.json(Call("GET", "/webhooks", "token"), t.WebhookList, options)

    def retrieve(self, id: str, **options: Unpack[RequestOptions]) -> t.Webhook:
        """One webhook."""
        return self._core.json(Call("GET", f"/webhooks/{segment(id)}", "token"), t.Webhook, options)

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
        """Changes the fields that are given."""
        body = given(url=url, events=events, secret=secret, isActive=is_active)
        return self._core.json(Call("PATCH", f"/webhooks/{segment(id)}", "token", body=body), t.Webhook, options)

    def delete(self, id: str, **options: Unpack[RequestOptions]) -> None:
        """Removes a webhook."""
        self._core.nothing(Call("DELETE", f"/webhooks/{segment(id)}", "token"), options)

    def test(self, id: str, **options: Unpack[RequestOptions]) -> t.WebhookDelivery:
        """Sends a test event to a webhook now, and says how it went."""
        return self._core.json(Call("POST", f"/webhooks/{segment(id)}/test", "token", creates=True), t.WebhookDelivery, options)

    def deliveries(
        self, id: str, *, limit: int | None = None, cursor: str | None = None, **options: Unpack[RequestOptions]
    ) -> t.WebhookDeliveryList:
        """One page of what was sent to a webhook in the last 30 days."""
        call = Call("GET", f"/webhooks/{segment(id)}/deliveries", "token", query=given(limit=limit, cursor=cursor))
        return self._core.json(call, t.WebhookDeliveryList, options)

    def replay(self, id: str, delivery_id: str, **options: Unpack[RequestOptions]) -> t.WebhookDelivery:
        """Sends a delivery again."""
        path = f"/webhooks/{segment(id)}/deliveries/{segment(delivery_id)}/replay"
        return self._core.json(Call("POST", path, "token", creates=True), t.WebhookDelivery, options)

    @staticmethod
    def verify(payload: str | bytes, headers: Mapping[str, str], secret: str) -> t.WebhookEvent:
        """The event of a request to a webhook, once its Standard Webhooks headers prove that the gateway sent it.

        ``payload`` is the body as it came, before any parsing. Raises ``WebhookVerificationError`` if no signature matches or if it was
        sent more than five minutes ago.
        """
        return verify(payload, headers, secret)
