"""Types of requests and responses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Union

from ._model import Model

if TYPE_CHECKING:
    from typing_extensions import NotRequired, Required

# ------------------------------------------------------------------------------------------------------------------- ca


class RequestOptions(TypedDict, total=False):
    """Options of a single call."""

    timeout: float
    """Seconds. Default: the client's."""
    max_retries: int
    """Default: the client's."""
    headers: Mapping[str, str]
    """Additional headers; they take precedence over all others."""
    idempotency_key: str
    """``Idempotency-Key`` of a call that creates or charges. Default: a new one for each call."""
    extra_body: Mapping[str, Any]
    """Body fields that the SDK does not declare."""


class Pagination(Model):
    page: int
    limit: int
    total: int
    total_pages: int


# -------------------------------------------------------------------------------------------------------------------- a


class Company(Model):
    id: str
    email: str
    name: str
    role: str
    is_verified: bool


class Session(Model):
    """Tokens of a signed-in company."""

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
    """``chat``, ``billing``, ``analytics``."""
    created_at: str
    expires_at: str | None


class CreatedApiKey(ApiKey):
    """A new API key, with its secret."""

    key: str
    """The key itself. Shown only once."""


class ApiKeyList(Model):
    data: list[ApiKey]


# ----------------------------------------------------------------------------------------------------------------------


class TextPart(TypedDict):
    type: Literal["text"]
    text: str


class ImageUrl(TypedDict, total=False):
    url: Required[str]
    """``https:`` URL, or ``data:`` URL with the image itself."""
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
    """Result of a tool call."""

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
    """A function that the model may call."""

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
    """Whether the last chunk has the ``usage`` of the whole request."""


class ChatParams(RequestOptions, total=False):
    """Parameters of a chat completion besides ``model``, ``messages`` and ``stream``; options of the call."""

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
    """JSON as generated by the model: it may be invalid or not match the schema."""


class ToolCall(Model):
    """A function call requested by the model."""

    id: str
    type: Literal["function"]
    function: FunctionCall


class ChatCompletionMessage(Model):
    """A message of the model. It can be sent in ``messages`` of the next call."""

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
    """Cost of the call in US dollars."""
    provider: str
    """Vendor that served the call."""


class FunctionCallDelta(Model):
    name: str | None
    arguments: str | None


class ToolCallDelta(Model):
    """A fragment of a tool call. Join the ``arguments`` of the fragments with the same ``index``."""

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
    """Empty in a chunk that has only ``usage``."""
    usage: Usage | None
    """In the last chunk, if ``stream_options`` asked for it."""
    cost: float | None
    """Cost of the call in US dollars, in the last chunk."""
    provider: str | None
    """Vendor that serves the call, in the last chunk."""


ChatMessage = Union[SystemMessage, UserMessage, AssistantMessage, ToolMessage, ChatCompletionMessage]

# ------------------------------------------------------------------------------------------------------------- embeddin


class Embedding(Model):
    object: Literal["embedding"]
    index: int
    """Index of the input."""
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
    """Cost of the call in US dollars."""
    provider: str | None
    """Vendor that served the call."""


class ModelInfo(Model):
    """A model that can be called."""

    id: str
    name: str
    provider: str
    context_length: int
    """Maximum tokens of prompt and completion together."""
    input_cost_per_token: float
    """US dollars."""
    output_cost_per_token: float
    """US dollars."""
    supported_features: list[str]
    is_available: bool


class ModelList(Model):
    data: list[ModelInfo]


# ----------------------------------------------------------------------------------------------------------------------


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
    """Payment page: redirect the payer to it."""
    amount_rub: str
    """Amount to pay there, in roubles, such as ``4625.00``."""
    exchange_rate: str | None
    """Roubles per US dollar."""


PaymentStatus = Literal["pending", "succeeded", "failed", "canceled"]


class CreatedPayment(Model):
    """A new payment."""

    id: str
    status: PaymentStatus
    confirmation_url: str
    """Payment page: redirect the payer to it."""
    amount: str
    """Decimal, such as ``1000.00``."""
    currency: str


class Payment(Model):
    id: str
    status: PaymentStatus
    amount: str
    """Decimal, such as ``1000.00``."""
    currency: str
    credit_usd: float
    """Amount credited to the balance, in US dollars."""
    exchange_rate: str | None
    """Roubles per US dollar when the payment was created."""
    refunded: str | None
    """Refunded amount, if any."""
    yookassa_id: str | None
    confirmation_url: str | None
    """Payment page, while the payment is pending."""
    created_at: str
    paid_at: str | None


class PaymentPage(Model):
    data: list[Payment]
    pagination: Pagination


# ----------------------------------------------------------------------------------------------------------------------


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
    """Requests, tokens and cost in US dollars."""

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


# ----------------------------------------------------------------------------------------------------------------------


class Webhook(Model):
    id: str
    url: str
    events: list[str]
    secret: str | None
    """Only in the response to the request that set it."""
    is_active: bool
    disabled_reason: Literal["gone", "failing"] | None
    """Why the gateway disabled it: it responded 410 (``gone``), or every delivery failed for too long (``failing``)."""
    failing_since: str | None
    """Time of the first failure since the last success."""
    created_at: str
    updated_at: str


class WebhookList(Model):
    data: list[Webhook]


class WebhookAttempt(Model):
    started_at: str
    duration_ms: int
    status_code: int | None
    """Status of the response, if there was one."""
    error: Literal["timed_out", "blocked", "unreachable"] | None
    """Why there was no response."""
    detail: str
    """Beginning of the response body, or a description of the error."""


class WebhookDelivery(Model):
    """Delivery of an event to a webhook."""

    id: str
    event_id: str
    """``id`` of the event, sent as ``webhook-id``."""
    event: str
    status: Literal["pending", "delivered", "failed", "cancelled"]
    attempts: list[WebhookAttempt]
    """The latest attempts, oldest first."""
    next_attempt_at: str | None
    payload: dict[str, Any] | None
    """The event without its signature. Absent for test events."""
    created_at: str


class WebhookDeliveryList(Model):
    data: list[WebhookDelivery]
    """Newest first."""
    next_cursor: str | None
    """Cursor of the next page; ``None`` on the last page."""


class WebhookEvent(Model):
    """An event as posted to a webhook."""

    id: str
    event: str
    data: dict[str, Any]
    timestamp: str
    signature: str
    """Not verified by the SDK; the ``webhook-signature`` header is, which covers the raw body."""
