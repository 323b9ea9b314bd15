"""Types of what is sent and of what comes back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Union

from ._model import Model

if TYPE_CHECKING:
    from typing_extensions import NotRequired, Required

# ------------------------------------------------------------------------------------------------------------------- calls and pages


class RequestOptions(TypedDict, total=False):
    """What one call does differently."""

    timeout: float
    """Seconds, instead of the client's."""
    max_retries: int
    """Instead of the client's."""
    headers: Mapping[str, str]
    """Headers of this call; they win over all others."""
    idempotency_key: str
    """The ``Idempotency-Key`` of a call that creates or charges. Without it, every call has its own."""
    extra_body: Mapping[str, Any]
    """Fields of the body that the SDK has no types for."""


class Pagination(Model):
    """Where a page stands in its list."""

    page: int
    limit: int
    total: int
    total_pages: int


# -------------------------------------------------------------------------------------------------------------------- authentication


class Company(Model):
    """A company, as it is told at sign-in."""

    id: str
    email: str
    name: str
    role: str
    is_verified: bool


class Session(Model):
    """The tokens of a sign-in."""

    access_token: str
    refresh_token: str
    token_type: str
    expires_in: int
    """Seconds until the access token expires."""
    company: Company


class ApiKey(Model):
    """An API key, without its secret."""

    id: str
    name: str
    is_active: bool
    permissions: list[str]
    """What it may be used for: ``chat``, ``billing``, ``analytics``."""
    created_at: str
    expires_at: str | None


class CreatedApiKey(ApiKey):
    """An API key that was just created."""

    key: str
    """The key itself. It is told only now."""


class ApiKeyList(Model):
    data: list[ApiKey]


# ------------------------------------------------------------------------------------------------------------------------------ chat


class TextPart(TypedDict):
    type: Literal["text"]
    text: str


class ImageUrl(TypedDict, total=False):
    url: Required[str]
    """An address, or the picture itself as a ``data:`` URL."""
    detail: Literal["auto", "low", "high"]


class ImagePart(TypedDict):
    type: Literal["image_url"]
    image_url: ImageUrl


class FunctionCallParam(TypedDict):
    name: str
    arguments: str


class ToolCallParam(TypedDict):
    id: str
    type: Literal["function"]
    function: FunctionCallParam


class SystemMessage(TypedDict):
    role: Literal["system", "developer"]
    content: str | Iterable[TextPart]
    name: NotRequired[str]


class UserMessage(TypedDict):
    role: Literal["user"]
    content: str | Iterable[TextPart | ImagePart]
    name: NotRequired[str]


class AssistantMessage(TypedDict, total=False):
    role: Required[Literal["assistant"]]
    content: str | Iterable[TextPart] | None
    name: str
    refusal: str | None
    tool_calls: Iterable[ToolCallParam]


class ToolMessage(TypedDict):
    """What a function returned."""

    role: Literal["tool"]
    content: str | Iterable[TextPart]
    tool_call_id: str


class FunctionDefinition(TypedDict, total=False):
    name: Required[str]
    description: str
    parameters: Mapping[str, Any]
    """JSON Schema of the arguments."""
    strict: bool | None


class Tool(TypedDict):
    """A function that the model may ask for."""

    type: Literal["function"]
    function: FunctionDefinition


class FunctionName(TypedDict):
    name: str


class NamedToolChoice(TypedDict):
    type: Literal["function"]
    function: FunctionName


class TextFormat(TypedDict):
    type: Literal["text", "json_object"]


class JsonSchema(TypedDict, total=False):
    name: Required[str]
    description: str
    schema: Mapping[str, Any]
    strict: bool | None


class JsonSchemaFormat(TypedDict):
    type: Literal["json_schema"]
    json_schema: JsonSchema


class StreamOptions(TypedDict, total=False):
    include_usage: bool
    """Whether the last chunk tells the usage of the whole answer."""


class ChatParams(RequestOptions, total=False):
    """The parameters of a chat beside ``model``, ``messages`` and ``stream``, and the options of the call."""

    frequency_penalty: float | None
    logit_bias: Mapping[str, int] | None
    logprobs: bool | None
    max_completion_tokens: int | None
    max_tokens: int | None
    n: int | None
    parallel_tool_calls: bool
    presence_penalty: float | None
    response_format: TextFormat | JsonSchemaFormat
    seed: int | None
    stop: str | Sequence[str] | None
    stream_options: StreamOptions | None
    temperature: float | None
    tool_choice: Literal["none", "auto", "required"] | NamedToolChoice
    tools: Iterable[Tool]
    top_logprobs: int | None
    top_p: float | None
    user: str


class Usage(Model):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class TopLogprob(Model):
    token: str
    logprob: float
    bytes: list[int] | None


class TokenLogprob(TopLogprob):
    top_logprobs: list[TopLogprob]


class Logprobs(Model):
    content: list[TokenLogprob] | None
    refusal: list[TokenLogprob] | None


class FunctionCall(Model):
    name: str
    arguments: str
    """JSON, as the model wrote it: it may be invalid, or not fit the schema."""


class ToolCall(Model):
    """A function that the model wants to be called."""

    id: str
    type: Literal["function"]
    function: FunctionCall


class ChatCompletionMessage(Model):
    """An answer. It can be sent back as one of the next call's messages."""

    role: Literal["assistant"]
    content: str | None
    refusal: str | None
    tool_calls: list[ToolCall] | None


class ChatCompletionChoice(Model):
    index: int
    message: ChatCompletionMessage
    finish_reason: str
    """``stop``, ``length``, ``tool_calls`` or ``content_filter``."""
    logprobs: Logprobs | None


class ChatCompletion(Model):
    id: str
    object: Literal["chat.completion"]
    created: int
    """Seconds since 1970."""
    model: str
    choices: list[ChatCompletionChoice]
    usage: Usage
    cost: float
    """What the call cost, in dollars."""
    provider: str
    """The vendor that answered."""


class FunctionCallDelta(Model):
    name: str | None
    arguments: str | None


class ToolCallDelta(Model):
    """A piece of a tool call. Pieces with the same ``index`` belong together; their ``arguments`` are to be joined."""

    index: int
    id: str | None
    type: Literal["function"] | None
    function: FunctionCallDelta | None


class ChatCompletionDelta(Model):
    role: Literal["assistant"] | None
    content: str | None
    refusal: str | None
    tool_calls: list[ToolCallDelta] | None


class ChatCompletionChunkChoice(Model):
    index: int
    delta: ChatCompletionDelta
    finish_reason: str | None
    logprobs: Logprobs | None


class ChatCompletionChunk(Model):
    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    """Seconds since 1970."""
    model: str
    choices: list[ChatCompletionChunkChoice]
    """Empty in a chunk that tells only the usage."""
    usage: Usage | None
    """In the last chunk, if ``stream_options`` asked for it."""
    cost: float | None
    """What the call cost, in dollars, in a chunk that tells it."""
    provider: str | None
    """The vendor that answers, in a chunk that tells it."""


ChatMessage = Union[SystemMessage, UserMessage, AssistantMessage, ToolMessage, ChatCompletionMessage]

# ------------------------------------------------------------------------------------------------------------- embeddings and models


class Embedding(Model):
    object: Literal["embedding"]
    index: int
    """Which of the inputs it belongs to."""
    embedding: list[float]


class EmbeddingUsage(Model):
    prompt_tokens: int
    total_tokens: int


class EmbeddingList(Model):
    object: Literal["list"]
    data: list[Embedding]
    model: str
    usage: EmbeddingUsage
    cost: float | None
    """What the call cost, in dollars."""
    provider: str | None
    """The vendor that answered."""


class ModelInfo(Model):
    """A model that can be called."""

    id: str
    name: str
    provider: str
    context_length: int
    """Tokens that question and answer may have together."""
    input_cost_per_token: float
    """In dollars."""
    output_cost_per_token: float
    """In dollars."""
    supported_features: list[str]
    is_available: bool


class ModelList(Model):
    data: list[ModelInfo]


# ----------------------------------------------------------------------------------------------------------------------------- money


class Balance(Model):
    company_id: str
    balance: float
    currency: str
    credit_limit: float
    last_updated: str


TransactionType = Literal["DEBIT", "CREDIT"]


class Transaction(Model):
    id: str
    type: TransactionType
    amount: float
    currency: str
    description: str
    metadata: dict[str, Any]
    created_at: str


class TransactionPage(Model):
    data: list[Transaction]
    pagination: Pagination


class Deposit(Model):
    transaction_id: str
    amount: float
    currency: str
    status: str
    payment_url: str
    """Where the company pays."""
    amount_rub: str
    """What is paid there, in roubles and kopecks."""
    exchange_rate: str | None
    """Roubles for a dollar."""


PaymentStatus = Literal["pending", "succeeded", "failed", "canceled"]


class CreatedPayment(Model):
    """A payment that was just created."""

    id: str
    status: PaymentStatus
    confirmation_url: str
    """Where the company pays."""
    amount: str
    """A decimal number, such as ``1000.00``."""
    currency: str


class Payment(Model):
    id: str
    status: PaymentStatus
    amount: str
    """A decimal number, such as ``1000.00``."""
    currency: str
    credit_usd: float
    """What it puts on the account, in US dollars."""
    exchange_rate: str | None
    """Roubles for a dollar, when the payment was begun."""
    refunded: str | None
    """What went back to the payer, if anything did."""
    yookassa_id: str | None
    confirmation_url: str | None
    """Where the company pays, while it can."""
    created_at: str
    paid_at: str | None


class PaymentPage(Model):
    data: list[Payment]
    pagination: Pagination


# ------------------------------------------------------------------------------------------------------------------------- analytics


class UsagePeriod(Model):
    start_date: str
    end_date: str


class UsageSummary(Model):
    total_requests: int
    total_tokens: int
    total_cost: float
    average_response_time: float
    """In seconds."""


class UsageTotals(Model):
    """Requests, tokens and cost in dollars of a part of the usage."""

    requests: int
    tokens: int
    cost: float


class ProviderUsage(UsageTotals):
    provider: str


class ModelUsage(UsageTotals):
    model: str


class TimelineUsage(UsageTotals):
    date: str


class UsageReport(Model):
    period: UsagePeriod
    summary: UsageSummary
    by_provider: list[ProviderUsage]
    by_model: list[ModelUsage]
    timeline: list[TimelineUsage]


# -------------------------------------------------------------------------------------------------------------------------- webhooks


class Webhook(Model):
    id: str
    url: str
    events: list[str]
    secret: str | None
    """In the answer to the request that set it."""
    is_active: bool
    disabled_reason: Literal["gone", "failing"] | None
    """Why the gateway stopped sending: it was answered 410, or nothing was taken for too long."""
    failing_since: str | None
    """Since when nothing has got through."""
    created_at: str
    updated_at: str


class WebhookList(Model):
    data: list[Webhook]


class WebhookAttempt(Model):
    """One attempt to post an event."""

    started_at: str
    duration_ms: int
    status_code: int | None
    """Of the answer, if there was one."""
    error: Literal["timed_out", "blocked", "unreachable"] | None
    """Why there was none."""
    detail: str
    """The beginning of the answer, or what happened in words."""


class WebhookDelivery(Model):
    """One event on its way to a webhook."""

    id: str
    event_id: str
    """``id`` of the event, and ``webhook-id`` of every attempt."""
    event: str
    status: Literal["pending", "delivered", "failed", "cancelled"]
    attempts: list[WebhookAttempt]
    """The latest ones, the earliest first."""
    next_attempt_at: str | None
    payload: dict[str, Any] | None
    """What is sent, without its signature. Absent from the answer of a test."""
    created_at: str


class WebhookDeliveryList(Model):
    data: list[WebhookDelivery]
    """The latest first."""
    next_cursor: str | None
    """For the next page; ``None`` on the last one."""


class WebhookEvent(Model):
    """What the gateway posts to a webhook."""

    id: str
    event: str
    data: dict[str, Any]
    timestamp: str
    signature: str
    """``sha256=`` and hexadecimal digits. The signature in the headers is checked instead, which covers the bytes as they came."""
